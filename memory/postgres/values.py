"""Conversion of values to PostgreSQL and back, so that they are read as they were written, as with SQLite."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from psycopg import Connection
from psycopg.adapt import Dumper
from psycopg.types.string import StrDumper, TextLoader

from video_vlm.memory.vector_index import VectorBlob, to_blob

__all__ = ["adapt"]

_MARK: Final = "\U0010fffe"
"""A code point that is no character; where a text has it all the same, it is doubled."""

_NULL: Final = f"{_MARK}0"
"""Stands for U+0000, which text in PostgreSQL cannot hold and wrongly decoded files may have."""


class _TextDumper(StrDumper):
    def dump(self, obj: str) -> Any:
        if "\0" in obj or _MARK in obj:
            obj = obj.replace(_MARK, 2 * _MARK).replace("\0", _NULL)
        return super().dump(obj)


class _TextLoader(TextLoader):
    def load(self, data: Any) -> Any:
        text = super().load(data)
        if not isinstance(text, str) or _MARK not in text:
            return text
        return _MARK.join(part.replace(_NULL, "\0") for part in text.split(2 * _MARK))


class _NumberDumper(Dumper):
    """Numbers as quoted literals without a type: a boolean may be given as 1, as in SQLite."""

    def dump(self, obj: int) -> bytes:
        return str(int(obj)).encode()

    def quote(self, obj: int) -> bytes:
        return b"'%d'" % obj


class _VectorDumper(Dumper):
    def dump(self, obj: VectorBlob) -> bytes:
        return repr(np.frombuffer(obj, "<f4").tolist()).encode()

    def quote(self, obj: VectorBlob) -> bytes:
        return b"'%s'::vector" % self.dump(obj)


class _VectorLoader(TextLoader):
    """Vectors as in SQLite: little-endian float32."""

    def load(self, data: Any) -> VectorBlob:
        return to_blob(np.array(bytes(data)[1:-1].split(b","), np.float32))


def adapt(connection: Connection[Any]) -> None:
    """Register the conversions of one connection. The number of pgvector's type differs between databases."""
    row = connection.execute("SELECT 'vector'::regtype::oid::bigint").fetchone()
    if row is None:
        raise AssertionError("a cast gives a row or an error")
    adapters = connection.adapters
    adapters.register_dumper(str, _TextDumper)
    adapters.register_dumper(int, _NumberDumper)
    adapters.register_dumper(VectorBlob, _VectorDumper)
    adapters.register_loader("text", _TextLoader)
    adapters.register_loader(int(row[0]), _VectorLoader)
