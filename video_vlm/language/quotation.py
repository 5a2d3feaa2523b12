"""Quotations: what stands in quotation marks, of any language's."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["QUOTATION", "quotations"]

QUOTATION: Final = re.compile(
    r"[\"“”„«»]([^\"“”„«»]+)[\"“”„«»]|(?<!\w)['‘]([^'‘’]{2,}(?:['’]\w[^'‘’]*)*)['’](?!\w)"
)
"""Its words are in one of the two groups. An apostrophe inside a word ends no quotation."""


def quotations(text: str) -> tuple[str, ...]:
    """The words inside quotation marks, in order: ``'who says "go home"?' -> ("go home",)``."""
    return tuple(found[1] or found[2] for found in QUOTATION.finditer(text))
