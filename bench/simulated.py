"""Made-up films for benches of the memory: their shots, words and looks are drawn, the writing is the
package's own.

Words follow Zipf's law, half of a passage's are those of its scene's two themes; a text's vector is the sum
of its words', which are drawn around their themes, so that texts about the same are near. What pictures look
like is drawn around a few thousand places, those of one scene close together. Posters are real JPEGs of 192
pixels.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from zlib import crc32

import cv2
import numpy as np
import numpy.typing as npt

from video_vlm.index.hierarchy import SHOTS, cut_observation
from video_vlm.memory import Library, MemoryCheckpoint, MemoryWriter, SegmentVisuals, StoredFrame, node_id
from video_vlm.records import Cut, Image, Level, Node, Observation, ObservationKind, Sentence, Span, Video

__all__ = ["SEGMENT_SECONDS", "BagOfWords", "Places", "Script", "finish_film", "question", "write_film"]

DIMENSION = 384
RECIPE = "simulated"
SEGMENT_SECONDS = 8.0
FRAMES_A_SEGMENT = 4
SEGMENTS_A_SCENE = 6
SCENES_A_CHAPTER = 10

_NUM_WORDS, _FUNCTION_WORDS, _NUM_THEMES, _NUM_PLACES, _NUM_POSTERS = 30_000, 100, 500, 4_000, 64
_SYLLABLES = [first + second for first in "bdfgklmnprstvz" for second in "aeiou"]

Vectors = npt.NDArray[np.float32]


def word(rank: int) -> str:
    """The word of a rank, three syllables or more: ``0`` is ``bababa``."""
    parts = []
    while rank or len(parts) < 3:
        rank, part = divmod(rank, len(_SYLLABLES))
        parts.append(_SYLLABLES[part])
    return "".join(parts)


@cache
def vocabulary() -> tuple[str, ...]:
    return tuple(word(rank) for rank in range(_NUM_WORDS))


def unit(vectors: npt.NDArray[np.floating]) -> Vectors:
    return np.asarray(vectors / (np.linalg.norm(vectors, axis=-1, keepdims=True) + 1e-12), np.float32)


class BagOfWords:
    """A text encoder: the sum of the vectors of a text's words, of which function words count little."""

    name = "simulated-words"
    dimension = DIMENSION

    def __init__(self) -> None:
        chance = np.random.default_rng(1)
        themes = chance.standard_normal((_NUM_THEMES, DIMENSION))
        words = themes[np.arange(_NUM_WORDS) % _NUM_THEMES] + 0.7 * chance.standard_normal(
            (_NUM_WORDS, DIMENSION)
        )
        self._vectors = words.astype(np.float32)
        self._vectors[:_FUNCTION_WORDS] *= 0.2
        self._ranks = {word: rank for rank, word in enumerate(vocabulary())}

    def encode(self, texts: Sequence[str]) -> Vectors:
        return unit(np.stack([self._vectors[self._known(text)].sum(axis=0) for text in texts]))

    def _known(self, text: str) -> list[int]:
        return [self._ranks[one] for one in text.split() if one in self._ranks] or [0]


class Places:
    """An image-text tower: words are taken to a place by their checksum."""

    name = "simulated-tower"
    dimension = DIMENSION
    batch_size = 16

    def __init__(self) -> None:
        chance = np.random.default_rng(2)
        # A few directions tell most: pictures do not fill the space.
        self._shape = (1 / np.sqrt(1 + np.arange(DIMENSION) / 24)).astype(np.float32)
        self.centres = self.around(np.zeros((_NUM_PLACES, DIMENSION), np.float32), 1.0, chance)

    def around(self, vectors: Vectors, distance: float, chance: np.random.Generator) -> Vectors:
        return unit(vectors + distance * unit(chance.standard_normal(vectors.shape) * self._shape))

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        return np.concatenate([self._near_place(crc32(text.encode())) for text in texts])

    def encode_images(self, pictures: Sequence[Image]) -> Vectors:
        return np.concatenate([self._near_place(crc32(picture.tobytes())) for picture in pictures])

    def _near_place(self, number: int) -> Vectors:
        place = self.centres[number % _NUM_PLACES][None]
        return self.around(place, 0.9, np.random.default_rng(number))


@dataclass(frozen=True)
class Script:
    """What a made-up film says and shows; ``number`` is its seed and its name."""

    number: int
    num_segments: int = 19

    @property
    def content_id(self) -> str:
        return f"simulated-{self.number:06d}-{self.num_segments}"

    @property
    def video(self) -> Video:
        return Video(
            path=Path(f"{self.content_id}.mp4"),
            content_id=self.content_id,
            format="mp4",
            start_seconds=0.0,
            duration_seconds=self.num_segments * SEGMENT_SECONDS,
            num_frames=round(self.num_segments * SEGMENT_SECONDS * 25),
            fps=25.0,
            size=(1280, 720),
            rotation=0,
            stream=0,
            streams=(),
        )

    def node(self, level: Level, span: Span, **more: object) -> Node:
        identity = node_id(self.content_id, level, span, RECIPE)
        return Node(identity, self.content_id, level, span, **{"parent": None, "provenance": RECIPE, **more})  # type: ignore[arg-type]


def sentence(chance: np.random.Generator, topic: npt.NDArray[np.int64], length: int) -> str:
    common = _zipf(chance, length - length // 2)
    return " ".join(vocabulary()[rank] for rank in (*common, *chance.choice(topic, length // 2)))


def write_film(script: Script, library: Library, tower: Places | None) -> MemoryWriter:
    """All segments of a film, by the package's writer; :func:`finish_film` makes it whole."""
    chance = np.random.default_rng([3, script.number])
    build = library.build(script.video, RECIPE, channels=("subtitles", "look"), missing=())
    build.begin({})
    scene: Vectors | None = None
    topic = _topic(chance)
    for number in range(script.num_segments):
        if number % SEGMENTS_A_SCENE == 0:
            topic = _topic(chance)
            scene = (
                None
                if tower is None
                else tower.around(tower.centres[chance.integers(_NUM_PLACES, size=1)], 0.8, chance)
            )
        span = Span(number * SEGMENT_SECONDS, (number + 1) * SEGMENT_SECONDS)
        segment = script.node(Level.SEGMENT, span)
        pictures = [_picture(script, part, chance) for part in _parts(span)]
        look = Observation(
            span, ObservationKind.LOOK, f"mostly {vocabulary()[chance.choice(topic)]}", "look", 0.8
        )
        line = Observation(
            Span(span.start + 1, span.start + 4), ObservationKind.SUBTITLE, sentence(chance, topic, 10), "srt"
        )
        sights = None
        if tower is not None and scene is not None:
            place = np.repeat(tower.around(scene, 0.5, chance), len(pictures), axis=0)
            sights = SegmentVisuals(tower.name, tower.around(place, 0.4, chance))
        edge = Cut(Span(span.end - 0.04, span.end), "hard", 0.9, span.end)
        cuts = [] if number == script.num_segments - 1 else [cut_observation(edge)]
        said = {"look": [look], "subtitles": [line], SHOTS: cuts}
        build.put_segment(segment, pictures, said, MemoryCheckpoint(span.end, str(number)), sights=sights)
    return build


def finish_film(script: Script, build: MemoryWriter) -> int:
    """Scenes, chapters and the video over what was written; returns how many nodes it has."""
    segments = build.segments()
    chance = np.random.default_rng([6, script.number])
    scenes, chapters = [], []
    top = script.node(Level.VIDEO, script.video.span)
    for some in _groups(segments, SEGMENTS_A_SCENE * SCENES_A_CHAPTER):
        chapter = script.node(Level.CHAPTER, some[0].span.cover(some[-1].span), parent=top.id)
        chapters.append(chapter)
        for inside in _groups(some, SEGMENTS_A_SCENE):
            text = (Sentence(sentence(chance, _topic(chance), 8), (inside[0].id,)),)
            span = inside[0].span.cover(inside[-1].span)
            scenes.append(script.node(Level.SCENE, span, parent=chapter.id, summary=text))
    build.finish([top, *chapters, *scenes], {}, video=script.video, damage=())
    return 1 + len(chapters) + len(scenes) + len(segments) * (1 + FRAMES_A_SEGMENT)


def question(number: int) -> str:
    """Three words of a theme, and one that is not among the commonest."""
    chance = np.random.default_rng([5, number])
    common = [rank for rank in _zipf(chance, 64) if rank >= _FUNCTION_WORDS][:1]
    return " ".join(vocabulary()[rank] for rank in (*chance.choice(_topic(chance, themes=1), 3), *common))


def _zipf(chance: np.random.Generator, length: int) -> npt.NDArray[np.int64]:
    """Ranks with chances in proportion to ``1 / (rank + 3)``."""
    most = np.log((_NUM_WORDS + 2) / 3)
    return np.minimum(np.exp(chance.random(length) * most) * 3 - 3, _NUM_WORDS - 1).astype(np.int64)


def _topic(chance: np.random.Generator, themes: int = 2) -> npt.NDArray[np.int64]:
    """The words of a scene: each theme has sixty."""
    about = chance.integers(_NUM_THEMES, size=themes)
    return np.concatenate([np.arange(one, _NUM_WORDS, _NUM_THEMES)[1:] for one in about])


def _parts(span: Span) -> Iterator[Span]:
    edges = np.linspace(span.start, span.end, FRAMES_A_SEGMENT + 1).tolist()
    yield from (Span(start, end) for start, end in pairwise(edges))


def _groups(nodes: Sequence[Node], size: int) -> Iterator[Sequence[Node]]:
    yield from (nodes[start : start + size] for start in range(0, len(nodes), size))


def _picture(script: Script, span: Span, chance: np.random.Generator) -> StoredFrame:
    return StoredFrame(script.node(Level.FRAME, span), _posters()[chance.integers(_NUM_POSTERS)], span.middle)


@cache
def _posters() -> tuple[bytes, ...]:
    chance = np.random.default_rng(4)
    posters = []
    for _ in range(_NUM_POSTERS):
        small = chance.integers(0, 255, (14, 24, 3)).astype(np.uint8)
        image = cv2.resize(small, (192, 108), interpolation=cv2.INTER_CUBIC)
        posters.append(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 80])[1].tobytes())
    return tuple(posters)
