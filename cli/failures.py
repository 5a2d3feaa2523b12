"""The one place where what went wrong becomes a line on stderr and an exit code."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable

from video_vlm.cli.exit_codes import ExitCode
from video_vlm.cli.terminal import one_line, write
from video_vlm.errors import QuestionError, SettingsError, UnknownName, VideoQAError
from video_vlm.redaction import redacted

__all__ = ["complain", "guarded", "message"]


def guarded(work: Callable[[], int | None], *, verbosity: int = 0) -> int:
    """Run ``work`` and give back its exit code; an error is one line on stderr, from ``-vv`` on its traceback too."""
    try:
        code = work()
        sys.stdout.flush()
    except BrokenPipeError:
        drop_output()
        return ExitCode.OK
    except KeyboardInterrupt:
        complain("interrupted; what was finished is kept")
        return ExitCode.INTERRUPTED
    except Exception as error:
        if verbosity >= 2:
            write(redacted(traceback.format_exc().rstrip()), file=sys.stderr)
        complain(message(error))
        return ExitCode.USAGE if isinstance(error, SettingsError | UnknownName | QuestionError) else ExitCode.FAILED
    return ExitCode.OK if code is None else code


def complain(text: str) -> None:
    """One line on stderr, without keys and passwords."""
    write(f"videoqa: {one_line(redacted(text))}", file=sys.stderr)


def message(error: Exception) -> str:
    """What is said of an error: what, where, and what to do."""
    if isinstance(error, VideoQAError):
        return str(error)
    if isinstance(error, OSError) and error.strerror:
        where = f"{error.filename}: " if error.filename else ""
        return f"{where}{error.strerror}"
    return f"this should not have happened: {type(error).__name__}: {error} (add -vv for the traceback)"


def drop_output() -> None:
    """The reader of our output went away: write the rest nowhere, so that closing it at exit raises nothing."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, sys.stdout.fileno())
    finally:
        os.close(nowhere)
