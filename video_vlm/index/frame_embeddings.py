"""Encodes frames with the image-text tower in a second thread while decoding goes on.

What goes in together is always frames of one segment, from its first on: an interrupted run, which goes on
with a segment, gives the tower the same frames in the same company, and so gets the same vectors to the
last bit.
"""

from __future__ import annotations

import logging
from bisect import bisect_right
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from itertools import chain
from threading import BoundedSemaphore
from types import TracebackType
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from video_vlm.index.report import IndexReport
from video_vlm.media import open_known
from video_vlm.memory import Library, NodesWithoutVectors, SegmentVisuals
from video_vlm.protocols import ImageTextEncoder, Progress, ProgressEvent, VideoReader, silent
from video_vlm.records import Image
from video_vlm.settings import IndexSettings

__all__ = ["FrameEmbedder", "SegmentEmbeddings", "embed_missing"]

logger = logging.getLogger(__name__)

_MOST_WAITING: Final = 4
"""Batches; then decoding waits for the tower, so that memory stays flat."""

_Vectors = npt.NDArray[np.float32]


class FrameEmbedder:
    """Encodes frames with a tower in a second thread. A context manager; leaving it drops what was not
    begun."""

    def __init__(self, encoder: ImageTextEncoder) -> None:
        self.encoder = encoder
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="videoqa-sight")
        self._room = BoundedSemaphore(_MOST_WAITING)

    def segment(self) -> SegmentEmbeddings:
        """The embeddings of the next segment, to be given its frames."""
        return SegmentEmbeddings(self)

    def submit(self, frames: list[Image]) -> Future[_Vectors]:
        """Has a batch of frames encoded, ``(frames width)`` float32; waits while four batches are waiting."""
        self._room.acquire()
        done = self._thread.submit(self.encoder.encode_images, frames)
        done.add_done_callback(lambda _: self._room.release())
        return done

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.shutdown(wait=True, cancel_futures=True)


class SegmentEmbeddings:
    """The vectors of one segment's frames. Made by :meth:`FrameEmbedder.segment`."""

    def __init__(self, seeing: FrameEmbedder) -> None:
        self._seeing = seeing
        self._pictures: list[Image] = []
        self._batches: list[Future[_Vectors]] = []

    def see(self, frame: Image) -> None:
        self._pictures.append(frame)
        if len(self._pictures) == self._seeing.encoder.batch_size:
            self.close()

    def close(self) -> None:
        """Sends the last batch of frames; none may follow."""
        if self._pictures:
            self._batches.append(self._seeing.submit(self._pictures))
            self._pictures = []

    @property
    def is_ready(self) -> bool:
        return all(batch.done() for batch in self._batches)

    def sights(self) -> SegmentVisuals | None:
        """The vectors ``(frames width)``; waits for them. None of a segment without a frame.

        Raises:
            SettingsError: the tower cannot be loaded.
        """
        vectors = [batch.result() for batch in self._batches]
        return SegmentVisuals(self._seeing.encoder.name, np.concatenate(vectors)) if vectors else None


def embed_missing(
    report: IndexReport,
    library: Library,
    *,
    settings: IndexSettings,
    progress: Progress = silent,
    threads: int | None = None,
) -> IndexReport:
    """Adds the vectors of frames that were indexed without the library's tower; returns the report with their
    number.

    Only the representative frames are decoded again. Each segment is on disk before the next, so an
    interrupted run goes on there.

    Raises:
        MediaError: the file cannot be read any more.
    """
    encoder, video = library.vectors.sight, report.video
    todo = library.vectors.nodes_without(video.content_id)
    if encoder is None or not todo or library.storage.read_only:
        return report
    with (
        open_known(video.path, video.content_id, decoder=settings.decoder, threads=threads) as reader,
        FrameEmbedder(encoder) as seeing,
    ):
        waiting: deque[tuple[NodesWithoutVectors, SegmentEmbeddings]] = deque()
        for one in chain(todo, (None,)):
            if one is not None:
                waiting.append((one, _seen(reader, one, seeing, max_side=settings.frames.max_side)))
                done = one.seconds[-1]
                progress(
                    ProgressEvent(
                        "index", done, video.duration_seconds, what=video.path.name, path=video.path
                    )
                )
            while waiting and (one is None or waiting[0][1].is_ready):
                _write(library, video.content_id, *waiting.popleft())
    return replace(report, num_sights=library.vectors.num_frames(video.content_id))


def _seen(
    reader: VideoReader, one: NodesWithoutVectors, seeing: FrameEmbedder, *, max_side: int
) -> SegmentEmbeddings:
    segment = seeing.segment()
    for frame in _pictures(reader, one, max_side=max_side):
        segment.see(frame)
    segment.close()
    return segment


def _pictures(reader: VideoReader, one: NodesWithoutVectors, *, max_side: int) -> Iterator[Image]:
    """For each frame the frame on display at its time; none at all where nothing can be decoded any
    more."""
    frames = list(reader.frames_at(one.seconds, max_side=max_side))
    starts = [frame.pts_seconds for frame in frames]
    for seconds in one.seconds if frames else ():
        yield frames[max(0, bisect_right(starts, seconds) - 1)].image


def _write(library: Library, content_id: str, one: NodesWithoutVectors, segment: SegmentEmbeddings) -> None:
    sights = segment.sights()
    if sights is None:
        logger.warning(
            "the pictures at %.1f to %.1f s cannot be decoded again: not seen",
            one.seconds[0],
            one.seconds[-1],
        )
    else:
        library.vectors.put_visuals(content_id, one, sights)
