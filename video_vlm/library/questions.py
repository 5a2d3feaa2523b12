"""Asking a question about one video that the library knows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from video_vlm.agent import Trace
from video_vlm.ask import ask
from video_vlm.library.opened_models import OpenedModels
from video_vlm.library.video_lookup import file_at
from video_vlm.library.words_first import answer_from_words
from video_vlm.memory import Library
from video_vlm.protocols import Progress
from video_vlm.records import Answer
from video_vlm.settings import AskSettings, Settings

__all__ = ["Questions"]


class Questions:
    """Answers questions about the videos of one library. Shared by threads."""

    def __init__(
        self, library: Library, *, settings: Settings, models: OpenedModels, progress: Progress
    ) -> None:
        self._library = library
        self._settings = settings
        self._models = models
        self._progress = progress

    def ask(
        self,
        content_id: str,
        question: str,
        *,
        path: Path | None,
        trace: Trace,
        settings: AskSettings | None = None,
    ) -> Answer:
        """Answer a question of one video.

        Args:
            content_id: Which video.
            question: In plain English.
            path: Its file, for looking at frames again; None for an answer from memory alone.
            trace: Called with each step of a language model.
            settings: Used instead of the library's own.

        Raises:
            ModelError: a model cannot be loaded or reached.
            QuestionError: the question is empty.
        """
        return ask(
            question,
            self._library,
            content_id,
            settings=settings or self._settings.ask,
            eyes=self._settings.index,
            path=path,
            progress=self._progress,
            model=self._models.answerer(),
            trace=trace,
            detector=self._models.detector(),
        )

    def from_words(self, path: Path, question: str) -> Answer | None:
        """The answer from a file's words alone, where they answer surely, its pictures were not read, and the
        built-in reader answers; else None.

        Raises:
            MediaError: the file cannot be read as a video.
            QuestionError: the question is empty.
        """
        if self._settings.index.speed == "words" or not self._models.reads_words:
            return None
        unseen = replace(self._settings.ask, max_look_frames=0)
        return answer_from_words(
            path,
            question,
            self._library,
            settings=self._settings,
            ask=lambda known: self.ask(known, question, path=path, trace=lambda _: None, settings=unseen),
            progress=self._progress,
        )

    def by_video(self, question: str, trace: Trace) -> Callable[[str, bool], Answer]:
        """A function that answers one question for many videos, given a content id and whether frames may be
        decoded again."""

        def ask_one(content_id: str, looking: bool) -> Answer:
            stored = self._library.find(content_id)
            path = file_at(stored.video.path) if stored is not None and looking else None
            settings = self._settings.ask if looking else replace(self._settings.ask, max_look_frames=0)
            return self.ask(content_id, question, path=path, trace=trace, settings=settings)

        return ask_one
