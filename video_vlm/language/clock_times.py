"""Times and lengths as people write them: ``12:30``, ``minute 5``, "twenty seconds"."""

from __future__ import annotations

import re
from typing import Final

from video_vlm.language.lexicon import NUMBER_WORDS, TENS

__all__ = ["CLOCK_TIME", "NUMBER", "parse_clock", "parse_length"]

_NUMBER_WORDS: Final = {"a": 1, "an": 1, **NUMBER_WORDS, **TENS}
_UNIT_SECONDS: Final = {"s": 1.0, "m": 60.0, "h": 3600.0}
_CLOCK: Final = r"\d{1,3}:\d{2}(?::\d{2})?(?:\.\d+)?"

NUMBER: Final = rf"(?:\d+(?:[.,]\d+)?|{'|'.join(sorted(_NUMBER_WORDS, key=len, reverse=True))})"
"""A pattern for a number in digits or in words, as :func:`parse_length` reads them."""

CLOCK_TIME: Final = (
    rf"(?:{_CLOCK}|(?:second|minute)\s+\d+|\d+(?:\.\d+)?[\s-]*(?:seconds?|secs?|s|minutes?|mins?|min)\b)"
)
"""A pattern for a time of a video, as :func:`parse_clock` reads them."""


def parse_clock(text: str) -> float:
    """Seconds from ``12:30``, ``1:02:03``, ``90 seconds``, ``minute 5`` or plain seconds.

    Raises:
        ValueError: not a time.
    """
    text = text.strip().lower()
    if re.fullmatch(_CLOCK, text):
        total = 0.0
        for part in text.split(":"):
            total = total * 60 + float(part)
        return total
    found = re.fullmatch(
        r"(?:(second|minute)\s+)?(\d+(?:\.\d+)?)[\s-]*(hours?|h|minutes?|mins?|m|seconds?|secs?|s)?", text
    )
    if not found:
        raise ValueError(f"not a time: {text!r} (try 12:30 or 90)")
    unit = (found[1] or found[3] or "s")[0]
    return float(found[2]) * _UNIT_SECONDS[unit]


def parse_length(number: str, unit: str) -> float:
    """Seconds from a number, in digits or in words, and a unit: ``("two", "minutes") -> 120.0``."""
    value = _NUMBER_WORDS.get(number.lower()) or float(number.replace(",", "."))
    return value * _UNIT_SECONDS[unit[0].lower()]
