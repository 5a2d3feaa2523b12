"""The library: every video's memory in one folder.

One :class:`Library` may be shared by threads (one connection, one lock) and one folder by processes:
writers take turns, readers see whole states only. Nothing that a method has returned from writing
is lost when the process is killed, or the machine loses its power.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from video_vlm.address import is_address
from video_vlm.errors import LibraryError, NotIndexed
from video_vlm.memory import database_protocol
from video_vlm.memory.catalog import (
    StoredVideo,
    known_content_id,
    last_known,
    now,
    remember_path,
    stored_video,
    stored_videos,
)
from video_vlm.memory.database import Database
from video_vlm.memory.disk_cache import DiskCache
from video_vlm.memory.dump import dump
from video_vlm.memory.index_trailer import Method
from video_vlm.memory.ivf_index import EXACT_UP_TO
from video_vlm.memory.layout import Layout, default_library_folder
from video_vlm.memory.library_facts import LibraryFacts, library_facts
from video_vlm.memory.look_cache import StoredLook, add_look, drop_looks, drop_stale_looks, looks_at
from video_vlm.memory.memory_writer import MemoryWriter, begin_memory
from video_vlm.memory.portable import Imported, export_memory, import_memory
from video_vlm.memory.private_files import make_private_folder
from video_vlm.memory.replace_summary import replace_summary
from video_vlm.memory.search import FUSED, ByWords, Filter, Ranking, by_words, pool_for, search_moments
from video_vlm.memory.text_vectors import TextVectors
from video_vlm.memory.verify import Problem, rebuild_derived, verify
from video_vlm.memory.view import MemoryView
from video_vlm.memory.visual_search import VisualVectors
from video_vlm.memory.visual_vectors import (
    NodesWithoutVectors,
    SegmentVisuals,
    complete_visual_vectors,
    nodes_without_vectors,
)
from video_vlm.outputs import Outputs
from video_vlm.protocols import ImageTextEncoder, TextEncoder
from video_vlm.records import Evidence, Image, Level, Node, ObservationKind, Span, Video

__all__ = ["Library", "open_library"]


def open_library(
    place: Path | str | None = None,
    *,
    read_only: bool = False,
    encoder: TextEncoder | None = None,
    sight: ImageTextEncoder | None = None,
    exact_up_to: int = EXACT_UP_TO,
) -> Library:
    """Open a library, making it if there is none.

    Args:
        place: A folder, or ``postgresql://...``; None for the user's own folder, in the platform's data folder.
        read_only: Change nothing on disk; works on read-only file systems. It must exist.
        encoder: Adds search by meaning to search by words.
        sight: Adds search by sight, and has whatever is indexed seen.
        exact_up_to: A list of so many vectors is searched exactly; a longer one approximately, held to a recall.

    Raises:
        LibraryDamaged: the file is torn, or another program's.
        LibraryTooNew: written by a later version of this package.
        LibraryError: the folder cannot be used, the server cannot be reached.
        MissingExtra: a library in PostgreSQL needs one.
    """
    if isinstance(place, str) and is_address(place):
        from video_vlm.memory.postgres import open_postgres

        return open_postgres(place, read_only=read_only, encoder=encoder, sight=sight, exact_up_to=exact_up_to)
    layout = Layout(default_library_folder() if place is None else Path(place))
    if not read_only:
        try:
            make_private_folder(layout.folder)
        except OSError as error:
            raise LibraryError(f"{layout.folder} cannot be made a library: {error.strerror}") from error
    database = Database(layout.database, read_only=read_only)
    return Library(layout, database, encoder=encoder, sight=sight, exact_up_to=exact_up_to)


class Library:
    """An open library; a context manager. Made by :func:`open_library`."""

    def __init__(
        self,
        layout: Layout,
        database: Database,
        *,
        encoder: TextEncoder | None = None,
        sight: ImageTextEncoder | None = None,
        exact_up_to: int = EXACT_UP_TO,
    ) -> None:
        self.layout = layout
        self._file = database
        self._stand_on(
            database,
            texts=None if encoder is None else TextVectors(database, layout, encoder, exact_up_to=exact_up_to),
            sights=None if sight is None else VisualVectors(database, layout, sight, exact_up_to=exact_up_to),
            by_words=by_words,
        )

    def _stand_on(
        self,
        database: database_protocol.Database,
        *,
        texts: TextVectors | None,
        sights: VisualVectors | None,
        by_words: ByWords,
    ) -> None:
        self._database = database
        self._vectors = texts
        self._sight = sights
        self._by_words = by_words

    @property
    def folder(self) -> Path:
        """Where it is on disk.

        Raises:
            LibraryError: it is in no folder.
        """
        return self.layout.folder

    @property
    def place(self) -> Path | str:
        """What :func:`open_library` takes to open it again, in another process too."""
        return self.layout.folder.absolute()

    @property
    def where(self) -> str:
        """The place as it may be printed."""
        return str(self.layout.folder)

    @property
    def outputs(self) -> Outputs:
        """How files are written for its user; it remembers which, so that they may be written anew."""
        return Outputs(record=self.layout.written)

    def feature_shelf(self, most_bytes: int) -> DiskCache | None:
        """Where models keep what they made of pictures, for later processes; None where there is no folder for it."""
        return DiskCache(self.layout.features, most_bytes=most_bytes, read_only=self.read_only)

    def num_bytes(self) -> int:
        """What it takes on disk, without what is derived from it and can be thrown away."""
        return self.layout.database.stat().st_size

    @property
    def has_meaning(self) -> bool:
        """Whether a sentence encoder searches here too."""
        return self._vectors is not None

    @property
    def sight(self) -> ImageTextEncoder | None:
        """The tower that sees what is indexed here; None if there is none."""
        return None if self._sight is None else self._sight.encoder

    @property
    def read_only(self) -> bool:
        return self._database.read_only

    def videos(self) -> tuple[StoredVideo, ...]:
        """All videos with a memory, complete or not, in order of content id."""
        with self._database.read() as connection:
            return stored_videos(connection)

    def find(self, content_id: str) -> StoredVideo | None:
        """What is stored of one video; of its complete memory, where there is one."""
        with self._database.read() as connection:
            found = stored_video(connection, content_id)
        return None if found is None else found[1]

    def find_path(self, path: Path) -> StoredVideo | None:
        """The same by file, if that is unchanged since it was last remembered."""
        content_id = self.known_content_id(path)
        return None if content_id is None else self.find(content_id)

    def known_content_id(self, path: Path) -> str | None:
        """The content id of a file that is unchanged since :meth:`remember_path`: spares reading it again."""
        with self._database.read() as connection:
            return known_content_id(connection, path)

    def last_known(self, path: Path) -> tuple[str, int] | None:
        """The content id of a file when it was last remembered, whatever it holds now, and how many bytes it had."""
        with self._database.read() as connection:
            return last_known(connection, path)

    def drop_outgrown(self, content_id: str) -> bool:
        """Forget a video whose file has grown into another that is remembered now: unless a copy of it is known, or
        questions made us look at it. Says whether it is gone."""
        with self._database.write() as connection:
            kept = (
                "SELECT 1 FROM files WHERE content_id = :content"
                " UNION ALL SELECT 1 FROM looks WHERE content_id = :content"
            )
            if connection.execute(kept, {"content": content_id}).fetchone():
                return False
            return connection.execute("DELETE FROM videos WHERE content_id = ?", (content_id,)).rowcount > 0

    def remember_path(self, path: Path, content_id: str, *, state: tuple[int, int, int] | None = None) -> None:
        """Note what a file holds. Its size, modification and change times tell later whether it still does: those it
        had when it was opened (``state``), or has now."""
        with self._database.write() as connection:
            remember_path(connection, path, content_id, state)

    def build(
        self, video: Video, recipe: str, *, channels: Sequence[str], missing: Sequence[str], stages: str = "{}"
    ) -> MemoryWriter:
        """Begin to write a video's memory, or go on with it.

        An unfinished build of the same recipe is taken up; a complete memory of the same recipe is
        returned with nothing left to do. Under another recipe a new build begins, and the complete
        memory stays what is read until the new one is finished.

        Args:
            video: The video; its ``content_id`` is its identity.
            recipe: Digest of everything that decides what will be written.
            channels: The observers that see it, by name.
            missing: What is not looked at, and why.
            stages: What each stage is made with, as the indexer notes it (JSON).

        Raises:
            LibraryReadOnly: the library is open read-only.
        """
        with self._database.write() as connection:
            memory = begin_memory(connection, video, recipe, channels=channels, missing=missing, stages=stages)
        content_id = video.content_id
        return MemoryWriter(self._database, memory, content_id, on_finish=lambda: self.embed(content_id))

    def sparing(self) -> AbstractContextManager[None]:
        """Inside the block the library keeps little of itself in memory; for writing whole films, not for searching."""
        return self._database.sparing()

    def embed(self, content_id: str | None = None) -> int:
        """Give vectors to whatever has none yet, of one video or of all; returns to how many passages.

        Finishing a build and writing back do this by themselves; call it for memories written
        without an encoder, or when it was interrupted. Without an encoder it does nothing.
        """
        return 0 if self._vectors is None else self._vectors.embed(content_id)

    def nodes_without_vectors(self, content_id: str) -> tuple[NodesWithoutVectors, ...]:
        """The segments of a video that the tower has not seen whole; none without a tower, or without the video."""
        with self._database.read() as connection:
            found = stored_video(connection, content_id)
            return (
                ()
                if found is None or self.sight is None
                else nodes_without_vectors(connection, found[0], self.sight.name)
            )

    def num_sights(self, content_id: str) -> int:
        """How many frames of a video the tower has seen."""
        name = None if self.sight is None else self.sight.name
        with self._database.read() as connection:
            (count,) = connection.execute(
                "SELECT count(*) FROM readable_sights"
                f" WHERE content_id = ? AND encoder = ? AND level = '{Level.FRAME}'",
                (content_id, name),
            ).fetchone()
        return int(count)

    def put_sights(self, content_id: str, one: NodesWithoutVectors, sights: SegmentVisuals) -> None:
        """Write what a segment looks like that was indexed without a tower; its scene changes with it.

        Raises:
            NotIndexed: the library does not know the video.
            MemoryReplaced: its memory was replaced meanwhile.
            LibraryReadOnly: the library is open read-only.
        """
        with self._database.write() as connection:
            found = stored_video(connection, content_id)
            if found is None:
                raise NotIndexed(f"no video {content_id} in {self.where}: index it first")
            complete_visual_vectors(connection, found[0], one, sights)

    def memory(self, content_id: str) -> MemoryView:
        """One video's memory: the complete one, else as far as it has come.

        Raises:
            NotIndexed: there is none.
        """
        with self._database.read() as connection:
            memory, stored = self._known(connection, content_id)
        return MemoryView(self._database, memory, stored, search=self._search, sight=self._sight)

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
        """What all memories hold nearest to ``query``, best first; by sight too, where a tower is there.

        Args:
            query: Words; nothing in them is an operator. Empty if a picture says it all.
            content_ids: Only these videos.
            span: Only what overlaps this stretch.
            kinds: Only observations of these kinds; None for all, and scene summaries and sights too.
            limit: At most this many.
            like: A picture to find the like of. Needs a tower.
            ranking: How the lists become one.
        """
        contents = None if content_ids is None else tuple(content_ids)
        within = Filter(contents, span, None if kinds is None else tuple(kinds))
        pool = pool_for(limit)
        seen = {}
        if self._sight is not None and ranking.takes("sight"):
            seen["sight"] = self._sight.by_words(query, within=within, limit=pool)
            seen["like"] = [] if like is None else self._sight.by_picture(like, within=within, limit=pool)
        return search_moments(
            self._database,
            query,
            within=within,
            limit=limit,
            meaning=self._vectors,
            seen=seen,
            ranking=ranking,
            words=self._by_words,
        )

    def load_indexes(self) -> dict[str, Method]:
        """Make ready to search everything by meaning and by sight, as the first search would; how each list of vectors
        is searched, by name."""
        every = [one.lists for one in (self._vectors, self._sight) if one is not None]
        methods = {name: index.load() for lists in every for name, index in lists.items()}
        return {name: method for name, method in methods.items() if method is not None}

    def facts(self) -> LibraryFacts:
        """What is in the library, what it takes on disk, and how its vectors are searched."""
        return library_facts(self._file, self.layout)

    def put_summary(self, content_id: str, node: Node) -> None:
        """Replace the summary, title and provenance of a scene, a chapter or the video.

        Raises:
            NotIndexed: the library does not know the video.
            LibraryError: its memory has no such node, being replaced meanwhile or not complete.
            LibraryReadOnly: the library is open read-only.
        """
        with self._database.write() as connection:
            memory, _ = self._known(connection, content_id)
            replace_summary(connection, memory, node)
        self.embed(content_id)

    def write_back(self, content_id: str, looks: Sequence[StoredLook]) -> int:
        """Keep what a question made us look at; returns how many observations that added.

        It belongs to the video and to its observers' digests, not to one memory of it, and observers' own
        observations are never touched. What they say already is not added again.

        Raises:
            NotIndexed: the library does not know the video.
            LibraryReadOnly: the library is open read-only.
        """
        with self._database.write() as connection:
            self._known(connection, content_id)
            written_at = now()
            added = sum(add_look(connection, look, content_id=content_id, written_at=written_at) for look in looks)
        if added:
            self.embed(content_id)
        return added

    def looks(self, content_id: str) -> tuple[StoredLook, ...]:
        """What questions made us look at in one video, in the order it was kept.

        Raises:
            NotIndexed: the library does not know the video.
        """
        with self._database.read() as connection:
            self._known(connection, content_id)
            return looks_at(connection, content_id)

    def forget_looks(self, content_id: str) -> int:
        """Forget them, with what was seen in them; returns how many. What observers saw stays.

        Raises:
            LibraryReadOnly: the library is open read-only.
        """
        with self._database.write() as connection:
            return drop_looks(connection, content_id)

    def forget_stale_looks(self, content_id: str, digests: Mapping[str, str]) -> int:
        """Forget looks of these observers under any other digest than theirs; returns how many.

        Raises:
            LibraryReadOnly: the library is open read-only.
        """
        with self._database.write() as connection:
            return drop_stale_looks(connection, content_id, digests)

    def export_memory(self, content_id: str, path: Path, *, outputs: Outputs | None = None) -> None:
        """Write one video's memory to a single file that :meth:`import_memory` takes in elsewhere.

        Args:
            content_id: Which video.
            path: The file.
            outputs: What may be replaced by it; None for what this library wrote there before.

        Raises:
            NotIndexed: the library does not know the video.
            OutputExists: something else is there.
            LibraryError: the file cannot be written.
        """
        export_memory(self._database, content_id, path, outputs=outputs or self.outputs)

    def import_memory(self, path: Path) -> Imported:
        """Take in such a file, all of it or nothing. What is there and is as full or fuller is kept.

        Raises:
            LibraryDamaged: not such a file, or not whole.
            LibraryTooNew: written by a later version.
            LibraryReadOnly: the library is open read-only.
        """
        imported = import_memory(self._database, path)
        self.embed(imported.stored.video.content_id)
        return imported

    def remove(self, content_id: str) -> bool:
        """Forget a video: its memories, what was learned of it, and where its file was. False if unknown.

        What models made of pictures does not say of which video: all of that is thrown away.
        """
        with self._database.write() as connection:
            connection.execute("DELETE FROM files WHERE content_id = ?", (content_id,))
            is_known = connection.execute("DELETE FROM videos WHERE content_id = ?", (content_id,)).rowcount > 0
        if is_known and (shelf := self.feature_shelf(0)) is not None:
            shelf.clear()
        return is_known

    def verify(self) -> tuple[Problem, ...]:
        """Everything that is wrong with the library; nothing if it is sound."""
        return verify(self._file, self.layout)

    def rebuild_derived(self) -> None:
        """Make the full-text index again from the passages, and throw the vector indexes away until asked for."""
        rebuild_derived(self._file, self.layout)

    def dump(self, content_id: str) -> dict[str, Any]:
        """One video's memory as plain JSON values, the same for the same memory wherever and whenever written.

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

    def _known(self, connection: sqlite3.Connection, content_id: str) -> tuple[int, StoredVideo]:
        found = stored_video(connection, content_id)
        if found is None:
            raise NotIndexed(f"no video {content_id} in {self.where}: index it first")
        return found

    def _search(self, query: str, within: Filter, limit: int) -> tuple[Evidence, ...]:
        return search_moments(
            self._database, query, within=within, limit=limit, meaning=self._vectors, words=self._by_words
        )
