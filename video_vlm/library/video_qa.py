"""The library of videos that an app or the command line works with."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Generator, Iterable
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from video_vlm.agent import CaptionReport, SummaryReport, Trace, summarize_video
from video_vlm.chat import ChatModel
from video_vlm.display_names import display_names
from video_vlm.encoder.image_text_tower import require_image_text_encoder
from video_vlm.errors import NotIndexed
from video_vlm.index import IndexOutcome, IndexReport, embed_missing, index_video
from video_vlm.library.answer_stream import answer_stream, beside_the_event_loop
from video_vlm.library.engines import Engine, index_by
from video_vlm.library.opened_models import OpenedModels
from video_vlm.library.opening import open_to_write_or_read, settings_with
from video_vlm.library.plans import Plans
from video_vlm.library.questions import Questions
from video_vlm.library.video_lookup import VideoLookup, file_at, paths_of
from video_vlm.library.writing import write_captions
from video_vlm.memory import MemoryView
from video_vlm.multi_video import LibraryAnswer, answer_each, answer_library
from video_vlm.protocols import Answerer, Detector, ImageTextEncoder, Progress, TextEncoder, silent
from video_vlm.records import Answer, Evidence, Image, Level, Node, Span, Step
from video_vlm.settings import Settings, Speed

__all__ = ["VideoQA"]


class VideoQA:
    """An open library and what can be done with it. A context manager.

    A library that cannot be written, say on a read-only disk, is opened to be read; a warning is logged.

    Wherever a video is asked for, its file will do; for one that was read before, so will the name its file
    had or (the beginning of) its content id, even if the file is gone. A video "is read first" if it is a
    file that the library does not know: ``MediaError`` says that it cannot be, ``NotIndexed`` that there is
    no such file or video.

    Args:
        library: A folder, made if missing, or ``postgresql://...``; None for the platform's data folder.
        settings: How videos are read and questions answered.
        model: Who answers, instead of ``settings.ask.model``: its name, or a ``ChatModel`` or ``Answerer``.
        detector: Who finds what words name in a picture, instead of ``settings.ask.detector``.
        speed: Instead of ``settings.index.speed``; with ``"full"``, what was read fast is read again.
        progress: Called with how far long work has come.
        encoder: Adds search by meaning to search by words, instead of that of ``settings.meaning``.
        sight: The image-text tower that sees, instead of that of ``settings.sight``.

    Attributes:
        settings: Those in force.
        library: The memories underneath: to list, check and move them; their files, looks and vectors.
        plans: What would be read or looked at, before it is.

    Raises:
        SettingsError: the settings name a tower or a sentence encoder that is not there.
        LibraryError: the folder cannot be used, or what is in it is damaged or too new.
    """

    def __init__(
        self,
        library: Path | str | None = None,
        *,
        settings: Settings | None = None,
        model: str | ChatModel | Answerer | None = None,
        detector: Detector | None = None,
        speed: Speed | None = None,
        progress: Progress = silent,
        encoder: TextEncoder | None = None,
        sight: ImageTextEncoder | None = None,
    ) -> None:
        name, answerer = (model, None) if isinstance(model, str) else (None, model)
        self.settings = own = settings_with(settings or Settings(), model=name, speed=speed)
        self.library = opened = open_to_write_or_read(library, own, encoder=encoder, sight=sight)
        self._progress = progress
        self._models = OpenedModels(opened, settings=own.ask, answerer=answerer, detector=detector)
        self._questions = Questions(opened, settings=own, models=self._models, progress=progress)
        self._lookup = VideoLookup(opened, settings=own.index, at_least=speed or "fast", progress=progress)
        self.plans = Plans(opened, settings=own, lookup=self._lookup)

    def index(self, path: Path | str) -> IndexReport:
        """Read a video into the library, once: an unchanged file is decoded again only for a new tower.

        Raises:
            MediaError: the file cannot be read as a video.
        """
        settings, progress = self.settings.index, self._progress
        report = index_video(Path(path), self.library, settings=settings, progress=progress)
        return embed_missing(report, self.library, settings=settings, progress=progress)

    def index_many(
        self,
        paths: Iterable[Path | str],
        *,
        jobs: int | None = None,
        memory_bytes: float | None = None,
        engine: Engine = "local",
        address: str | None = None,
    ) -> Generator[IndexOutcome]:
        """Read videos into the library, several at a time; gives an outcome for each as it is done.

        A file that cannot be read costs only itself, even if it takes its process down. In a script call this
        under ``if __name__ == "__main__":``, as everything that starts processes.

        Args:
            jobs: How many at a time; None for one for each core, up to eight. With 1 no process is started.
            memory_bytes: Fewer at a time where more would take more memory; for ``"local"`` only.
            engine: ``"local"`` for processes of this machine, ``"ray"`` for a Ray cluster.
            address: Of the cluster; None for one of this machine, started and stopped for it.

        Raises:
            MissingExtra: Ray is not installed.
            VideoQAError: something that is wrong for every file, such as a full disk or an unknown observer.
        """
        return index_by(
            engine,
            (Path(path) for path in paths),
            self.library,
            settings=self.settings.index,
            progress=self._progress,
            jobs=jobs,
            memory_bytes=memory_bytes,
            address=address,
        )

    def caption(self, path: Path | str, *, level: Level = Level.SCENE, pictures: int = 4) -> CaptionReport:
        """Have the model say what is seen in each scene or segment of a video, which is read first.

        Captions are kept with the model's name, and searches find them, whoever answers. What was captioned
        by this model is not captioned again.

        Args:
            level: ``SCENE`` or ``SEGMENT``.
            pictures: How many of each the model is shown, spread evenly.

        Raises:
            ModelError: the model has no eyes, or fails; what was captioned before is kept.
            NotIndexed: the video's file is gone, too.
        """
        content_id = self._lookup.known_or_read(path)
        return write_captions(
            self.library,
            content_id,
            self._models.chat_model(lacking="has no eyes: name a model that sees with --model"),
            path=path,
            level=level,
            pictures=pictures,
            decoder=self.settings.index.decoder,
            progress=self._progress,
        )

    def write_summaries(self, path: Path | str) -> SummaryReport:
        """Have the model summarize a video that is read first: its scenes, its chapters and the whole. Each
        sentence cites the nodes below that it rests on; a sentence that cites none is thrown away.

        Raises:
            ModelError: the model writes none, or fails; what was written before is kept.
        """
        content_id = self._lookup.known_or_read(path)
        model = self._models.chat_model(lacking="writes no summaries: name a language model with --model")
        return summarize_video(self.library.memory(content_id), self.library, model, progress=self._progress)

    def ask(self, path: Path | str, question: str, *, trace: Trace = lambda _: None) -> Answer:
        """Answer a question of one video, which is read first. Several threads may ask at once.

        Args:
            question: In plain English.
            trace: Told of each step a language model takes, as it takes it.

        Raises:
            ModelError: a language model cannot be loaded or reached.
            QuestionError: the question is empty.
        """
        content_id = self._lookup.known_or_read(path)
        return self._questions.ask(content_id, question, path=file_at(path), trace=trace)

    async def ask_async(self, path: Path | str, question: str, *, trace: Trace = lambda _: None) -> Answer:
        """:meth:`ask`, without keeping the event loop waiting; ``trace`` is called from another thread."""
        return await asyncio.to_thread(self.ask, path, question, trace=trace)

    def stream(self, path: Path | str, question: str) -> Generator[Step | Answer]:
        """:meth:`ask`, giving each step of a language model as it is taken; the answer last. Close it to
        stop."""
        return answer_stream(lambda trace: self.ask(path, question, trace=trace))

    def stream_async(self, path: Path | str, question: str) -> AsyncGenerator[Step | Answer]:
        """:meth:`stream`, without keeping the event loop waiting."""
        return beside_the_event_loop(self.stream(path, question))

    def ask_library(
        self,
        question: str,
        videos: Iterable[Path | str] | None = None,
        *,
        told: Callable[[Answer], None] = lambda _: None,
        trace: Trace = lambda _: None,
    ) -> LibraryAnswer:
        """Answer a question out of many videos; every citation names its video.

        All are searched, and at most ``settings.ask.max_videos`` are asked, the likeliest first. A question
        for videos ("which film shows a lighthouse?") is answered by the search alone.

        Args:
            question: As for :meth:`ask`.
            videos: Which, each of which is read first. None for all of the library.
            told: Hears each video's own answer as it is given.
            trace: As for :meth:`ask`, whose errors are raised here too.
        """
        began = time.perf_counter()
        model = self._models.answerer()
        answer = answer_library(
            question,
            self.library,
            self._lookup.chosen(videos),
            ask_one=self._questions.by_video(question, trace),
            most=self.settings.ask.max_videos,
            model=model.name,
            looks_first=isinstance(model, ChatModel),
            told=told,
        )
        return replace(answer, receipt=replace(answer.receipt, seconds=round(time.perf_counter() - began, 3)))

    def ask_each(
        self, question: str, videos: Iterable[Path | str] | None = None, *, trace: Trace = lambda _: None
    ) -> Generator[Answer]:
        """The answers that :meth:`ask_library` puts together, each of one video, as they are given; the
        likeliest first. A video that is looked at again, as none was sure, comes twice."""
        return answer_each(
            question,
            self.library,
            self._lookup.chosen(videos),
            ask_one=self._questions.by_video(question, trace),
            most=self.settings.ask.max_videos,
            looks_first=isinstance(self._models.answerer(), ChatModel),
        )

    def search(
        self,
        query: str = "",
        *,
        path: Path | str | None = None,
        span: Span | None = None,
        limit: int = 10,
        like: Image | None = None,
    ) -> tuple[Evidence, ...]:
        """The moments nearest to ``query``, best first: of one video, or of all that were indexed.

        Where an image-text tower is there, frames are compared with the words, and with the picture ``like``.

        Raises:
            MissingExtra: there is a picture, and what a tower takes is not installed.
            NotIndexed: the library does not know the video at ``path``.
            SettingsError: there is a picture, and no tower to compare it.
        """
        if like is not None:
            require_image_text_encoder(self.library.vectors.sight)
        within = None if path is None else (self._lookup.known(path),)
        return self.library.search(query, content_ids=within, span=span, limit=limit, like=like)

    def scenes(self, path: Path | str) -> tuple[Node, ...]:
        """The scenes of a video in order of time; it is read first."""
        return self.library.memory(self._lookup.known_or_read(path)).nodes(Level.SCENE)

    def memory(self, path: Path | str) -> MemoryView:
        """All that is remembered of a video, to be read.

        Raises:
            NotIndexed: the library does not know it.
        """
        return self.library.memory(self._lookup.known(path))

    def names(self) -> dict[str, str]:
        """What to call each video, by content id: the shortest end of its path that no other video has."""
        return display_names(paths_of(self.library))

    def remove(self, path: Path | str) -> bool:
        """Forget a video; its file is not touched. False if the library does not know it."""
        try:
            known = self._lookup.known(path)
        except NotIndexed:
            return False
        return self.library.remove(known)

    def close(self) -> None:
        """Closing twice is fine."""
        self.library.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
