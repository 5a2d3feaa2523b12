"""One pass over a video: frames in, segments out, and the upper levels at the end."""

from __future__ import annotations

import logging
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Protocol, runtime_checkable

from video_vlm.errors import FileChanged, MemoryReplaced, UnreadableVideo
from video_vlm.index.appended_file import AppendedFile, appended_to
from video_vlm.index.decode_passes import why_in_full
from video_vlm.index.frame_embeddings import FrameEmbedder
from video_vlm.index.hierarchy import (
    SHOTS,
)
from video_vlm.index.index_mode import IndexMode, IndexModes, index_modes
from video_vlm.index.indexing_run import IndexingRun
from video_vlm.index.known_video import add_meaning, known_report, remember, reused
from video_vlm.index.partial_rebuild import make_part
from video_vlm.index.plan import part_to_make
from video_vlm.index.report import IndexReport
from video_vlm.index.sound_only import listen_alone, refuse_without_ears
from video_vlm.index.stages import speed_of
from video_vlm.media import open_video
from video_vlm.media.chapters import unused_marks
from video_vlm.media.identity import SameContent
from video_vlm.memory import Library, StoredVideo
from video_vlm.protocols import Progress, VideoReader, silent
from video_vlm.settings import IndexSettings, Speed

__all__ = ["index_video", "index_words"]

logger = logging.getLogger(__name__)

_TRIES = 3
"""Where another process reads the same file, whoever is done first has done it for both; and a file that was
replaced while it was read may be whole by now."""


def index_video(
    path: str | Path,
    library: Library,
    *,
    settings: IndexSettings | None = None,
    at_least: Speed | None = None,
    progress: Progress = silent,
    threads: int | None = None,
) -> IndexReport:
    """Writes the memory of a video, or goes on where an interrupted run stopped, or finds it written.

    The video is decoded once, in order (in a fast run only a part of it), and only the current frames are
    held. If the run is stopped, the library is whole, and the next run ends with the same memory. Another
    process may read the same file: what one has finished the other finds written. Stages whose settings
    changed are made again without the rest where possible (:mod:`video_vlm.index.plan`). A memory that was
    read in full serves for a fast one and replaces it. With an image-text tower, frames are encoded; a memory
    written without it stays so (:func:`video_vlm.index.frame_embeddings.embed_missing` adds the vectors).

    Args:
        path: The file.
        library: Where the memory goes.
        settings: The defaults if None.
        at_least: How a memory that is there already must have been made; as ``settings.speed`` if None.
        progress: Called about once for every second of video, stage ``"index"``.
        threads: How many the decoder may use; None for as many as there are cores. The memory is the same.

    Raises:
        UnreadableVideo: no frame of it can be decoded; the library is as it was.
        UnknownName: the settings name a decoder or observer that is not registered.
        LibraryReadOnly: the library is open read-only, and the video is not in it.
        MemoryReplaced: other processes write the same memory under other settings, again and again.
        FileChanged: the file changed again and again while it was read; nothing that was read of it is in the
            library.
    """
    settings = settings or IndexSettings()
    how = index_modes(settings, at_least=at_least or settings.speed)
    for tries_left in reversed(range(_TRIES)):
        try:
            report = _index(Path(path), library, settings, how, progress=progress, threads=threads)
        except MemoryReplaced as error:
            if not tries_left:
                raise
            logger.info("%s: %s", path, error)
        except FileChanged:
            if not tries_left:
                raise
            logger.warning("%s changed while it was read: nothing of it is kept, it is read again", path)
        else:
            add_meaning(library, report.video.content_id)
            return report
    raise AssertionError("the last try returns or raises")


def index_words(
    file: Path,
    library: Library,
    *,
    settings: IndexSettings,
    least_seconds: float,
    progress: Progress = silent,
) -> str | None:
    """Reads what a video says in words, if the library knows nothing of it and it is at least so long; decodes no
    picture, and computes no sentence vectors.

    Args:
        file: The file.
        library: Where the memory goes.
        settings: How the video would be read.
        least_seconds: A shorter one is left alone.
        progress: As for :func:`index_video`.

    Returns:
        Its content id, if the library knows its words alone then; else None.

    Raises:
        UnreadableVideo: it is no video.
        LibraryReadOnly: the library is open read-only, and the video is not in it.
    """
    manner = index_modes(replace(settings, speed="words"), at_least="words").asked
    stored = library.files.find(file)
    if stored is not None and not _are_words(stored):
        return None
    if stored is not None and manner.has_made(stored, file, library):
        return stored.video.content_id
    return _words_of(file, library, manner, least_seconds, progress)


def _words_of(
    file: Path, library: Library, manner: IndexMode, least_seconds: float, progress: Progress
) -> str | None:
    same = SameContent(file)
    with library.sparing(), open_video(file, decoder=manner.settings.decoder) as reader:
        content_id, duration = reader.video.content_id, reader.video.duration_seconds
        same = reader.same_content if isinstance(reader, KnowsItsFile) else same
        stored = library.find(content_id)
        is_long = duration is not None and duration >= least_seconds
        if not (reader.video.has_pictures and is_long) or not (stored is None or _are_words(stored)):
            return None
        try:
            if stored is None or not manner.has_made(stored, file, library):
                _read(reader, file, library, manner, same=same, progress=progress)
        except (FileChanged, MemoryReplaced):
            return None
    remember(library, file, content_id, same)
    return content_id


def _are_words(stored: StoredVideo) -> bool:
    return stored.complete and speed_of(stored.stages) == "words"


def _index(
    file: Path,
    library: Library,
    settings: IndexSettings,
    how: IndexModes,
    *,
    progress: Progress,
    threads: int | None,
) -> IndexReport:
    known = known_report(file, library, how)
    if known is not None:
        return known
    same = SameContent(file)
    with library.sparing(), open_video(file, decoder=settings.decoder, threads=threads) as reader:
        content_id = reader.video.content_id
        same = reader.same_content if isinstance(reader, KnowsItsFile) else same
        stored = library.find(content_id)
        if not reader.video.has_pictures:
            refuse_without_ears(reader, how.asked)
        if stored is None:
            if reader.video.has_pictures:
                next(iter(reader.scan()))  # a file without a single frame must leave no trace in the library
        elif how.have_made(stored, file, library):
            same.confirm(content_id)
            remember(library, file, content_id, same)
            return reused(library, replace(stored, video=replace(stored.video, path=file)))
        elif (part := part_to_make(stored, how, file, library)) is not None:
            stored = replace(stored, video=replace(stored.video, path=file))
            report = make_part(reader, library, stored, part, same=same, progress=progress)
            remember(library, file, content_id, same)
            return replace(report, kept=part.kept, num_sights=library.vectors.num_frames(content_id))
        in_full = why_in_full(reader, settings) if reader.video.has_pictures else None
        manner = how.full if in_full else how.asked
        report, grown = _read(reader, file, library, manner, same=same, progress=progress)
    remember(library, file, content_id, same)
    if grown is not None:
        library.files.forget_outgrown(grown.content_id)
    if in_full:
        logger.warning("%s was read in full: %s", file, in_full)
    return replace(report, read_in_full=in_full, num_sights=library.vectors.num_frames(content_id))


def _read(
    reader: VideoReader,
    file: Path,
    library: Library,
    manner: IndexMode,
    *,
    same: SameContent,
    progress: Progress,
) -> tuple[IndexReport, AppendedFile | None]:
    """The report of a run over the file, and the file as it was before it grew, if its memory was taken
    over."""
    for one in manner.watch.missing:
        logger.info("left out: %s", one)
    recipe = manner.recipe(file, reader.video.content_id, library)
    sees = manner.settings.speed != "words"
    channels = (*((SHOTS,) if sees else ()), *manner.watch.names)
    build = library.build(
        reader.video,
        recipe.whole,
        channels=channels,
        missing=manner.missing,
        stages=recipe.to_json(),
        meaning=sees,
    )
    if not reader.video.has_pictures:
        return listen_alone(reader, build, manner, recipe, same=same, progress=progress), None
    grown = appended_to(file, library, manner, recipe) if build.checkpoint is None else None
    if reader.video.chapters and (unused := unused_marks(file)):
        named = ", ".join(f"“{title}”" for title in unused[:3])
        logger.warning("%s: chapter marks left out, as others begin at the same time: %s", file, named)
    tower = library.vectors.sight if sees else None
    with nullcontext() if tower is None else FrameEmbedder(tower) as seeing:
        run = IndexingRun(reader, build, manner, same=same, recipe=recipe, progress=progress, seeing=seeing)
        try:
            return run.report(grown=grown), grown
        except FileChanged:
            build.discard()
            raise
        except UnreadableVideo:
            same.confirm(reader.video.content_id)
            raise


@runtime_checkable
class KnowsItsFile(Protocol):
    """A reader that noted the state of its file before it was hashed."""

    @property
    def same_content(self) -> SameContent: ...
