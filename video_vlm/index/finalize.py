"""The end of every run: what observers join across segments, the upper levels, and the report."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from video_vlm.index.hierarchy import SHOTS, count_shots, holes_in, upper_nodes
from video_vlm.index.index_mode import IndexMode
from video_vlm.index.observer_set import ObserverSet
from video_vlm.index.recipe import Recipe
from video_vlm.index.report import IndexReport
from video_vlm.index.said_twice import not_in_subtitles
from video_vlm.media.chapters import within
from video_vlm.media.identity import SameContent
from video_vlm.memory import MemoryWriter
from video_vlm.records import Damage, Level, Observation, ObservationKind, Span, Video, clock
from video_vlm.records.observations import KINDS

__all__ = ["as_found", "finish_memory"]

NOTHING_TO_SEE: Final = "pictures: there are none, it holds only sound"

logger = logging.getLogger(__name__)


def finish_memory(
    build: MemoryWriter,
    manner: IndexMode,
    recipe: Recipe,
    *,
    video: Video,
    damage: Sequence[Damage],
    missing: tuple[str, ...],
    looked_again: ObserverSet,
    same: SameContent,
    resumed_from: float | None = None,
    tail: str | None = None,
) -> IndexReport:
    """Makes and writes the upper levels; from then on this memory is the one that is read.

    Args:
        build: All segments are written.
        manner: How the video was read.
        recipe: What it was made with.
        video: As it proved to be.
        damage: What could not be decoded.
        missing: What was not looked at, and why.
        looked_again: Those observers that looked in this run, or the run it goes on with; what others said is
            final.
        same: Asked, before anything is final, whether the file still holds what was read.
        resumed_from: Where the run was taken up, for the report.
        tail: The state to go on from, should the file grow.
    """
    fresh: dict[str, Sequence[Observation]]
    fresh = {name: _inside(said, video) for name, said in looked_again.finish(build.observations).items()}
    if "speech" in fresh:
        written = fresh["subtitles"] if "subtitles" in fresh else build.observations("subtitles")
        fresh["speech"] = not_in_subtitles(fresh["speech"], written)
    kept = {name: build.observations(name) for name in manner.watch.names if name not in fresh}
    said = [one for name in manner.watch.names for one in (fresh[name] if name in fresh else kept[name])]
    nodes = upper_nodes(
        build, said, video=video, recipe=recipe.whole, damage=damage, settings=manner.settings.levels
    )
    if not video.has_pictures:
        missing = (*(one for one in missing if one != NOTHING_TO_SEE), NOTHING_TO_SEE)
    borders = build.observations(SHOTS)
    same.confirm(video.content_id)
    digests = dict(zip(manner.watch.names, manner.watch.digests, strict=True))
    build.finish(
        nodes,
        fresh,
        video=video,
        damage=damage,
        missing=missing,
        digests=digests,
        stages=recipe.to_json(tail=tail),
    )
    return IndexReport(
        video,
        num_frames=video.num_frames or 0,
        num_shots=count_shots(borders),
        num_segments=len(build.segments()),
        num_scenes=sum(1 for node in nodes if node.level is Level.SCENE),
        num_observations=len(said) + len(borders),
        damage=tuple(damage),
        holes=holes_in(borders),
        resumed_from=resumed_from,
        missing=missing,
    )


def as_found(video: Video, whole: Span, *, num_frames: int) -> Video:
    """The video with what decoding found in place of the container's claims: its end in
    seconds, the number of frames, and the chapters within."""
    chapters = within(video.chapters, whole)
    beyond = [one for one in video.chapters if one.span.start >= whole.end]
    if beyond:
        logger.warning(
            "%s: %d of its %d chapters begin after its end (%s) and are left out: %s",
            video.path,
            len(beyond),
            len(video.chapters),
            clock(whole.end),
            ", ".join(f"“{one.title}” at {clock(one.span.start)}" for one in beyond[:3]),
        )
    return replace(video, duration_seconds=whole.end, num_frames=num_frames, chapters=chapters)


def _inside(said: Sequence[Observation], video: Video) -> Sequence[Observation]:
    """What subtitles and chapters say within the video as it proved to be: only now it is known where it
    ends.

    It ends with its last frame, or with its sound where that goes on. A line that begins then or later is
    of another cut of the film and is left out, with a warning; one that runs over the end is cut there.
    """
    end = video.end_seconds
    lines = Counter(one.source for one in said if one.kind is ObservationKind.SUBTITLE)
    beyond = Counter(
        one.source for one in said if one.kind is ObservationKind.SUBTITLE and one.span.start >= end
    )
    for source, num_beyond in sorted(beyond.items()):
        logger.warning(
            "%s: %d of %d lines of %s begin after the end of the film (%s) and are left out: "
            "they may belong to a longer cut",
            *(video.path, num_beyond, lines[source], source, clock(end)),
        )
    inside: list[Observation] = []
    for one in said:
        if not KINDS[one.kind].is_of_the_file or one.span.end <= end:
            inside.append(one)
        elif one.span.start < end:
            inside.append(replace(one, span=Span(one.span.start, end)))
    return inside
