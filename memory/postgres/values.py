"""Values on their way to PostgreSQL and back, so that what comes back is what went in, as from SQLite."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from psycopg import Connection
from psycopg.adapt import Dumper
from psycopg.types.string import StrDumper, TextLoader

from video_vlm.memory.vector_index import VectorBlob, to_blob

__all__ = ["adapt"]

_MARK: Final = "\U0010fffe"
"""A code point that is no character: nobody's text has it, and if it has, it is doubled."""

_NULL: Final = f"{_MARK}0"
"""Text in PostgreSQL cannot hold U+0000; what mis-decoded files leave may."""


class _TextDumper(StrDumper):
    def dump(self, obj: str) -> Any:
        if "\0" in obj or _MARK in obj:
            obj = obj.replace(_MARK, 2 * _MARK).replace("\0", _NULL)
        return super().dump(obj)


class _TextLoader(TextLoader):
    def load(self, data: Any) -> Any:
        text = super().load(data)
        return _unmarked(text) if isinstance(text, str) and _MARK in text else text


def _unmarked(text: str) -> str:
    return _MARK.join(part.replace(_NULL, "\0") for part in text.split(2 * _MARK))


class _NumberDumper(Dumper):
    """Quoted, of no type: a flag may be given as 1, as to SQLite."""

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
    """As it is stored elsewhere: little-endian float32."""

    def load(self, data: Any) -> VectorBlob:
        return to_blob(np.array(bytes(data)[1:-1].split(b","), np.float32))


def adapt(connection: Connection[Any], *, vector_oid: int) -> None:
    """Teach one connection. ``vector_oid`` is pgvector's type, which every database numbers anew."""
    adapters = connection.adapters
    adapters.register_dumper(str, _TextDumper)
    adapters.register_dumper(int, _NumberDumper)
    adapters.register_dumper(VectorBlob, _VectorDumper)
    adapters.register_loader("text", _TextLoader)
    adapters.register_loader(vector_oid, _VectorLoader)
