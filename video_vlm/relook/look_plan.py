"""The plan of a look: which frames of a video to decode for a question, by which sampler, and why each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from video_vlm.language.operator_parser import parse
from video_vlm.protocols import VideoMemory
from video_vlm.records import Sample, Shot, Span
from video_vlm.relook.memory_signals import (
    Poster,
    candidates_of,
    frame_times_of,
    keyframes_of,
    looks_of,
    motion_of,
    shots_of,
)
from video_vlm.relook.score_channels import Similarity, channels_for
from video_vlm.relook.time_aim import aim_of
from video_vlm.samplers import SamplerInput, TimeMove
from video_vlm.samplers import plan as plan_samples
from video_vlm.samplers.anchors import stretches
from video_vlm.samplers.budgets import AUTO, Budget, sampler_for
from video_vlm.samplers.score_series import peaks, relevance

__all__ = ["LookPlan", "plan_look"]

_WANTS_LOOKS = frozenset({"tiered", "novelty"})
_APART_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class LookPlan:
    """The frames to look at for a question.

    Args:
        sampler: The sampler that planned it.
        move: The direction in time that the question moves.
        budget: The frames and tokens that may be used.
        samples: The times of the frames, ascending, each with its reason.
        span: The video.
        shots: Its shots.
        places: The spans in seconds where the answer is likeliest, best first.
    """

    sampler: str
    move: TimeMove
    budget: Budget
    samples: tuple[Sample, ...]
    span: Span
    shots: tuple[Shot, ...]
    places: tuple[Span, ...]

    @property
    def summary(self) -> str:
        """``tiered, 8 frames: 5 after the anchor at 0:23, z 9.1; 3 coverage``."""
        counts = Counter(sample.reason for sample in self.samples)
        listed = "; ".join(f"{count} {reason}" for reason, count in counts.most_common(6))
        more = sum(count for _, count in counts.most_common()[6:])
        return f"{self.sampler}, {len(self.samples)} frames: {listed}{f'; {more} others' if more else ''}"


def plan_look(
    question: str,
    memory: VideoMemory,
    budget_of: Callable[[float], Budget],
    *,
    sampler: str = AUTO,
    path: Path | None = None,
    poster: Poster | None = None,
    sight: Similarity | None = None,
) -> LookPlan:
    """Plan which pictures to look at for a question. Decodes nothing; the only model asked is ``sight``, for
    words.

    Args:
        question: In plain English; empty for the video as such.
        memory: What is known of the video.
        budget_of: The budget for so many seconds of video.
        sampler: A sampler's name, or ``"auto"``: by the question, else by the length.
        path: The file, if it is there: its packets are read, for the times of keyframes and of pictures.
        poster: Small pictures of representative frames, to tell near-duplicates by.
        sight: Similarity of pictures to words, where a tower has seen the video.

    Raises:
        UnknownName: no such sampler.
        MediaError: there is a file, and it cannot be read.
    """
    subject = _subject(question, memory, sight, path)
    seconds = subject.span.duration_seconds
    name = sampler_for(seconds, subject.aim.move, asked=bool(subject.scores), named=sampler)
    if name == "codec-keyframes" and path is not None:
        subject = replace(subject, keyframes=keyframes_of(path))
    if name in _WANTS_LOOKS and poster is not None:
        subject = replace(subject, looks=looks_of(memory, poster, subject.candidates))
    budget = budget_of(seconds)
    samples = plan_samples(name, subject, frame_budget=budget.frames)
    return LookPlan(name, subject.aim.move, budget, samples, subject.span, subject.shots, _places(subject))


def _subject(question: str, memory: VideoMemory, sight: Similarity | None, path: Path | None) -> SamplerInput:
    frames = frame_times_of(memory, path)
    times = candidates_of(frames)
    parsed = parse(question)
    scored = [
        channels_for(phrase, memory, times, question=question, sight=sight)
        for phrase in (parsed.target, *parsed.operator.anchors)
    ]
    return SamplerInput(
        frames,
        shots=shots_of(memory),
        candidates=times,
        motion=motion_of(memory, times),
        scores=scored[0],
        aim=aim_of(parsed, whole=frames.span, anchors=tuple(scored[1:])),
    )


def _places(subject: SamplerInput) -> tuple[Span, ...]:
    """Where the answer is likeliest: the beginnings of where the question leads, then the peaks of what fits
    it."""
    led = [_beginning(stretch.span, subject.aim.move) for stretch in stretches(subject)]
    z = relevance(subject.scores)
    found = peaks(subject.candidates, z, least=1.0, apart_seconds=_APART_SECONDS, most=3) if z.size else []
    around = [Span(seconds, seconds).widen(2.0) for seconds in np.asarray(subject.candidates)[found].tolist()]
    cut = (span.overlap(subject.span) for span in (*led, *around))
    return tuple(span for span in cut if span is not None)


def _beginning(span: Span, move: TimeMove) -> Span:
    """The four seconds of a stretch next to its anchor."""
    if move is TimeMove.BEFORE:
        return Span(max(span.start, span.end - 4.0), span.end)
    return Span(span.start, min(span.end, span.start + 4.0))
