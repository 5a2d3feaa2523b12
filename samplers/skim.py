"""Which cuts are plain from keyframes and packet sizes alone, and which stretches have to be decoded to know.

An encoder puts a keyframe where a cut is, if it may, and spends bytes where pictures are new. So, with nothing
decoded but keyframes:

- A keyframe off the regular beat (or after next to no bytes at all) that looks unlike the one before it and has other
  colours, with nothing restless beside it, is a cut.
- A keyframe like that with restless packets beside it is a cut, the middle of a dissolve or a fade, a flash or a
  fast pan. The half second after it tells: it costs a few pictures, as it begins with a keyframe.
- Bytes that rise for some tenths of a second (a *swell*) are a dissolve, a fade or a camera, and one packet far above
  its neighbours (a *spike*) a cut for which no keyframe was allowed, or a flash. Such a *doubt* is decoded from the
  keyframe before it on; those that stand out most for the pictures they cost come first, as far as a budget goes.
- Where most of the swells that were decoded proved to be changes, so are, presumably, the strong ones that were not.

Pure functions; decoding is elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import cv2

from video_vlm.media.packets import PacketTable
from video_vlm.records import Cut, Image, Span
from video_vlm.samplers.leaps import colours_moved, distance
from video_vlm.samplers.restlessness import Restlessness

__all__ = ["Check", "Doubt", "Plan", "Stretch", "checked", "plan", "presumed"]

_UNLIKE = 12.0  # mean grey levels between keyframes
_CHECKED_UNLIKE = 25.0  # the same where packets are restless: a camera gets that far by itself
_COLOURS, _CHECKED_COLOURS = 0.25, 0.4  # share of the picture that has other colours: the same place keeps its own
_CALM_SWELL, _CALM_SPIKE = 1.7, 1.6
_BESIDE_SECONDS = 0.5
_RESTLESS_BEFORE = 1.6
_LEAP, _BACK = 0.35, 0.6  # of the way from keyframe to keyframe: out of a flash, and how near to what was before it
_RACE, _RACE_LEVELS = 0.25, 8.0  # of that way, and grey levels: a step that only a fast pan goes on with
_BARE = 12.0  # standard deviation, grey levels: nearly black or white
_BEFORE_SECONDS, _AFTER_SECONDS = 0.12, 0.9  # decoded around a doubt, at least
_NEAR_SECONDS = 0.4  # a doubt this near to a keyframe that was judged is the same thing
_JOIN_SECONDS = 0.5  # doubts this near are one
_PRESUMED_SWELL = 2.5
_PRESUMED_SCORE = 0.1


@dataclass(frozen=True, slots=True)
class Check:
    """A keyframe to be judged by what follows, up to ``until_seconds``; ``unlike`` is how far it is from the last."""

    group: int
    until_seconds: float
    unlike: float
    is_restless_before: bool


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something may happen in ``span``; ``strength`` is how far the evidence stands out (1 is usual)."""

    span: Span
    strength: float
    evidence: Literal["swell", "spike"]


@dataclass(frozen=True, slots=True)
class Stretch:
    """What has to be decoded: from the first picture of ``groups`` to ``until_seconds``."""

    groups: range
    until_seconds: float
    num_frames: int


@dataclass(frozen=True, slots=True)
class Plan:
    """For one window: cuts that are plain, what to decode, and which doubts are decoded and which not."""

    cuts: tuple[Cut, ...]
    checks: tuple[Check, ...]
    stretches: tuple[Stretch, ...]
    decoded: tuple[Doubt, ...] = ()
    left: tuple[Doubt, ...] = ()


def plan(
    table: PacketTable,
    thumbnails: Sequence[Image],
    restless: Restlessness,
    *,
    groups: range,
    frame_budget: int,
) -> Plan:
    """Plan the groups of one window.

    Args:
        table: Of the whole video.
        thumbnails: Of the first pictures of ``groups`` and, where there is one, of the group after them.
        restless: Of the same table.
        groups: The window. Each keyframe but its first is judged here, and the one after it.
        frame_budget: Stretches may cost so many pictures; checks come on top.
    """
    cuts: list[Cut] = []
    checks: list[Check] = []
    for number, (before, after) in enumerate(pairwise(thumbnails), start=groups.start + 1):
        unlike = distance(before, after)
        moved = colours_moved(before, after)
        is_due = table.is_due(number) and not table.weighs_little(number - 1)
        if unlike < _UNLIKE or moved < _COLOURS or is_due:
            continue
        at = table.group_starts[number]
        if _is_calm(restless, at):
            cuts.append(Cut(Span(at, at), "hard", min(1.0, unlike / 255.0), at))
        elif unlike >= _CHECKED_UNLIKE and moved >= _CHECKED_COLOURS:
            until = min(at + _BESIDE_SECONDS, table.seconds[table.places(number, number + 1)[-1]])
            is_restless = restless.swell(Span(at - _BESIDE_SECONDS, at)) >= _RESTLESS_BEFORE
            checks.append(Check(number, until, unlike, is_restless))
    judged = [*(cut.at for cut in cuts), *(table.group_starts[check.group] for check in checks)]
    doubts = [one for one in _joined(_doubts(table, restless, groups)) if not _is_near(one.span, judged)]
    stretches, left = _affordable(table, doubts, groups, frame_budget)
    decoded = tuple(one for one in doubts if one not in left)
    return Plan(tuple(cuts), tuple(checks), stretches, decoded, left)


def checked(check: Check, *, before: Image, pictures: Sequence[Image], at: float) -> Cut | None:
    """What a keyframe proves to be: a cut (of which kind, as far as this tells), or none.

    Args:
        check: How it looked from outside.
        before: The thumbnail of the keyframe before it.
        pictures: Its own and those that follow it.
        at: Its time.
    """
    steps = [(distance(a, b), distance(before, b)) for a, b in pairwise(pictures)]
    if any(step > _LEAP * check.unlike and back < _BACK * check.unlike for step, back in steps):
        return None  # a flash
    is_bare = float(cv2.cvtColor(pictures[0], cv2.COLOR_RGB2GRAY).std()) < _BARE
    races = max((step for step, _ in steps), default=0.0) > max(_RACE * check.unlike, _RACE_LEVELS)
    if check.is_restless_before and races and not is_bare:
        return None  # a fast pan
    kind: Literal["hard", "fade", "dissolve"]
    kind = "fade" if is_bare else "dissolve" if check.is_restless_before else "hard"
    return Cut(Span(at, at), kind, min(1.0, check.unlike / 255.0), at)


def presumed(made: Plan, found: Sequence[Cut]) -> Iterator[Cut]:
    """The doubts that were not decoded and are likely changes, given what decoding found in the others."""
    swells = [one for one in made.decoded if one.evidence == "swell"]
    proved = sum(any(cut.span.widen(_BEFORE_SECONDS).overlaps(one.span) for cut in found) for one in swells)
    if not swells or 2 * proved < len(swells):
        return
    for one in made.left:
        if one.evidence == "swell" and one.strength >= _PRESUMED_SWELL:
            yield Cut(one.span, "dissolve", _PRESUMED_SCORE, one.span.middle)


def _is_calm(restless: Restlessness, at: float) -> bool:
    swell = restless.swell(Span(at - _BESIDE_SECONDS, at + _BESIDE_SECONDS))
    return swell < _CALM_SWELL and restless.spike(Span(at, at + _BESIDE_SECONDS)) < _CALM_SPIKE


def _is_near(span: Span, times: Iterable[float]) -> bool:
    return any(span.widen(_NEAR_SECONDS).contains(time) for time in times)


def _doubts(table: PacketTable, restless: Restlessness, groups: range) -> Iterator[Doubt]:
    places = table.places(groups.start, groups.stop)
    yield from (Doubt(span, strength, "swell") for span, strength in restless.swells(places))
    yield from (Doubt(span, strength, "spike") for span, strength in restless.spikes(places))


def _joined(doubts: Iterable[Doubt]) -> list[Doubt]:
    joined: list[Doubt] = []
    for doubt in sorted(doubts, key=lambda one: one.span):
        if joined and doubt.span.start - joined[-1].span.end <= _JOIN_SECONDS:
            last = joined.pop()
            stronger = max(last, doubt, key=lambda one: one.strength)
            doubt = Doubt(last.span.cover(doubt.span), stronger.strength, stronger.evidence)
        joined.append(doubt)
    return joined


def _affordable(
    table: PacketTable, doubts: Iterable[Doubt], groups: range, frame_budget: int
) -> tuple[tuple[Stretch, ...], tuple[Doubt, ...]]:
    """The stretches that are worth most for what they cost, and the doubts that none was left for."""
    taken: list[Stretch] = []
    left = []
    for doubt in sorted(doubts, key=lambda one: one.strength / _stretch(table, one, groups).num_frames, reverse=True):
        wanted = _with(table, taken, _stretch(table, doubt, groups))
        if sum(one.num_frames for one in wanted) <= frame_budget:
            taken = wanted
        else:
            left.append(doubt)
    return tuple(sorted(taken, key=lambda one: one.groups.start)), tuple(sorted(left, key=lambda one: one.span))


def _with(table: PacketTable, taken: Sequence[Stretch], stretch: Stretch) -> list[Stretch]:
    """``taken`` and ``stretch``, as one where they share a group: none is decoded twice."""
    shares = [one for one in taken if one.groups.start < stretch.groups.stop and stretch.groups.start < one.groups.stop]
    for one in shares:
        groups = range(min(one.groups.start, stretch.groups.start), max(one.groups.stop, stretch.groups.stop))
        stretch = _measured(table, groups, max(one.until_seconds, stretch.until_seconds))
    return [*(one for one in taken if one not in shares), stretch]


def _stretch(table: PacketTable, doubt: Doubt, groups: range) -> Stretch:
    first = max(groups.start, table.group_at(doubt.span.start - _BEFORE_SECONDS))
    until = doubt.span.end + _AFTER_SECONDS
    return _measured(table, range(first, min(groups.stop - 1, table.group_at(until)) + 1), until)


def _measured(table: PacketTable, groups: range, until_seconds: float) -> Stretch:
    places = table.places(groups.start, groups.stop)
    until = min(until_seconds, table.seconds[places[-1]])
    return Stretch(groups, until, table.count(table.seconds[places[0]], until) + 1)
