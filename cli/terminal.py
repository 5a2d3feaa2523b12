"""Printing text and JSON so that text from a video cannot control the terminal.

Subtitles and on-screen text come from strangers. A terminal executes control characters (move the cursor,
change the window title, send keystrokes) and displays text with bidirectional overrides in another order;
both are escaped before they are printed.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any, TextIO
from unicodedata import combining, east_asian_width

from video_vlm.errors import OutputError
from video_vlm.redaction import without_secrets
from video_vlm.text import HARMFUL, one_line, visible

__all__ = [
    "dim",
    "drop",
    "fitted",
    "one_line",
    "open_missing_streams",
    "print_json",
    "printing",
    "table",
    "visible",
    "write",
]

DIM, PLAIN = "\x1b[2m", "\x1b[0m"


def write(line: str = "", *, file: TextIO | None = None) -> None:
    """Print one line to standard output, or to ``file``, above a progress bar if there is one, without the
    secrets of this process.

    Raises:
        BrokenPipeError: the reader of standard output was closed.
        OutputError: standard output cannot be written.
    """
    stream = sys.stdout if file is None else file
    bars = sys.modules.get("tqdm")
    with printing(stream), bars.tqdm.external_write_mode(file=stream) if bars else nullcontext():
        stream.write(f"{without_secrets(line)}\n")


@contextmanager
def printing(stream: TextIO) -> Iterator[None]:
    """Handles the errors of writing to a standard stream inside the block.

    If stderr cannot be written (its reader is closed, its disk is full) the rest goes nowhere: no answer is
    lost for that.

    Raises:
        BrokenPipeError: the reader of standard output was closed.
        OutputError: standard output cannot be written for another reason.
    """
    try:
        yield
    except OSError as error:
        if stream is not sys.stderr and isinstance(error, BrokenPipeError):
            raise
        drop(stream)
        if stream is not sys.stderr:
            raise OutputError(f"standard output cannot be written: {error.strerror}") from error


def drop(stream: TextIO) -> None:
    """Redirect a stream to the null device, so that closing it at exit raises no error."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, stream.fileno())
    finally:
        os.close(nowhere)


def open_missing_streams() -> None:
    """Open the null device for standard streams that are closed (``>&-``, or under cron).

    Otherwise the next file that is opened, for example a library, would get the number of standard output,
    and printed text would be written into it.
    """
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if getattr(sys, name) is not None:
            continue
        nowhere = os.open(os.devnull, os.O_RDWR)
        if nowhere != number:
            os.dup2(nowhere, number)
            os.close(nowhere)
        os.set_inheritable(number, True)
        setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115


def print_json(data: Any) -> None:
    """Print JSON with control characters escaped: a program reads the same values, a terminal is safe."""
    encoding = (getattr(sys.stdout, "encoding", None) or "ascii").lower().replace("-", "")
    text = json.dumps(data, ensure_ascii=encoding != "utf8", indent=2)
    write(HARMFUL.sub(lambda match: f"\\u{ord(match[0]):04x}", text))


def dim(text: str, *, file: TextIO | None = None) -> str:
    """``text`` in a dim style where the terminal has one; see https://no-color.org."""
    return f"{DIM}{text}{PLAIN}" if styled(sys.stdout if file is None else file) else text


def styled(stream: TextIO) -> bool:
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb" and stream.isatty()


def fitted(line: str, *, file: TextIO | None = None) -> str:
    """``line`` cut to the columns of the terminal; whole where it goes to a file or another program."""
    stream = sys.stdout if file is None else file
    if not stream.isatty():
        return line
    width = shutil.get_terminal_size().columns
    if columns_of(line) <= width:
        return line
    while columns_of(line) > width - 1:
        line = line[:-1]
    return f"{line}…"


def table(rows: Sequence[Sequence[str]], *, header: Sequence[str]) -> str:
    """Rows with aligned columns; the last column is cut at the width of the terminal."""
    cells = [tuple(one_line(cell) for cell in row) for row in (header, *rows)]
    widths = [max(columns_of(row[column]) for row in cells) for column in range(len(header) - 1)]
    return "\n".join(fitted("  ".join([*map(padded, row[:-1], widths), row[-1]]).rstrip()) for row in cells)


def padded(text: str, width: int) -> str:
    return text + " " * (width - columns_of(text))


def columns_of(text: str) -> int:
    """The number of terminal columns of ``text``: two for a wide letter, none for a combining mark."""
    return sum(0 if combining(letter) else 2 if east_asian_width(letter) in "WF" else 1 for letter in text)
