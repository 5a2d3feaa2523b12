"""A library in PostgreSQL with pgvector: the same memory, past one machine. Needs the extra ``postgres``."""

from __future__ import annotations

from importlib.util import find_spec

from video_vlm.errors import MissingExtra

if find_spec("psycopg") is None:
    raise MissingExtra("a library in PostgreSQL", "postgres")

from video_vlm.memory.postgres.library import PostgresLibrary, open_postgres

__all__ = ["PostgresLibrary", "open_postgres"]
