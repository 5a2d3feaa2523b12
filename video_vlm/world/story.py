"""Long films of the scripted world: scene after scene, in each of which one thing happens, or nothing.

All follows from a seed: the pictures, and the log with the seconds of each event. A scene is a script of its
own, on ground of its own colour, so that a cut shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from video_vlm.records import Span
from video_vlm.world.script import (
    COLOURS,
    SHAPES,
    Actor,
    Event,
    EventKind,
    Script,
    Way,
    WorldSettings,
    free_ways,
    places_apart,
)

__all__ = ["FPS", "Happening", "Scene", "Story", "dry_scene", "some_names", "write_scene", "write_story"]

FPS = 5.0
SIDE = 64
_SCENE_SECONDS = (6.0, 9.0)
_EVENT_SECONDS = (2.4, 3.2)
_LEAD_SECONDS = 1.4
"""For so long at least everybody rests at both ends of a scene."""
_CHANCE_OF_STILL = 0.08
_CHANCE_OF_ENTRY = 0.3
"""The share of events in which an actor appears or vanishes instead of moving."""
_NAMES = 8
"""How many a story is about: few enough that they come back."""
_DOINGS = (*(f"moves {way}" for way in Way), "appears", "vanishes")


@dataclass(frozen=True, slots=True)
class Happening:
    """One event of a story: ``what`` is ``the red circle moves left``, ``beside`` the names of the others in
    the frame."""

    span: Span
    name: str
    does: str
    beside: tuple[str, ...] = ()

    @property
    def what(self) -> str:
        return f"the {self.name} {self.does}"


@dataclass(frozen=True, slots=True)
class Scene:
    """The stretch between two cuts, in seconds; ``happening`` is None where nothing moves."""

    span: Span
    script: Script
    happening: Happening | None


@dataclass(frozen=True, slots=True)
class Story:
    """Scenes that tile ``[0, end)``, in seconds."""

    seed: int
    scenes: tuple[Scene, ...]

    @property
    def span(self) -> Span:
        return Span(0.0, self.scenes[-1].span.end)

    @property
    def happenings(self) -> tuple[Happening, ...]:
        """All events, in order of time."""
        return tuple(scene.happening for scene in self.scenes if scene.happening is not None)


def write_story(seed: int, *, seconds: float) -> Story:
    """A story of about so many seconds; the same seed and length give the same one.

    Raises:
        ValueError: it is shorter than one scene.
    """
    if seconds < _SCENE_SECONDS[0]:
        raise ValueError(f"a story takes at least {_SCENE_SECONDS[0]} seconds, got {seconds}")
    chance = np.random.default_rng((seed, 3))
    names = some_names(chance)
    scenes: list[Scene] = []
    start = 0.0
    while start < seconds - _SCENE_SECONDS[0] / 2:
        scenes.append(write_scene(chance, start=start, names=names, seed=seed * 1000 + len(scenes)))
        start = scenes[-1].span.end
    return Story(seed, tuple(scenes))


def write_scene(
    chance: np.random.Generator,
    *,
    start: float,
    names: Sequence[tuple[str, str]] | None = None,
    seed: int = 0,
) -> Scene:
    """One scene that begins at ``start`` seconds, of two or three of ``names`` (colour and shape); of any if
    None."""
    frames = round(chance.uniform(*_SCENE_SECONDS) * FPS)
    settings = WorldSettings(num_frames=frames, side=SIDE, fps=FPS, radius=0.12, stride=0.36, pan=0.0)
    cast = _cast(chance, names or some_names(chance))
    event = None if chance.random() < _CHANCE_OF_STILL else _event(chance, cast, settings)
    tint = chance.uniform(0.5, 2.2, 3).tolist()
    script = Script(
        seed, settings, cast, (event,) if event else (), (0.0, 0.0), tint=(tint[0], tint[1], tint[2])
    )
    span = Span(start, round(start + frames / FPS, 3))
    return Scene(span, script, _told(event, cast, start) if event else None)


def dry_scene(
    chance: np.random.Generator, *, start: float, names: Sequence[tuple[str, str]]
) -> tuple[Span, Happening | None]:
    """The span and the event of a scene as :func:`write_scene` would make them, without a script to draw;
    ``start`` in seconds."""
    frames = round(chance.uniform(*_SCENE_SECONDS) * FPS)
    span = Span(start, round(start + frames / FPS, 3))
    if chance.random() < _CHANCE_OF_STILL:
        return span, None
    first, length = _when(chance, frames)
    does = _DOINGS[int(chance.integers(len(_DOINGS)))]
    colour, shape = names[int(chance.integers(len(names)))]
    seconds = Span(round(start + first / FPS, 3), round(start + (first + length) / FPS, 3))
    return span, Happening(seconds, f"{colour} {shape}", does)


def some_names(chance: np.random.Generator) -> tuple[tuple[str, str], ...]:
    """Different pairs of colour and shape, of at least three colours."""
    every = [(colour, shape) for colour in COLOURS for shape in SHAPES]
    picked = [every[place] for place in chance.permutation(len(every))]
    colours = dict.fromkeys(colour for colour, _ in picked)
    first = [next(one for one in picked if one[0] == colour) for colour in list(colours)[:3]]
    return tuple(dict.fromkeys((*first, *picked)))[:_NAMES]


def _cast(chance: np.random.Generator, names: Sequence[tuple[str, str]]) -> tuple[Actor, ...]:
    """Two or three of different colours, apart from each other."""
    order = [names[place] for place in chance.permutation(len(names))]
    number = int(chance.integers(2, 4))
    chosen = list({colour: (colour, shape) for colour, shape in reversed(order)}.values())[-number:]
    chosen = [chosen[place] for place in chance.permutation(len(chosen))]
    return tuple(
        Actor(colour, shape, x, y)
        for (colour, shape), (x, y) in zip(chosen, places_apart(chance, len(chosen)), strict=True)
    )


def _event(chance: np.random.Generator, cast: tuple[Actor, ...], settings: WorldSettings) -> Event:
    """What the first who can does, with rest before and after it."""
    start, length = _when(chance, settings.num_frames)
    places = [(actor.x, actor.y) for actor in cast]
    movers = [place for place in range(len(cast)) if free_ways(places, place, settings)]
    if not movers or chance.random() < _CHANCE_OF_ENTRY:
        kind = EventKind.APPEAR if chance.random() < 0.5 else EventKind.VANISH
        return Event(kind, 0, start, start + length)
    ways = free_ways(places, movers[0], settings)
    way: Way = ways[int(chance.integers(len(ways)))]
    return Event(EventKind.MOVE, movers[0], start, start + length, way, settings.stride)


def _when(chance: np.random.Generator, num_frames: int) -> tuple[int, int]:
    """First frame and number of frames of what happens in a scene."""
    length = round(chance.uniform(*_EVENT_SECONDS) * FPS)
    lead = round(_LEAD_SECONDS * FPS)
    return int(chance.integers(lead, max(lead + 1, num_frames - lead - length))), length


def _told(event: Event, cast: tuple[Actor, ...], start: float) -> Happening:
    """What happens, in seconds of the film."""
    does = f"moves {event.way}" if event.way else "appears" if event.kind is EventKind.APPEAR else "vanishes"
    span = Span(round(start + event.start / FPS, 3), round(start + event.end / FPS, 3))
    others = tuple(sorted(actor.name for place, actor in enumerate(cast) if place != event.actor))
    return Happening(span, cast[event.actor].name, does, others)
