"""The passes over a video: every frame; keyframes and the stretches that are in doubt between them; or none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from video_vlm.index.fast_pass import FastPass
from video_vlm.index.keyframe_window import budget_of, windows
from video_vlm.index.words_pass import WordsPass
from video_vlm.media.packet_table import PacketTable
from video_vlm.media.parallel_decode import ParallelReader
from video_vlm.media.partial_decode import PartialReader
from video_vlm.media.recording_gaps import LEAST_SECONDS, RecordingGaps
from video_vlm.protocols import VideoReader
from video_vlm.records import Span
from video_vlm.samplers.decode_candidates import choose_within, decode_candidates
from video_vlm.samplers.packet_bitrate import PacketBitrate
from video_vlm.samplers.packet_contrast import blind_groups
from video_vlm.samplers.segments import SeenFrame, Segmenter, SegmentStart
from video_vlm.samplers.thumbnail_filter import ThumbnailFilter
from video_vlm.settings import IndexSettings

__all__ = ["DecodePass", "FullPass", "open_pass", "why_in_full"]

_MOST_KEYFRAMES = 4
"""Where at least one frame in this many is a keyframe, decoding keyframes alone saves little."""

_FAR_APART_SECONDS = 0.15
"""Where frames lie further apart, there are few of them, and the half second around a cut shows nothing."""

_UNEVEN_TIMES, _UNEVEN_SHARE = 3.0, 0.1
"""Where more than this share of the time is filled by frames that last so many times the median, how
packets swell says nothing: that is measured in a number of packets."""


_BLIND_SHARE = 0.5
"""Where more of the frames would have to be decoded because their packets tell nothing, all are."""

_LONGER_SECONDS = 1.0


@runtime_checkable
class TellsItsEnd(Protocol):
    """A reader that knows when its last packet ends, in seconds."""

    @property
    def packets_end_seconds(self) -> float | None: ...


class DecodePass(Protocol):
    """Gives out frames in order, each once its segment is certain."""

    def seen(self) -> Iterator[SeenFrame]: ...

    @property
    def end_seconds(self) -> float | None:
        """When the last frame ends; None where there was none."""
        ...

    def num_frames(self, span: Span, *, num_seen: int) -> int:
        """How many frames there are in ``span``, of which ``num_seen`` were given out."""
        ...


@dataclass
class FullPass:
    """Decodes every frame."""

    reader: VideoReader
    sieve: ThumbnailFilter
    segmenter: Segmenter
    start_seconds: float | None

    def seen(self) -> Iterator[SeenFrame]:
        if isinstance(self.reader, ParallelReader):
            frames = self.reader.scan_with(self.sieve, self.start_seconds)
        else:
            frames = self.sieve(self.reader.scan(self.start_seconds))
        with closing(frames) as sieved:
            for one in sieved:
                yield from self.segmenter.push(one)
        yield from self.segmenter.finish()

    @property
    def end_seconds(self) -> float | None:
        """When the last frame ends: it lasts as long as the one before it, unless the container says longer,
        or the one before lasted very long."""
        newest, end = self.segmenter.newest_seconds, self.segmenter.end_seconds
        said = self.reader.packets_end_seconds if isinstance(self.reader, TellsItsEnd) else None
        if newest is None or end is None or said is None or said <= newest:
            return end
        return end if -_LONGER_SECONDS <= end - said <= LEAST_SECONDS else said

    def num_frames(self, span: Span, *, num_seen: int) -> int:  # noqa: ARG002
        return num_seen


def open_pass(
    reader: VideoReader, settings: IndexSettings, mark: SegmentStart | None, *, borders: Iterable[float] = ()
) -> DecodePass:
    """The pass that ``settings.speed`` names, from ``mark`` on; a segment begins at each of ``borders``, in
    seconds."""
    if settings.speed == "words":
        return WordsPass(reader.video, mark, borders=borders)
    if settings.speed == "fast" and isinstance(reader, PartialReader):
        return FastPass(reader, settings, mark, borders=borders)
    is_hole = RecordingGaps(reader.video)
    segmenter = Segmenter(settings, mark=mark, fps=reader.video.fps, borders=borders, is_hole=is_hole)
    return FullPass(reader, ThumbnailFilter(settings), segmenter, mark.warm_up_seconds if mark else None)


def why_in_full(reader: VideoReader, settings: IndexSettings) -> str | None:
    """Why a video has to be read in full although less was asked for; None where it need not."""
    if settings.speed == "full":
        return None
    if settings.speed == "words":
        return None if reader.video.duration_seconds else "its container does not say how long it is"
    if not isinstance(reader, PartialReader):
        return f"the decoder {settings.decoder} cannot leave pictures out"
    table = reader.packets()
    if table.flaw is not None:
        return table.flaw
    if table.num_groups == 1:
        return "it has a single keyframe"
    if table.num_groups * _MOST_KEYFRAMES >= len(table):
        return f"{table.num_groups} of its {len(table)} pictures are keyframes, so that there is little to leave out"
    if (uneven := _why_not_by_times(table)) is not None:
        return uneven
    if table.longest_group_seconds > settings.frames.segment_seconds:
        return f"its keyframes lie up to {table.longest_group_seconds:.0f} s apart"
    blind = blind_groups(table, range(table.num_groups))
    if sum(table.group_sizes[number] for number in blind) > _BLIND_SHARE * len(table):
        return "most of its pictures take as much as a cut would, so that packets do not show where one is"
    if not table.puts_keyframes and _leaves_doubt(table):
        return "its keyframes do not follow its cuts, and its packets leave more in doubt than a fast run may decode"
    return None


def _why_not_by_times(table: PacketTable) -> str | None:
    steps = np.diff(table.seconds)
    usual = float(np.median(steps))
    if usual > _FAR_APART_SECONDS:
        return f"its pictures lie {usual:.1f} s apart, so that there is little to leave out"
    if steps[steps > _UNEVEN_TIMES * usual].sum() > _UNEVEN_SHARE * steps.sum():
        return "its pictures come at uneven times"
    return None


def _leaves_doubt(table: PacketTable) -> bool:
    """Whether packets alone, where keyframes tell nothing, raise more questions than can be looked into."""
    restless, num_frames = PacketBitrate(table), 0
    for groups in windows(table):
        every = decode_candidates(table, restless, groups)
        choice = choose_within(table, every, groups, frame_budget=budget_of(table, groups))
        num_frames += choice.num_frames
        if len(choice.candidates) < len(every):
            return True
    return num_frames > _BLIND_SHARE * len(table)
