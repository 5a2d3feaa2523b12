"""Two questions typed as one: each is answered by itself, and both answers are given."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from video_vlm.language.quotation import QUOTATION
from video_vlm.records import Answer, Receipt, Status

__all__ = ["both_answers", "split_question"]

_ASKS: Final = r"(?:who(?:m|se)?|what|when|where|why|how|which)"
_TWO: Final = re.compile(
    rf"^(?P<first>\W*{_ASKS}\b[^?]{{6,400}}?)(?:\?\s*(?:and\s+)?|,?\s+and\s+(?:also\s+)?)"
    rf"(?P<second>{_ASKS}\b\s+\S+\s+\S.*)$",
    re.I | re.S,
)
_REFERS: Final = re.compile(
    r"\b(?:he|she|it|they|him|her|them|his|its|their|that|this|there|then|so)\b", re.I
)
_BETWEEN: Final = re.compile(r"\bbetween\b", re.I)


def split_question(question: str) -> tuple[str, str] | None:
    """The two questions in one; None where there is one, or the second hangs on the answer to the first ("... and
    what did he do?")."""
    found = _TWO.match(QUOTATION.sub(lambda quote: "x" * len(quote[0]), question))
    if found is None or _BETWEEN.search(found["first"]):
        return None
    first, second = (
        {word.casefold() for word in _REFERS.findall(found[part])} for part in ("first", "second")
    )
    if second - first:
        return None
    one, other = (question[slice(*found.span(part))].strip(" ,?") for part in ("first", "second"))
    return f"{one}?", f"{other}?"


def both_answers(question: str, answers: Sequence[Answer]) -> Answer:
    """One answer of two: what is answered is told; of what is not, that it is not."""
    given = [one for one in answers if one.status is Status.ANSWERED]
    steps = tuple(step for one in answers for step in one.receipt.steps)
    receipt = Receipt(answers[0].receipt.model, steps)
    if not given:
        return replace(answers[0], question=question, receipt=receipt)
    told = " ".join(
        one.text if one.status is Status.ANSWERED else f"“{one.question}”: {one.text}" for one in answers
    )
    claims = tuple(claim for one in given for claim in one.claims)
    sure = min(one.confidence for one in given)
    return replace(
        given[0], question=question, text=told, claims=claims, confidence=sure, receipt=receipt, nearest=()
    )
