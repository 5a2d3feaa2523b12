"""What looking into one window of a video gives: keyframes, the stretches that left doubt, and the cuts of both."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

import cv2
import numpy as np

from video_vlm.media.packets import PacketTable
from video_vlm.media.skimmer import Skimmer
from video_vlm.protocols import DecodedFrame
from video_vlm.records import Cut, Image, Span
from video_vlm.samplers.restlessness import Restlessness
from video_vlm.samplers.segments import Seen, Segmenter
from video_vlm.samplers.sieve import Sieve
from video_vlm.samplers.skim import Check, Plan, Stretch, checked, plan, presumed
from video_vlm.settings import IndexSettings

__all__ = ["Looked", "Window", "budget_of", "windows"]

_NUM_GROUPS = 16  # their keyframes are held decoded
_BUDGET_SHARE = 0.2  # of a window's pictures
_NEW_SECONDS = 0.5  # so soon after a stretch begins, the detectors do not know what is usual in it
_SPIKE, _LATE_SECONDS = 1.3, 0.1  # times the largest packet around; a cut is seen at the next picture not left out
_SAME_SECONDS = 0.15  # a cut this near to a plain one is that one


def windows(table: PacketTable, *, first_group: int = 0) -> Iterator[range]:
    """The groups of each window from the one that begins with ``first_group`` on."""
    for start in range(first_group, table.num_groups, _NUM_GROUPS):
        yield range(start, min(start + _NUM_GROUPS, table.num_groups))


@dataclass(frozen=True, slots=True)
class Looked:
    """Pictures and cuts, each in order of time. Only keyframes, and pictures that begin a shot, are held decoded."""

    pictures: tuple[Seen, ...]
    cuts: tuple[Cut, ...]


def budget_of(table: PacketTable, groups: range) -> int:
    """How many pictures of the stretches between the keyframes of a window may be decoded."""
    return round(_BUDGET_SHARE * len(table.places(groups.start, groups.stop)))


class Window:
    """Some groups of pictures, looked into once.

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
        restless: Restlessness,
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
        self.plan: Plan = plan(table, self._thumbnails, restless, groups=groups, frame_budget=budget_of(table, groups))

    def look(self, skimmer: Skimmer[DecodedFrame]) -> Looked:
        """Decode what is planned, and say what is there."""
        looks = skimmer.side_by_side(lambda stretch: list(self._decode(skimmer, stretch)), self.plan.stretches)
        decoded = list(chain.from_iterable(looks))
        plain = list(self.plan.cuts)
        for check in self.plan.checks:
            at = self._table.group_starts[check.group]
            before = self._thumbnails[check.group - self._groups.start - 1]
            cut = checked(check, before=before, pictures=self._after(skimmer, check, decoded), at=at)
            plain += [] if cut is None else [cut]
        found = [seen.cut for seen in decoded if seen.cut is not None and not _is_one_of(seen.cut, plain)]
        cuts = [*plain, *found, *presumed(self.plan, [*plain, *found])]
        return Looked(self._pictures(decoded), tuple(sorted(cuts, key=lambda cut: cut.at)))

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

    def _decode(self, skimmer: Skimmer[DecodedFrame], stretch: Stretch) -> Iterator[Seen]:
        shots = replace(self._settings.shots, min_shot_seconds=0.0)  # a stretch does not begin with a shot
        settings = replace(self._settings, shots=shots)
        segmenter = Segmenter(settings)
        decoded = skimmer.stretch(stretch.groups, until_seconds=stretch.until_seconds)
        seen = chain.from_iterable(map(segmenter.push, Sieve(settings)(decoded)))
        start = self._table.group_starts[stretch.groups.start]
        for one in chain(seen, _finished(segmenter)):
            doubtful = one.cut is not None and one.cut.kind == "hard" and one.pts_seconds - start < _NEW_SECONDS
            if doubtful and not self._stands_out(one.pts_seconds):
                one = replace(one, cut=None)
            yield replace(one, opens=None, frame=one.frame if one.cut else None)

    def _stands_out(self, at: float) -> bool:
        """Whether a packet at, or a little before, a picture is one that a cut would make."""
        return self._restless.spike(Span(at - _LATE_SECONDS, at + _LATE_SECONDS / 2)) >= _SPIKE

    def _after(self, skimmer: Skimmer[DecodedFrame], check: Check, decoded: Sequence[Seen]) -> list[Image]:
        """The pictures by which a keyframe is judged, from a stretch that was decoded anyway if there is one."""
        start = self._table.group_starts[check.group]
        if any(check.group in one.groups and check.until_seconds <= one.until_seconds for one in self.plan.stretches):
            inside = (one for one in decoded if start <= one.pts_seconds <= check.until_seconds)
            after = [one.thumbnail for one in inside if one.thumbnail is not None]
        else:
            width = self._settings.shots.thumbnail_width
            groups = range(check.group, check.group + 1)
            after = [one.thumbnail(width) for one in skimmer.stretch(groups, until_seconds=check.until_seconds)]
        head = self._thumbnails[check.group - self._groups.start]
        return [_shaped(one, head.shape) for one in after] or [head]

    def _pictures(self, decoded: Sequence[Seen]) -> tuple[Seen, ...]:
        first = self._groups.start
        heads = {
            head.pts_seconds: Seen(head.pts_seconds, self._thumbnails[number - first], head)
            for number, head in self._heads.items()
            if number in self._groups
        }
        between = {one.pts_seconds: replace(one, cut=None) for one in decoded}
        return tuple(seen for _, seen in sorted({**between, **heads}.items()))


def _shaped(thumbnail: Image, shape: tuple[int, ...]) -> Image:
    """As large as others are: the picture may change its size in mid-stream."""
    if thumbnail.shape == shape:
        return thumbnail
    return np.asarray(cv2.resize(thumbnail, (shape[1], shape[0]), interpolation=cv2.INTER_AREA), np.uint8)


def _finished(segmenter: Segmenter) -> Iterator[Seen]:
    """What a segmenter gives out at the end, which is not asked for before."""
    yield from segmenter.finish()


def _is_one_of(cut: Cut, plain: Sequence[Cut]) -> bool:
    return any(cut.span.widen(_SAME_SECONDS).contains(one.at) for one in plain)
