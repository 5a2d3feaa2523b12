"""What a language model writes into the memory of a video: captions of what is seen, and summaries."""

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
    """Caption a video that the library knows, by pictures of its file: the one at ``path``, or where it was
    last seen.

    Args:
        library: Where the captions are kept.
        content_id: Which video.
        model: Who says what is seen.
        path: What the video was asked for by.
        level: ``SCENE`` or ``SEGMENT``.
        pictures: How many of each the model is shown, spread evenly.
        decoder: Who decodes the file.
        progress: Told how far it has come, in seconds of video.

    Raises:
        NotIndexed: the file is gone.
        MediaError: the file cannot be read, or holds another video now.
        ModelError: the model has no eyes, or fails; what was captioned before is kept.
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
