"""Words do not wait for pictures: a film that is not read yet is asked by its subtitles and chapters first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from video_vlm.index.run import index_words
from video_vlm.language.query import read_query
from video_vlm.memory import Library
from video_vlm.models.builtin.overview import asks_for_summary
from video_vlm.protocols import Progress
from video_vlm.records import Answer, Status, Step
from video_vlm.records.observations import KINDS
from video_vlm.settings import Settings

__all__ = ["answer_from_words"]


def answer_from_words(
    path: Path,
    question: str,
    library: Library,
    *,
    settings: Settings,
    ask: Callable[[str], Answer],
    progress: Progress,
) -> Answer | None:
    """The answer from a video's words alone, where they answer surely; None where its pictures have to be read,
    or were.

    Words are read if the library does not know the video, and kept in it. A video whose reading was
    interrupted is read on instead.

    Args:
        path: The file.
        question: In plain English.
        library: Where the video's memory goes.
        settings: How videos are read and questions answered.
        ask: Answers from the memory of a content id, without looking.
        progress: Receives the progress of reading.

    Raises:
        MediaError: the file cannot be read as a video.
        QuestionError: the question is empty.
    """
    least = settings.ask.words_first_seconds
    read = index_words(path, library, settings=settings.index, least_seconds=least, progress=progress)
    answer = None if read is None else ask(read)
    return _told(answer, path) if answer is not None and _is_sure(answer, question) else None


def _is_sure(answer: Answer, question: str) -> bool:
    """Whether pictures could not change the answer: it rests on words of the file, and is no count over all of the
    video, nor first or last in it, nor a summary."""
    parsed = read_query(question).parsed
    return (
        answer.status is Status.ANSWERED
        and not asks_for_summary(question)
        and not parsed.asks_count
        and parsed.extreme is None
        and all(one.kind is not None and KINDS[one.kind].is_of_the_file for one in answer.citations)
    )


def _told(answer: Answer, path: Path) -> Answer:
    step = Step("words", "they answer: the pictures of this video were not read")
    receipt = replace(answer.receipt, steps=(*answer.receipt.steps, step))
    return replace(answer, receipt=receipt, advice=f"videoqa index {path} (reads its pictures, too)")
