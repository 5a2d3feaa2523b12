"""Text from strangers made harmless to whoever shows it: it moves no cursor, and reads as what it is."""

from __future__ import annotations

import re

__all__ = ["HARMFUL", "inert", "one_line", "visible"]

_BIDI = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
HARMFUL = re.compile(f"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff{_BIDI}]")
"""Control characters except tab and newline, line separators, the bidirectional controls (Unicode TR 9), and lone
surrogates: Python's stand-ins for the bytes of a file name that is not UTF-8."""


def visible(text: str) -> str:
    """``text`` with everything a terminal might act on replaced by a character that shows it.

    >>> visible("red\\x1b[31m alert")
    'red␛[31m alert'
    """
    return HARMFUL.sub(lambda match: _stand_in(match[0]), text)


def _stand_in(character: str) -> str:
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    return "␡" if code == 0x7F else "�"


def one_line(text: str) -> str:
    """``text`` with every run of white space as one blank, and :func:`visible`."""
    return visible(" ".join(text.split()))


def inert(cell: str) -> str:
    """Text as a spreadsheet should take it: what it would take for a formula is preceded by an apostrophe."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell
