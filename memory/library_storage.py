"""Where a library is kept: its folder, its cache of features, and its record of exported files."""

from __future__ import annotations

from pathlib import Path

from video_vlm.memory.disk_cache import DiskCache
from video_vlm.memory.layout import Layout
from video_vlm.outputs import Outputs

__all__ = ["LibraryStorage"]


class LibraryStorage:
    """A folder; :class:`~video_vlm.memory.postgres.storage.PostgresStorage` is a schema on a server.

    ``layout`` names the files of the folder; where ``read_only``, writing raises ``LibraryReadOnly``.
    """

    def __init__(self, layout: Layout, *, read_only: bool) -> None:
        self.layout = layout
        self.read_only = read_only

    @property
    def folder(self) -> Path:
        """The folder itself.

        Raises:
            LibraryError: the library is on a server.
        """
        return self.layout.folder

    @property
    def place(self) -> Path | str:
        """The argument with which :func:`~video_vlm.memory.open_library` opens it again, in any process."""
        return self.layout.folder.absolute()

    @property
    def where(self) -> str:
        """The place for messages, without a password."""
        return str(self.layout.folder)

    @property
    def outputs(self) -> Outputs:
        """How files are exported; the library records them, so that it may replace them later."""
        return Outputs(record=self.layout.written)

    def feature_cache(self, most_bytes: int) -> DiskCache | None:
        """The cache of image features, at most ``most_bytes``; None where there is no folder for it."""
        return DiskCache(self.layout.features, most_bytes=most_bytes, read_only=self.read_only)

    def num_bytes(self) -> int:
        """Bytes on disk, without indexes and caches."""
        return self.layout.database.stat().st_size
