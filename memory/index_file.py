"""A FAISS index on disk: derived, may be deleted, and loaded only after its checksums were compared.

The file holds the index as FAISS serializes it, its ids, and one line of JSON with the state of the vectors
it was built from and the checksums. FAISS loads most files with flipped bits without an error and may
allocate huge amounts of memory for others; the checksums reject such files first.

An exact index is checked and loaded whole. Of an inverted file only the head is, so that the time of opening
does not grow with the library: the lists stay in the file, mapped into memory, and each is checked before it
is first searched.
"""

from __future__ import annotations

import hashlib
import mmap
import os
import threading
from collections.abc import Callable, Iterable
from itertools import accumulate
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from video_vlm.memory.index_trailer import EXACT, ID, IndexHeader, Method, Trailer
from video_vlm.memory.private_files import write_private_file

__all__ = [
    "EXACT",
    "IndexFile",
    "IndexHeader",
    "Method",
    "UnusableIndex",
    "check_index",
    "read_index",
    "write_index",
]

_DIGEST_BYTES: Final = 32
_LENGTH_BYTES: Final = 8

_deserializing = threading.Lock()

Ids = npt.NDArray[np.int64]


class UnusableIndex(Exception):
    """The file is missing, damaged, out of date, or not an index."""


def write_index(
    path: Path, index: Any, header: IndexHeader, *, method: Method = EXACT, ids: Ids | None = None
) -> None:
    """Write a FAISS index; readers see the old file or the new one, whole.

    Args:
        path: Where to; an existing file is replaced.
        index: A flat index, or an inverted file whose lists are in memory.
        header: The state of the vectors it was built from.
        method: How it searches.
        ids: The ids in it, ``(n,)``, ascending.

    Raises:
        OSError: the folder cannot be written, the disk is full.
    """
    import faiss

    payload = memoryview(faiss.serialize_index(index).tobytes())
    listed = _list_bytes(index)
    head_bytes = len(payload) - sum(listed)
    starts = accumulate(listed, initial=head_bytes)
    lists = (payload[start : start + size] for start, size in zip(starts, listed, strict=False))
    digests = b"".join(hashlib.sha256(one).digest() for one in lists)
    known = (np.empty(0, ID) if ids is None else ids).astype(ID).tobytes()
    trailer = Trailer(
        header,
        method,
        head_bytes,
        listed,
        len(known) // ID.itemsize,
        head=_sha256(payload[:head_bytes]),
        ids=_sha256(known),
        lists=_sha256(digests),
    ).line()
    parts = (payload, known, digests, trailer, len(trailer).to_bytes(_LENGTH_BYTES, "little"))
    write_private_file(path, parts, is_durable=True)


class IndexFile:
    """An open index file whose head was checked. Call :meth:`check_lists` before a list is searched."""

    def __init__(self, path: Path, *, wanted: Callable[[IndexHeader], bool] = lambda _: True) -> None:
        """Raises:
        UnusableIndex: missing, damaged, or with a header that is not ``wanted``.
        """
        self._path = path
        try:
            with path.open("rb") as file:
                self._inode = os.fstat(file.fileno()).st_ino
                self._bytes = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        except (OSError, ValueError) as error:
            raise UnusableIndex(f"{path}: {getattr(error, 'strerror', None) or error}") from error
        self._trailer = self._read_trailer()
        if not wanted(self.header):
            raise UnusableIndex(f"{path}: made from {self.header}, which is not what is wanted")
        self._digests = self._part(
            self._trailer.table_start, len(self._trailer.list_bytes) * _DIGEST_BYTES, "lists"
        )
        self._part(0, self._trailer.head_bytes, "head")
        self._checked: set[int] = set()
        self._starts = (0, *accumulate(self._trailer.list_bytes))

    @property
    def header(self) -> IndexHeader:
        return self._trailer.header

    @property
    def method(self) -> Method:
        return self._trailer.method

    @property
    def head_bytes(self) -> int:
        """Bytes before the first list."""
        return self._trailer.head_bytes

    def ids(self) -> Ids:
        """The ids in the index, int64 ``(n,)``, ascending.

        Raises:
            UnusableIndex: their checksum does not match.
        """
        trailer = self._trailer
        part = self._part(trailer.payload_bytes, trailer.num_ids * ID.itemsize, "ids")
        return np.frombuffer(part, ID).astype(np.int64, copy=False)

    def check_lists(self, lists: Iterable[int]) -> None:
        """Compare the checksums of these lists, once each.

        Raises:
            UnusableIndex: one of them does not match.
        """
        for one in set(lists) - self._checked:
            start = self._trailer.head_bytes + self._starts[one]
            part = self._bytes[start : start + self._trailer.list_bytes[one]]
            digest = self._digests[one * _DIGEST_BYTES : (one + 1) * _DIGEST_BYTES]
            if hashlib.sha256(part).digest() != digest:
                raise UnusableIndex(f"{self._path}: the checksum of list {one} does not match")
            self._checked.add(one)

    def check(self) -> None:
        """Compare all checksums of the file.

        Raises:
            UnusableIndex: one of them does not match.
        """
        self.ids()
        self.check_lists(range(len(self._trailer.list_bytes)))

    def load(self) -> Any:
        """The FAISS index; its lists, if it has any, stay in the file.

        Raises:
            UnusableIndex: FAISS cannot read it, or the file was replaced meanwhile.
        """
        import faiss

        mapped = bool(self._trailer.list_bytes) and hasattr(faiss, "OnDiskInvertedLists")
        try:
            index = self._map() if mapped else self._deserialize()
        except (RuntimeError, TypeError, UnicodeError) as error:
            raise UnusableIndex(f"{self._path}: FAISS cannot read it: {error}") from error
        if index.d != self.header.dimension:
            raise UnusableIndex(
                f"{self._path}: vectors of {index.d} numbers, expected {self.header.dimension}"
            )
        return index

    def _map(self) -> Any:
        import faiss

        index: Any = faiss.read_index(str(self._path), faiss.IO_FLAG_MMAP | faiss.IO_FLAG_READ_ONLY)
        try:
            is_same = self._path.stat().st_ino == self._inode
        except OSError:
            is_same = False
        if not is_same:
            raise UnusableIndex(f"{self._path}: it was replaced while it was opened")
        # Threads that read ahead are started for every search: they cost more than they save.
        lists: Any = faiss.downcast_InvertedLists(index.invlists)
        lists.prefetch_nthread = 0
        return index

    def _deserialize(self) -> Any:
        import faiss

        self.check_lists(range(len(self._trailer.list_bytes)))
        payload = self._bytes[: self._trailer.payload_bytes]
        # The limit is global to the process: no other thread may change it in between.
        with _deserializing:
            before = faiss.get_deserialization_vector_byte_limit()
            faiss.set_deserialization_vector_byte_limit(len(payload))
            try:
                return faiss.deserialize_index(np.frombuffer(payload, np.uint8))
            finally:
                faiss.set_deserialization_vector_byte_limit(before)

    def _read_trailer(self) -> Trailer:
        end = len(self._bytes) - _LENGTH_BYTES
        start = end - int.from_bytes(self._bytes[max(0, end) :], "little")
        try:
            trailer = Trailer.of(bytes(self._bytes[max(0, start) : max(0, end)]))
        except (KeyError, TypeError, ValueError) as error:
            raise UnusableIndex(f"{self._path}: its last line is damaged: {error}") from error
        if trailer.table_start + len(trailer.list_bytes) * _DIGEST_BYTES != start:
            raise UnusableIndex(f"{self._path}: its parts do not add up")
        return trailer

    def _part(self, start: int, size: int, name: str) -> memoryview:
        part = self._bytes[start : start + size]
        if _sha256(part) != getattr(self._trailer, name):
            raise UnusableIndex(f"{self._path}: its checksum does not match ({name})")
        return part


def read_index(path: Path, header: IndexHeader) -> Any:
    """The FAISS index in ``path``, if it is whole and was built from the state in ``header``.

    Raises:
        UnusableIndex: it is not; build another.
    """
    file = IndexFile(path, wanted=lambda found: found == header)
    file.check()
    return file.load()


def check_index(path: Path) -> IndexFile:
    """An open index file of which every byte was checked.

    Raises:
        UnusableIndex: missing or damaged.
    """
    file = IndexFile(path)
    file.check()
    return file


def _list_bytes(index: Any) -> tuple[int, ...]:
    """Bytes of each list of an inverted file on disk, codes and ids; FAISS writes the lists last, in
    order."""
    if not hasattr(index, "invlists"):
        return ()
    lists = index.invlists
    return tuple(lists.list_size(one) * (lists.code_size + ID.itemsize) for one in range(index.nlist))


def _sha256(part: bytes | memoryview) -> str:
    return hashlib.sha256(part).hexdigest()
