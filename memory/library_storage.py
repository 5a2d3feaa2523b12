"""Where a library is kept: its folder, and the files that are written beside its memories."""

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
        """What :func:`~video_vlm.memory.open_library` takes to open it again, in another process too."""
        return self.layout.folder.absolute()

    @property
    def where(self) -> str:
        """The place as it may be printed: without a password."""
        return str(self.layout.folder)

    @property
    def outputs(self) -> Outputs:
        """How files are written for its user; it remembers which, so that they may be written anew."""
        return Outputs(record=self.layout.written)

    def feature_cache(self, most_bytes: int) -> DiskCache | None:
        """Where models keep what they made of pictures, for later processes, ``most_bytes`` at most; None
        where there is no folder for it."""
        return DiskCache(self.layout.features, most_bytes=most_bytes, read_only=self.read_only)

    def num_bytes(self) -> int:
        """Bytes on disk, without what is derived from the memories and can be thrown away."""
        return self.layout.database.stat().st_size
