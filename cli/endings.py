"""Which format is meant: the one that was named, or the one that the file's ending says."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Final, TypeVar

__all__ = ["form_of"]

logger = logging.getLogger(__name__)

Form = TypeVar("Form", bound=StrEnum)

_OTHER_ENDINGS: Final[Mapping[str, str]] = {
    ".htm": "html",
    ".markdown": "md",
    ".ndjson": "jsonl",
    ".pq": "parquet",
    ".xhtml": "html",
}


def form_of(forms: type[Form], named: Form | None, out: Path | None) -> Form | None:
    """The format to write; None where nothing says which.

    What was named is obeyed; where the file ends like another format, one line says so. An ending that is none of a
    format's says nothing: ``--format csv -o list.txt`` is CSV.
    """
    suffix = "" if out is None else out.suffix.lower()
    meant = _OTHER_ENDINGS.get(suffix, suffix.removeprefix("."))
    ending = next((form for form in forms if form.value == meant), None)
    if named is not None and ending is not None and named is not ending:
        logger.warning("%s is written as %s, as --format says, though it ends like %s", out, named.value, ending.value)
    return named or ending
