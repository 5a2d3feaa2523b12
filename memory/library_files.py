"""The known files of a library and their content ids: an unchanged file need not be read again."""

from __future__ import annotations

from pathlib import Path

from video_vlm.memory.catalog import StoredVideo, known_content_id, last_known, remember_path, stored_video
from video_vlm.memory.database_protocol import DatabaseConnection

__all__ = ["LibraryFiles"]

_NEEDED = """
    SELECT 1 FROM files WHERE content_id = :content UNION ALL SELECT 1 FROM looks WHERE content_id = :content
"""


class LibraryFiles:
    """Known files of one library, by path. Shared by threads."""

    def __init__(self, database: DatabaseConnection) -> None:
        self._database = database

    def content_id(self, path: Path) -> str | None:
        """The content id of a file whose size and times are those noted by :meth:`remember`; None if they
        changed, or nothing was noted."""
        with self._database.read() as connection:
            return known_content_id(connection, path)

    def find(self, path: Path) -> StoredVideo | None:
        """The stored facts of the video in an unchanged file; None as for :meth:`content_id`."""
        with self._database.read() as connection:
            content_id = known_content_id(connection, path)
            found = None if content_id is None else stored_video(connection, content_id)
            return None if found is None else found[1]

    def last_known(self, path: Path) -> tuple[str, int] | None:
        """The content id of a file when it was last noted, and its size then in bytes, even if it changed."""
        with self._database.read() as connection:
            return last_known(connection, path)

    def remember(self, path: Path, content_id: str, *, state: tuple[int, int, int] | None = None) -> None:
        """Note the content id of a file.

        Args:
            path: The file.
            content_id: Of the video in it.
            state: Its size (bytes), modification and change times (ns) when it was opened; None for now.

        Raises:
            LibraryReadOnly: the library is open read-only.
        """
        with self._database.write() as connection:
            remember_path(connection, path, content_id, state)

    def forget_outgrown(self, content_id: str) -> bool:
        """Delete a video whose file has grown into another that is known now, unless a copy of it is known,
        or there are looks at it. Return whether it was deleted.

        Raises:
            LibraryReadOnly: the library is open read-only.
        """
        with self._database.write() as connection:
            if connection.execute(_NEEDED, {"content": content_id}).fetchone():
                return False
            return connection.execute("DELETE FROM videos WHERE content_id = ?", (content_id,)).rowcount > 0
