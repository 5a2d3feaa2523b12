"""Makes a part of a memory again without decoding every frame."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator

from video_vlm.index.finalize import finish_memory
from video_vlm.index.hierarchy import SHOTS
from video_vlm.index.listening import Listening
from video_vlm.index.observer_set import Observations
from video_vlm.index.plan import PartialPlan
from video_vlm.index.report import IndexReport
from video_vlm.index.stages import tail_of
from video_vlm.media.identity import SameContent
from video_vlm.memory import Library, MemoryWriter, StoredVideo
from video_vlm.protocols import Progress, ProgressEvent, VideoReader
from video_vlm.records import Frame, Node, Observation, Span

__all__ = ["make_part"]

Said = dict[str, list[Observation]]


def make_part(
    reader: VideoReader,
    library: Library,
    stored: StoredVideo,
    part: PartialPlan,
    *,
    same: SameContent,
    progress: Progress,
) -> IndexReport:
    """Copies what is kept, runs the observers in question again, and makes the upper levels.

    The complete memory stays the one that is read until this one is finished; a run that is killed before
    begins again.
    """
    manner, path = part.manner, reader.video.path
    build = library.build(
        reader.video,
        part.recipe.whole,
        channels=(SHOTS, *manner.watch.names),
        missing=manner.missing,
        stages=part.recipe.to_json(),
    )
    watch = manner.watch.only(part.observers)
    heard = {one.name: build.observations(one.name) for one in watch.listeners}
    build.reuse_segments([SHOTS, *part.kept])
    build.add(heard)  # by a run that was stopped
    said: Said = {name: list(seen) for name, seen in watch.begin(reader).items() if name not in heard}
    if part.at_frames:
        looking = manner.watch.only(part.at_frames)
        for segment in build.segments():
            for frame, span in _frames(reader, build, segment, max_side=manner.settings.frames.max_side):
                _add(said, looking.inspect(frame, span))
            _add(said, looking.close_segment(segment.span))
            done, total = segment.span.end, stored.video.duration_seconds
            progress(ProgressEvent("index", done, total, what=path.name, path=path))
    build.say(said)
    with Listening(watch, build, reader.video) as listening:
        total = stored.video.duration_seconds
        listening.finish(
            lambda done: progress(ProgressEvent("index", done, total, what=path.name, path=path))
        )
    return finish_memory(
        build,
        manner,
        part.recipe,
        video=stored.video,
        damage=stored.damage,
        missing=_missing(manner.missing, stored),
        looked_again=watch,
        same=same,
        tail=tail_of(stored.stages),
    )


def _add(said: Said, more: Observations) -> None:
    for name, seen in more.items():
        said.setdefault(name, []).extend(seen)


def _frames(
    reader: VideoReader, build: MemoryWriter, segment: Node, *, max_side: int
) -> Iterator[tuple[Frame, Span]]:
    """The frames that represent a segment, decoded again, each with the stretch it stands for. A memory of
    the first format did not note when they are shown: then the middle of that stretch serves."""
    nodes = build.frames(segment.id)
    times = [
        node.span.middle if at is None else at
        for node, at in zip(nodes, build.shown_at(segment.id), strict=True)
    ]
    frames = list(reader.frames_at(times, max_side=max_side)) if times else []
    starts = [frame.pts_seconds for frame in frames]
    for node, at in zip(nodes, times, strict=True) if frames else ():
        yield frames[max(0, bisect_right(starts, at) - 1)], node.span


def _missing(missing: tuple[str, ...], stored: StoredVideo) -> tuple[str, ...]:
    """What a fast run looked at is what it was."""
    fast = [one for one in stored.missing if one.startswith("fast: ")]
    return tuple(fast[0] if one.startswith("fast: ") and fast else one for one in missing)
