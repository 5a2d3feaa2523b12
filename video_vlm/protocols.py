"""The interfaces of decoders, observers, text and image-text encoders, memories and answerers.

Each is small on purpose. Implementations are found by name in a registry (:mod:`video_vlm.registry`)
and never know who calls them.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Literal, Protocol, Self, runtime_checkable

import numpy as np
import numpy.typing as npt

from video_vlm.records import (
    Answer,
    Damage,
    Detection,
    Evidence,
    Frame,
    Image,
    Level,
    Node,
    Observation,
    ObservationKind,
    RecognizedSpeech,
    Samples,
    Span,
    Video,
)

__all__ = [
    "Answerer",
    "DecodedFrame",
    "Detector",
    "ImageTextEncoder",
    "Listener",
    "Look",
    "Need",
    "Observer",
    "Progress",
    "ProgressEvent",
    "SpeechRecognizer",
    "TextEncoder",
    "VideoMemory",
    "VideoReader",
    "WordEncoder",
    "WordVectors",
    "silent",
]


class DecodedFrame(Protocol):
    """A decoded frame that is not yet converted: ask for the size that is needed.

    Valid until dropped; it holds the memory of a whole frame, so hold few.
    """

    @property
    def pts(self) -> int: ...
    @property
    def pts_seconds(self) -> float: ...
    @property
    def is_keyframe(self) -> bool: ...
    @property
    def is_rough(self) -> bool:
        """Whether the loop filter was skipped for it
        (:meth:`~video_vlm.media.parallel_decode.ParallelReader.scan_with`): good enough for a thumbnail;
        to be used at full size only where there is no other frame."""
        ...

    def thumbnail(self, width: int) -> Image:
        """RGB ``(height, width, 3)``, in the frame's own proportions and *not* rotated; at most as many
        pixels wide as the video, at least 1 pixel high."""
        ...

    def grey(self, width: int) -> Image:
        """The thumbnail without colours, ``(height, width)``, in a third of the time."""
        ...

    def frame(self, max_side: int | None = None) -> Frame:
        """The frame as displayed, RGB ``(height, width, 3)``, scaled down so that no side exceeds
        ``max_side`` pixels."""
        ...


class VideoReader(Protocol):
    """An open video. A context manager; not thread-safe."""

    @property
    def video(self) -> Video: ...

    @property
    def damage(self) -> Sequence[Damage]:
        """The spans in seconds that could not be decoded so far, in order of time."""
        ...

    def scan(self, start_seconds: float | None = None) -> Iterator[DecodedFrame]:
        """Every frame in order of PTS, from the first one at or after ``start_seconds``.

        Raises:
            UnreadableVideo: when no picture at all can be decoded.
        """
        ...

    def frames_at(self, times: Sequence[float], *, max_side: int | None = None) -> Iterator[Frame]:
        """The frame on display at each time in seconds, in ascending order, one per distinct frame.

        Times before the first frame give the first, times after the last give the last. Times that fall on
        the same frame give it once. Each stretch is decoded once.
        """
        ...

    def cues(self) -> Iterator[Observation]:
        """The cues of embedded *text* subtitle tracks as observations, in order; spans in player's
        seconds."""
        ...

    def close(self) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Need(StrEnum):
    """The kinds of input an observer may need."""

    FILE = "file"
    """The file as a whole: its container, its text tracks, what lies beside it."""
    FRAMES = "frames"
    """Representative frames, each at full size."""
    PICTURES = "pictures"
    """A thumbnail of every decoded frame; in a fast run, of those that were decoded."""
    NEIGHBOURS = "neighbours"
    """Beside that: consecutive frames. A fast run cannot give them and leaves the observer out."""
    SOUND = "sound"
    """The sound."""


class Observer(Protocol):
    """Turns what passes by into timed observations. One instance a video; fed in order of time.

    The indexer calls :meth:`begin` once, then :meth:`glance` for every decoded frame if the observer needs
    ``PICTURES``, :meth:`inspect` for every representative frame if it needs ``FRAMES``, :meth:`close_segment`
    at the end of every segment (state that :meth:`glance` keeps must not cross it, so that an interrupted run
    goes on from there with the same result), and :meth:`finish` once with all observations of this observer
    so far, to join what belongs together across segments.
    """

    @property
    def name(self) -> str: ...

    @property
    def needs(self) -> frozenset[Need]:
        """The inputs the observer is given, and no others. They decide which stages must run again when it
        changed."""
        ...

    @property
    def digest(self) -> str:
        """Changes whenever the same video would be observed differently."""
        ...

    def begin(self, reader: VideoReader) -> Iterable[Observation]: ...
    def glance(self, pts_seconds: float, thumbnail: Image) -> None: ...
    def inspect(self, frame: Frame, span: Span) -> Iterable[Observation]:
        """``span`` is the stretch the representative frame stands for."""
        ...

    def close_segment(self, span: Span) -> Iterable[Observation]: ...
    def finish(self, observations: Sequence[Observation]) -> Iterable[Observation]:
        """Gets this observer's observations in order of time and returns those to keep instead."""
        ...


@runtime_checkable
class Listener(Observer, Protocol):
    """An observer that needs ``SOUND``. It listens beside the pass over the pictures, in a thread of its
    own."""

    def listen(self, video: Video, heard: Sequence[Observation]) -> Iterator[tuple[Observation, ...]]:
        """What is heard, a stretch at a time, each written before the next is asked for.

        Args:
            video: The file.
            heard: What it said of this file in a run that was stopped; it goes on behind that.
        """
        ...


class SpeechRecognizer(Protocol):
    """Sound in, words out."""

    @property
    def name(self) -> str:
        """What stands as the source of what is heard: ``whisper tiny.en``."""
        ...

    @property
    def digest(self) -> str:
        """Changes whenever the same sound would be understood otherwise."""
        ...

    def recognize(
        self, sound: Samples, voiced: Sequence[Span], *, language: str | None = None
    ) -> RecognizedSpeech:
        """The words of a stretch of sound.

        Args:
            sound: ``(n,)`` float32 at 16 kHz, mono.
            voiced: When somebody speaks in it, in seconds from its start; at most 30 s together.
            language: What is spoken, as a code of two letters; None to find out.
        """
        ...


class TextEncoder(Protocol):
    """Sentences in, unit vectors out."""

    @property
    def name(self) -> str:
        """Identifies weights and pooling: vectors of two encoders are never compared."""
        ...

    @property
    def dimension(self) -> int: ...

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """``(len(texts), dimension)`` float32, rows of length one."""
        ...


@dataclass(frozen=True, slots=True)
class WordVectors:
    """A text by its words.

    ``offsets`` are the letters ``[start, end)`` of each word; ``vectors`` is ``(len(offsets), dimension)`` float32
    with rows of length one, each word as it is meant in this text; ``whole`` is the vector of the text,
    ``(dimension,)``.
    """

    offsets: tuple[tuple[int, int], ...]
    vectors: npt.NDArray[np.float32]
    whole: npt.NDArray[np.float32]


@runtime_checkable
class WordEncoder(TextEncoder, Protocol):
    """A text encoder that also tells the words of a text apart."""

    def encode_words(self, text: str) -> WordVectors: ...


class Detector(Protocol):
    """Finds where in a picture something is that words name."""

    @property
    def name(self) -> str:
        """What stands on receipts."""
        ...

    def detect(self, image: Image, phrase: str) -> Sequence[Detection]:
        """Where it is, surest first; nothing where it is not.

        Raises:
            ModelError: the picture cannot be looked at.
        """
        ...


class ImageTextEncoder(Protocol):
    """An image-text tower: pictures and words in, unit vectors of one space out.

    It is handed to the processes that read videos side by side, so it must survive pickling.
    """

    @property
    def name(self) -> str:
        """Identifies the weights and how pictures are prepared: vectors of two towers are never compared."""
        ...

    @property
    def dimension(self) -> int: ...

    @property
    def batch_size(self) -> int:
        """How many pictures it is best given at a time."""
        ...

    def encode_images(self, pictures: Sequence[Image]) -> npt.NDArray[np.float32]:
        """RGB pictures of any sizes: ``(len(pictures), dimension)`` float32, rows of length one."""
        ...

    def encode_texts(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """``(len(texts), dimension)`` float32, rows of length one."""
        ...


@runtime_checkable
class Revised(Protocol):
    """A memory that says when it holds something else."""

    @property
    def revision(self) -> Hashable | None:
        """Names what it holds: two memories of one revision hold the same. None while it may change."""
        ...


class VideoMemory(Protocol):
    """The memory of one video, as an answerer sees it: read only."""

    @property
    def video(self) -> Video: ...

    @property
    def channels(self) -> Sequence[str]:
        """The observers that saw this video, by name."""
        ...

    @property
    def encoder(self) -> TextEncoder | None:
        """Who compares meanings when it is searched; None where only words are compared."""
        ...

    def nodes(self, level: Level, span: Span | None = None) -> Sequence[Node]:
        """In order of time; those overlapping ``span``."""
        ...

    def children(self, node_id: str) -> Sequence[Node]: ...

    def neighbors(
        self, node_id: str, direction: Literal["before", "after"], count: int = 1
    ) -> Sequence[Node]:
        """The nearest nodes of the same level on one side in time, nearest first."""
        ...

    def observations(
        self, *, kinds: Iterable[ObservationKind] | None = None, span: Span | None = None
    ) -> Sequence[Observation]:
        """In order of time; those overlapping ``span``."""
        ...

    def search(
        self,
        query: str,
        *,
        span: Span | None = None,
        kinds: Iterable[ObservationKind] | None = None,
        limit: int = 10,
    ) -> Sequence[Evidence]:
        """What the memory holds nearest to ``query``, best first; the time filter comes before the
        ranking."""
        ...


class Look(Protocol):
    """Goes back to the pixels: decodes a few pictures of a stretch and reports what is seen there."""

    def __call__(self, span: Span, *, num_frames: int) -> Sequence[Observation]: ...


class Answerer(Protocol):
    """Answers questions from a memory, and from looking again where it can."""

    @property
    def name(self) -> str: ...

    def answer(self, question: str, memory: VideoMemory, look: Look | None = None) -> Answer:
        """Raises:
        QuestionError: the question is empty.
        """
        ...


@dataclass(frozen=True, slots=True)
class ProgressEvent:
    """How far a long piece of work has come. ``total`` is None where it is not known; ``path`` is the file,
    if it is work on one."""

    stage: str
    done: float
    total: float | None
    unit: Literal["s", "file", "frame"] = "s"
    what: str = ""
    path: Path | None = None


Progress = Callable[[ProgressEvent], None]


def silent(event: ProgressEvent) -> None:
    """A progress callback that shows nothing."""
