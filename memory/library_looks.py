"""The looks of a library: kept, read and deleted by video."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from video_vlm.memory.catalog import now, required_video
from video_vlm.memory.database_protocol import DatabaseConnection
from video_vlm.memory.library_vectors import LibraryVectors
from video_vlm.memory.look_cache import StoredLook, add_look, drop_looks, drop_stale_looks, looks_at

__all__ = ["LibraryLooks"]


class LibraryLooks:
    """The looks at each video. Shared by threads.

    A look belongs to the video and to its observer's digest, not to one memory of it. The observations of
    indexing are never changed.
    """

    def __init__(self, database: DatabaseConnection, vectors: LibraryVectors) -> None:
        self._database = database
        self._vectors = vectors

    def of(self, content_id: str) -> tuple[StoredLook, ...]:
        """The looks at one video, in the order they were kept.

        Raises:
            NotIndexed: the library does not know the video.
        """
        with self._database.read() as connection:
            required_video(connection, content_id, where=self._database.where)
            return looks_at(connection, content_id)

    def keep(self, content_id: str, looks: Sequence[StoredLook]) -> int:
        """Add looks at one video; return how many observations that added. Known observations are not added
        again.

        Raises:
            NotIndexed: the library does not know the video.
            LibraryReadOnly: the library is open read-only.
        """
        with self._database.write() as connection:
            required_video(connection, content_id, where=self._database.where)
            keep = partial(add_look, connection, content_id=content_id, written_at=now())
            added = sum(map(keep, looks))
        if added:
            self._vectors.embed(content_id)
        return added

    def forget(self, content_id: str) -> int:
        """Delete all looks at one video with their observations; return how many looks.

        Raises:
            LibraryReadOnly: the library is open read-only.
        """
        with self._database.write() as connection:
            return drop_looks(connection, content_id)

    def forget_stale(self, content_id: str, digests: Mapping[str, str]) -> int:
        """Delete the looks of these observers that have another digest; return how many looks.

        Args:
            content_id: Which video.
            digests: The digest of each observer, by its name.

        Raises:
            LibraryReadOnly: the library is open read-only.
        """
        with self._database.write() as connection:
            return drop_stale_looks(connection, content_id, digests)
