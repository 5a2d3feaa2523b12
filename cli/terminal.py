"""Writing for people and for programs: what a video says is shown, never obeyed by the terminal.

Subtitles and on-screen text come from strangers. A terminal acts on control characters (move the
cursor, retitle the window, answer with keystrokes) and displays bidirectional overrides as text that reads
differently from what it is; both are made visible before they are printed.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any, TextIO
from unicodedata import combining, east_asian_width

from video_vlm.redaction import without_secrets
from video_vlm.text import HARMFUL, one_line, visible

__all__ = ["dim", "fitted", "one_line", "print_json", "table", "visible", "write"]

DIM, PLAIN = "\x1b[2m", "\x1b[0m"


def write(line: str = "", *, file: TextIO | None = None) -> None:
    """Print one line to standard output, or to ``file``, above a progress bar that may be there; without secrets that
    this process knows."""
    stream = sys.stdout if file is None else file
    bars = sys.modules.get("tqdm")
    with bars.tqdm.external_write_mode(file=stream) if bars else nullcontext():
        stream.write(f"{without_secrets(line)}\n")


def print_json(data: Any) -> None:
    """Print JSON that a program reads back unchanged and a terminal cannot be harmed by."""
    encoding = (getattr(sys.stdout, "encoding", None) or "ascii").lower().replace("-", "")
    text = json.dumps(data, ensure_ascii=encoding != "utf8", indent=2)
    write(HARMFUL.sub(lambda match: f"\\u{ord(match[0]):04x}", text))


def dim(text: str, *, file: TextIO | None = None) -> str:
    """``text`` set back a little where the terminal can; see https://no-color.org."""
    return f"{DIM}{text}{PLAIN}" if styled(sys.stdout if file is None else file) else text


def styled(stream: TextIO) -> bool:
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb" and stream.isatty()


def fitted(line: str, *, file: TextIO | None = None) -> str:
    """``line`` cut to the width of the terminal; whole where it goes to a file or another program."""
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
    """Columns that line up; the last one runs on, as far as there is room."""
    cells = [tuple(one_line(cell) for cell in row) for row in (header, *rows)]
    widths = [max(columns_of(row[column]) for row in cells) for column in range(len(header) - 1)]
    return "\n".join(fitted("  ".join([*map(padded, row[:-1], widths), row[-1]]).rstrip()) for row in cells)


def padded(text: str, width: int) -> str:
    return text + " " * (width - columns_of(text))


def columns_of(text: str) -> int:
    """How many columns of a terminal ``text`` takes: two for a wide letter, none for a combining mark."""
    return sum(0 if combining(letter) else 2 if east_asian_width(letter) in "WF" else 1 for letter in text)
