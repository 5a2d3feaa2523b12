"""Who says it, and when: how a passage is quoted in an answer."""

from __future__ import annotations

from video_vlm.language.passages import Passage
from video_vlm.records import ObservationKind, Span, clock
from video_vlm.records.observations import KINDS, UNSURE

__all__ = ["quoted", "quoted_words"]


def quoted(passage: Passage, quote: str | None = None) -> str:
    """``At 0:09 the subtitles say: “The kiln stands behind the mill.”``"""
    unsure = passage.confidence < UNSURE and KINDS[passage.kind].lead_unsure
    said = quoted_words(passage.kind, passage.span, quote or passage.text)
    return said.replace(KINDS[passage.kind].lead, unsure, 1) if unsure else said


def quoted_words(kind: ObservationKind | None, span: Span, text: str) -> str:
    """The same of words that stand in no passage."""
    return f"At {clock(span.start)} {'it says' if kind is None else KINDS[kind].lead}: “{text}”"
