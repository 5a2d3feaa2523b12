"""Decodes the few frames asked for, within a budget, and notes what was spent."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

from video_vlm.memory import StoredLook
from video_vlm.protocols import VideoReader
from video_vlm.records import Frame, Observation, ObservationKind, Sample, Span, Step, clock
from video_vlm.relook.cached_looks import CachedFrames
from video_vlm.relook.frame_observers import FrameObservers
from video_vlm.samplers import FrameTimes, SamplerInput, plan

__all__ = ["FrameFetcher"]

_LEAST_RATE, _MOST_RATE = 2.0, 4.0
"""Frames a second of a close look."""

_TOGETHER_SECONDS = 1.0
"""Frames no further apart belong to one glance; further apart each stands for itself."""


class FrameFetcher:
    """Looks at stretches of one open video. A :class:`~video_vlm.protocols.Look`.

    Args:
        reader: The video.
        eyes: Who says what is seen.
        frame_budget: The most pictures that may be looked at, over all looks.
        step_seconds: How long a picture is shown.
        question: What it is for.
        known: Looks of earlier questions. Their pictures count, and are not decoded again.
    """

    def __init__(
        self,
        reader: VideoReader,
        eyes: FrameObservers,
        *,
        frame_budget: int,
        step_seconds: float,
        question: str = "",
        known: Iterable[StoredLook] = (),
    ) -> None:
        self._reader = reader
        self._question = question
        self._known = CachedFrames(known, eyes, step_seconds=step_seconds)
        self._eyes = eyes
        self._step = step_seconds
        self.num_left = frame_budget
        self.steps = [Step("look", f"without {part}") for part in eyes.missing]
        self.seen: list[Observation] = []
        self.looked: list[Span] = []
        self.excluded: list[Span] = []
        self.taken: list[StoredLook] = []
        self.num_frames = 0
        """How many pictures were decoded so far."""

    def __call__(self, span: Span, *, num_frames: int, reason: str = "asked for") -> Sequence[Observation]:
        """A close look at a stretch: at 2 to 4 pictures a second, in its middle where the budget is too
        small.

        The stretch counts as looked at from then on (``excluded``).
        """
        affordable = min(num_frames, self.num_left)
        if affordable < 1:
            return ()
        closer, longest = span, affordable / _LEAST_RATE
        if span.duration_seconds > longest:
            closer = Span(span.middle, span.middle).widen(longest / 2)
        wanted = max(1, min(affordable, math.ceil(_MOST_RATE * closer.duration_seconds)))
        samples = plan(
            "uniform", SamplerInput(FrameTimes(closer, step_seconds=self._step)), frame_budget=wanted
        )
        self.excluded.append(closer)
        return self.look_at(samples, reason=f"{reason}, {closer}")

    def look_at(self, samples: Sequence[Sample], *, reason: str) -> Sequence[Observation]:
        """Decodes planned frames and gives what is observed in them; no more frames than the budget has left.

        Frames that are known are not decoded: what was kept of them is given back.
        """
        times = [sample.pts_seconds for sample in samples][: max(self.num_left, 0)]
        found = [(run, self._known.shown_at(run)) for run in _runs(times)]
        known = [starts for _, starts in found if starts is not None]
        unknown = [seconds for run, starts in found if starts is None for seconds in run]
        frames = list(self._reader.frames_at(unknown, max_side=self._eyes.max_side)) if unknown else []
        decoded = {frame.pts_seconds: frame for frame in frames}
        seen: list[Observation] = []
        for starts in sorted([*known, *map(tuple, _runs(list(decoded)))]):
            pictures = _pictures(starts, self._step)
            self.looked += pictures
            if starts in known:
                seen += self._known.rows_of(pictures)
            else:
                seen += self._see([decoded[start] for start in starts], pictures, reason)
        num_known = sum(map(len, known))
        self.num_left -= len(frames) + num_known
        self.num_frames += len(frames)
        self.seen += seen
        self.steps.append(_step(frames, seen, reason, num_known=num_known))
        return sorted(seen, key=lambda one: one.span)

    def _see(self, frames: Sequence[Frame], images: Sequence[Span], reason: str) -> tuple[Observation, ...]:
        seen = self._eyes.see(frames, until=images[-1].end)
        self.taken += [
            StoredLook(
                name,
                self._eyes.digests[name],
                question=self._question,
                reason=reason,
                max_side=self._eyes.max_side,
                frames=tuple(images),
                observations=tuple(found),
            )
            for name, found in seen.items()
        ]
        return tuple(sorted((one for found in seen.values() for one in found), key=lambda one: one.span))


def _runs(times: Sequence[float]) -> Iterator[list[float]]:
    """Times of pictures, in seconds and ascending, as runs of those that lie near each other."""
    run: list[float] = []
    for seconds in times:
        if run and seconds - run[-1] > _TOGETHER_SECONDS:
            yield run
            run = []
        run.append(seconds)
    if run:
        yield run


def _pictures(starts: Sequence[float], step_seconds: float) -> list[Span]:
    ends = [*starts[1:], starts[-1] + step_seconds]
    return [Span(start, end) for start, end in zip(starts, ends, strict=True)]


def _step(frames: Sequence[Frame], seen: Sequence[Observation], reason: str, *, num_known: int) -> Step:
    """What goes on the receipt: why, which pictures, and what was seen."""
    times = ", ".join(f"{frame.pts_seconds:.3f}" for frame in frames)
    rows = sum(one.kind is ObservationKind.SCREEN_TEXT for one in seen)
    words = dict.fromkeys(one.text for one in seen if one.kind is not ObservationKind.SCREEN_TEXT)
    told = "; ".join((f"{rows} rows of text", *list(words)[:3]))
    known = f"; {num_known} known from earlier questions" if num_known else ""
    if not frames:
        return Step("look", f"{reason}: {known[2:] or 'no picture left to look at'}")
    span = Span(frames[0].pts_seconds, frames[-1].pts_seconds)
    return Step(
        "look",
        f"{reason}: {len(frames)} frames from {clock(span.start)} at {times} s{known}; {told}",
        len(frames),
        span,
    )
