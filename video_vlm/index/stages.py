"""The stages of indexing, what each was made with, and which must be made again.

Shots come first, then segments and their representative frames, then what each observer says, and the upper
levels last. A stage is made again if what it is made with changed, or a stage below it did.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Final, TypeAlias

from video_vlm.index.observer_set import ObserverSet
from video_vlm.settings import IndexSettings, digest

__all__ = [
    "BESIDE",
    "FRAMES",
    "LEVELS",
    "SHOTS",
    "Stage",
    "StageVerdict",
    "Stages",
    "judge",
    "speed_of",
    "stages_of",
]

SHOTS: Final = "shots"
FRAMES: Final = "frames"
LEVELS: Final = "levels"
BESIDE: Final = "files beside the video"

_TAIL: Final = "tail"

_VERSIONS: Final = {SHOTS: 5, FRAMES: 5, LEVELS: 5}
"""Raised whenever a stage would come out otherwise for the same video and settings."""

_FAST_VERSION: Final = 3
"""Raised whenever the shots of a fast run alone would."""

Stages: TypeAlias = Mapping[str, Mapping[str, str]]
"""What each stage is made with, by its name."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of indexing. ``made_with`` holds everything that decides its result, as text: settings by
    name, and the version of the code."""

    name: str
    made_with: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class StageVerdict:
    """Whether a stage is kept, and why it is or is not."""

    stage: str
    is_kept: bool
    because: str


def stages_of(settings: IndexSettings, watch: ObserverSet, *, beside: str = "") -> tuple[Stage, ...]:
    """The stages of an index, each after those it depends on.

    Args:
        settings: How the video is read.
        watch: Who observes.
        beside: A digest of the subtitle files beside the video; empty if there are none.
    """
    images = {"index.decoder": settings.decoder, "index.speed": settings.speed}
    if settings.speed == "fast":
        images["version"] = f"{_VERSIONS[SHOTS]}.{_FAST_VERSION}"
    return (
        _stage(SHOTS, {**images, **_named("shots", settings.shots)}),
        _stage(FRAMES, _named("frames", settings.frames)),
        *(
            Stage(
                observer(name),
                {"code and settings": made, **({BESIDE: beside} if name == "subtitles" else {})},
            )
            for name, made in zip(watch.names, watch.digests, strict=True)
        ),
        _stage(LEVELS, _named("levels", settings.levels)),
    )


def observer(name: str) -> str:
    """The name of the stage of one observer."""
    return f"observer {name}"


def judge(stored: Stages, wanted: Sequence[Stage]) -> tuple[StageVerdict, ...]:
    """For each wanted stage whether it is kept or made again, and why; then the stored stages that are
    dropped."""
    verdicts: list[StageVerdict] = []
    dropped = [name for name in stored if name not in {stage.name for stage in wanted}]
    for stage in wanted:
        known = stored.get(stage.name)
        own = "it was not made yet" if known is None else "; ".join(_differences(known, stage.made_with))
        below = [one.stage for one in verdicts if not one.is_kept and _rests_on(stage.name, one.stage)]
        changed = [*below, *(dropped if stage.name == LEVELS else [])]
        because = own or (f"{changed[0]} changed" if changed else None)
        verdicts.append(StageVerdict(stage.name, because is None, because or "made with the same"))
    return (*verdicts, *(StageVerdict(name, False, "no longer asked for") for name in dropped))


def digest_of(stages: Sequence[Stage]) -> str:
    """A digest of everything the stages are made with, except files beside the video."""
    return digest(
        *((one.name, {key: text for key, text in one.made_with.items() if key != BESIDE}) for one in stages)
    )


def to_json(stages: Sequence[Stage], *, tail: str | None = None) -> str:
    """The stages as JSON; ``tail`` is the state from which a run goes on if the file grows."""
    noted = {stage.name: dict(stage.made_with) for stage in stages}
    return json.dumps({**noted, **({_TAIL: {"state": tail}} if tail else {})}, sort_keys=True)


def tail_of(text: str) -> str | None:
    """The ``tail`` that :func:`to_json` was given; None if there was none."""
    found = json.loads(text).get(_TAIL)
    return None if found is None else str(found["state"])


def from_json(text: str) -> Stages:
    """The stages that :func:`to_json` wrote; empty for a memory of an earlier format, or where the text
    cannot be read."""
    try:
        found = json.loads(text)
        stages = {name: made for name, made in found.items() if name != _TAIL}
        return {
            str(name): {str(key): str(value) for key, value in made.items()} for name, made in stages.items()
        }
    except (AttributeError, ValueError):
        return {}


def speed_of(text: str) -> str | None:
    """At which speed the stages that :func:`to_json` wrote were made; None where they do not say."""
    return from_json(text).get(SHOTS, {}).get("index.speed")


def _stage(name: str, made_with: Mapping[str, str]) -> Stage:
    return Stage(name, {"version": str(_VERSIONS[name]), **made_with})


def _named(group: str, settings: object) -> dict[str, str]:
    fields = asdict(settings)  # type: ignore[call-overload]
    return {f"index.{group}.{name}": str(value) for name, value in fields.items()}


def _rests_on(upper: str, lower: str) -> bool:
    if (upper, lower) == (observer("speech"), observer("subtitles")):
        return True  # what subtitles say is left out of what is heard
    return upper == LEVELS or lower == SHOTS or (lower == FRAMES and upper not in (SHOTS, FRAMES))


def _differences(stored: Mapping[str, str], wanted: Mapping[str, str]) -> Iterator[str]:
    for name in dict.fromkeys([*stored, *wanted]):
        before, after = stored.get(name, ""), wanted.get(name, "")
        # A video that was moved without its subtitles keeps them.
        if before == after or (name == BESIDE and not after):
            continue
        if name == BESIDE:
            yield "a subtitle file beside the video was added or changed"
        elif name == "code and settings":
            yield "its code, model or settings changed"
        elif name == "version":
            yield "its code changed"
        else:
            yield f"{name} was {before or 'not there'}, is {after or 'not there'}"
