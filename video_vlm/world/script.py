"""Scripts of the scripted world: which actors there are and what happens when, all decided by a seed.

Lengths are shares of the picture's side, times are frames while a script is written and seconds in what
is told of it. A script read backwards is a script too: what appeared vanishes, who went left goes right.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

__all__ = [
    "COLOURS",
    "SHAPES",
    "Actor",
    "Event",
    "EventKind",
    "Script",
    "Way",
    "WorldSettings",
    "free_ways",
    "places_apart",
    "write_script",
]

COLOURS = ("red", "green", "blue", "yellow", "purple", "white")
SHAPES = ("circle", "square", "triangle")


class Way(StrEnum):
    """The direction of a move, relative to the ground that a panning camera passes over."""

    LEFT = "left"
    RIGHT = "right"
    UP = "up"
    DOWN = "down"

    @property
    def step(self) -> tuple[int, int]:
        """``(x, y)``, y downwards."""
        return {Way.LEFT: (-1, 0), Way.RIGHT: (1, 0), Way.UP: (0, -1), Way.DOWN: (0, 1)}[self]

    @property
    def back(self) -> Way:
        return {Way.LEFT: Way.RIGHT, Way.RIGHT: Way.LEFT, Way.UP: Way.DOWN, Way.DOWN: Way.UP}[self]


class EventKind(StrEnum):
    """The kinds of events. Backwards, ``appear`` is ``vanish`` and ``bump`` is ``part``."""

    MOVE = "move"
    BUMP = "bump"
    """A move that ends where it touches another actor."""
    PART = "part"
    """A move that begins in touch with another actor."""
    APPEAR = "appear"
    VANISH = "vanish"

    @property
    def back(self) -> EventKind:
        pairs = {EventKind.BUMP: EventKind.PART, EventKind.APPEAR: EventKind.VANISH}
        return {**pairs, **{later: earlier for earlier, later in pairs.items()}}.get(self, self)

    @property
    def is_motion(self) -> bool:
        return self in (EventKind.MOVE, EventKind.BUMP, EventKind.PART)


@dataclass(frozen=True, slots=True)
class Actor:
    """A coloured shape and where it is at the start; no two of a script have the same colour.

    ``x`` and ``y`` are shares in [0, 1] of the frame's width and height, ``y`` downwards.
    """

    colour: str
    shape: str
    x: float
    y: float

    @property
    def name(self) -> str:
        return f"{self.colour} {self.shape}"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happens, in the frames ``[start, end)``; ``actor`` and ``other`` are places in the
    cast."""

    kind: EventKind
    actor: int
    start: int
    end: int
    way: Way | None = None
    length: float = 0.0
    other: int | None = None


@dataclass(frozen=True, slots=True)
class WorldSettings:
    """The size and number of frames, and how much happens in them. Lengths are shares of a frame's side."""

    num_frames: int = 12
    side: int = 24
    fps: float = 4.0
    num_movers: int = 3
    radius: float = 0.1
    stride: float = 0.33
    """How far one move goes."""
    pan: float = 0.006
    """The camera drifts by up to this much a frame, either way."""
    noise: float = 0.02
    chance_of_repeat: float = 0.4
    """The share of scripts in which one actor moves twice, and another not at all."""
    chance_of_guest: float = 0.3
    """The share of scripts in which an actor that never moves appears midway."""
    chance_of_post: float = 0.3
    """The share of scripts with a grey post in front."""

    def __post_init__(self) -> None:
        if not 2 <= self.num_movers < len(COLOURS):
            raise ValueError(f"num_movers must be from 2 to {len(COLOURS) - 1}, got {self.num_movers}")
        if self.num_frames <= 2 * self.num_movers:
            raise ValueError(
                f"{self.num_movers} moves need more than {2 * self.num_movers} frames, got {self.num_frames}"
            )


@dataclass(frozen=True, slots=True)
class Script:
    """Everything that is decided before a clip is drawn. ``post`` is the left edge of the grey post, as a
    share of the frame's width; None without one."""

    seed: int
    settings: WorldSettings
    actors: tuple[Actor, ...]
    events: tuple[Event, ...]
    pan: tuple[float, float]
    post: float | None = None
    backwards: bool = False
    tint: tuple[float, float, float] = (1.0, 1.0, 1.0)
    """What the grey of the ground is multiplied by, red, green and blue."""

    def reversed(self) -> Script:
        """The same clip played backwards, with its events reversed. Reversed twice it is the script
        itself."""
        end, events = self.settings.num_frames, []
        for event in reversed(self.events):
            way = event.way.back if event.way else None
            span = {"start": end - event.end, "end": end - event.start}
            events.append(replace(event, kind=event.kind.back, way=way, **span))
        return replace(self, events=tuple(events), backwards=not self.backwards)

    @property
    def motions(self) -> tuple[Event, ...]:
        """The moves, in order of time."""
        return tuple(event for event in self.events if event.kind.is_motion)


def write_script(seed: int, settings: WorldSettings | None = None) -> Script:
    """The script of a seed; the same seed and settings give the same script."""
    settings = settings or WorldSettings()
    chance = np.random.default_rng(seed)
    guest = chance.random() < settings.chance_of_guest
    cast = _cast(chance, number=settings.num_movers + int(guest))
    events = _moves(chance, settings, cast)
    if guest:
        frame = int(chance.integers(settings.num_frames // 4, 3 * settings.num_frames // 4))
        events.append(Event(EventKind.APPEAR, settings.num_movers, frame, frame))
    pan = tuple(chance.uniform(-settings.pan, settings.pan, 2).tolist())
    post = float(chance.uniform(0.1, 0.8)) if chance.random() < settings.chance_of_post else None
    ordered = tuple(sorted(events, key=lambda event: (event.start, event.actor)))
    return Script(seed, settings, cast, ordered, (pan[0], pan[1]), post)


def _cast(chance: np.random.Generator, *, number: int) -> tuple[Actor, ...]:
    """The movers, then the guest if there is one.

    They stand anywhere: on a grid, one frame alone would tell who is between two cells and so on the move.
    """
    colours = chance.permutation(len(COLOURS))[:number]
    shapes = chance.integers(0, len(SHAPES), number)
    return tuple(
        Actor(COLOURS[colour], SHAPES[shape], x, y)
        for colour, shape, (x, y) in zip(colours, shapes, places_apart(chance, number), strict=True)
    )


def places_apart(chance: np.random.Generator, number: int) -> list[tuple[float, float]]:
    """``number`` places ``(x, y)`` in [0.12, 0.88], apart from each other: of 32 tried each, the first that
    is 0.26 away from the others, else the farthest."""
    places: list[tuple[float, float]] = []
    for _ in range(number):
        tried = chance.uniform(0.12, 0.88, (32, 2))
        room = [
            min((float(np.hypot(x - i, y - j)) for i, j in places), default=1.0) for x, y in tried.tolist()
        ]
        best = next((place for place, free in enumerate(room) if free > 0.26), int(np.argmax(room)))
        places.append((float(tried[best, 0]), float(tried[best, 1])))
    return places


def _moves(chance: np.random.Generator, settings: WorldSettings, cast: tuple[Actor, ...]) -> list[Event]:
    """One after the other, at least a frame of rest between: each mover once, or one twice and another
    never."""
    order = chance.permutation(settings.num_movers)
    if chance.random() < settings.chance_of_repeat:
        order[-1] = order[0]
        order = chance.permutation(order)
    places = [(actor.x, actor.y) for actor in cast]
    borders = np.linspace(1, settings.num_frames, len(order) + 1).astype(int)
    events = []
    for actor, begin, end in zip(order.tolist(), borders[:-1].tolist(), borders[1:].tolist(), strict=True):
        start = begin + int(chance.integers(0, max(1, end - begin - 2)))
        event = _move(chance, settings, places, actor, start, end - 1)
        place = places[actor]
        step_x, step_y = event.way.step if event.way else (0, 0)
        places[actor] = (place[0] + step_x * event.length, place[1] + step_y * event.length)
        events.append(event)
    return events


def _move(
    chance: np.random.Generator,
    settings: WorldSettings,
    places: list[tuple[float, float]],
    actor: int,
    start: int,
    end: int,
) -> Event:
    """A move that stays in the frame, cut short where it would run into another actor."""
    ways = [way for way in Way if _inside(places[actor], way, settings.stride)]
    way = ways[int(chance.integers(len(ways)))]
    room, other = _room(places, actor, way, settings)
    if room < settings.stride and room > settings.stride / 2:
        return Event(EventKind.BUMP, actor, start, end, way, room, other)
    free = free_ways(places, actor, settings)
    way = free[int(chance.integers(len(free)))] if free else way
    return Event(EventKind.MOVE, actor, start, end, way, settings.stride)


def free_ways(places: list[tuple[float, float]], actor: int, settings: WorldSettings) -> list[Way]:
    """The directions in which an actor can go a whole stride without leaving the frame or touching
    another."""
    inside = (way for way in Way if _inside(places[actor], way, settings.stride))
    return [way for way in inside if _room(places, actor, way, settings)[0] >= settings.stride]


def _inside(place: tuple[float, float], way: Way, length: float) -> bool:
    return all(0.08 <= at + step * length <= 0.92 for at, step in zip(place, way.step, strict=True))


def _room(
    places: list[tuple[float, float]], actor: int, way: Way, settings: WorldSettings
) -> tuple[float, int | None]:
    """How far ``actor`` can go that way before it touches another actor, and which one."""
    nearest: tuple[float, int | None] = (float("inf"), None)
    (x, y), (step_x, step_y), touch = places[actor], way.step, 2 * settings.radius
    for other, (other_x, other_y) in enumerate(places):
        along = (other_x - x) * step_x + (other_y - y) * step_y
        beside = abs((other_x - x) * step_y) + abs((other_y - y) * step_x)
        if other != actor and along > 0 and beside < touch and along - touch < nearest[0]:
            nearest = (along - touch, other)
    return nearest
