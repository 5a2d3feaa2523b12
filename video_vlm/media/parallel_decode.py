"""Decodes one file with several decoders in parallel, one group of pictures (GOP) each.

The result is that of a single decoder. Two decoders with one thread each take an eighth less time than one
decoder with two threads, which wait for each other's frames. The work on the frames (a thumbnail of each) is
done in the same threads, and frames are freed there, so that a lane that is ahead holds little memory.
Packets are read once, in the order of the file; there is no seeking.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from itertools import islice
from queue import Empty, SimpleQueue
from threading import Condition, Thread
from typing import Generic, Protocol, TypeVar, runtime_checkable

import av
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from video_vlm.errors import MediaError
from video_vlm.media.gops import GroupOfPictures, GroupsOfPictures
from video_vlm.protocols import DecodedFrame

__all__ = ["MOST_LANES", "FrameWork", "ParallelDecoder", "ParallelReader"]

MOST_LANES = 4
"""More lanes would wait for the thread that takes their results."""

_BATCH = 12
"""The results that are passed on at once: one costs as much as several. Never more frames than may be
held."""

_WAITING = 2
"""The groups that wait for each lane: they differ in length, and a lane that did short ones needs another."""

_WAITING_BYTES = 16 << 20
"""The most bytes of packets that wait: they are held in memory."""

_POLL_SECONDS = 0.5  # a wait without an end cannot be interrupted everywhere

T = TypeVar("T")


class FrameWork(Protocol[T]):
    """The work that is done on frames in the lane that decoded them. Its results must not depend on whether
    the frames come in pieces or as one stream."""

    def __call__(self, frames: Iterable[DecodedFrame]) -> Iterator[T]: ...

    def is_large(self, made: T) -> bool:
        """Whether the result holds a decoded frame, so that it counts against the frames that may be held."""
        ...


@runtime_checkable
class ParallelReader(Protocol):
    """A reader that can run :class:`FrameWork` on frames in the threads that decode them."""

    def scan_with(self, work: FrameWork[T], start_seconds: float | None = None) -> Generator[T, None, None]:
        """What ``work`` makes of every frame in order of PTS, from the first at or after ``start_seconds``.

        Frames that no other is made from may be rough (:class:`~video_vlm.protocols.DecodedFrame`).

        Raises:
            UnreadableVideo: when no frame at all can be decoded.
        """
        ...


class _Room:
    """How many frames may be held by lanes that are ahead. The one whose turn it is never waits."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._num_held = 0
        self._turn: object = None
        self._is_closed = False
        self._changed = Condition()

    def give_turn(self, job: object) -> None:
        with self._changed:
            self._turn = job
            self._changed.notify_all()

    def take(self, job: object, count: int) -> bool:
        """Wait until there is room; False where the work is called off."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._is_closed or self._turn is job or self._num_held < self._size
            )
            self._num_held += count
            return not self._is_closed

    def give_back(self, count: int) -> None:
        with self._changed:
            self._num_held -= count
            self._changed.notify_all()

    def close(self) -> None:
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()


class _Job(Generic[T]):
    """A group, and what has been made of it so far."""

    def __init__(self, group: GroupOfPictures) -> None:
        self.group = group
        self.num_bytes = sum(packet.size for packet in group.packets)
        self.made: SimpleQueue[Sequence[T] | None] = SimpleQueue()
        """Batches; None is the end."""
        self.last_shown: VideoFrame | None = None
        """The last frame that was given to the work."""
        self.is_whole = False
        self.error: Exception | None = None

    def batches(self) -> Iterator[Sequence[T]]:
        while True:
            try:
                batch = self.made.get(timeout=_POLL_SECONDS)
            except Empty:
                continue
            if batch is None:
                return
            yield batch


class ParallelDecoder(Generic[T]):
    """Decodes the groups of one file.

    Args:
        open_decoder: Makes a decoder of its own for each lane.
        framed: Makes the input of ``work`` from a frame and its PTS.
        work: What is done with the frames of a group, in its lane.
        num_lanes: How many there are.
        num_pictures: How many decoded frames lanes that are ahead may hold.
        first_pts: Frames before it are passed over.

    ``last_shown`` is the last frame that was worked on; ``is_whole`` whether all went well. Where a frame
    is lost or damaged, or the stream is out of order, the lanes stop just before.
    """

    def __init__(
        self,
        open_decoder: Callable[[], VideoCodecContext],
        framed: Callable[[int, VideoFrame], DecodedFrame],
        work: FrameWork[T],
        *,
        num_lanes: int,
        num_pictures: int,
        first_pts: float = -math.inf,
    ) -> None:
        self._open_decoder = open_decoder
        self._framed = framed
        self._work = work
        self._num_lanes = num_lanes
        self._first_pts = first_pts
        self._room = _Room(num_pictures)
        self._batch = min(_BATCH, num_pictures)
        self._waiting: SimpleQueue[_Job[T] | None] = SimpleQueue()
        self.last_shown: VideoFrame | None = None
        self.is_whole = False

    def run(self, groups: GroupsOfPictures) -> Generator[T, None, None]:
        """The results of the work on all groups, in order of PTS."""
        lanes = [
            Thread(target=self._serve, name=f"lane-{number}", daemon=True)
            for number in range(self._num_lanes)
        ]
        try:
            yield from self._in_order(groups, lanes)
        finally:
            self._room.close()
            for _ in lanes:
                self._waiting.put(None)
            for lane in lanes:
                if lane.ident is not None:
                    lane.join()

    def _in_order(self, groups: GroupsOfPictures, lanes: Sequence[Thread]) -> Iterator[T]:
        coming = iter(groups)
        jobs: deque[_Job[T]] = deque()
        while True:
            while self._has_room_for_more(jobs) and (group := next(coming, None)) is not None:
                jobs.append(_Job(group))
                self._waiting.put(jobs[-1])
                if len(jobs) <= self._num_lanes and lanes[len(jobs) - 1].ident is None:
                    lanes[len(jobs) - 1].start()
            if not jobs:
                self.is_whole = groups.is_whole
                return
            job = jobs[0]
            self._room.give_turn(job)
            for batch in job.batches():
                self._room.give_back(sum(map(self._work.is_large, batch)))
                yield from batch
            if job.error is not None:
                raise job.error
            self.last_shown = job.last_shown or self.last_shown
            if not job.is_whole:
                return
            jobs.popleft()

    def _has_room_for_more(self, jobs: Sequence[_Job[T]]) -> bool:
        if len(jobs) <= self._num_lanes:
            return True
        is_small = sum(job.num_bytes for job in jobs) < _WAITING_BYTES
        return is_small and len(jobs) <= (1 + _WAITING) * self._num_lanes

    def _serve(self) -> None:
        """One lane, in its own thread: group after group."""
        decoder: VideoCodecContext | None = None
        while (job := self._waiting.get()) is not None:
            try:
                decoder = decoder or self._open_decoder()
                pictures = self._pictures(job, decoder)
                made = self._work(self._framed(pts, frame) for pts, frame in pictures)
                while batch := list(islice(made, self._batch)):
                    if not self._room.take(job, sum(map(self._work.is_large, batch))):
                        break
                    job.made.put(batch)
            except (MediaError, OSError):
                pass  # the job is not whole: reading on without lanes meets the error and reports it
            except Exception as error:  # raised again where the frames are taken
                job.error = error
            finally:
                job.made.put(None)

    def _pictures(self, job: _Job[T], decoder: VideoCodecContext) -> Iterator[tuple[int, VideoFrame]]:
        """Those the group shows, in order, as long as they come whole."""
        last = -math.inf
        try:
            for packet in (*job.group.packets, None):
                for frame in decoder.decode(packet):
                    pts = frame.pts
                    if pts is None or frame.is_corrupt or pts <= last:
                        return
                    if not job.group.shows(pts):
                        continue
                    last = pts
                    if pts >= self._first_pts:
                        job.last_shown = frame
                        yield pts, frame
            job.is_whole = True
        except av.FFmpegError:
            return
        finally:
            decoder.flush_buffers()
