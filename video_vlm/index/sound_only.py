"""Reading a file with sound and no pictures: it is listened to, and its segments end in pauses."""

from __future__ import annotations

from video_vlm.errors import MemoryReplaced, UnreadableVideo
from video_vlm.index.finalize import as_found, finish_memory
from video_vlm.index.hierarchy import SHOTS
from video_vlm.index.index_mode import IndexMode
from video_vlm.index.listening import Listening
from video_vlm.index.recipe import Recipe
from video_vlm.index.report import IndexReport
from video_vlm.index.sound_segments import sound_segments
from video_vlm.media.identity import SameContent
from video_vlm.memory import MemoryCheckpoint, MemoryWriter, node_id
from video_vlm.protocols import Progress, ProgressEvent, VideoReader
from video_vlm.records import Level, Node, Span

__all__ = ["listen_alone", "refuse_without_ears"]


def refuse_without_ears(reader: VideoReader, manner: IndexMode) -> None:
    """Refuses a file of sound alone where nobody listens.

    Raises:
        UnreadableVideo: names what to type.
    """
    if not manner.watch.listeners:
        why = next(
            (one for one in manner.watch.missing if one.startswith("speech: ")), "speech is no observer"
        )
        raise UnreadableVideo(reader.video.path, f"it holds only sound, and nobody listens ({why})")


def listen_alone(
    reader: VideoReader,
    build: MemoryWriter,
    manner: IndexMode,
    recipe: Recipe,
    *,
    same: SameContent,
    progress: Progress,
) -> IndexReport:
    """Writes the memory of a file that has sound alone, or goes on where a run was stopped.

    Raises:
        MemoryReplaced: another process finished it.
        UnreadableVideo: none of its sound can be decoded.
    """
    video, watch = reader.video, manner.watch
    if build.complete:
        raise MemoryReplaced(f"the memory of {video.path} is complete already: another process finished it")
    names = {one.name for one in watch.listeners}
    build.begin({name: said for name, said in watch.begin(reader).items() if name not in names})
    with Listening(watch, build, video) as listening:
        resumed_from = listening.until_seconds or None
        listening.finish(
            lambda done: progress(
                ProgressEvent("index", done, video.duration_seconds, what=video.path.name, path=video.path)
            )
        )
    end = _put_segments(build, manner, recipe, names)
    if not end:
        raise UnreadableVideo(video.path, "not a second of its sound can be decoded; get the file again")
    return finish_memory(
        build,
        manner,
        recipe,
        video=as_found(video, Span(0.0, end), num_frames=0),
        damage=(),
        missing=manner.missing,
        looked_again=watch,
        same=same,
        resumed_from=resumed_from,
    )


def _put_segments(build: MemoryWriter, manner: IndexMode, recipe: Recipe, listeners: set[str]) -> float:
    """Writes the segments and gives the end of the last, in seconds; 0 where there is no sound."""
    heard = sorted((one for name in listeners for one in build.observations(name)), key=lambda one: one.span)
    end = 0.0
    for span in sound_segments(heard, longest_seconds=manner.settings.frames.segment_seconds):
        identity = node_id(build.content_id, Level.SEGMENT, span, recipe.base)
        node = Node(identity, build.content_id, Level.SEGMENT, span, parent=None, provenance=recipe.base)
        build.put_segment(node, (), {SHOTS: ()}, MemoryCheckpoint(span.end, "listened"))
        end = span.end
    return end
