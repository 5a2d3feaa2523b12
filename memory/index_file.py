"""A FAISS index on disk: derived, disposable, and never believed without its checksum.

One line of JSON, then the index as FAISS serialises it, replaced in one step. FAISS loads most
bit-flipped files without a word and may take wild amounts of memory for others; the checksum over
everything keeps such a file from reaching it at all.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import threading
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

__all__ = ["IndexHeader", "UnusableIndex", "read_index", "write_index"]

FILE_FORMAT: Final = 1

_deserializing = threading.Lock()


class UnusableIndex(Exception):
    """This file is not the index that is wanted: missing, torn, stale, or not an index."""


@dataclass(frozen=True, slots=True)
class IndexHeader:
    """What an index was made from. ``revision`` names the state of the library's vectors."""

    encoder: str
    dimension: int
    revision: str
    format: int = FILE_FORMAT


def write_index(path: Path, index: Any, header: IndexHeader) -> None:
    """Write a FAISS index so that any reader, at any moment, sees the old file or the new one, whole.

    Raises:
        OSError: the folder cannot be written, the disk is full.
    """
    import faiss

    payload = faiss.serialize_index(index).tobytes()
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=path.name, suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(_head(header, payload) + payload)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(temporary).unlink()
        raise


def read_index(path: Path, header: IndexHeader) -> Any:
    """The FAISS index in ``path``, if it is whole and made from exactly what ``header`` says.

    Raises:
        UnusableIndex: it is not; build another.
    """
    payload = check_index(path, header)
    import faiss

    # The limit belongs to the process; nobody may change it between here and there.
    with _deserializing:
        before = faiss.get_deserialization_vector_byte_limit()
        faiss.set_deserialization_vector_byte_limit(len(payload))
        try:
            index = faiss.deserialize_index(np.frombuffer(payload, np.uint8))
        except RuntimeError as error:
            raise UnusableIndex(f"{path}: FAISS cannot read it: {error}") from error
        finally:
            faiss.set_deserialization_vector_byte_limit(before)
    if index.d != header.dimension:
        raise UnusableIndex(f"{path}: vectors of {index.d} numbers, expected {header.dimension}")
    return index


def check_index(path: Path, header: IndexHeader | None = None) -> bytes:
    """The serialised index in ``path``, its checksum verified; with ``header``, its origin too.

    Raises:
        UnusableIndex: torn, or of another origin.
    """
    try:
        head, _, payload = path.read_bytes().partition(b"\n")
    except OSError as error:
        raise UnusableIndex(f"{path}: {error.strerror}") from error
    try:
        found = json.loads(head)
        origin = IndexHeader(**found["header"])
    except (KeyError, TypeError, ValueError) as error:
        raise UnusableIndex(f"{path}: its first line is damaged") from error
    if head + b"\n" != _head(origin, payload):
        raise UnusableIndex(f"{path}: its checksum does not match")
    if header is not None and origin != header:
        raise UnusableIndex(f"{path}: made from {origin}, wanted {header}")
    return payload


def _head(header: IndexHeader, payload: bytes) -> bytes:
    fields = asdict(header)
    covered = json.dumps(fields, sort_keys=True).encode() + b"\n" + payload
    return json.dumps({"header": fields, "sha256": hashlib.sha256(covered).hexdigest()}).encode() + b"\n"
