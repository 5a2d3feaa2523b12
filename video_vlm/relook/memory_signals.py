"""The input of samplers that a memory holds: shots, motion, looks; nothing is decoded."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from video_vlm.media.packet_times import read_packet_times
from video_vlm.media.stream_probe import probe_stream
from video_vlm.memory.coverage import whole_span
from video_vlm.protocols import VideoMemory
from video_vlm.records import Cut, Level, Node, ObservationKind, Shot
from video_vlm.samplers import FrameTimes
from video_vlm.samplers.frame_times import Seconds
from video_vlm.samplers.sampler_input import Scores
from video_vlm.samplers.scene_grouping import signature
from video_vlm.samplers.shots import tile

__all__ = ["Poster", "candidates_of", "frame_times_of", "keyframes_of", "looks_of", "motion_of", "shots_of"]

Poster = Callable[[str], bytes | None]
"""The small JPEG of a frame node."""

_CANDIDATE_SECONDS = 1.0
_FEWEST_CANDIDATES = 60
_MOST_POSTERS = 600
_TIMED_SECONDS = 900.0
"""Up to this length the packets are read to know each picture's time; beyond it that takes too long for a
plan."""

_AMOUNTS = (
    (re.compile(r"\bbusy motion\b"), 3.0),
    (re.compile(r"\bslight motion\b"), 1.0),
    (re.compile(r"\b(?:motion|camera)\b"), 2.0),
)
"""How much moves by the words for it, the first that fits; nothing in a still picture."""


def frame_times_of(memory: VideoMemory, path: Path | None = None) -> FrameTimes:
    """The time of every frame in seconds: its own where the file is there and not long, else by the mean
    frame rate.

    Raises:
        UnreadableVideo: there is a file, and it holds no video that can be decoded.
    """
    whole = whole_span(memory)
    if path is not None and whole.duration_seconds <= _TIMED_SECONDS:
        times = np.array(read_packet_times(path, probe_stream(path)).seconds)
        inside = times[(times >= whole.start) & (times < whole.end)]
        if inside.size and bool(np.all(np.diff(inside) > 0)):
            return FrameTimes(whole, times=inside)
    num_frames = memory.video.num_frames or round(whole.duration_seconds * (memory.video.fps or 25.0))
    return FrameTimes(whole, step_seconds=whole.duration_seconds / max(num_frames, 1) or 1.0)


def candidates_of(frames: FrameTimes) -> Seconds:
    """A time every second, more often in a short video, never more often than there are pictures."""
    seconds = frames.span.duration_seconds
    wanted = max(seconds / _CANDIDATE_SECONDS, _FEWEST_CANDIDATES)
    count = max(1, min(round(wanted), len(frames)))
    return np.asarray(frames.span.start + np.arange(count if seconds else 1) * (seconds / count), np.float64)


def shots_of(memory: VideoMemory) -> tuple[Shot, ...]:
    """The shots that the memory's cuts make, in order; they tile the video."""
    cuts = [
        Cut(one.span, "hard", one.confidence, one.span.end)
        for one in memory.observations(kinds=[ObservationKind.TRANSITION])
        if one.source == "shots"
    ]
    return tile(sorted(cuts, key=lambda cut: cut.span.end), span=whole_span(memory))


def motion_of(memory: VideoMemory, times: Seconds) -> Scores | None:
    """The amount of motion at each candidate time, 0 to 3, as the memory has it in words; ``(times)``. None
    where it was not observed."""
    seen = memory.observations(kinds=[ObservationKind.MOTION])
    if not seen:
        return None
    amounts = np.zeros(len(times))
    for one in seen:
        low, high = np.searchsorted(times, [one.span.start, one.span.end])
        amount = next((amount for pattern, amount in _AMOUNTS if pattern.search(one.text)), 0.0)
        amounts[low:high] = np.maximum(amounts[low:high], amount)
    return amounts


def looks_of(memory: VideoMemory, poster: Poster, times: Seconds) -> npt.NDArray[np.float32] | None:
    """What each candidate looks like, ``(n, 384)``: the poster of the representative frame that stands for
    it.

    None where there are no posters, or so many that telling them apart would cost more than it saves.
    """
    frames = memory.nodes(Level.FRAME)
    if not 0 < len(frames) <= _MOST_POSTERS or not len(times):
        return None
    signatures = [_signature(frame, poster) for frame in frames]
    known = [
        (frame.span.start, row) for frame, row in zip(frames, signatures, strict=True) if row is not None
    ]
    if not known:
        return None
    starts = np.array([start for start, _ in known])
    rows = np.stack([row for _, row in known])
    return np.asarray(rows[np.maximum(np.searchsorted(starts, times, side="right") - 1, 0)], np.float32)


def _signature(frame: Node, poster: Poster) -> npt.NDArray[np.float32] | None:
    jpeg = poster(frame.id)
    image = None if jpeg is None else cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR_RGB)
    return None if image is None else signature(np.asarray(image, np.uint8))


def keyframes_of(path: Path) -> Seconds:
    """When the codec's keyframes are shown. Reads every packet and decodes none.

    Raises:
        UnreadableVideo: the file holds no video that can be decoded.
    """
    found = probe_stream(path)
    table = read_packet_times(path, found)
    return np.array(sorted(found.seconds(pts) for pts in table.keyframes))
