"""Which frames to look at: shots, segments, representative frames, scenes, and planned times.

Nothing here decodes a video or runs a model; frames and scores are arguments. A *sampler* is a function
``(subject, *, frame_budget) -> samples``; :func:`plan` calls one by name and checks the contract.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from video_vlm.errors import SamplerError
from video_vlm.records import Sample
from video_vlm.registry import Registry
from video_vlm.samplers.dense import dense
from video_vlm.samplers.frame_times import FrameTimes
from video_vlm.samplers.keyframes import codec_keyframes
from video_vlm.samplers.motion import motion
from video_vlm.samplers.novelty import novelty
from video_vlm.samplers.per_shot import scene
from video_vlm.samplers.sampler_input import SamplerInput, TimeAim, TimeMove
from video_vlm.samplers.tiered import tiered
from video_vlm.samplers.uniform import uniform
from video_vlm.samplers.whole_scan import scan

__all__ = ["SAMPLERS", "FrameTimes", "SamplerInput", "TimeAim", "TimeMove", "plan"]

SAMPLERS: Final[Registry[Sequence[Sample]]] = Registry(
    "sampler",
    {
        "uniform": uniform,
        "dense": dense,
        "codec-keyframes": codec_keyframes,
        "scene": scene,
        "motion": motion,
        "novelty": novelty,
        "tiered": tiered,
        "scan": scan,
    },
    group="video_vlm.samplers",
)
"""Functions ``(subject, *, frame_budget) -> samples`` by name."""


def plan(name: str, subject: SamplerInput, *, frame_budget: int) -> tuple[Sample, ...]:
    """The samples that the sampler of that name plans.

    Exactly ``frame_budget`` of them, or one for every frame there is; distinct, ascending, inside the video.

    Raises:
        UnknownName: there is no such sampler.
        SamplerError: the sampler broke the contract; no built-in one does.
        ValueError: ``frame_budget`` is below 1.
    """
    samples = tuple(SAMPLERS[name](subject, frame_budget=frame_budget))
    wanted = min(frame_budget, len(subject.pictures))
    if len(samples) != wanted:
        raise SamplerError(name, f"{len(samples)} times planned, {wanted} asked for")
    for one in samples:
        if not subject.span.contains(one.pts_seconds):
            raise SamplerError(name, f"{one.pts_seconds} s planned, outside {subject.span}")
    if any(later.pts_seconds <= earlier.pts_seconds for earlier, later in pairwise(samples)):
        raise SamplerError(name, "the times planned are not ascending")
    return samples
