"""Cuts found with keyframes alone: which keyframes begin a shot, and how certain that is.

An encoder puts a keyframe at a cut where its settings allow it. So little but keyframes is decoded:

- A keyframe off the regular interval (or after hardly any bytes) that is unlike the frame before it, with no
  swell or spike beside it, is a cut. It is in doubt where its packet is not much larger than those before it:
  then a lot was changing already.
- Beside a swell or a spike it is a cut, the middle of a dissolve or a fade, a flash, or a fast pan. The half
  second after it shows which (a *glance*): a few frames, as decoding begins at the keyframe. The next
  keyframe is compared with the last frame of the glance, because a flash would be unlike everything.
- Where all keyframes are cuts the video has cuts and dissolves; where many are not it has flashes and fast
  pans. The share of cuts among them is the *trust* in the rest. Where nearly all may be cuts, only keyframes
  before a spike need a glance.

Pure functions; decoding is elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

import cv2

from video_vlm.media.packet_table import PacketTable
from video_vlm.records import Cut, Image, Span
from video_vlm.samplers.hard_cuts import FLASH_SECONDS, alike, brightness, colours_moved, distance
from video_vlm.samplers.packet_bitrate import PacketBitrate
from video_vlm.samplers.packet_contrast import as_large_as_cuts

__all__ = [
    "BESIDE_SECONDS",
    "TRUSTED",
    "KeyframeGlance",
    "KeyframeHead",
    "KeyframeVerdict",
    "judge_keyframes",
    "keyframe_glances",
    "weigh_verdicts",
]

BESIDE_SECONDS = 0.5
"""Packets this near to a keyframe are judged together with it."""

TRUSTED = 0.8
"""From this trust on, a keyframe that looks like a change is taken for one."""

_UNLIKE = 12.0  # mean grey levels between keyframes
_CHECKED_UNLIKE = 25.0  # the same beside a swell or a spike: a moving camera reaches the lower one
_COLOURS, _CHECKED_COLOURS = 0.25, 0.4  # share of the frame whose colours are new: the same place keeps them
_OTHER_COLOURS = 0.6  # hardly the same place
_CALM_SWELL, _CALM_SPIKE = 1.7, 1.6  # below both nothing else happens beside a keyframe
_RESTLESS_BEFORE = 1.6  # swell from which something began before the keyframe
_TIDY, _LEAST_TIDY = 0.9, 5  # share of the keyframes that may be cuts, of so many or more
_LEAP, _LEAST_LEAP = 0.35, 8.0  # step that ends a flash: share of the keyframes' distance, and grey levels
_BACK = 0.6  # share of that distance: nearer than this to the frame before is back again
_LIGHT, _LIT = 0.8, 0.5  # share of a step that is brightness, and correlation of one frame in two lights
_RACE = 0.25  # share of that distance: only a fast pan goes on with such steps
_BARE = 12.0  # standard deviation in grey levels: nearly black or white
_RISE = 2.0  # the doubt about a keyframe is this over the ratio of its packet to those before it
_SURE, _TOSS_UP = 0.1, 0.5


@dataclass(frozen=True, slots=True)
class KeyframeGlance:
    """The frames to decode to judge the keyframe that begins ``group``: up to ``until_seconds``."""

    group: int
    until_seconds: float


@dataclass(frozen=True, slots=True)
class KeyframeHead:
    """A keyframe, and the frames ``after`` it that are known."""

    group: int
    image: Image
    after: tuple[Image, ...] = ()

    @property
    def settled(self) -> Image:
        """The last known frame."""
        return self.after[-1] if self.after else self.image


@dataclass(frozen=True, slots=True)
class KeyframeVerdict:
    """Whether the keyframe ``at`` a time in seconds is a ``cut``. ``doubt`` is the chance in ``[0, 1]`` that
    this is wrong."""

    group: int
    at: float
    cut: Cut | None
    doubt: float
    why: Literal["due", "alike", "calm", "back", "flash", "camera", "race", "change"]

    @property
    def tells(self) -> bool:
        """Whether it counts for the trust in the other verdicts of the video."""
        return self.why not in {"due", "camera", "race"}

    @property
    def explains(self) -> bool:
        """Whether swells and spikes around the keyframe are explained, and are no cut."""
        return self.why in {"back", "flash", "camera", "race"} and self.cut is None


def keyframe_glances(
    table: PacketTable, images: Sequence[Image], restless: PacketBitrate, *, first_group: int
) -> Iterator[KeyframeGlance]:
    """Which keyframes need a glance, by comparing them with each other.

    Args:
        table: Of the whole video.
        images: The keyframes of ``first_group`` and the groups after it, RGB uint8 ``(height, width, 3)``.
        restless: Swells and spikes of the video.
        first_group: The number of the group that the first image begins.
    """
    numbers = range(first_group, first_group + len(images))
    put = [number for number in numbers[1:] if not table.is_due(number)]
    pairs = dict(zip(numbers[1:], pairwise(images), strict=True))
    likely = [
        number for number in put if _may_be_cut(*pairs[number], is_calm=_is_calm(table, restless, number))
    ]
    is_tidy = len(put) >= _LEAST_TIDY and len(likely) >= _TIDY * len(put)
    for number in numbers:
        if number == 0 or table.is_due(number) or _is_calm(table, restless, number):
            continue
        at = table.group_starts[number]
        until = at + BESIDE_SECONDS
        if number == first_group or not is_tidy or restless.spike(Span(at, until)) >= _CALM_SPIKE:
            last = table.seconds[table.places(number, number + 1)[-1]]
            yield KeyframeGlance(number, min(until, last))


def judge_keyframes(
    table: PacketTable, heads: Sequence[KeyframeHead], restless: PacketBitrate
) -> tuple[KeyframeVerdict, ...]:
    """A verdict on each keyframe but the first, without regard to the other verdicts."""
    around = zip((None, *heads[:-1]), heads, (*heads[1:], None), strict=True)
    heads = [_with_next(table, *three) for three in around]
    return tuple(_judged(table, before, head, restless) for before, head in pairwise(heads))


def _with_next(
    table: PacketTable, before: KeyframeHead | None, head: KeyframeHead, following: KeyframeHead | None
) -> KeyframeHead:
    """``head`` with the next keyframe after it, where that may end a flash."""
    if following is None or table.is_due(head.group):
        return head
    if table.group_starts[following.group] - table.group_starts[head.group] > FLASH_SECONDS:
        return head
    if before is not None and distance(before.settled, head.image) < _UNLIKE:
        return head
    return replace(head, after=(*head.after, following.image))


def weigh_verdicts(verdicts: Sequence[KeyframeVerdict]) -> tuple[tuple[KeyframeVerdict, ...], float]:
    """The verdicts corrected by the *trust*, and the trust: about the share of keyframes that are cuts, among
    those that tell (:attr:`KeyframeVerdict.tells`)."""
    told = [one for one in verdicts if one.tells]
    trust = (sum(one.cut is not None for one in told) + 1.0) / (len(told) + 1.5)
    if trust < TRUSTED:
        return tuple(verdicts), trust
    doubt = (1.0 - trust) / 2
    weighed = []
    for one in verdicts:
        if one.why == "race":
            one = replace(one, cut=Cut(Span(one.at, one.at), "hard", _SURE, one.at), doubt=doubt)
        elif one.why == "change":
            one = replace(one, doubt=min(one.doubt, doubt))
        weighed.append(one)
    return tuple(weighed), trust


def _judged(
    table: PacketTable, before: KeyframeHead, head: KeyframeHead, restless: PacketBitrate
) -> KeyframeVerdict:
    at = table.group_starts[head.group]
    unlike, moved = distance(before.settled, head.image), colours_moved(before.settled, head.image)
    is_due, weighs_little = table.is_due(head.group), table.weighs_little(head.group - 1)
    may_lead_there = not weighs_little or any(as_large_as_cuts(table, range(head.group - 1, head.group)))
    if is_due and (may_lead_there or unlike < _UNLIKE):
        is_changed = unlike >= _CHECKED_UNLIKE or (unlike >= _UNLIKE and moved >= _COLOURS)
        return KeyframeVerdict(head.group, at, None, _TOSS_UP if is_changed else 0.0, "due")
    if unlike < _UNLIKE:
        return KeyframeVerdict(head.group, at, None, 0.0, "alike")
    if head.after or not _is_calm(table, restless, head.group):
        return _judged_restless(before, head, restless, at=at)
    cut = Cut(Span(at, at), "hard", min(1.0, unlike / 255.0), at)
    if weighs_little and not is_due:
        return KeyframeVerdict(head.group, at, cut, 0.0, "calm")
    if moved < _COLOURS:
        return KeyframeVerdict(head.group, at, None, 0.0, "alike")
    doubt = _RISE / table.rise(head.group) * (0.7 if moved >= _OTHER_COLOURS else 1.5)
    return KeyframeVerdict(head.group, at, cut, min(_TOSS_UP, doubt) if doubt > _SURE else 0.0, "calm")


def _judged_restless(
    before: KeyframeHead, head: KeyframeHead, restless: PacketBitrate, *, at: float
) -> KeyframeVerdict:
    unlike, moved = distance(before.settled, head.image), colours_moved(before.settled, head.image)
    gone, gone_moved = distance(before.settled, head.settled), colours_moved(before.settled, head.settled)
    steps = list(pairwise((head.image, *head.after)))
    if gone < _UNLIKE or gone_moved < _COLOURS:
        return KeyframeVerdict(head.group, at, None, 0.0, "back")
    if any(_is_flash(lit, after, before.settled, unlike=unlike) for lit, after in steps):
        return KeyframeVerdict(head.group, at, None, 0.3 if gone_moved >= _OTHER_COLOURS else _SURE, "flash")
    is_far = max(moved, gone_moved - (_OTHER_COLOURS - _CHECKED_COLOURS)) >= _CHECKED_COLOURS
    if max(unlike, gone) < _CHECKED_UNLIKE or not is_far:
        return KeyframeVerdict(head.group, at, None, 0.2, "camera")
    is_bare = float(cv2.cvtColor(head.image, cv2.COLOR_RGB2GRAY).std()) < _BARE
    began_before = restless.swell(Span(at - BESIDE_SECONDS, at)) >= _RESTLESS_BEFORE
    races = any(distance(*step) > max(_RACE * unlike, _LEAST_LEAP) for step in steps)
    if began_before and races and not is_bare:
        return KeyframeVerdict(head.group, at, None, _TOSS_UP, "race")
    kind: Literal["hard", "fade", "dissolve"] = "fade" if is_bare else "dissolve" if began_before else "hard"
    cut = Cut(Span(at, at), kind, min(1.0, unlike / 255.0), at)
    return KeyframeVerdict(head.group, at, cut, 0.2 if kind == "dissolve" else _SURE, "change")


def _is_flash(lit: Image, after: Image, before: Image, *, unlike: float) -> bool:
    """Whether of two consecutive frames the second is like ``before`` again, or is the first in another
    light."""
    step = distance(lit, after)
    if step <= max(_LEAP * unlike, _LEAST_LEAP):
        return False
    light = abs(brightness(lit) - brightness(after))
    return distance(before, after) < _BACK * unlike or (light >= _LIGHT * step and alike(lit, after) >= _LIT)


def _may_be_cut(before: Image, after: Image, *, is_calm: bool) -> bool:
    least, colours = (_UNLIKE, _COLOURS) if is_calm else (_CHECKED_UNLIKE, _CHECKED_COLOURS)
    return distance(before, after) >= least and colours_moved(before, after) >= colours


def _is_calm(table: PacketTable, restless: PacketBitrate, number: int) -> bool:
    at = table.group_starts[number]
    swell = restless.swell(Span(at - BESIDE_SECONDS, at + BESIDE_SECONDS))
    return swell < _CALM_SWELL and restless.spike(Span(at, at + BESIDE_SECONDS)) < _CALM_SPIKE
