"""Many videos and their questions: everything the command line does, in Python.

>>> from video_vlm import VideoQA
>>> with VideoQA("sample/library") as videos:
...     answer = videos.ask("sample/film.mp4", "What happens after the keeper falls asleep?")
...     moments = videos.search("lemon", limit=1)
...     scenes = videos.scenes("sample/film.mp4")
>>> print(answer.citations[0], answer.citations[0].quote)
[0:23–0:26] The lamp goes out, and nobody on the shore notices.
>>> print(moments[0].span, moments[0].text)
0:28–0:32 In the village Mira buys a lemon and a ball of string.
>>> print(*(scene.span for scene in scenes[:3]))
0:00–0:13 0:13–0:27 0:27–0:41
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import AsyncGenerator, Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from threading import Event, Lock, Thread
from types import TracebackType
from typing import BinaryIO, Literal, Self

from video_vlm.address import not_a_file
from video_vlm.agent import CaptionReport, SummaryReport, Trace, caption_video, summarize_video
from video_vlm.ask import ask, plan
from video_vlm.chat import ChatModel
from video_vlm.encoder.image_text_tower import find_image_text_encoder, require_image_text_encoder
from video_vlm.errors import (
    LibraryError,
    LibraryReadOnly,
    MediaError,
    ModelError,
    NotIndexed,
    RefusedMedia,
    UnreadableVideo,
)
from video_vlm.export import CATALOGUES, export, outputs_for
from video_vlm.export.scenes import outline
from video_vlm.index import (
    Estimate,
    IndexOutcome,
    IndexPlan,
    IndexReport,
    default_jobs,
    embed_missing,
    estimate,
    index_many,
    index_on_cluster,
    index_video,
    plan_index,
    reading_jobs,
)
from video_vlm.media import content_id, open_known
from video_vlm.memory import Imported, Library, LibraryFacts, MemoryView, Problem, StoredLook, StoredVideo, open_library
from video_vlm.models import open_detector, open_model
from video_vlm.models.text_encoder import find_text_encoder
from video_vlm.multi_video import LibraryAnswer, answer_each, answer_library
from video_vlm.names import display_names, is_called
from video_vlm.outputs import Outputs
from video_vlm.protocols import Answerer, Detector, ImageTextEncoder, Progress, TextEncoder, silent
from video_vlm.records import Answer, Evidence, Image, Level, Node, Span, Step
from video_vlm.relook import LookPlan
from video_vlm.relook.memory_signals import frame_times_of
from video_vlm.settings import AskSettings, Settings, Speed

__all__ = ["Engine", "VideoQA"]

Engine = Literal["local", "ray"]
"""What reads many files."""

logger = logging.getLogger(__name__)


class VideoQA:
    """An open library and what can be done with it. A context manager.

    A library that cannot be written, say on a read-only disk, is opened to be read; that is logged as a warning.

    Wherever a video is asked for, its file will do; for one that was read before, so will the name its
    file had or (the beginning of) its content id, even if the file is gone.

    Args:
        library: The folder the memory is kept in, made if missing, or ``postgresql://...`` for a library in PostgreSQL;
            None for the platform's data folder.
        settings: How videos are read and questions answered.
        model: Who answers, instead of ``settings.ask.model``: a name, or one's own
            :class:`~video_vlm.chat.ChatModel` or :class:`~video_vlm.protocols.Answerer`.
        detector: Who finds what words name in a picture, instead of ``settings.ask.detector``.
        speed: How videos are read, instead of ``settings.index.speed``. Where it is ``"full"``, questions do not make
            do with a memory that was read fast.
        progress: Called with how far long work has come.
        encoder: Adds search by meaning to search by words, instead of the one that ``settings.meaning`` names.
        sight: The image-text tower that sees, instead of the one that ``settings.sight`` names.

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
        self.settings = settings or Settings()
        if isinstance(model, str):
            self.settings = replace(self.settings, ask=replace(self.settings.ask, model=model))
        if speed is not None:
            self.settings = replace(self.settings, index=replace(self.settings.index, speed=speed))
        self._model = None if isinstance(model, str) else model
        self._detector = detector
        self._opening = Lock()
        self._at_least: Speed = speed or "fast"
        self._progress = progress
        sight = sight or find_image_text_encoder(self.settings.sight)
        encoder = encoder or find_text_encoder(self.settings.meaning)
        self._library = _opened(library, encoder=encoder, sight=sight)

    @property
    def library(self) -> Library:
        """The store underneath, for what this class does not offer."""
        return self._library

    def index(self, path: Path | str) -> IndexReport:
        """Read a video into the library: once; unchanged, it is not decoded again, unless an image-text tower has
        yet to see its pictures.

        Raises:
            MediaError: the file cannot be read as a video.
        """
        settings, progress = self.settings.index, self._progress
        report = index_video(Path(path), self._library, settings=settings, progress=progress)
        return embed_missing(report, self._library, settings=settings, progress=progress)

    def plan_index(self, path: Path | str) -> IndexPlan:
        """What :meth:`index` would make again of a video, stage by stage, and why. Nothing is decoded or written.

        Raises:
            UnreadableVideo: the path is not a readable local file.
        """
        return plan_index(Path(path), self._library, settings=self.settings.index)

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

        A file that cannot be read costs only itself, even if it takes the process down that reads it. In a script
        call this under ``if __name__ == "__main__":``, as everything that starts processes.

        Args:
            paths: The files.
            jobs: How many at a time; None for one for each core, up to eight. With 1 no process is started.
            memory_bytes: Fewer at a time where more would take more memory than this, as estimated from their headers;
                of this machine only.
            engine: ``"local"`` for processes of this machine, ``"ray"`` for the actors of a Ray cluster.
            address: Of the cluster; None for one of this machine, started and stopped for it.

        Raises:
            MissingExtra: Ray is not installed.
            VideoQAError: something that is wrong for every file, such as a full disk or an unknown observer.
        """
        files = (Path(path) for path in paths)
        if engine == "ray":
            return index_on_cluster(
                files,
                self._library,
                settings=self.settings.index,
                progress=self._progress,
                jobs=jobs,
                address=address,
            )
        return index_many(
            files,
            self._library,
            settings=self.settings.index,
            progress=self._progress,
            jobs=jobs,
            memory_bytes=memory_bytes,
        )

    def caption(self, path: Path | str, *, level: Level = Level.SCENE, pictures: int = 4) -> CaptionReport:
        """Have the model say what is seen in each scene or segment of a video, which is read first if need be.

        Captions are kept with the model's name and found by searches and questions, whoever answers them. What was
        captioned by this model is not captioned again.

        Args:
            path: The video's file.
            level: ``SCENE`` or ``SEGMENT``.
            pictures: How many of each the model is shown, spread evenly.

        Raises:
            MediaError: the file cannot be read as a video.
            ModelError: the model has no eyes, or cannot be loaded or reached; what was captioned before is kept.
            NotIndexed: there is no such file: it is gone, or the library knows none of that name or id.
        """
        content, model = self._known_or_read(path), self._opened_model()
        if not isinstance(model, ChatModel):
            raise ModelError(f"{model.name} has no eyes: name a model that sees with --model")
        memory = self._library.memory(content)
        file = _file(path) or _file(memory.video.path)
        if file is None:
            raise NotIndexed(f"{memory.video.path} is not where it was: captions take its pictures")
        with open_known(file, content, decoder=self.settings.index.decoder) as reader:
            return caption_video(
                memory,
                self._library,
                reader,
                model,
                level=level,
                pictures=pictures,
                step_seconds=frame_times_of(memory).step_seconds,
                progress=self._progress,
            )

    def write_summaries(self, path: Path | str) -> SummaryReport:
        """Have the model write the summaries of a video's scenes, chapters and of the whole, which is read first if
        need be. Each sentence cites the nodes below that it rests on; one that cites none is thrown away.

        Raises:
            MediaError: the file cannot be read as a video.
            ModelError: the model writes none, or cannot be loaded or reached; what was written before is kept.
            NotIndexed: there is no such file, and the library knows none of that name or id.
        """
        content, model = self._known_or_read(path), self._opened_model()
        if not isinstance(model, ChatModel):
            raise ModelError(f"{model.name} writes no summaries: name a language model with --model")
        return summarize_video(self._library.memory(content), self._library, model, progress=self._progress)

    def ask(self, path: Path | str, question: str, *, trace: Trace = lambda _: None) -> Answer:
        """Answer a question of one video, reading it first if the library does not know it. Several may be asked at
        once, from several threads.

        Args:
            path: The video.
            question: In plain English.
            trace: Told of each step a language model takes, as it takes it.

        Raises:
            MediaError: the file cannot be read as a video.
            ModelError: a language model cannot be loaded or reached.
            NotIndexed: there is no such file, and the library knows none of that name or id.
            QuestionError: the question is empty.
        """
        return self._ask(self._known_or_read(path), question, path=_file(path), trace=trace)

    async def ask_async(self, path: Path | str, question: str, *, trace: Trace = lambda _: None) -> Answer:
        """:meth:`ask`, without keeping the event loop waiting; ``trace`` is called from another thread."""
        return await asyncio.to_thread(self.ask, path, question, trace=trace)

    def ask_library(
        self,
        question: str,
        videos: Iterable[Path | str] | None = None,
        *,
        told: Callable[[Answer], None] = lambda _: None,
        trace: Trace = lambda _: None,
    ) -> LibraryAnswer:
        """Answer a question out of many videos; every citation names its video.

        All of them are searched; those in which something bears on the question are asked, the likeliest first, and at
        most ``settings.ask.max_videos``. Questions for videos ("which film shows a lighthouse?") the search answers.

        Args:
            question: In plain English.
            videos: Which videos; files that the library does not know are read first. None for all of the library.
            told: Hears each video's own answer as it is given.
            trace: Told of each step a language model takes, as it takes it.

        Raises:
            MediaError: a file cannot be read as a video.
            ModelError: a language model cannot be loaded or reached.
            NotIndexed: there is no such file, and the library knows none of that name or id.
            QuestionError: the question is empty.
        """
        began = time.perf_counter()
        model = self._opened_model()
        answer = answer_library(
            question,
            self._library,
            self._chosen(videos),
            ask_one=partial(self._ask_known, question, trace),
            most=self.settings.ask.max_videos,
            model=model.name,
            looks_first=isinstance(model, ChatModel),
            told=told,
        )
        return replace(answer, receipt=replace(answer.receipt, seconds=round(time.perf_counter() - began, 3)))

    def ask_each(
        self, question: str, videos: Iterable[Path | str] | None = None, *, trace: Trace = lambda _: None
    ) -> Generator[Answer]:
        """The answers that :meth:`ask_library` puts together, each of one video, as they are given; the likeliest
        video comes first. A video that is looked at again, as none was sure, comes twice.

        Raises:
            What :meth:`ask_library` does.
        """
        return answer_each(
            question,
            self._library,
            self._chosen(videos),
            ask_one=partial(self._ask_known, question, trace),
            most=self.settings.ask.max_videos,
            looks_first=isinstance(self._opened_model(), ChatModel),
        )

    def _chosen(self, videos: Iterable[Path | str] | None) -> Sequence[str] | None:
        return None if videos is None else [self._known_or_read(path) for path in videos]

    def _ask_known(self, question: str, trace: Trace, content_id: str, looking: bool) -> Answer:
        stored = self._library.find(content_id)
        path = _file(stored.video.path) if stored is not None and looking else None
        settings = self.settings.ask if looking else replace(self.settings.ask, max_look_frames=0)
        return self._ask(content_id, question, path=path, trace=trace, settings=settings)

    def _ask(
        self, content_id: str, question: str, *, path: Path | None, trace: Trace, settings: AskSettings | None = None
    ) -> Answer:
        return ask(
            question,
            self._library,
            content_id,
            settings=settings or self.settings.ask,
            eyes=self.settings.index,
            path=path,
            progress=self._progress,
            model=self._opened_model(),
            trace=trace,
            detector=self._opened_detector(),
        )

    def stream(self, path: Path | str, question: str) -> Generator[Step | Answer]:
        """:meth:`ask`, telling each step a language model takes as it takes it, and the answer last.

        Close it, or leave the loop, and the model is asked nothing more.

        Raises:
            As :meth:`ask`.
        """
        told: SimpleQueue[Step | Answer | BaseException] = SimpleQueue()
        left = Event()

        def tell(step: Step) -> None:
            if left.is_set():
                raise _NobodyListens
            told.put(step)

        def work() -> None:
            try:
                told.put(self.ask(path, question, trace=tell))
            except BaseException as error:
                told.put(error)

        worker = Thread(target=work, name="ask", daemon=True)
        worker.start()
        try:
            while not isinstance(item := told.get(), Answer):
                if isinstance(item, BaseException):
                    raise item
                yield item
            yield item
        finally:
            left.set()
            worker.join()

    async def stream_async(self, path: Path | str, question: str) -> AsyncGenerator[Step | Answer]:
        """:meth:`stream`, without keeping the event loop waiting."""
        items = self.stream(path, question)
        try:
            while (item := await asyncio.to_thread(next, items, None)) is not None:
                yield item
        finally:
            await asyncio.to_thread(items.close)

    def _opened_model(self) -> Answerer | ChatModel:
        """Opened for the first question, and kept for the next."""
        with self._opening:
            self._model = self._model or open_model(self.settings.ask, self._library)
            return self._model

    def _opened_detector(self) -> Detector | None:
        with self._opening:
            self._detector = self._detector or open_detector(self.settings.ask)
            return self._detector

    def plan(
        self, path: Path | str, question: str = "", *, frames: int | None = None, tokens: int | None = None
    ) -> LookPlan:
        """Which pictures of a video a question is worth, and why each; the video is read first if need be.

        No model is called, nothing is decoded for it. ``frames`` or ``tokens`` set the budget; else the length does.

        Raises:
            MediaError: the file cannot be read as a video.
            NotIndexed: there is no such file, and the library knows none of that name or id.
            UnknownName: the settings name a sampler nobody registered.
            ValueError: the budget buys no picture.
        """
        return plan(
            question,
            self._library,
            self._known_or_read(path),
            settings=self.settings.ask,
            frames=frames,
            tokens=tokens,
            path=_file(path),
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

        Where an image-text tower is there, pictures are compared with the words too, and with ``like``, a picture.

        Raises:
            MissingExtra: there is a picture, and what a tower takes is not installed.
            SettingsError: there is a picture, and no tower to compare it.
        """
        if like is not None:
            require_image_text_encoder(self._library.sight)
        within = None if path is None else (self._known(path),)
        return self._library.search(query, content_ids=within, span=span, limit=limit, like=like)

    def scenes(self, path: Path | str) -> tuple[Node, ...]:
        """The scenes of a video in order of time, reading it first if the library does not know it."""
        return self._library.memory(self._known_or_read(path)).nodes(Level.SCENE)

    def memory(self, path: Path | str) -> MemoryView:
        """All that is remembered of a video, to be read.

        Raises:
            NotIndexed: the library does not know it.
        """
        return self._library.memory(self._known(path))

    def poster(self, path: Path | str, node: Node) -> bytes | None:
        """A small JPEG for a node: its first representative frame; None where there is none."""
        memory = self.memory(path)
        frames = (memory.poster(frame.id) for frame in memory.nodes(Level.FRAME, node.span))
        return memory.poster(node.id) or next((jpeg for jpeg in frames if jpeg), None)

    def looks(self, path: Path | str) -> tuple[StoredLook, ...]:
        """What questions made us look at in a video, in the order it was kept.

        Raises:
            NotIndexed: the library does not know it.
        """
        return self._library.looks(self._known(path))

    def forget_looks(self, path: Path | str) -> int:
        """Forget them, and what was seen in them; returns how many. What observers saw of the whole video stays.

        Raises:
            NotIndexed: the library does not know it.
        """
        return self._library.forget_looks(self._known(path))

    def export(self, path: Path | str, out: BinaryIO, *, form: str, what: str = "scenes") -> None:
        """Write what is remembered of a video in a format other programs read: see :func:`video_vlm.export.export`.

        Raises:
            NotIndexed: the library does not know it.
            UnknownName: no such format or table.
            MissingExtra: the format needs an extra.
        """
        export(self.memory(path), out, form=form, what=what)

    def estimate(
        self, paths: Iterable[Path | str], *, jobs: int | None = None, memory_bytes: float | None = None
    ) -> Estimate:
        """What reading these videos would take: hours, time and disk. The longest is tried for some seconds."""
        files = (Path(path) for path in paths)
        settings = self.settings.index
        sees = self._library.sight is not None
        jobs = reading_jobs(memory_bytes, jobs or default_jobs(), settings, sees=sees)
        return estimate(files, self._library, settings=settings, jobs=jobs)

    def catalogue(
        self, content_ids: Iterable[str], out: BinaryIO, *, form: str, failures: Mapping[str, str] | None = None
    ) -> None:
        """Write one document about many videos of the library.

        Args:
            content_ids: Which, in the order they are to stand in.
            out: Where the bytes go.
            form: One of :data:`video_vlm.export.CATALOGUES`.
            failures: Files that could not be read, to be named in it, each with the reason.
        """
        chosen = tuple(content_ids)
        names = display_names({one: path for one, path in self._paths().items() if one in set(chosen)})
        outlines = (outline(self._library.memory(one), name=names[one]) for one in chosen)
        CATALOGUES[form](outlines, failures or {}, out)

    def outputs(self, *, overwrite: bool = False, inputs: Iterable[Path | str] = ()) -> Outputs:
        """How files are written beside this library: whole or not at all, and never over a video, the subtitles of
        one, or a library's own files.

        Args:
            overwrite: Whether other files that are there may be replaced; what this library had written may be always.
            inputs: Files that are read in the same run, and never replaced either.
        """
        return outputs_for(self._library, overwrite=overwrite, inputs=map(Path, inputs))

    def export_memory(self, path: Path | str, out: Path | str, *, overwrite: bool = False) -> None:
        """Write the memory of a video to a single file, to be taken in elsewhere by :meth:`import_memory`.

        Args:
            path: The video.
            out: The file.
            overwrite: Whether a file that is there may be replaced, as :meth:`outputs` has it.

        Raises:
            NotIndexed: the library does not know it.
            OutputExists: something is there that must not be lost.
            LibraryError: the file cannot be written.
        """
        known = self._known(path)
        self._library.export_memory(known, Path(out), outputs=self.outputs(overwrite=overwrite, inputs=[path]))

    def import_memory(self, path: Path | str) -> Imported:
        """Take in such a file; what is there already and is as full or fuller is kept.

        Raises:
            LibraryDamaged: not such a file, or not whole.
            LibraryTooNew: written by a later version.
        """
        return self._library.import_memory(Path(path))

    def names(self) -> dict[str, str]:
        """What to call each video of the library, by content id: its file's name, with as many folders before it as
        tell it from the others."""
        return display_names(self._paths())

    def _paths(self) -> dict[str, Path]:
        return {stored.video.content_id: stored.video.path for stored in self.videos()}

    def videos(self) -> tuple[StoredVideo, ...]:
        """What the library remembers, complete or not."""
        return self._library.videos()

    def remove(self, path: Path | str) -> bool:
        """Forget a video; its file is not touched. False if the library does not know it."""
        try:
            known = self._known(path)
        except NotIndexed:
            return False
        return self._library.remove(known)

    def facts(self) -> LibraryFacts:
        """What is in the library, what it takes on disk, and how its vectors are searched: exactly or nearly so."""
        return self._library.facts()

    def verify(self) -> tuple[Problem, ...]:
        """What is wrong with the library; nothing if it is whole."""
        return self._library.verify()

    def close(self) -> None:
        """Closing twice is fine."""
        self._library.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _known_or_read(self, path: Path | str) -> str:
        if _file(path) is None:
            return self._known(path)
        read = index_video(
            Path(path),
            self._library,
            settings=self.settings.index,
            at_least=self._at_least,
            progress=self._progress,
        )
        return read.video.content_id

    def _known(self, path: Path | str) -> str:
        """The content id of a video in the library.

        Raises:
            NotIndexed: the library does not know it.
            MediaError: it is an address, or nobody may look at it.
            LibraryError: several videos fit.
        """
        if _file(path) is not None:
            known = self._library.known_content_id(Path(path)) or content_id(Path(path))
            fits = [known] if self._library.find(known) else []
        elif str(path).isascii() and self._library.find(str(path)):
            fits = [str(path)]
        else:
            fits = [one.video.content_id for one in self.videos() if _is_called(one, str(path))]
        if len(fits) > 1:
            raise LibraryError(f"{path} could be any of {self._listed(fits)}: name one by its path or id")
        if not fits:
            raise self._unknown(path)
        return fits[0]

    def _listed(self, content_ids: Sequence[str]) -> str:
        paths = self._paths()
        return ", ".join(f"{paths[one]} ({one[:12]})" for one in content_ids)

    def _unknown(self, path: Path | str) -> NotIndexed | MediaError:
        if _file(path) is not None:
            return NotIndexed(f"{path}: no such video in {self._library.where}; read it first: videoqa index {path}")
        address = not_a_file(str(path))
        if address is not None:
            return RefusedMedia(path, address)
        try:
            os.lstat(path)
        except PermissionError as error:
            return UnreadableVideo(path, f"it cannot be looked at ({error.strerror})")
        except (OSError, ValueError):
            pass
        return NotIndexed(f"{path}: no such file, and no such video in {self._library.where}; check the name")


class _NobodyListens(Exception):
    """Ends a talk whose steps nobody hears any more."""


def _opened(place: Path | str | None, *, encoder: TextEncoder | None, sight: ImageTextEncoder | None) -> Library:
    """For writing, or where that cannot be, for reading."""
    try:
        return open_library(place, encoder=encoder, sight=sight)
    except LibraryReadOnly:
        library = open_library(place, read_only=True, encoder=encoder, sight=sight)
    logger.warning("%s can only be read: questions are answered from it, nothing is kept in it", library.where)
    return library


def _file(path: Path | str) -> Path | None:
    """The file of this name; None where there is none, or nobody may look."""
    return Path(path) if os.path.isfile(path) else None  # noqa: PTH113 - Path's raises where nobody may look


def _is_called(stored: StoredVideo, name: str) -> bool:
    video = stored.video
    return is_called(video.path, name) or (len(name) >= 6 and video.content_id.startswith(name))
