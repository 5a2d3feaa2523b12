"""A possible answer with what it rests on, before it is decided whether it is given."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from video_vlm.language.passages import Passage
from video_vlm.language.quoting import quoted
from video_vlm.records import Citation, Claim

__all__ = ["Draft", "draft", "quoted_claim"]


@dataclass(frozen=True, slots=True)
class Draft:
    """Statements with their citations and how sure the reader is that they answer the question."""

    claims: tuple[Claim, ...]
    confidence: float
    reason: str

    @property
    def text(self) -> str:
        return " ".join(claim.text for claim in self.claims)


def draft(claims: Iterable[Claim], confidence: float, reason: str) -> Draft:
    """A draft with its confidence kept in ``[0, 1]``."""
    return Draft(tuple(claims), min(max(confidence, 0.0), 1.0), reason)


def quoted_claim(
    passage: Passage, value: str = "", quote: str | None = None, *, also: Sequence[Passage] = ()
) -> Claim:
    """What a passage says, led by the value that answers, where one could be taken out of it.

    ``also`` are other passages that say the same; they are cited with it, in order of time.
    """
    lead = f"{_sentence(value)} " if value and value.casefold() != (quote or passage.text).casefold() else ""
    cites = [Citation(passage.span, quote or passage.text, passage.kind), *(other.cite() for other in also)]
    return Claim(lead + quoted(passage, quote), tuple(sorted(cites, key=lambda cite: cite.span)))


def _sentence(value: str) -> str:
    value = value.strip().rstrip(",;:")
    value = value[:1].upper() + value[1:]
    return value if value[-1:] in ".!?…" else f"{value}."
