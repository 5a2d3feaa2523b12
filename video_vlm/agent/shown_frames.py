"""Frames for a model: decoded when asked for, within a budget, none twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from video_vlm.agent.actions import LookAction
from video_vlm.protocols import VideoReader
from video_vlm.records import Box, Frame, Sample, Span
from video_vlm.samplers import FrameTimes as Times
from video_vlm.samplers import SamplerInput, plan

__all__ = ["FrameLoader", "in_whole"]


class FrameLoader:
    """The pictures of one open video.

    Args:
        reader: The video.
        span: What of it there is.
        frame_budget: The most that may be decoded, over all looks.
        step_seconds: How long a picture is on display.
        max_side: How large they are at most, in pixels; what is cropped is cut from the largest there is.
    """

    def __init__(
        self, reader: VideoReader, *, span: Span, frame_budget: int, step_seconds: float, max_side: int = 768
    ) -> None:
        self._reader = reader
        self._span = span
        self._step = step_seconds
        self._max_side = max_side
        self._decoded: dict[float, Frame] = {}
        self.num_left = frame_budget

    @property
    def num_frames(self) -> int:
        """How many were decoded so far."""
        return len(self._decoded)

    def planned(self, samples: Sequence[Sample]) -> tuple[Frame, ...]:
        """The frames of a plan; where the budget of frames is smaller, an even choice of them."""
        times = sorted({sample.pts_seconds for sample in samples})
        if len(times) > self.num_left:
            keep = np.linspace(0, len(times) - 1, self.num_left).round().astype(int)
            times = [times[place] for place in dict.fromkeys(keep.tolist())]
        return self._at(times)

    def close(self, look: LookAction) -> tuple[Frame, ...]:
        """Frames at even distances over a span, cropped if asked for; none where the budget is used up or the
        time is outside the video."""
        inside = look.span.overlap(self._span)
        if not look.span.duration_seconds:
            inside = look.span if self._span.start <= look.span.start <= self._span.end else None
        wanted = min(look.num_frames, self.num_left)
        if inside is None or wanted < 1:
            return ()
        if look.crop is not None:
            return self._cropped(inside, wanted, look.crop)
        return self._at(_even(inside, wanted, self._step))

    def again(self, spans: Sequence[Span], *, most: int) -> tuple[Frame, ...]:
        """Frames of spans that were shown before, decoded again; they do not count against the budget."""
        times = [
            span.start + (share + 0.5) * span.duration_seconds / 2 for span in spans for share in range(2)
        ]
        return tuple(self._reader.frames_at(sorted(set(times))[:most], max_side=self._max_side))

    def _at(self, times: Sequence[float]) -> tuple[Frame, ...]:
        known = [self._decoded[seconds] for seconds in times if seconds in self._decoded]
        new = [seconds for seconds in times if seconds not in self._decoded][: self.num_left]
        found = list(self._reader.frames_at(new, max_side=self._max_side)) if new else []
        self._decoded |= {one.pts_seconds: one for one in found}
        self.num_left -= len(found)
        frames = {one.pts_seconds: one for one in (*known, *found)}
        return tuple(frames[seconds] for seconds in sorted(frames))

    def _cropped(self, span: Span, count: int, crop: tuple[float, float, float, float]) -> tuple[Frame, ...]:
        left, top, right, bottom = crop
        frames = []
        for frame in self._reader.frames_at(_even(span, count, self._step), max_side=None):
            height, width = frame.image.shape[:2]
            rows = slice(int(top * height), max(int(bottom * height), int(top * height) + 1))
            columns = slice(int(left * width), max(int(right * width), int(left * width) + 1))
            frames.append(replace(frame, image=np.ascontiguousarray(frame.image[rows, columns])))
            self._decoded.setdefault(frame.pts_seconds, frame)
        self.num_left -= len(frames)
        return tuple(frames)


def in_whole(box: Box, crop: Box | None) -> Box:
    """A box in a crop as a box in the whole frame; both as shares in [0, 1]."""
    if crop is None:
        return box
    left, top, right, bottom = crop
    wide, high = right - left, bottom - top
    return left + box[0] * wide, top + box[1] * high, left + box[2] * wide, top + box[3] * high


def _even(span: Span, count: int, step_seconds: float) -> list[float]:
    samples = plan("uniform", SamplerInput(Times(span, step_seconds=step_seconds)), frame_budget=count)
    return [sample.pts_seconds for sample in samples]
