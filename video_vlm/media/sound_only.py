"""Files with sound and no moving pictures: a podcast, a voice memo."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

import av
from av.audio.stream import AudioStream
from av.container import InputContainer

from video_vlm.errors import RefusedMedia, UnreadableVideo
from video_vlm.media.chapters import chapters_of
from video_vlm.media.container import has_pictures, open_container
from video_vlm.media.embedded_subtitles import read_cues
from video_vlm.media.identity import SameContent, content_id
from video_vlm.media.probe import stream_of, worded
from video_vlm.media.sound import sound_track
from video_vlm.media.stream_probe import sound_origin
from video_vlm.protocols import DecodedFrame
from video_vlm.records import Damage, Frame, Observation, Video

__all__ = ["SoundReader", "holds_sound_alone"]

_MOST_PACKETS = 200


def holds_sound_alone(path: str | Path) -> bool:
    """Whether a file has sound that can be decoded, and no video stream; False for what cannot be opened."""
    try:
        with open_container(path) as container:
            track = None if has_pictures(container) else sound_track(container, Path(path))
            return track is not None and _is_heard(container, track)
    except (UnreadableVideo, RefusedMedia):
        return False


def _is_heard(container: InputContainer, track: AudioStream) -> bool:
    """Whether anything of a track can be decoded: what is left of a torn file may look like any format."""
    packets = islice(container.demux(track), _MOST_PACKETS)
    for packet in packets:
        try:
            if packet.decode():
                return True
        except av.FFmpegError:
            continue
    return False


class SoundReader:
    """A :class:`~video_vlm.protocols.VideoReader` of a file that has no pictures: it gives none.

    Args:
        path: The file.

    Raises:
        UnreadableVideo: it is no media file.
        RefusedMedia: it refers to other files.
    """

    frame_accurate: ClassVar[bool] = True

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)
        self._same = SameContent(self._path)
        self._origin = sound_origin(self._path)
        self._video = self._described()

    @property
    def video(self) -> Video:
        return self._video

    @property
    def damage(self) -> Sequence[Damage]:
        return ()

    @property
    def same_content(self) -> SameContent:
        """Compares the file with the bytes it held when it was opened."""
        return self._same

    def scan(self, start_seconds: float | None = None) -> Iterator[DecodedFrame]:  # noqa: ARG002
        """No frames."""
        return iter(())

    def frames_at(self, times: Sequence[float], *, max_side: int | None = None) -> Iterator[Frame]:  # noqa: ARG002
        """No frames."""
        return iter(())

    def cues(self) -> Iterator[Observation]:
        return read_cues(self._path, origin=self._origin)

    def close(self) -> None:
        """Nothing is held open."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _described(self) -> Video:
        with open_container(self._path) as container:
            heard = sound_track(container, self._path)
            declared = None if container.duration is None else container.duration / av.time_base
            return Video(
                path=self._path,
                content_id=content_id(self._path, num_bytes=self._same.state.num_bytes),
                format=container.format.name,
                start_seconds=0.0,
                duration_seconds=declared,
                num_frames=0,
                fps=None,
                size=(0, 0),
                rotation=0,
                stream=heard.index if heard else 0,
                streams=tuple(stream_of(each, self._origin, None) for each in container.streams),
                chapters=chapters_of(container, self._path, origin=self._origin),
                title=worded(container.metadata.get("title")),
            )
