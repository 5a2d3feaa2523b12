"""An answer from several videos: like an :class:`~video_vlm.records.Answer`, and every citation names its
video."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from video_vlm.records import (
    Box,
    Citation,
    ObservationKind,
    Receipt,
    Span,
    Status,
    read_citation,
    read_receipt,
    read_versioned,
)

__all__ = ["FORMAT_VERSION", "LibraryAnswer", "LibraryCoverage", "VideoCitation", "VideoClaim"]

FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True)
class VideoCitation:
    """A span in seconds of one of several videos, and its words.

    ``path`` is where the file was last seen. ``name`` is the file's name, with as many folders before it as
    tell it from the other videos that were asked.
    """

    content_id: str
    path: str
    span: Span
    quote: str = ""
    kind: ObservationKind | None = None
    box: Box | None = None
    name: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", self.name or Path(self.path).name)

    @classmethod
    def of(cls, one: Citation, content_id: str, path: str, name: str = "") -> VideoCitation:
        """A citation of one video, with the video's name."""
        return cls(content_id, path, one.span, one.quote, one.kind, one.box, name)

    def __str__(self) -> str:
        return f"[{self.name} {self.span}]"


@dataclass(frozen=True, slots=True)
class VideoClaim:
    """One statement and the spans it rests on, of one video or of several."""

    text: str
    citations: tuple[VideoCitation, ...]

    def __post_init__(self) -> None:
        if not self.citations:
            raise ValueError(f"a claim must cite evidence: {self.text!r}")


@dataclass(frozen=True, slots=True)
class LibraryCoverage:
    """How many videos the question is about, how many of them hold something that bears on it, and how many
    were asked one by one."""

    num_videos: int
    num_found: int
    num_asked: int
    missing: tuple[str, ...] = ()
    """What was not looked at and why, e.g. ``"4 likely videos were not asked"``."""

    def __str__(self) -> str:
        missing = "".join(f"; {part}" for part in self.missing)
        videos = "1 video" if self.num_videos == 1 else f"{self.num_videos} videos"
        return f"searched {videos}, found something in {self.num_found}, asked {self.num_asked}{missing}"


@dataclass(frozen=True, slots=True)
class LibraryAnswer:
    """An answer from several videos. Serialises with :meth:`to_json`; the format carries a version.

    ``claims`` hold every statement with its citations, those of the surest video first; ``nearest`` are the
    nearest moments where there is no answer. ``confidence`` is in [0, 1].
    """

    question: str
    text: str
    status: Status
    confidence: float
    claims: tuple[VideoClaim, ...]
    coverage: LibraryCoverage
    receipt: Receipt
    nearest: tuple[VideoCitation, ...] = ()

    def __post_init__(self) -> None:
        if self.status is Status.ANSWERED and not self.claims:
            raise ValueError("an answer needs at least one claim with its citations")
        if not 0.0 <= self.confidence <= 1.0:
            raise ValueError(f"confidence must be in [0, 1], got {self.confidence}")

    @property
    def citations(self) -> tuple[VideoCitation, ...]:
        return tuple(citation for claim in self.claims for citation in claim.citations)

    @property
    def videos(self) -> tuple[str, ...]:
        """The content ids of the cited videos, each once, in the order of the claims."""
        return tuple(dict.fromkeys(citation.content_id for citation in self.citations))

    def to_json(self, *, indent: int | None = None) -> str:
        """As JSON text; spans are ``{"start": s, "end": s}`` in seconds."""
        return json.dumps({"version": FORMAT_VERSION, **asdict(self)}, ensure_ascii=False, indent=indent)

    @classmethod
    def from_json(cls, text: str) -> LibraryAnswer:
        """Read what :meth:`to_json` wrote.

        Raises:
            ValueError: not such JSON, or of a later version.
        """
        return read_versioned(text, _answer, version=FORMAT_VERSION, what="an answer over a library")


def _answer(data: Mapping[str, Any]) -> LibraryAnswer:
    coverage = data["coverage"]
    return LibraryAnswer(
        **{
            **data,
            "status": Status(data["status"]),
            "claims": tuple(
                VideoClaim(claim["text"], _citations(claim["citations"])) for claim in data["claims"]
            ),
            "nearest": _citations(data["nearest"]),
            "coverage": LibraryCoverage(**{**coverage, "missing": tuple(coverage["missing"])}),
            "receipt": read_receipt(data["receipt"]),
        }
    )


def _citations(data: Iterable[Mapping[str, Any]]) -> tuple[VideoCitation, ...]:
    return tuple(
        VideoCitation.of(read_citation(item), item["content_id"], item["path"], item.get("name", ""))
        for item in data
    )
