"""The library: every video's memory in one folder.

One :class:`Library` may be shared by threads (one connection, one lock) and one folder by processes:
writers take turns, readers see whole states only. Nothing that a method has returned from writing
is lost when the process is killed, or the machine loses its power.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from video_vlm.memory.catalog import StoredVideo, required_video, stored_video, stored_videos
from video_vlm.memory.database import Database
from video_vlm.memory.database_protocol import DatabaseConnection
from video_vlm.memory.dump import dump
from video_vlm.memory.ivf_index import EXACT_UP_TO
from video_vlm.memory.layout import Layout
from video_vlm.memory.library_facts import LibraryFacts, library_facts
from video_vlm.memory.library_files import LibraryFiles
from video_vlm.memory.library_looks import LibraryLooks
from video_vlm.memory.library_storage import LibraryStorage
from video_vlm.memory.library_vectors import LibraryVectors
from video_vlm.memory.memory_writer import MemoryWriter, begin_memory
from video_vlm.memory.portable import Imported, export_memory, import_memory
from video_vlm.memory.replace_summary import replace_summary
from video_vlm.memory.search import FUSED, ByWords, Filter, Ranking, by_words, pool_for, search_moments
from video_vlm.memory.text_vectors import TextVectors
from video_vlm.memory.verify import Problem, rebuild_derived, verify
from video_vlm.memory.view import MemoryView
from video_vlm.memory.visual_search import VisualVectors
from video_vlm.outputs import Outputs
from video_vlm.protocols import ImageTextEncoder, TextEncoder
from video_vlm.records import Evidence, Image, Node, ObservationKind, Span, Video

__all__ = ["Library"]


class Library:
    """An open library; a context manager. Made by :func:`open_library`.

    Attributes:
        storage: Where it is kept, and whether it may be written.
        files: The content id of each file when it was last read.
        looks: Frames that were looked at for questions, and the observations in them.
        vectors: Text vectors and visual vectors, and the search in them.
    """

    storage: LibraryStorage
    files: LibraryFiles
    looks: LibraryLooks
    vectors: LibraryVectors

    def __init__(
        self,
        layout: Layout,
        database: Database,
        *,
        encoder: TextEncoder | None = None,
        sight: ImageTextEncoder | None = None,
        exact_up_to: int = EXACT_UP_TO,
    ) -> None:
        self._file = database
        texts = None if encoder is None else TextVectors(database, layout, encoder, exact_up_to=exact_up_to)
        visuals = None if sight is None else VisualVectors(database, layout, sight, exact_up_to=exact_up_to)
        self._stand_on(
            database,
            LibraryStorage(layout, read_only=database.read_only),
            LibraryVectors(database, texts=texts, visuals=visuals),
            by_words=by_words,
        )

    def _stand_on(
        self,
        database: DatabaseConnection,
        storage: LibraryStorage,
        vectors: LibraryVectors,
        *,
        by_words: ByWords,
    ) -> None:
        self._database = database
        self._by_words = by_words
        self.storage = storage
        self.vectors = vectors
        self.files = LibraryFiles(database)
        self.looks = LibraryLooks(database, vectors)

    def videos(self) -> tuple[StoredVideo, ...]:
        """All videos with a memory, complete or not, in order of content id."""
        with self._database.read() as connection:
            return stored_videos(connection)

    def find(self, content_id: str) -> StoredVideo | None:
        """The stored facts of one video, of its complete memory where there is one; None if unknown."""
        with self._database.read() as connection:
            found = stored_video(connection, content_id)
        return None if found is None else found[1]

    def build(
        self,
        video: Video,
        recipe: str,
        *,
        channels: Sequence[str],
        missing: Sequence[str],
        stages: str = "{}",
        meaning: bool = True,
    ) -> MemoryWriter:
        """Begin to write a video's memory, or go on with it.

        An unfinished build of the same recipe goes on; a complete memory of the same recipe is returned with
        nothing left to do. With another recipe a new build begins, and the complete memory is read until the
        new one is finished.

        Args:
            video: The video; its ``content_id`` is its identity.
            recipe: Digest of everything that decides what will be written.
            channels: The names of the observers.
            missing: What is not looked at, and why.
            stages: The indexer's note of the settings of each stage (JSON).
            meaning: Whether the text vectors are computed once it is finished, where there is an encoder.

        Raises:
            LibraryReadOnly: the library is open read-only.
        """
        with self._database.write() as connection:
            memory = begin_memory(
                connection, video, recipe, channels=channels, missing=missing, stages=stages
            )
        content_id = video.content_id
        finished = partial(self.vectors.embed, content_id) if meaning else lambda: 0
        return MemoryWriter(self._database, memory, content_id, on_finish=finished)

    def sparing(self) -> AbstractContextManager[None]:
        """Inside the block the page cache is small (2 MiB with SQLite): for writing long videos, not for
        searching."""
        return self._database.sparing()

    def memory(self, content_id: str) -> MemoryView:
        """One video's memory: the complete one, else the unfinished one.

        Raises:
            NotIndexed: the library does not know the video.
        """
        with self._database.read() as connection:
            memory, stored = required_video(connection, content_id, where=self._database.where)
        return MemoryView(
            self._database,
            memory,
            stored,
            search=self._search,
            sight=self.vectors.visuals,
            encoder=self.vectors.encoder,
        )

    def search(
        self,
        query: str,
        *,
        content_ids: Iterable[str] | None = None,
        span: Span | None = None,
        kinds: Iterable[ObservationKind] | None = None,
        limit: int = 10,
        like: Image | None = None,
        ranking: Ranking = FUSED,
    ) -> tuple[Evidence, ...]:
        """The evidence nearest to ``query`` in all memories, best first.

        Args:
            query: Words; nothing in them is an operator. May be empty where ``like`` is given.
            content_ids: Only these videos.
            span: Only evidence that overlaps this span.
            kinds: Only observations of these kinds; None for all, scene summaries and frames included.
            limit: At most this many.
            like: An image, RGB uint8 ``(height, width, 3)``: frames like it are found. Needs an image-text
                encoder.
            ranking: How the result lists are fused.

        Raises:
            ValueError: ``limit`` is below 1.
        """
        contents = None if content_ids is None else tuple(content_ids)
        within = Filter(contents, span, None if kinds is None else tuple(kinds))
        pool = pool_for(limit)
        seen, visuals = {}, self.vectors.visuals
        if visuals is not None and ranking.takes("sight"):
            seen["sight"] = visuals.by_words(query, within=within, limit=pool)
            seen["like"] = [] if like is None else visuals.by_image(like, within=within, limit=pool)
        return search_moments(
            self._database,
            query,
            within=within,
            limit=limit,
            meaning=self.vectors.texts,
            seen=seen,
            ranking=ranking,
            words=self._by_words,
        )

    def facts(self) -> LibraryFacts:
        """Counts of videos, nodes, passages and vectors, bytes on disk, and how vectors are searched."""
        return library_facts(self._file, self.storage.layout)

    def put_summary(self, content_id: str, node: Node) -> None:
        """Replace the summary, title and provenance of a scene, a chapter or the video.

        Raises:
            NotIndexed: the library does not know the video.
            LibraryError: its memory has no such node, being replaced meanwhile or not complete.
            LibraryReadOnly: the library is open read-only.
        """
        with self._database.write() as connection:
            memory, _ = required_video(connection, content_id, where=self._database.where)
            replace_summary(connection, memory, node)
        self.vectors.embed(content_id)

    def export_memory(self, content_id: str, path: Path, *, outputs: Outputs | None = None) -> None:
        """Write one video's memory to a single file that :meth:`import_memory` reads elsewhere.

        Args:
            content_id: Which video.
            path: The file.
            outputs: Which files may be replaced; None for those this library wrote before.

        Raises:
            NotIndexed: the library does not know the video.
            OutputExists: something else is there.
            LibraryError: the file cannot be written.
        """
        export_memory(self._database, content_id, path, outputs=outputs or self.storage.outputs)

    def import_memory(self, path: Path) -> Imported:
        """Read such a file, all of it or nothing. A memory that is there already and as complete is kept.

        Raises:
            LibraryDamaged: not such a file, or not whole.
            LibraryTooNew: written by a later version.
            LibraryReadOnly: the library is open read-only.
        """
        imported = import_memory(self._database, path)
        self.vectors.embed(imported.stored.video.content_id)
        return imported

    def remove(self, content_id: str) -> bool:
        """Delete a video: its memories, its looks, and where its file was. False if unknown.

        The cache of image features does not know which video a feature is of: all of it is deleted.

        Raises:
            LibraryReadOnly: the library is open read-only.
        """
        with self._database.write() as connection:
            connection.execute("DELETE FROM files WHERE content_id = ?", (content_id,))
            removed = connection.execute("DELETE FROM videos WHERE content_id = ?", (content_id,))
            is_known = removed.rowcount > 0
        if is_known and (cache := self.storage.feature_cache(0)) is not None:
            cache.clear()
        return is_known

    def verify(self) -> tuple[Problem, ...]:
        """All problems of the library; none if it is sound."""
        return verify(self._file, self.storage.layout)

    def rebuild_derived(self) -> None:
        """Build the full-text index again from the passages, and delete the vector indexes; the next search
        builds them."""
        rebuild_derived(self._file, self.storage.layout)

    def dump(self, content_id: str) -> dict[str, Any]:
        """One video's memory as plain JSON values, the same for the same memory wherever and whenever
        written.

        Raises:
            NotIndexed: there is none.
        """
        return dump(self.memory(content_id))

    def close(self) -> None:
        """Closing twice is fine."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _search(self, query: str, within: Filter, limit: int) -> tuple[Evidence, ...]:
        return search_moments(
            self._database,
            query,
            within=within,
            limit=limit,
            meaning=self.vectors.texts,
            words=self._by_words,
        )
