"""Choosing an output format: the one named by ``--format``, or that of the file's ending."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final, TypeVar

import typer

__all__ = ["STDOUT", "OutOption", "form_of", "output_file", "output_file_or_stdout"]

logger = logging.getLogger(__name__)

Form = TypeVar("Form", bound=StrEnum)

STDOUT: Final = Path("-")

_OTHER_ENDINGS: Final[Mapping[str, str]] = {
    ".htm": "html",
    ".markdown": "md",
    ".ndjson": "jsonl",
    ".pq": "parquet",
    ".xhtml": "html",
}


def output_file(typed: str) -> Path:
    """The path typed for a file to be written.

    Raises:
        typer.BadParameter: it is the name of a folder, empty, or ``-`` (standard output).
    """
    if typed == "-":
        raise typer.BadParameter(
            "- is standard output, and this is written to a file only: name one (./- for one called -)"
        )
    return output_file_or_stdout(typed)


def output_file_or_stdout(typed: str) -> Path:
    """The path typed for a file to be written, or ``-`` for standard output.

    Raises:
        typer.BadParameter: it is the name of a folder, or empty.
    """
    if not typed:
        raise typer.BadParameter("no file to write to: its name is empty")
    if typed.endswith(("/", os.sep)):
        raise typer.BadParameter(f"{typed} is a folder: give the file a name in it")
    return Path(typed) if typed == "-" or Path(typed) != STDOUT else Path.cwd() / typed


def form_of(forms: type[Form], named: Form | None, out: Path | None) -> Form | None:
    """The format to write: ``named``, else that of the ending of ``out``; None where neither is known.

    If the ending is that of another format than ``named``, there is a warning. Unknown endings are ignored:
    ``--format csv -o list.txt`` is CSV.
    """
    suffix = "" if out is None else out.suffix.lower()
    meant = _OTHER_ENDINGS.get(suffix, suffix.removeprefix("."))
    ending = next((form for form in forms if form.value == meant), None)
    if named is not None and ending is not None and named is not ending:
        told = "%s is written as %s, as --format says, though it ends like %s"
        logger.warning(told, out, named.value, ending.value)
    return named or ending


OutOption = Annotated[
    Path | None,
    typer.Option(
        *("--out", "-o"),
        parser=output_file_or_stdout,
        metavar="OUT",
        help="The file; stdout if not given, or -.",
        show_default=False,
    ),
]
"""An option of the commands that write one document."""
