"""Finds the cuts of one window of a video: by keyframes, and by decoding the stretches in doubt."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

import cv2
import numpy as np

from video_vlm.media.packet_table import PacketTable
from video_vlm.media.partial_decode import PartialDecoder
from video_vlm.protocols import DecodedFrame
from video_vlm.records import Cut, Image, Span
from video_vlm.samplers.decode_candidates import DecodeSpan, TwoRoundChoice, decode_candidates
from video_vlm.samplers.hard_cuts import FLASH_SECONDS
from video_vlm.samplers.keyframe_cuts import (
    KeyframeGlance,
    KeyframeHead,
    judge_keyframes,
    keyframe_glances,
    weigh_verdicts,
)
from video_vlm.samplers.packet_bitrate import PacketBitrate
from video_vlm.samplers.packet_contrast import as_large_as_cuts
from video_vlm.samplers.segments import SeenFrame, Segmenter
from video_vlm.samplers.thumbnail_filter import ThumbnailFilter
from video_vlm.settings import IndexSettings

__all__ = ["KeyframeWindow", "WindowResult", "budget_of", "windows"]

_NUM_GROUPS = 16  # their keyframes are held decoded
_BUDGET_SHARE = 0.2  # of a window's frames
_NEW_SECONDS = 0.5  # for this long after a stretch begins, the detectors have no baseline
_SPIKE = 1.3  # times the largest packet around
# A cut is seen at the next frame that is not left out; its packet is that of a reference frame.
_EARLY_SECONDS, _LATE_SECONDS = 0.1, 0.2
_SAME_SECONDS = 0.15  # a cut this near to a plain one is that one


def windows(table: PacketTable, *, first_group: int = 0) -> Iterator[range]:
    """The groups of each window, 16 at most, from the one that begins with ``first_group`` on."""
    for start in range(first_group, table.num_groups, _NUM_GROUPS):
        yield range(start, min(start + _NUM_GROUPS, table.num_groups))


@dataclass(frozen=True, slots=True)
class WindowResult:
    """Frames and cuts, each in order of time. Only keyframes, and frames that begin a shot, are held
    decoded."""

    pictures: tuple[SeenFrame, ...]
    cuts: tuple[Cut, ...]


def budget_of(table: PacketTable, groups: range) -> int:
    """The number of frames between the keyframes of a window that may be decoded: a fifth of all."""
    return round(_BUDGET_SHARE * len(table.places(groups.start, groups.stop)))


class KeyframeWindow:
    """Some groups of pictures in which cuts are looked for.

    Args:
        table: Of the whole video.
        restless: Of the same table.
        groups: Which groups.
        heads: The keyframes of ``groups``, and of the group after them, that could be decoded, by group.
        settings: How shots are found.
    """

    def __init__(
        self,
        table: PacketTable,
        restless: PacketBitrate,
        groups: range,
        heads: Mapping[int, DecodedFrame],
        *,
        settings: IndexSettings,
    ) -> None:
        self._table = table
        self._groups = groups
        self._heads = heads
        self._settings = settings
        self._restless = restless
        self._thumbnails = self._head_thumbnails()

    def look(self, skimmer: PartialDecoder[DecodedFrame]) -> WindowResult:
        """Decodes the stretches that are in doubt; gives the frames and the cuts of the window."""
        verdicts, trust = weigh_verdicts(judge_keyframes(self._table, self._glanced(skimmer), self._restless))
        every = decode_candidates(self._table, self._restless, self._groups, verdicts)
        budget = budget_of(self._table, self._groups)
        inquiry = TwoRoundChoice(self._table, every, self._groups, frame_budget=budget, trust=trust)
        decoded = self._decoded(skimmer, inquiry.first())
        decoded += self._decoded(skimmer, inquiry.second(_cuts(decoded)))
        plain = [one.cut for one in verdicts if one.cut is not None and one.group not in inquiry.keyframes]
        found = _cuts(decoded)
        known = [cut.at for cut in plain]
        new = [cut for cut in found if not any(map(cut.span.widen(_SAME_SECONDS).contains, known))]
        cuts = [*plain, *new, *inquiry.presumed(found)]
        return WindowResult(self._pictures(decoded), tuple(sorted(cuts, key=lambda cut: cut.at)))

    def _glanced(self, skimmer: PartialDecoder[DecodedFrame]) -> list[KeyframeHead]:
        """The keyframes, and what follows those that need it."""
        first = self._groups.start
        wanted = tuple(keyframe_glances(self._table, self._thumbnails, self._restless, first_group=first))
        after = skimmer.side_by_side(lambda glance: self._after(skimmer, glance), wanted)
        frames = {glance.group: some for glance, some in zip(wanted, after, strict=True)}
        return [
            KeyframeHead(number, image, frames.get(number, ()))
            for number, image in enumerate(self._thumbnails, first)
        ]

    def _decoded(
        self, skimmer: PartialDecoder[DecodedFrame], stretches: Iterable[DecodeSpan]
    ) -> list[SeenFrame]:
        """Several stretches side by side, up to the keyframe the next window begins with."""
        looks = skimmer.side_by_side(lambda stretch: list(self._decode(skimmer, stretch)), stretches)
        return [seen for seen in chain.from_iterable(looks) if seen.pts_seconds <= self._end_seconds]

    def _head_thumbnails(self) -> list[Image]:
        """Of every group; a keyframe that was lost counts as unchanged."""
        thumbnails: list[Image] = []
        end = min(self._groups.stop + 1, self._table.num_groups)
        for number in range(self._groups.start, end):
            head = self._heads.get(number)
            if head is not None:
                thumbnail = head.thumbnail(self._settings.shots.thumbnail_width)
                thumbnails.append(_shaped(thumbnail, thumbnails[0].shape) if thumbnails else thumbnail)
            elif thumbnails:
                thumbnails.append(thumbnails[-1])
        return [*thumbnails[:1] * (end - self._groups.start - len(thumbnails)), *thumbnails]

    def _decode(self, skimmer: PartialDecoder[DecodedFrame], stretch: DecodeSpan) -> Iterator[SeenFrame]:
        shots = replace(self._settings.shots, min_shot_seconds=0.0)  # a stretch does not begin with a shot
        settings = replace(self._settings, shots=shots)
        segmenter = Segmenter(settings)
        decoded = skimmer.stretch(stretch.groups, until_seconds=stretch.until_seconds)
        for one in chain(
            chain.from_iterable(map(segmenter.push, ThumbnailFilter(settings)(decoded))), _finished(segmenter)
        ):
            if (
                one.cut is not None
                and one.cut.kind == "hard"
                and not self._is_likely(one.pts_seconds, stretch)
            ):
                one = replace(one, cut=None)
            yield replace(one, opens=None, frame=one.frame if one.cut else None)

    def _is_likely(self, at: float, stretch: DecodeSpan) -> bool:
        """Whether a cut may be one although the detectors have hardly seen what was before it."""
        first = stretch.groups.start
        since = at - self._table.group_starts[first]
        if since >= _NEW_SECONDS:
            return True
        is_put = self._table.puts_keyframes and first > 0 and not self._table.is_due(first)
        if since < FLASH_SECONDS and is_put:
            return False  # the keyframe was put there for what ends here: a flash, or a pan
        # A packet at, or a little before or after, a frame is one that a cut would make; a keyframe always
        # is.
        around = Span(at - _EARLY_SECONDS, at + _LATE_SECONDS)
        large = (self._table.seconds[place] for place in as_large_as_cuts(self._table, stretch.groups))
        keyframes = (self._table.group_starts[number] for number in stretch.groups[1:])
        return self._restless.spike(around) >= _SPIKE or any(map(around.contains, chain(large, keyframes)))

    def _after(self, skimmer: PartialDecoder[DecodedFrame], glance: KeyframeGlance) -> tuple[Image, ...]:
        """The frames that follow a keyframe."""
        width = self._settings.shots.thumbnail_width
        shape = self._thumbnails[glance.group - self._groups.start].shape
        decoded = skimmer.stretch(range(glance.group, glance.group + 1), until_seconds=glance.until_seconds)
        return tuple(_shaped(one.thumbnail(width), shape) for one in decoded)[1:]

    @property
    def _end_seconds(self) -> float:
        starts = self._table.group_starts
        return starts[self._groups.stop] if self._groups.stop < len(starts) else math.inf

    def _pictures(self, decoded: Sequence[SeenFrame]) -> tuple[SeenFrame, ...]:
        first = self._groups.start
        heads = {
            head.pts_seconds: SeenFrame(head.pts_seconds, self._thumbnails[number - first], head)
            for number, head in self._heads.items()
            if number in self._groups
        }
        inside = (one for one in decoded if one.pts_seconds < self._end_seconds)
        between = {one.pts_seconds: replace(one, cut=None) for one in inside}
        return tuple(seen for _, seen in sorted({**between, **heads}.items()))


def _cuts(decoded: Iterable[SeenFrame]) -> list[Cut]:
    return [seen.cut for seen in decoded if seen.cut is not None]


def _shaped(thumbnail: Image, shape: tuple[int, ...]) -> Image:
    """As large as others are: the frame may change its size in mid-stream."""
    if thumbnail.shape == shape:
        return thumbnail
    return np.asarray(cv2.resize(thumbnail, (shape[1], shape[0]), interpolation=cv2.INTER_AREA), np.uint8)


def _finished(segmenter: Segmenter) -> Iterator[SeenFrame]:
    """What a segmenter gives out at the end, which is not asked for before."""
    yield from segmenter.finish()
