"""Every setting and its default, in one place, as frozen records.

Defaults live here only. ``cli/`` merges command line > environment > file > these, once. Each setting is
declared :func:`own` or :func:`shared`: whether a settings file that came with a folder may make it. A stage's
digest names what it computed: a changed setting never reuses a stale result.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import Field, asdict, dataclass, field
from enum import StrEnum
from typing import Any, Final, Literal, TypeVar

from video_vlm.errors import SettingsError

__all__ = [
    "AskSettings",
    "FrameSettings",
    "IndexSettings",
    "LevelSettings",
    "MeaningSettings",
    "ScreenTextSettings",
    "Settings",
    "ShotSettings",
    "SightSettings",
    "Speed",
    "Trust",
    "digest",
    "trust_of",
]

T = TypeVar("T")


def digest(*parts: object) -> str:
    """A short stable name for anything that JSON can write."""
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


LARGEST_SIDE: Final = 16_384
"""Of a picture that anything is made from."""

_TRUST: Final = "trust"


class Trust(StrEnum):
    """Whose word a setting takes. A folder may come from a stranger, and so may the settings file in it."""

    OWN = "own"
    """Only the user's own: it names a model, a server, a folder or a plugin, decides what is loaded, run or
    connected to, or where words and pictures go."""
    SHARED = "shared"
    """Anybody's: a number, or one of a few words of this package."""


def own(default: T) -> T:
    """A setting that only the user may make (:attr:`Trust.OWN`)."""
    return field(default=default, metadata={_TRUST: Trust.OWN})


def shared(default: T) -> T:
    """A setting that may come with a folder (:attr:`Trust.SHARED`)."""
    return field(default=default, metadata={_TRUST: Trust.SHARED})


def trust_of(one: Field[Any]) -> Trust | None:
    """What was declared of a field; None if nothing was."""
    return one.metadata.get(_TRUST)


@dataclass(frozen=True, slots=True)
class ShotSettings:
    """How shots are found."""

    thumbnail_width: int = shared(64)
    detector: Literal["leap", "adaptive", "content"] = shared("leap")
    """Who finds hard cuts: this package, or PySceneDetect's detector of that name. Gradual changes are
    ours."""
    min_shot_seconds: float = shared(0.5)

    def __post_init__(self) -> None:
        if self.thumbnail_width < 16:
            raise SettingsError(
                f"shots.thumbnail_width must be at least 16 pixels, got {self.thumbnail_width}"
            )
        if self.min_shot_seconds < 0:
            raise SettingsError(f"shots.min_shot_seconds must not be negative, got {self.min_shot_seconds}")


@dataclass(frozen=True, slots=True)
class FrameSettings:
    """How representative frames are chosen inside shots."""

    segment_seconds: float = shared(30.0)
    """The longest stretch one segment covers."""
    candidate_seconds: float = shared(1.0)
    """At most one candidate for a representative frame in this long."""
    max_side: int = shared(1280)
    """Representative frames are handed to observers no larger than this, in pixels."""
    poster_side: int = shared(192)
    """The small pictures kept in the memory, in pixels."""

    def __post_init__(self) -> None:
        if self.segment_seconds <= 0 or self.candidate_seconds <= 0:
            raise SettingsError("frames.segment_seconds and frames.candidate_seconds must be above 0")
        if not (1 <= self.max_side <= LARGEST_SIDE and 1 <= self.poster_side <= LARGEST_SIDE):
            raise SettingsError(
                f"frames.max_side and frames.poster_side must be from 1 to {LARGEST_SIDE} pixels"
            )


@dataclass(frozen=True, slots=True)
class ScreenTextSettings:
    """How text is read from pictures."""

    max_side: int = shared(1280)
    min_confidence: float = shared(0.65)
    """Real text is read with 0.8 and more; texture taken for text mostly stays below this."""

    def __post_init__(self) -> None:
        if not 1 <= self.max_side <= LARGEST_SIDE:
            raise SettingsError(
                f"screen_text.max_side must be from 1 to {LARGEST_SIDE} pixels, got {self.max_side}"
            )


@dataclass(frozen=True, slots=True)
class LevelSettings:
    """How the upper levels are made from segments: nothing is decoded for a change of these."""

    max_scene_seconds: float = shared(300.0)
    """A longer stretch without a cut is divided."""
    segment_sentences: int = shared(2)
    """The most a segment's summary has; likewise the others'."""
    scene_sentences: int = shared(3)
    chapter_sentences: int = shared(5)
    video_sentences: int = shared(6)

    def __post_init__(self) -> None:
        if self.max_scene_seconds <= 0:
            raise SettingsError(f"levels.max_scene_seconds must be above 0, got {self.max_scene_seconds}")
        for name in ("segment_sentences", "scene_sentences", "chapter_sentences", "video_sentences"):
            if getattr(self, name) < 1:
                raise SettingsError(f"levels.{name} must be at least 1, got {getattr(self, name)}")


Speed = Literal["full", "fast", "words"]


@dataclass(frozen=True, slots=True)
class IndexSettings:
    """From a file to its memory."""

    decoder: str = own("pyav")
    speed: Speed = shared("full")  # noqa: RUF009 - a field, made anew by nobody
    """Every picture; or keyframes and what is in doubt between them; or no picture: what the container and the
    files beside it say in words."""
    observers: tuple[str, ...] = own(("chapters", "subtitles", "speech", "screen-text", "look", "motion"))
    speech: str = own("auto")
    """What is said is heard by this model: ``tiny.en``, another name of the list, a folder, or ``NAME:MODEL`` of
    a plugin; ``auto`` for the best that is here, ``off`` for none."""
    language: str = own("auto")
    """What is spoken, as a code of two letters; ``auto`` to find out, once a film."""
    audio_track: str = own("auto")
    """Which sound is heard: the index of its stream, or its language as the file names it; ``auto`` for the
    one a player plays."""
    shots: ShotSettings = field(default_factory=ShotSettings)
    frames: FrameSettings = field(default_factory=FrameSettings)
    screen_text: ScreenTextSettings = field(default_factory=ScreenTextSettings)
    levels: LevelSettings = field(default_factory=LevelSettings)

    @property
    def working_observers(self) -> tuple[str, ...]:
        """Those that are not switched off by a setting of their own."""
        return tuple(one for one in self.observers if one != "speech" or self.speech != "off")


@dataclass(frozen=True, slots=True)
class AskSettings:
    """From a question to its answer."""

    model: str = own("builtin")
    min_confidence: float = shared(0.5)
    """Below this an answer is not given."""
    words_first_seconds: float = shared(120.0)
    """A film that is not read yet and is at least this long is asked by its words alone first; its pictures are
    read where these do not answer surely. ``inf``: never."""
    max_look_frames: int = shared(12)
    """The most pictures one question may have decoded; 0 for none."""
    keep_looks: bool = shared(True)
    """What was looked at for one question is kept in the library for the next."""
    max_videos: int = shared(8)
    """The most videos that a question over a library is put to, one by one; all of them are searched."""
    sampler: str = own("auto")
    """Who plans which pictures: a sampler's name, or the policy."""
    tokens_per_frame: int = shared(256)
    """Visual tokens one picture costs the model at hand, after merging."""

    max_rounds: int = shared(5)
    """The most turns a language model may take for one question."""
    answer_tokens: int = shared(1024)
    """The longest turn of a language model, in tokens."""
    answer_seconds: float = shared(600.0)
    """The longest a server may take over one turn of a language model, all tries together, however it
    drips."""
    silence_seconds: float = shared(120.0)
    """The longest it may say nothing at all."""
    context_tokens: int = shared(32_768)
    """How many tokens a conversation and its answer may have together behind a server, which does not say."""
    device: str = shared("auto")
    """Where a language model in this process runs, as torch names it; ``auto`` for a GPU if there is one."""
    dtype: str = shared("auto")
    """Its numbers, as torch names them; ``auto`` for the weights' own."""
    quantization: str = shared("none")
    """``4bit`` or ``8bit`` to hold it in less memory, where bitsandbytes or torchao is installed."""
    merge: int = shared(1)
    """So many times fewer visual tokens for a language model in this process: 2, 4 or 8; 1 for all of
    them."""
    merger: str = own("auto")
    """Who merges them: a merger's name; ``auto`` for trees over pictures of one look, then matching inside
    each."""
    kept_prefixes: int = shared(1)
    """Of how many conversations a language model in this process keeps what it has read; 0 for none."""
    kept_picture_mb: int = shared(256)
    """How much it keeps of what its vision tower made of pictures, in megabytes; 0 for nothing."""
    stored_picture_mb: int = shared(1000)
    """How much of that is kept in the library's folder for later processes, in megabytes; 0 for nothing."""
    caption_batch: int = shared(4)
    """How many captions a language model in this process writes at once, where no word changes; 1 for one by
    one."""
    detector: str = own("none")
    """Who finds what words name in a picture, with its box: a Grounding DINO, by its folder or its name in
    the local hub cache; ``none`` for nobody."""
    verify: bool = shared(False)
    """Each claim of a language model is shown to it again with nothing but what it cites, and dropped unless
    it says yes."""

    def __post_init__(self) -> None:
        if self.max_rounds < 1:
            raise SettingsError(f"ask.max_rounds must be at least 1, got {self.max_rounds}")
        if self.answer_tokens < 1:
            raise SettingsError(f"ask.answer_tokens must be at least 1, got {self.answer_tokens}")
        if not (0 < self.answer_seconds <= 86_400 and 0 < self.silence_seconds <= 86_400):
            raise SettingsError(
                "ask.answer_seconds and ask.silence_seconds must be above 0 and at most a day (86400), "
                f"got {self.answer_seconds} and {self.silence_seconds}"
            )
        if self.context_tokens < 1:
            raise SettingsError(f"ask.context_tokens must be at least 1, got {self.context_tokens}")
        if self.max_videos < 1:
            raise SettingsError(f"ask.max_videos must be at least 1, got {self.max_videos}")
        if self.max_look_frames < 0:
            raise SettingsError(f"ask.max_look_frames must not be negative, got {self.max_look_frames}")
        if self.tokens_per_frame < 1:
            raise SettingsError(f"ask.tokens_per_frame must be at least 1, got {self.tokens_per_frame}")
        if self.merge < 1:
            raise SettingsError(f"ask.merge must be at least 1, got {self.merge}")
        if self.caption_batch < 1:
            raise SettingsError(f"ask.caption_batch must be at least 1, got {self.caption_batch}")
        if min(self.kept_prefixes, self.kept_picture_mb, self.stored_picture_mb) < 0:
            raise SettingsError(
                "ask.kept_prefixes, kept_picture_mb and stored_picture_mb must not be negative"
            )


SIGHT_DTYPES: Final = ("auto", "bfloat16", "float16", "float32")


@dataclass(frozen=True, slots=True)
class SightSettings:
    """Which image-text tower sees. It is no part of a memory's recipe: vectors are kept by the tower that
    gave them, beside what the recipe made."""

    model: str = own("auto")
    """A folder, or a name in the local hub cache; ``auto`` for a known one in the cache, ``none`` for
    none."""
    device: str = shared("auto")
    """Where it runs, as torch names it; ``auto`` for a GPU if there is one."""
    dtype: str = shared("auto")
    """What it computes in: ``float32``, ``bfloat16`` or ``float16``; ``auto`` for bfloat16 where the
    processor has instructions for it, else float32."""

    def __post_init__(self) -> None:
        if self.dtype not in SIGHT_DTYPES:
            raise SettingsError(f"sight.dtype is one of {', '.join(SIGHT_DTYPES)}, got {self.dtype!r}")


@dataclass(frozen=True, slots=True)
class MeaningSettings:
    """Which sentence encoder is searched by. No part of a memory's recipe: vectors are kept by encoder."""

    model: str = own("auto")
    """``onnx:minilm``, a folder, or a name in the local hub cache; ``auto`` for a known one that is installed,
    ``none`` for words alone."""


@dataclass(frozen=True, slots=True)
class Settings:
    """All of them."""

    index: IndexSettings = field(default_factory=IndexSettings)
    sight: SightSettings = field(default_factory=SightSettings)
    meaning: MeaningSettings = field(default_factory=MeaningSettings)
    ask: AskSettings = field(default_factory=AskSettings)

    def digest(self) -> str:
        return digest(asdict(self))
