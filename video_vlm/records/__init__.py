"""The frozen records that all packages exchange, checked when they are made.

Times are in the seconds that a player shows, from 0 on (:mod:`video_vlm.media.clock` converts those of the
container), and every :class:`Span` is half-open, ``[start, end)``. A recording of a broadcast that begins at
23 h begins at 0 here, in its subtitles and in every citation; one whose sound begins 5 s before its first
frame has that frame at 5 s.
"""

from __future__ import annotations

from video_vlm.records.answers import (
    ANSWER_FORMAT_VERSION,
    Answer,
    Coverage,
    Receipt,
    Status,
    Step,
    in_short,
    read_citation,
    read_receipt,
    read_versioned,
)
from video_vlm.records.evidence import Citation, Claim, Evidence
from video_vlm.records.hierarchy import Level, Node, Sentence
from video_vlm.records.media import (
    SOUND_RATE,
    Box,
    Chapter,
    Damage,
    Frame,
    Image,
    Samples,
    SoundBlock,
    Stream,
    Video,
)
from video_vlm.records.observations import (
    BESIDE,
    Detection,
    Observation,
    ObservationKind,
    RecognizedSpeech,
    SpokenWord,
)
from video_vlm.records.sampling import Cut, Sample, Shot
from video_vlm.records.time import Span, clock, whole_seconds

__all__ = [
    "ANSWER_FORMAT_VERSION",
    "BESIDE",
    "SOUND_RATE",
    "Answer",
    "Box",
    "Chapter",
    "Citation",
    "Claim",
    "Coverage",
    "Cut",
    "Damage",
    "Detection",
    "Evidence",
    "Frame",
    "Image",
    "Level",
    "Node",
    "Observation",
    "ObservationKind",
    "Receipt",
    "RecognizedSpeech",
    "Sample",
    "Samples",
    "Sentence",
    "Shot",
    "SoundBlock",
    "Span",
    "SpokenWord",
    "Status",
    "Step",
    "Stream",
    "Video",
    "clock",
    "in_short",
    "read_citation",
    "read_receipt",
    "read_versioned",
    "whole_seconds",
]
