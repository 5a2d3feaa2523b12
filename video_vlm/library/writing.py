"""Writing captions into the memory of a video with a language model."""

from __future__ import annotations

from pathlib import Path

from video_vlm.agent import CaptionReport, caption_video
from video_vlm.chat import ChatModel
from video_vlm.errors import NotIndexed
from video_vlm.library.video_lookup import file_at
from video_vlm.media import open_known
from video_vlm.memory import Library
from video_vlm.protocols import Progress
from video_vlm.records import Level
from video_vlm.relook.memory_signals import frame_times_of

__all__ = ["write_captions"]


def write_captions(
    library: Library,
    content_id: str,
    model: ChatModel,
    *,
    path: Path | str,
    level: Level,
    pictures: int,
    decoder: str,
    progress: Progress,
) -> CaptionReport:
    """Caption a video that the library knows, from frames of its file: the one at ``path``, or at its last
    known path.

    Args:
        library: The library for the captions.
        content_id: Which video.
        model: The model that writes the captions.
        path: The path, name or id by which the video was named.
        level: ``SCENE`` or ``SEGMENT``.
        pictures: How many frames of each the model is shown, spread evenly.
        decoder: The name of the decoder.
        progress: Receives the progress, in seconds of video.

    Raises:
        NotIndexed: the file is gone.
        MediaError: the file cannot be read, or is another video now.
        ModelError: the model sees no images, or fails; captions written before are kept.
    """
    memory = library.memory(content_id)
    file = file_at(path) or file_at(memory.video.path)
    if file is None:
        raise NotIndexed(f"{memory.video.path} is not where it was: captions take its pictures")
    with open_known(file, content_id, decoder=decoder) as reader:
        return caption_video(
            memory,
            library,
            reader,
            model,
            level=level,
            frames=pictures,
            step_seconds=frame_times_of(memory).step_seconds,
            progress=progress,
        )
