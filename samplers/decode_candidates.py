"""Spans that may hold cuts which keyframes alone do not show, and which of them to decode.

A *swell* (the bitrate rises for some tenths of a second) is a dissolve, a fade or a moving camera; a *spike*
(one packet far above its neighbours) is a flash, or a cut for which no keyframe was allowed. Such a candidate
is decoded from the keyframe before it; a keyframe in doubt is decoded from the keyframe before that one.
Candidates with the most information for their frames come first, within a frame budget. Of the swells only
one is decoded first: where it proves to be a transition the others presumably are too.

Candidates that *need* to be decoded do not count against the budget, as a cut would be missed otherwise: a
spike as large as a cut, a group of pictures whose packets would not show one (it is *blind*), and the group
before a keyframe on the regular interval that is unlike the keyframe before it.

Pure functions; decoding is elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from video_vlm.media.packet_table import PacketTable
from video_vlm.records import Cut, Span
from video_vlm.samplers.keyframe_cuts import BESIDE_SECONDS, TRUSTED, KeyframeVerdict
from video_vlm.samplers.packet_bitrate import PacketBitrate
from video_vlm.samplers.packet_contrast import as_large_as_cuts, blind_groups

__all__ = [
    "DecodeCandidate",
    "DecodeChoice",
    "DecodeSpan",
    "TwoRoundChoice",
    "choose_within",
    "decode_candidates",
]

_BEFORE_SECONDS, _AFTER_SECONDS = 0.12, 0.9  # the least that is decoded before and after a candidate
_NEAR_SECONDS = 0.4  # a candidate this near to a cut is the same event
_JOIN_SECONDS = 0.5  # candidates this near are joined
_BLUR_SECONDS = 0.2  # a swell appears this much too early, because bytes are averaged
_SPIKE_SECONDS = 0.6  # the longest swell that a single large packet makes, because bytes are averaged
_USUAL_STRENGTH = 3.0  # a strength above this does not make a change more probable
_SPIKE_SHARE = 0.6  # the probability that a spike is a change, over that of a swell
_LEAST_WORTH = 0.002  # the least doubt about a keyframe, over the number of frames to decode for it
_PRIOR = 2.0  # the trust in keyframes counts as much as so many decoded candidates
_LEAST_TRUST, _PROVED = 0.6, 0.5  # least trust, and share of decoded swells that were cuts, to presume others
_PRESUMED_SWELL, _TRUSTED_SWELL = 2.5, 2.0  # least swell of a presumed cut: in general, and with high trust
_PRESUMED_SCORE = 0.1


@dataclass(frozen=True, slots=True)
class DecodeCandidate:
    """A cut or a transition may lie in ``span``.

    ``strength`` is the swell or the spike as a ratio (1 is the median); of a keyframe, which begins
    ``group``, the chance in ``[0, 1]`` that its verdict is wrong. A blind group is decoded up to ``group``,
    the next one. One that ``is_needed`` is decoded whatever it costs.
    """

    span: Span
    strength: float
    evidence: Literal["swell", "spike", "keyframe", "blind"]
    group: int | None = None
    is_needed: bool = False


@dataclass(frozen=True, slots=True)
class DecodeSpan:
    """A span to decode, from the first frame of ``groups`` to ``until_seconds``, and its number of frames."""

    groups: range
    until_seconds: float
    num_frames: int


@dataclass(frozen=True, slots=True)
class DecodeChoice:
    """Which candidates are decoded, in which spans. ``num_needed`` frames of these are outside the budget."""

    stretches: tuple[DecodeSpan, ...] = ()
    candidates: tuple[DecodeCandidate, ...] = ()
    num_needed: int = 0

    @property
    def num_frames(self) -> int:
        return sum(one.num_frames for one in self.stretches)


def decode_candidates(
    table: PacketTable, restless: PacketBitrate, groups: range, verdicts: Sequence[KeyframeVerdict] = ()
) -> tuple[DecodeCandidate, ...]:
    """Candidates in ``groups``, in order of time: swells and spikes that no verdict explains, blind groups,
    and keyframes whose verdict is in doubt."""
    cuts = [one.at for one in verdicts if one.cut is not None]
    explained = [one.at for one in verdicts if one.explains]
    blind = _blind(table, groups, verdicts)
    beyond = (_beyond(one, explained) for one in _joined(_by_packets(table, restless, groups)))
    found = [
        one
        for one in beyond
        if one is not None
        and not any(one.span.widen(_NEAR_SECONDS).contains(at) for at in cuts)
        and not _is_in(one, blind)
    ]
    asked = {one.group for one in blind}
    open_ones = [one for one in verdicts if one.doubt > 0.0 and one.group not in asked]
    keyframes = (DecodeCandidate(Span(one.at, one.at), one.doubt, "keyframe", one.group) for one in open_ones)
    return tuple(sorted((*blind, *found, *keyframes), key=lambda one: (one.span, one.evidence)))


def _blind(table: PacketTable, groups: range, verdicts: Sequence[KeyframeVerdict]) -> list[DecodeCandidate]:
    unlike = {one.group - 1 for one in verdicts if one.why == "due" and one.doubt > 0.0}
    ends = [*table.group_starts[1:], table.seconds[-1]]
    numbers = sorted(blind_groups(table, groups) | unlike)
    return [
        DecodeCandidate(Span(table.group_starts[one], ends[one]), 1.0, "blind", one + 1, is_needed=True)
        for one in numbers
    ]


def choose_within(
    table: PacketTable,
    every: Sequence[DecodeCandidate],
    groups: range,
    *,
    frame_budget: int,
    chance: float = 1.0,
    most_swells: int | None = None,
) -> DecodeChoice:
    """The candidates with the most information for the frames they cost, within the budget.

    Args:
        table: Of the whole video.
        every: All candidates. Those that are needed are chosen whatever the budget.
        groups: The groups of pictures of the window they are in.
        frame_budget: How many frames may be decoded for candidates that are not needed.
        chance: The probability that a swell is a transition, in ``[0, 1]``.
        most_swells: Choose at most so many swells; any number if None.
    """
    candidates = [one for one in every if one.is_needed]
    stretches: list[DecodeSpan] = []
    for candidate in candidates:
        stretches = _with(table, stretches, _stretch(table, candidate, groups))
    num_needed = sum(one.num_frames for one in stretches)
    rest = (one for one in every if not one.is_needed)
    for worth, candidate in sorted(_by_worth(table, rest, groups, chance), key=lambda one: -one[0]):
        num_swells = sum(one.evidence == "swell" for one in candidates)
        if candidate.evidence == "keyframe" and worth < _LEAST_WORTH:
            continue
        if candidate.evidence == "swell" and most_swells is not None and num_swells >= most_swells:
            continue
        wanted = _with(table, stretches, _stretch(table, candidate, groups))
        if sum(one.num_frames for one in wanted) <= num_needed + frame_budget:
            stretches = wanted
            candidates.append(candidate)
    stretches.sort(key=lambda one: one.groups.start)
    return DecodeChoice(tuple(stretches), tuple(candidates), num_needed)


class TwoRoundChoice:
    """Chooses what to decode of one window, in two rounds: the cuts found in the first change the value of
    the rest.

    Args:
        table: Of the whole video.
        every: The candidates of the window.
        groups: The groups of pictures of the window.
        frame_budget: How many frames both rounds may decode together.
        trust: About the share of keyframes that are cuts, in ``[0, 1]``
            (:func:`video_vlm.samplers.keyframe_cuts.weigh_verdicts`).
    """

    def __init__(
        self,
        table: PacketTable,
        every: Sequence[DecodeCandidate],
        groups: range,
        *,
        frame_budget: int,
        trust: float,
    ) -> None:
        self._table = table
        self._every = every
        self._groups = groups
        self._budget = frame_budget
        self._trust = trust
        self._asked: tuple[DecodeCandidate, ...] = ()

    @property
    def keyframes(self) -> frozenset[int]:
        """The groups whose keyframes were decoded; the cuts found there replace their verdicts."""
        return frozenset(one.group for one in self._asked if one.group is not None)

    def first(self) -> tuple[DecodeSpan, ...]:
        """The spans to decode in the first round."""
        return self._ask(self._every, chance=self._trust**2, most_swells=1)

    def second(self, found: Sequence[Cut]) -> tuple[DecodeSpan, ...]:
        """The spans to decode in the second round, given the cuts ``found`` in the first."""
        num_proved, num_asked = self._proved(found)
        is_enough = 0 < num_asked == num_proved and self._trust >= TRUSTED
        rest = [
            one
            for one in self._every
            if one not in self._asked and not (is_enough and one.evidence == "swell")
        ]
        chance = (_PRIOR * self._trust**2 + num_proved) / (_PRIOR + num_asked)
        return self._ask(rest, chance=chance)

    def presumed(self, found: Sequence[Cut]) -> Iterator[Cut]:
        """Swells that were not decoded and are likely dissolves, given the cuts ``found`` in the others."""
        num_proved, num_asked = self._proved(found)
        if not num_asked or num_proved < _PROVED * num_asked or self._trust < _LEAST_TRUST:
            return
        is_trusted = self._trust >= TRUSTED and num_proved >= TRUSTED * num_asked
        for one in self._every:
            is_strong = one.strength >= (_TRUSTED_SWELL if is_trusted else _PRESUMED_SWELL)
            if one.evidence == "swell" and is_strong and one not in self._asked:
                yield Cut(one.span, "dissolve", _PRESUMED_SCORE, one.span.middle)

    def _ask(
        self, every: Sequence[DecodeCandidate], *, chance: float, most_swells: int | None = None
    ) -> tuple[DecodeSpan, ...]:
        choice = choose_within(
            self._table,
            every,
            self._groups,
            frame_budget=self._budget,
            chance=chance,
            most_swells=most_swells,
        )
        self._budget -= choice.num_frames - choice.num_needed
        self._asked += choice.candidates
        return choice.stretches

    def _proved(self, found: Sequence[Cut]) -> tuple[int, int]:
        """How many of the decoded swells were transitions, and how many were decoded."""
        swells = [one for one in self._asked if one.evidence == "swell"]
        spans = [cut.span.widen(_BEFORE_SECONDS) for cut in found]
        return sum(any(span.overlaps(one.span) for span in spans) for one in swells), len(swells)


def _is_in(candidate: DecodeCandidate, blind: Iterable[DecodeCandidate]) -> bool:
    blur = _BLUR_SECONDS if candidate.evidence == "swell" else 0.0
    start, end = candidate.span.start + blur, candidate.span.end - blur
    return any(one.span.start <= start and end <= one.span.end for one in blind)


def _by_packets(table: PacketTable, restless: PacketBitrate, groups: range) -> Iterator[DecodeCandidate]:
    places = table.places(groups.start, groups.stop)
    yield from (DecodeCandidate(span, strength, "swell") for span, strength in restless.swells(places))
    large = {table.seconds[place] for place in as_large_as_cuts(table, groups)}
    for span, strength in restless.spikes(places):
        yield DecodeCandidate(span, strength, "spike", is_needed=span.start in large)
    if not table.puts_keyframes:
        yield from (DecodeCandidate(Span(at, at), 1.0, "spike", is_needed=True) for at in large)


def _joined(candidates: Iterable[DecodeCandidate]) -> list[DecodeCandidate]:
    joined: list[DecodeCandidate] = []
    for candidate in sorted(candidates, key=lambda one: one.span):
        if not joined or candidate.span.start - joined[-1].span.end > _JOIN_SECONDS:
            joined.append(candidate)
            continue
        pair = (joined.pop(), candidate)
        span = pair[0].span.cover(candidate.span)
        stronger = max(pair, key=lambda one: one.strength)
        has_spike = any(one.evidence == "spike" for one in pair)
        evidence = "spike" if has_spike and span.duration_seconds <= _SPIKE_SECONDS else stronger.evidence
        is_needed = any(one.is_needed for one in pair)
        joined.append(DecodeCandidate(span, stronger.strength, evidence, is_needed=is_needed))
    return joined


def _beyond(candidate: DecodeCandidate, explained: Iterable[float]) -> DecodeCandidate | None:
    """The part of a candidate after the keyframes that explain it; None where nothing remains."""
    for at in explained:
        span = candidate.span
        if span.widen(_BEFORE_SECONDS).contains(at):
            if span.end <= at + BESIDE_SECONDS:
                return None
            candidate = replace(candidate, span=Span(max(at + _BEFORE_SECONDS, span.start), span.end))
    return candidate


def _by_worth(
    table: PacketTable, every: Iterable[DecodeCandidate], groups: range, chance: float
) -> Iterator[tuple[float, DecodeCandidate]]:
    for candidate in every:
        value = candidate.strength
        if candidate.evidence != "keyframe":
            likely = chance * (_SPIKE_SHARE if candidate.evidence == "spike" else 1.0)
            value = likely * min(candidate.strength, _USUAL_STRENGTH) / _USUAL_STRENGTH
        yield value / _stretch(table, candidate, groups).num_frames, candidate


def _with(table: PacketTable, taken: Sequence[DecodeSpan], stretch: DecodeSpan) -> list[DecodeSpan]:
    """``taken`` and ``stretch``, as one where they share a group: none is decoded twice."""
    shares = [
        one
        for one in taken
        if one.groups.start < stretch.groups.stop and stretch.groups.start < one.groups.stop
    ]
    for one in shares:
        groups = range(min(one.groups.start, stretch.groups.start), max(one.groups.stop, stretch.groups.stop))
        stretch = _measured(table, groups, max(one.until_seconds, stretch.until_seconds))
    return [*(one for one in taken if one not in shares), stretch]


def _stretch(table: PacketTable, candidate: DecodeCandidate, groups: range) -> DecodeSpan:
    until = candidate.span.end + _AFTER_SECONDS
    if candidate.group is not None:
        last = min(max(candidate.group, table.group_at(until)), groups.stop, table.num_groups - 1)
        return _measured(table, range(candidate.group - 1, last + 1), until)
    first = max(groups.start, table.group_at(candidate.span.start - _BEFORE_SECONDS))
    return _measured(table, range(first, min(groups.stop - 1, table.group_at(until)) + 1), until)


def _measured(table: PacketTable, groups: range, until_seconds: float) -> DecodeSpan:
    places = table.places(groups.start, groups.stop)
    until = min(until_seconds, table.seconds[places[-1]])
    return DecodeSpan(groups, until, table.count(table.seconds[places[0]], until) + 1)
