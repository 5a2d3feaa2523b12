"""One run over a video: what is decoded becomes segments, which are written as they close."""

from __future__ import annotations

from dataclasses import replace

from video_vlm.errors import MemoryReplaced, UnreadableVideo
from video_vlm.index.appended_file import AppendedFile, StreamTail, begin_with
from video_vlm.index.checkpoint import RunState
from video_vlm.index.decode_passes import DecodePass, open_pass
from video_vlm.index.finalize import as_found, finish_memory
from video_vlm.index.frame_embeddings import FrameEmbedder
from video_vlm.index.hierarchy import (
    SHOTS,
    chapter_borders,
    covered,
    cut_observation,
    hole_observation,
)
from video_vlm.index.index_mode import IndexMode, looked_at
from video_vlm.index.listening import Listening
from video_vlm.index.observer_set import Observations
from video_vlm.index.open_segment import ClosedSegment, OpenSegment
from video_vlm.index.recipe import Recipe
from video_vlm.index.report import IndexReport
from video_vlm.index.write_queue import PendingSegment, WriteQueue
from video_vlm.media.damage_log import DamageLog
from video_vlm.media.identity import SameContent
from video_vlm.memory import MemoryCheckpoint, MemoryWriter, StoredFrame, node_id
from video_vlm.memory.summaries import summarize
from video_vlm.protocols import Progress, ProgressEvent, VideoReader
from video_vlm.records import Cut, Damage, Level, Node, Span
from video_vlm.samplers.segments import SegmentStart

__all__ = ["IndexingRun"]

_PROGRESS_SECONDS = 1.0


class IndexingRun:
    """One run over a video, from the first frame to the last."""

    def __init__(
        self,
        reader: VideoReader,
        build: MemoryWriter,
        manner: IndexMode,
        *,
        same: SameContent,
        recipe: Recipe,
        progress: Progress,
        seeing: FrameEmbedder | None,
    ) -> None:
        self._reader = reader
        self._same = same
        self._build = build
        self._outbox = WriteQueue(build)
        self._seeing = seeing
        self._manner = manner
        self._watch = manner.watch
        self._settings = manner.settings
        self._recipe = recipe
        self._progress = progress
        self._path = reader.video.path
        self._tell_next = float("-inf")
        self._taken_up_at = float("-inf")
        self._earlier_damage: tuple[Damage, ...] = ()
        self._file_said: Observations = {}
        self._tail = StreamTail()

    def report(self, *, grown: AppendedFile | None = None) -> IndexReport:
        """Does what is left to do and gives the report. ``grown`` is the memory that is taken over first."""
        checkpoint = self._build.checkpoint
        if checkpoint is not None and not checkpoint.state:
            raise MemoryReplaced(
                f"the memory of {self._path} is complete already: another process finished it"
            )
        self._file_said = self._watch.begin(self._reader)
        if checkpoint is None and grown is not None:
            self._build.begin(self._file_said)
            begin_with(self._build, grown, self._manner, self._recipe)
            checkpoint = self._build.checkpoint
        state = None
        if checkpoint is None:
            listeners = {one.name for one in self._watch.listeners}
            self._build.begin({name: said for name, said in self._file_said.items() if name not in listeners})
        else:
            self._tail = StreamTail.from_json(checkpoint.state)
            state = self._tail.state
            self._earlier_damage = state.damage
        with Listening(self._watch, self._build, self._reader.video) as self._listening:
            if state is None or state.mark is not None:
                state = self._scan(state)
            self._listening.finish(lambda done: self._tell(done, self._reader.video.duration_seconds))
        resumed_from = None if checkpoint is None else checkpoint.until_seconds
        return self._finish(state, resumed_from=resumed_from)

    def _scan(self, state: RunState | None) -> RunState:
        """Decode what is not written yet, a segment at a time."""
        mark = None if state is None else state.mark
        self._taken_up_at = mark.start_seconds if mark else self._taken_up_at
        borders = chapter_borders(self._reader.video.chapters)
        passing = open_pass(self._reader, self._settings, mark, borders=borders)
        segment: OpenSegment | None = None
        for seen in passing.seen():
            if seen.opens is not None:
                if segment is not None and state is not None:
                    closed = segment.close(end_seconds=seen.opens.start_seconds)
                    state = self._put(closed, state, passing, following=seen.opens, cut=seen.cut)
                state = state or RunState(seen.opens.start_seconds)
                sight = None if self._seeing is None else self._seeing.segment()
                segment = OpenSegment(
                    seen.opens,
                    watch=self._watch,
                    settings=self._settings.frames,
                    sight=sight,
                    is_hole=seen.is_hole,
                )
            if segment is not None:
                segment.see(seen)
            if seen.pts_seconds >= self._tell_next:
                self._tell_next = seen.pts_seconds + _PROGRESS_SECONDS
                self._tell(self._done(seen.pts_seconds), self._reader.video.duration_seconds)
        if segment is None or state is None or passing.end_seconds is None:
            raise UnreadableVideo(self._reader.video.path, "no picture in it can be decoded")
        closed = segment.close(end_seconds=passing.end_seconds)
        state = self._put(closed, state, passing, following=None, cut=None)
        self._outbox.empty()
        return state

    def _put(
        self,
        closed: ClosedSegment,
        state: RunState,
        passing: DecodePass,
        *,
        following: SegmentStart | None,
        cut: Cut | None,
    ) -> RunState:
        """Give a segment out to be written; the cut that ends it is written with it."""
        damage = self._damage(before=closed.span.end if following else None)
        num_frames = passing.num_frames(closed.span, num_seen=closed.num_frames)
        state = state.after(num_frames=num_frames, num_seen=closed.num_frames, mark=following, damage=damage)
        self._tail.note(state)
        frames = [
            StoredFrame(self._node(Level.FRAME, one.span), one.jpeg, one.pts_seconds)
            for one in closed.posters
        ]
        said = [one for observer in closed.observations.values() for one in observer]
        said += [
            one for observer in self._file_said.values() for one in observer if one.span.overlaps(closed.span)
        ]
        nodes = [frame.node for frame in frames]
        # Between a chapter mark and a cut near it there may be no frame at all; in a hole nothing is seen.
        share_seen = closed.num_frames / num_frames if num_frames else float(not closed.is_hole)
        segment = replace(
            self._node(Level.SEGMENT, closed.span),
            summary=summarize(nodes, said, max_sentences=self._manner.settings.levels.segment_sentences),
            coverage=covered(closed.span, damage) * share_seen,
        )
        borders = [
            *([hole_observation(closed.span)] if closed.is_hole else []),
            *([cut_observation(cut)] if cut else []),
        ]
        observations = {**closed.observations, SHOTS: borders}
        checkpoint = MemoryCheckpoint(closed.span.end, self._tail.to_json())
        self._same.glance(self._reader.video.content_id)
        self._listening.write()
        self._outbox.add(PendingSegment(segment, frames, observations, checkpoint, closed.sight))
        return state

    def _finish(self, state: RunState, *, resumed_from: float | None) -> IndexReport:
        segments = self._build.segments()
        whole = Span(segments[0].span.start, segments[-1].span.end)
        self._tell(whole.duration_seconds, whole.duration_seconds)
        video = as_found(self._reader.video, whole, num_frames=state.num_frames)
        return finish_memory(
            self._build,
            self._manner,
            self._recipe,
            video=video,
            damage=state.damage,
            missing=looked_at(self._manner.missing, num_seen=state.num_seen, num_frames=state.num_frames),
            looked_again=self._watch,
            same=self._same,
            resumed_from=resumed_from,
            tail=self._tail.at(whole.end) if self._settings.speed == "full" else None,
        )

    def _node(self, level: Level, span: Span) -> Node:
        content_id = self._reader.video.content_id
        identity = node_id(content_id, level, span, self._recipe.base)
        return Node(identity, content_id, level, span, parent=None, provenance=self._recipe.base)

    def _damage(self, *, before: float | None) -> tuple[Damage, ...]:
        """What an earlier run met, and this one since. What lies after ``before`` the next run may have to
        meet."""
        ledger = DamageLog()
        for one in self._earlier_damage:
            ledger.note(one.span.start, one.span.end, one.reason)
        for one in self._reader.damage:
            start = max(one.span.start, self._taken_up_at)
            end = one.span.end if before is None else min(one.span.end, before)
            if start < end or start == one.span.start == one.span.end:
                ledger.note(start, end, one.reason)
        return tuple(ledger.damage)

    def _done(self, seen_until: float) -> float:
        """What is both seen and heard."""
        return seen_until if self._listening.is_done else min(seen_until, self._listening.until_seconds)

    def _tell(self, done: float, total: float | None) -> None:
        self._progress(ProgressEvent("index", done, total, what=self._path.name, path=self._path))
