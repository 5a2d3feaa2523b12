"""The library of videos that apps and the command line use."""

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
    """An open library, with methods to read videos and answer questions. A context manager.

    A library that cannot be written, for example on a read-only disk, is opened for reading, with a warning.

    A video is named by its file; one that was read before also by the name of its file or by (the beginning
    of) its content id, even if the file is gone. A video "is read first" if it is a file that the library
    does not know: ``MediaError`` is raised if it cannot be read, ``NotIndexed`` if there is no such file or
    video.

    Args:
        library: A folder, made if missing, or ``postgresql://...``; None for the platform's data folder.
        settings: How videos are read and questions answered.
        model: The answering model, instead of ``settings.ask.model``: a name, a ``ChatModel`` or an
            ``Answerer``.
        detector: The detector of objects, instead of ``settings.ask.detector``.
        speed: Instead of ``settings.index.speed``; ``"full"`` reads videos again that were read fast.
        progress: Receives the progress of long work.
        encoder: The sentence encoder for search by meaning, instead of that of ``settings.meaning``.
        sight: The image-text encoder for visual search, instead of that of ``settings.sight``.

    Attributes:
        settings: The settings in use.
        library: The memories: to list, check and move them; their files, looks and vectors.
        plans: What would be read or looked at.

    Raises:
        SettingsError: the settings name an encoder that is not there.
        LibraryError: the folder cannot be used, or the library is damaged or too new.
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
        at_least = speed or ("words" if own.index.speed == "words" else "fast")
        self._lookup = VideoLookup(opened, settings=own.index, at_least=at_least, progress=progress)
        self.plans = Plans(opened, settings=own, lookup=self._lookup)

    def index(self, path: Path | str) -> IndexReport:
        """Read a video into the library; an unchanged file is decoded again only for a new image-text
        encoder.

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
        """Read videos into the library, several at a time; yields an outcome for each as it is done.

        A file that cannot be read does not affect the others, even if it crashes its process. In a script
        call this under ``if __name__ == "__main__":``, like everything that starts processes.

        Args:
            paths: The files.
            jobs: How many at a time; None for one for each core, up to eight. With 1 no process is started.
            memory_bytes: The limit of memory for all files read at a time; for ``"local"`` only.
            engine: ``"local"`` for processes of this machine, ``"ray"`` for a Ray cluster.
            address: The address of the cluster; None for one on this machine, started and stopped for it.

        Raises:
            MissingExtra: Ray is not installed.
            VideoQAError: an error that would be the same for every file, such as a full disk or an unknown
                observer.
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
        """Caption each scene or segment of a video with the model; the video is read first.

        Captions are kept with the model's name; searches find them with any answering model. Nodes that this
        model has captioned are not captioned again.

        Args:
            path: The video.
            level: ``SCENE`` or ``SEGMENT``.
            pictures: How many frames of each the model is shown, spread evenly.

        Raises:
            ModelError: the model sees no images, or fails; captions written before are kept.
            NotIndexed: also if the video's file is gone.
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
        """Summarize the scenes, the chapters and the whole of a video with the model; the video is read
        first. Each sentence cites child nodes; a sentence without citations is dropped.

        Raises:
            ModelError: the model is no language model, or fails; summaries written before are kept.
        """
        content_id = self._lookup.known_or_read(path)
        model = self._models.chat_model(lacking="writes no summaries: name a language model with --model")
        return summarize_video(self.library.memory(content_id), self.library, model, progress=self._progress)

    def ask(self, path: Path | str, question: str, *, trace: Trace = lambda _: None) -> Answer:
        """Answer a question about one video, which is read first. Several threads may ask at once.

        A video that the library does not know is read by its words alone first, if it is as long as
        ``settings.ask.words_first_seconds`` and no language model answers. Where these answer surely, its pictures
        are not read; :meth:`index` reads them.

        Args:
            path: The video.
            question: In plain English.
            trace: Called with each step of a language model when it is taken.

        Raises:
            ModelError: a language model cannot be loaded or reached.
            QuestionError: the question is empty.
        """
        file = file_at(path)
        by_words = None if file is None else self._questions.from_words(file, question)
        if by_words is not None:
            return by_words
        return self._questions.ask(self._lookup.known_or_read(path), question, path=file, trace=trace)

    async def ask_async(self, path: Path | str, question: str, *, trace: Trace = lambda _: None) -> Answer:
        """:meth:`ask` without blocking the event loop; ``trace`` is called from another thread."""
        return await asyncio.to_thread(self.ask, path, question, trace=trace)

    def stream(self, path: Path | str, question: str) -> Generator[Step | Answer]:
        """:meth:`ask` as a generator of each step of a language model, and the answer last. Close it to
        stop."""
        return answer_stream(lambda trace: self.ask(path, question, trace=trace))

    def stream_async(self, path: Path | str, question: str) -> AsyncGenerator[Step | Answer]:
        """:meth:`stream` without blocking the event loop."""
        return beside_the_event_loop(self.stream(path, question))

    def ask_library(
        self,
        question: str,
        videos: Iterable[Path | str] | None = None,
        *,
        told: Callable[[Answer], None] = lambda _: None,
        trace: Trace = lambda _: None,
    ) -> LibraryAnswer:
        """Answer a question from many videos; every citation names its video.

        All videos are searched, and the question is asked of the likeliest, ``settings.ask.max_videos`` at
        most. A question for videos ("which film shows a lighthouse?") is answered by the search alone. Raises
        the errors of :meth:`ask`.

        Args:
            question: As for :meth:`ask`.
            videos: The videos, which are read first. None for all of the library.
            told: Called with each video's own answer when it is given.
            trace: As for :meth:`ask`.
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
        """The answers of single videos that :meth:`ask_library` combines, when they are given; the likeliest
        video first. If no answer is certain, a video is looked at again and has a second answer."""
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
        """The moments nearest to ``query``, best first: of one video, or of all in the library.

        With an image-text encoder, frames are also compared with the query, and with the image ``like`` (RGB
        uint8 ``(height, width, 3)``).

        Raises:
            MissingExtra: ``like`` is given, and the packages of image-text encoders are not installed.
            NotIndexed: the library does not know the video at ``path``.
            SettingsError: ``like`` is given, and there is no image-text encoder.
            ValueError: ``limit`` is below 1.
        """
        if like is not None:
            require_image_text_encoder(self.library.vectors.sight)
        within = None if path is None else (self._lookup.known(path),)
        return self.library.search(query, content_ids=within, span=span, limit=limit, like=like)

    def scenes(self, path: Path | str) -> tuple[Node, ...]:
        """The scenes of a video in order of time; it is read first."""
        return self.library.memory(self._lookup.known_or_read(path)).nodes(Level.SCENE)

    def memory(self, path: Path | str) -> MemoryView:
        """The memory of a video, for reading.

        Raises:
            NotIndexed: the library does not know it.
        """
        return self.library.memory(self._lookup.known(path))

    def names(self) -> dict[str, str]:
        """A name for each video by content id: the shortest end of its path that no other video has."""
        return display_names(paths_of(self.library))

    def remove(self, path: Path | str) -> bool:
        """Delete the memory of a video, not its file. False if the library does not know it."""
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
