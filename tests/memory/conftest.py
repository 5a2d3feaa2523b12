"""A small film to remember, and a real text encoder that needs no weights."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from video_vlm.memory import Library, MemoryCheckpoint, MemoryWriter, StoredFrame, node_id, open_library
from video_vlm.records import (
    Chapter,
    Damage,
    Level,
    Node,
    Observation,
    ObservationKind,
    Sentence,
    Span,
    Stream,
    Video,
)

NewPlace = Callable[[str], Path | str]

SEGMENT_SECONDS = 10.0
SEGMENTS_A_SCENE = 2

LINES = (
    "The guard is reading a newspaper.",
    "The guard falls asleep at the desk.",
    "Two strangers open the steel door.",
    "They carry a crate of oranges away.",
    "The alarm rings through the building.",
    "Everyone drinks tea in the garden.",
)


class CharacterGrams:
    """Sentences as hashed counts of their letters, three at a time: words that share letters are near."""

    def __init__(self, *, dimension: int = 256, name: str = "character-grams") -> None:
        self.name = name
        self.dimension = dimension

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        rows = np.zeros((len(texts), self.dimension), np.float32)
        for row, text in zip(rows, texts, strict=True):
            row[0] = 1e-3
            letters = " ".join(["", *re.findall(r"[^\W_]+", text.lower()), ""])
            for start in range(len(letters) - 2):
                gram = hashlib.sha256(letters[start : start + 3].encode()).digest()
                row[int.from_bytes(gram[:4], "big") % self.dimension] += 1
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        return rows


@dataclass(frozen=True)
class Film:
    """A film as an indexer would hand it to the memory: ten seconds a segment, two segments a scene."""

    content_id: str = "film"
    recipe: str = "recipe-1"
    lines: tuple[str, ...] = LINES

    @property
    def whole(self) -> Span:
        return Span(0.0, SEGMENT_SECONDS * len(self.lines))

    @property
    def video(self) -> Video:
        return Video(
            path=Path(f"{self.content_id}.mp4"),
            content_id=self.content_id,
            format="mp4",
            start_seconds=0.0,
            duration_seconds=self.whole.end,
            num_frames=None,
            fps=25.0,
            size=(640, 360),
            rotation=0,
            stream=0,
            streams=(Stream(0, "video", "h264", Fraction(1, 12800)),),
            chapters=(Chapter(Span(0, 5), "Opening"),),
        )

    def node(self, level: Level, span: Span, parent: str | None = None, cites: Sequence[str] = ()) -> Node:
        return Node(
            id=node_id(self.content_id, level, span, self.recipe),
            content_id=self.content_id,
            level=level,
            span=span,
            parent=parent,
            summary=(Sentence(f"A {level} from {span}.", tuple(cites)),) if cites else (),
            provenance=self.recipe,
        )

    def segment(self, number: int) -> Node:
        return self.node(Level.SEGMENT, Span(SEGMENT_SECONDS * number, SEGMENT_SECONDS * (number + 1)))

    def frames(self, number: int) -> list[StoredFrame]:
        segment = self.segment(number)
        middle = segment.span.middle
        spans = (Span(segment.span.start, middle), Span(middle, segment.span.end))
        return [
            StoredFrame(self.node(Level.FRAME, span, segment.id), f"jpeg {span.start}".encode())
            for span in spans
        ]

    def said(self, number: int) -> Observation:
        start = SEGMENT_SECONDS * number
        return Observation(
            Span(start + 2, start + 5), ObservationKind.SUBTITLE, self.lines[number], "film.srt"
        )

    def looked(self, number: int) -> Observation:
        colour = ("red", "green")[number % 2]
        span = self.segment(number).span
        return Observation(span, ObservationKind.LOOK, f"mostly {colour}", "look", 0.8, (0.0, 0.0, 1.0, 0.5))

    def upper(self) -> list[Node]:
        step = SEGMENT_SECONDS * SEGMENTS_A_SCENE
        video = self.node(Level.VIDEO, self.whole)
        chapter = self.node(Level.CHAPTER, self.whole, video.id)
        spans = [
            Span(start, min(start + step, self.whole.end))
            for start in np.arange(0.0, self.whole.end, step).tolist()
        ]
        scenes = [
            self.node(Level.SCENE, span, chapter.id, [self.segment(round(span.start / SEGMENT_SECONDS)).id])
            for span in spans
        ]
        return [video, chapter, *scenes]

    def start(self, library: Library) -> MemoryWriter:
        return library.build(
            self.video, self.recipe, channels=["subtitles", "look"], missing=["nothing that hears"]
        )

    def write(self, library: Library, *, until: int | None = None) -> MemoryWriter:
        """Go on from where it stands; ``until`` that many segments are written, or to the end."""
        build = self.start(library)
        if build.complete:
            return build
        self.go_on(build, until=until)
        if until is None:
            self.finish(build)
        return build

    def go_on(self, build: MemoryWriter, *, until: int | None = None) -> None:
        build.begin({"subtitles": [self.said(number) for number in range(len(self.lines))]})
        done = 0 if build.checkpoint is None else int(build.checkpoint.state)
        for number in range(done, len(self.lines) if until is None else until):
            self.put(build, number)

    def put(self, build: MemoryWriter, number: int) -> None:
        segment = self.segment(number)
        build.put_segment(
            segment,
            self.frames(number),
            {"look": [self.looked(number)]},
            MemoryCheckpoint(segment.span.end, str(number + 1)),
        )

    def finish(self, build: MemoryWriter) -> None:
        build.finish(
            self.upper(),
            {"look": build.observations("look")},
            video=self.video,
            damage=[Damage(Span(3, 4), "a torn picture")],
        )


@pytest.fixture
def encoder() -> CharacterGrams:
    return CharacterGrams()


@pytest.fixture
def film() -> Film:
    return Film()


@pytest.fixture(params=["folder", "postgres"])
def new_place(request: pytest.FixtureRequest, tmp_path: Path) -> NewPlace:
    """Gives places for libraries, by name: folders, and then again schemas of a PostgreSQL server."""
    if request.param == "folder":
        return lambda name: tmp_path / name
    server: str = request.getfixturevalue("postgres")
    own = hashlib.sha256(str(tmp_path).encode()).hexdigest()[:12]
    return lambda name: f"{server}&schema=t{own}_{re.sub('[^a-z0-9]', '_', name)}"


@pytest.fixture
def library(new_place: NewPlace) -> Iterator[Library]:
    with open_library(new_place("library")) as library:
        yield library


@pytest.fixture
def folder_library(tmp_path: Path) -> Iterator[Library]:
    """For what is about the files of a library in a folder."""
    with open_library(tmp_path / "library") as library:
        yield library
