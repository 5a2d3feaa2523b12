"""Where a library in PostgreSQL is kept: a schema on a server."""

from __future__ import annotations

from pathlib import Path

from video_vlm.errors import LibraryError
from video_vlm.memory.disk_cache import DiskCache
from video_vlm.memory.layout import Layout, default_library_folder
from video_vlm.memory.library_storage import LibraryStorage
from video_vlm.memory.postgres.database import PostgresDatabase

__all__ = ["PostgresStorage"]


class PostgresStorage(LibraryStorage):
    """A schema. Exported files are recorded in the user's own library folder on this machine, its ``layout``.

    ``server`` is the open database.
    """

    def __init__(self, url: str, server: PostgresDatabase) -> None:
        super().__init__(Layout(default_library_folder()), read_only=server.read_only)
        self._url = url
        self.server = server

    @property
    def folder(self) -> Path:
        raise LibraryError(f"{self.where} is in no folder")

    @property
    def place(self) -> str:
        return self._url

    @property
    def where(self) -> str:
        return self.server.where

    def feature_cache(self, most_bytes: int) -> DiskCache | None:  # noqa: ARG002 - no place for files
        return None

    def num_bytes(self) -> int:
        with self.server.reading() as connection:
            (row,) = connection.ask(
                "SELECT coalesce(sum(pg_total_relation_size(oid)), 0)::bigint AS bytes FROM pg_class"
                " WHERE relnamespace = to_regnamespace(%(schema)s) AND relkind = 'r'",
                schema=self.server.address.schema,
            )
        return int(row["bytes"])
