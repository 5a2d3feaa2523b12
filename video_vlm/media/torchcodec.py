"""PyTorch's decoder, by name only: ``open_video(path, decoder="torchcodec")``."""

from __future__ import annotations

from typing import Any

import numpy as np

from video_vlm.errors import MissingExtra, SettingsError, UnreadableVideo
from video_vlm.media.indexed_decoder import IndexedReader
from video_vlm.records import Image

__all__ = ["TorchCodecReader"]


def _decoder_class() -> Any:
    try:
        from torchcodec.decoders import VideoDecoder
    except ModuleNotFoundError as error:
        raise MissingExtra("decoding with torchcodec", "torchcodec") from error
    except (ImportError, OSError, RuntimeError) as error:
        why = str(error).strip().splitlines()[0]
        raise SettingsError(
            f"torchcodec is installed but does not load ({why}); it needs FFmpeg's shared libraries and the "
            "torch it was built for, or use the pyav decoder"
        ) from error
    return VideoDecoder


class TorchCodecReader(IndexedReader):
    """Frame-accurate on whole files, in its exact mode: each frame's time is checked against the container.

    It gives up at the first broken packet of a file, where PyAV goes on; on a CPU it is slower than
    PyAV. It converts every frame at full size.
    """

    library = "torchcodec"
    frame_accurate = True

    def _open_decoder(self) -> Any:
        try:
            return _decoder_class()(
                str(self._path.absolute()),
                stream_index=self._found.stream,
                dimension_order="NHWC",
                num_ffmpeg_threads=self._threads or 0,
                seek_mode="exact",
            )
        except (RuntimeError, ValueError) as error:
            raise UnreadableVideo(self._path, "torchcodec cannot open this file; use pyav") from error

    def _fetch(self, index: int) -> Image:
        try:
            frame = self._decoder.get_frame_at(index)
        except (RuntimeError, IndexError) as error:
            raise UnreadableVideo(self._path, "torchcodec could not decode pictures") from error
        if abs(frame.pts_seconds - self._times.pts[index] * self._found.time_base) > 1e-6:
            raise UnreadableVideo(self._path, "torchcodec gave pictures of another time")
        return np.ascontiguousarray(frame.data.numpy())
