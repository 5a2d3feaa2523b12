"""The fast pass: a window of keyframes at a time, and between them only the stretches in doubt.

A window is always the same groups of pictures, and what is decided in it depends on nothing but them and when
the shot before them began. So an interrupted run that begins again with a window ends with the same memory.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace

from video_vlm.index.keyframe_window import KeyframeWindow, WindowResult, windows
from video_vlm.index.prefetch import prefetch
from video_vlm.media.partial_decode import PartialDecoder, PartialReader
from video_vlm.protocols import DecodedFrame
from video_vlm.records import Cut, Span
from video_vlm.samplers.packet_bitrate import PacketBitrate
from video_vlm.samplers.segments import Borders, SeenFrame, SegmentStart
from video_vlm.settings import IndexSettings

__all__ = ["FastPass"]

_LOOKERS = 2
"""So many windows are looked into at once: what one has to wait for, the other fills the time with."""


class FastPass:
    """Gives out the frames that were looked at, and the cuts, in order of time.

    A shot may begin where no frame was decoded; then there is a :class:`SeenFrame` without one.

    Args:
        reader: An open video whose packets can be relied on.
        settings: As for a full pass.
        mark: Where to go on.
        borders: Times at which a segment begins whatever is seen.
    """

    def __init__(
        self,
        reader: PartialReader,
        settings: IndexSettings,
        mark: SegmentStart | None,
        *,
        borders: Iterable[float] = (),
    ) -> None:
        self._reader = reader
        self._settings = settings
        self._table = reader.packets()
        self._restless = PacketBitrate(self._table)
        self._mark = mark
        self._segment = mark
        self._borders = Borders(borders)
        self._shot_seconds = mark.shot_seconds if mark else min(self._table.seconds[0], 0.0)
        self._next_cuts: list[Cut] = []

    @property
    def end_seconds(self) -> float:
        """When the last frame ends; it is taken to last as long as the one before it."""
        before, last = self._table.seconds[-2:]
        return last + (last - before)

    def num_frames(self, span: Span, *, num_seen: int) -> int:  # noqa: ARG002
        return self._table.count(span.start, span.end)

    def seen(self) -> Iterator[SeenFrame]:
        first = self._table.group_at(self._mark.warm_up_seconds) if self._mark else 0
        if self._mark is not None:
            yield SeenFrame(self._mark.start_seconds, None, opens=self._mark)
        with (
            self._reader.skim() as skimmer,
            ThreadPoolExecutor(_LOOKERS, thread_name_prefix="look") as lookers,
        ):
            every = self._looks(skimmer, lookers, windows(self._table, first_group=first))
            with closing(prefetch(every)) as looks:
                for looked, groups in looks:
                    yield from self._placed(looked.result(), groups)
                yield from self._placed_borders(self.end_seconds, self._table.group_starts[-1])

    def _looks(
        self, skimmer: PartialDecoder[DecodedFrame], lookers: Executor, every: Iterable[range]
    ) -> Iterator[tuple[Future[WindowResult], range]]:
        """What each window will show. Depends on nothing that is decided about the ones before."""
        table = self._table
        heads: dict[int, DecodedFrame] = {}
        before = None
        for groups in every:
            ahead = range(groups.start, min(groups.stop + 1, table.num_groups))
            # The window before may still be looked into.
            skimmer.load(range(before.start if before else ahead.start, ahead.stop))
            heads = {number: head for number, head in heads.items() if number in ahead}
            new = range(groups.start + len(heads), ahead.stop)
            heads |= {table.group_at(head.pts_seconds): head for head in skimmer.keyframes(new)}
            window = KeyframeWindow(table, self._restless, groups, heads, settings=self._settings)
            yield lookers.submit(window.look, skimmer), groups
            before = groups

    def _placed(self, looked: WindowResult, groups: range) -> Iterator[SeenFrame]:
        """Where segments begin. A cut at the first frame of the next window waits for it."""
        starts = self._table.group_starts
        end = starts[groups.stop] if groups.stop < len(starts) else math.inf
        begun = self._mark.start_seconds if self._mark else -math.inf
        cuts = [cut for cut in (*self._next_cuts, *looked.cuts) if cut.at > begun]
        self._next_cuts = [cut for cut in cuts if cut.at >= end]
        cuts = [cut for cut in cuts if cut.at < end]
        for seen in looked.pictures:
            while cuts and cuts[0].at < seen.pts_seconds:
                yield from self._cut(cuts.pop(0), None, starts[groups.start])
            if cuts and cuts[0].at == seen.pts_seconds:
                yield from self._cut(cuts.pop(0), seen, starts[groups.start])
            elif self._mark is None or seen.pts_seconds >= self._mark.start_seconds:
                yield from self._placed_borders(seen.pts_seconds, starts[groups.start])
                yield self._in_segment(seen, warm_up_seconds=starts[groups.start])
        for cut in cuts:
            yield from self._cut(cut, None, starts[groups.start])

    def _placed_borders(self, before_seconds: float, warm_up_seconds: float) -> Iterator[SeenFrame]:
        if self._segment is None:
            return
        for border in self._borders.between(self._segment.start_seconds, before_seconds):
            self._segment = SegmentStart(border, self._shot_seconds, warm_up_seconds)
            yield SeenFrame(border, None, opens=self._segment)

    def _cut(self, cut: Cut, seen: SeenFrame | None, warm_up_seconds: float) -> Iterator[SeenFrame]:
        yield from self._placed_borders(cut.at, warm_up_seconds)
        if cut.at - self._shot_seconds < self._settings.shots.min_shot_seconds:
            if seen is not None:
                yield self._in_segment(seen, warm_up_seconds=warm_up_seconds)
            return
        self._shot_seconds = cut.at
        self._segment = SegmentStart(cut.at, cut.at, warm_up_seconds)
        yield replace(seen or SeenFrame(cut.at, None), opens=self._segment, cut=cut)

    def _in_segment(self, seen: SeenFrame, *, warm_up_seconds: float) -> SeenFrame:
        is_border = self._segment is None or self._borders.is_one(seen.pts_seconds)
        if is_border or (seen.frame is not None and self._is_full(seen.pts_seconds)):
            start = seen.pts_seconds if self._segment else min(seen.pts_seconds, 0.0)
            self._segment = SegmentStart(start, self._shot_seconds, warm_up_seconds)
            return replace(seen, opens=self._segment)
        return seen

    def _is_full(self, seconds: float) -> bool:
        """Whether the segment would get too long if it went on to the next keyframe."""
        following = self._table.group_at(seconds) + 1
        starts = self._table.group_starts
        ends = starts[following] if following < len(starts) else self.end_seconds
        start = self._segment.start_seconds if self._segment else seconds
        return seconds > start and ends - start > self._settings.frames.segment_seconds
