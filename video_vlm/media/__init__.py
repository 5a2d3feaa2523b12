"""Videos from the file to the frame: open, probe, stream, look at given times.

``open_video`` is the door. Time is the container's own PTS everywhere; identity is a content hash.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from video_vlm.errors import FileChanged
from video_vlm.media.identity import SameContent, content_id
from video_vlm.media.probe import probe
from video_vlm.media.sound_only import SoundReader, holds_sound_alone
from video_vlm.protocols import VideoReader
from video_vlm.registry import Registry

__all__ = ["DECODERS", "content_id", "open_known", "open_video", "probe"]


DECODERS: Registry[VideoReader] = Registry(
    "decoder",
    {
        "pyav": "video_vlm.media.pyav:PyAVReader",
        "torchcodec": "video_vlm.media.torchcodec:TorchCodecReader",
        "decord": "video_vlm.media.decord:DecordReader",
    },
    group="video_vlm.decoders",
)
"""Decoders by name. ``pyav`` is always there; ``torchcodec`` and ``decord`` are extras, never chosen
silently."""


@contextmanager
def open_known(
    path: str | Path, identity: str, *, decoder: str = "pyav", threads: int | None = None
) -> Iterator[VideoReader]:
    """Opens a video that was indexed, to read it again; the file is compared when the ``with`` is left.

    Args:
        path: The file.
        identity: Its content id when it was indexed.
        decoder: Which of :data:`DECODERS`.
        threads: How many the decoder may use.

    Raises:
        FileChanged: it is another file now, or became one meanwhile.
        MediaError: as for :func:`open_video`.
    """
    same = SameContent(Path(path))
    with open_video(path, decoder=decoder, threads=threads) as reader:
        if reader.video.content_id != identity:
            raise FileChanged(path, "it is not the file that was indexed any more; index it again")
        yield reader
        same.confirm(identity)


def open_video(path: str | Path, *, decoder: str = "pyav", threads: int | None = None) -> VideoReader:
    """Opens a video for streaming and for looking at given times; use it in a ``with``. A file with sound alone
    gives no frames.

    Args:
        path: The file.
        decoder: Which of :data:`DECODERS`.
        threads: How many the decoder may use; None for as many as there are cores. Changes speed and memory
            only.

    Raises:
        UnreadableVideo: the file holds no video that can be decoded: missing, empty, cut off, neither video
            nor sound.
        RefusedMedia: the file is a playlist, or another list of files and addresses.
        UnknownName: there is no such decoder.
        MissingExtra: the decoder is not installed.
    """
    if holds_sound_alone(path):
        return SoundReader(path)
    return DECODERS[decoder](path, threads=threads)
