"""The one place where an error becomes a line on stderr and an exit code."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from typing import Final

from video_vlm.cli.exit_codes import ExitCode
from video_vlm.cli.terminal import drop, one_line, printing, write
from video_vlm.errors import OutputExists, QuestionError, SettingsError, UnknownName, VideoQAError
from video_vlm.redaction import redacted

__all__ = ["beside", "complain", "guarded", "message"]

_LONGEST: Final = 2_000
"""The longest line, in letters: arguments may be longer than a screen."""

_USAGE = (OutputExists, QuestionError, SettingsError, UnknownName)


def guarded(work: Callable[[], int | None], *, verbosity: int = 0) -> int:
    """Run ``work`` and return its exit code; an error is one line on stderr, with ``-vv`` after its
    traceback."""
    try:
        code = work()
        flush()
    except BrokenPipeError:
        drop(sys.stdout)
        return ExitCode.OK
    except KeyboardInterrupt:
        complain("interrupted; what was finished is kept")
        return ExitCode.INTERRUPTED
    except Exception as error:
        if verbosity >= 2:
            write(redacted(traceback.format_exc().rstrip()), file=sys.stderr)
        complain(message(error))
        return ExitCode.USAGE if isinstance(error, _USAGE) else ExitCode.FAILED
    return ExitCode.OK if code is None else code


def beside(tell: Callable[[], object], *works: Callable[[], object]) -> ExitCode:
    """Print an answer, then run other ``works``; each that fails is one line on stderr, and the others run.
    They run also if the reader of the answer was closed.

    Raises:
        BrokenPipeError: the reader of the answer was closed; raised at the end.
        OutputError: the answer cannot be printed.
    """
    gone: BrokenPipeError | None = None
    try:
        tell()
        flush()
    except BrokenPipeError as error:
        gone = error
    code = ExitCode.OK
    for work in works:
        try:
            work()
        except Exception as error:
            complain(message(error))
            code = ExitCode.SOME_FAILED
    if gone is not None:
        raise gone
    return code


def flush() -> None:
    """Flush standard output.

    Raises:
        OutputError: it cannot be written, for example because the disk is full.
    """
    with printing(sys.stdout):
        sys.stdout.flush()


def complain(text: str) -> None:
    """Print one line on stderr, without keys and passwords; of a very long one its beginning and end."""
    line = one_line(redacted(text))
    if len(line) > _LONGEST:
        line = f"{line[: _LONGEST // 2]} [...] {line[-_LONGEST // 2 :]}"
    write(f"videoqa: {line}", file=sys.stderr)


def message(error: Exception) -> str:
    """The line for an error: what, where, and what to do."""
    if isinstance(error, VideoQAError):
        return str(error)
    if isinstance(error, OSError) and error.strerror:
        where = f"{error.filename}: " if error.filename else ""
        return f"{where}{error.strerror}"
    return f"this should not have happened: {type(error).__name__}: {error} (add -vv for the traceback)"
