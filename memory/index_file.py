"""A FAISS index on disk: derived, disposable, and never believed without its checksums.

The index as FAISS serialises it, the ids in it, and behind them one line of JSON that says what it was made
from and seals all that stands before it. FAISS loads most bit-flipped files without a word and may take wild
amounts of memory for others; the checksums keep such a file from reaching it at all.

An exact index is checked and loaded whole. Of one in lists (IVF) only the head is, so that opening does not
grow with the library: the lists stay in the file, mapped into memory, and each is checked when it is first
looked into.
"""

from __future__ import annotations

import hashlib
import mmap
import os
import tempfile
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from itertools import accumulate
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from video_vlm.memory.index_trailer import EXACT, ID, IndexHeader, Method, Trailer
from video_vlm.memory.private_files import make_private_folder

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
    """This file is not the index that is wanted: missing, torn, stale, or not an index."""


def write_index(
    path: Path, index: Any, header: IndexHeader, *, method: Method = EXACT, ids: Ids | None = None
) -> None:
    """Write a FAISS index so that any reader, at any moment, sees the old file or the new one, whole.

    Args:
        path: Where to; what is there is replaced.
        index: A flat index, or an inverted file whose lists are in memory.
        header: What it was made from.
        method: How it searches.
        ids: Those in it, ascending.

    Raises:
        OSError: the folder cannot be written, the disk is full.
    """
    import faiss

    payload = memoryview(faiss.serialize_index(index).tobytes())
    listed = _list_bytes(index)
    head_bytes = len(payload) - sum(listed)
    digests = b"".join(hashlib.sha256(part).digest() for part in _parts(payload, head_bytes, listed))
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
    make_private_folder(path.parent)
    handle, temporary = tempfile.mkstemp(prefix=path.name, suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.writelines(parts)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(temporary).unlink()
        raise


class IndexFile:
    """An index file that is open, its head checked. ``index`` is FAISS's; look into no list that
    :meth:`check_lists` has not passed."""

    def __init__(self, path: Path, *, wanted: Callable[[IndexHeader], bool] = lambda _: True) -> None:
        """Raises:
        UnusableIndex: missing, torn, or of an origin that is not ``wanted``.
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
        """Where the first list begins."""
        return self._trailer.head_bytes

    def ids(self) -> Ids:
        """Those in it, ascending."""
        trailer = self._trailer
        part = self._part(trailer.payload_bytes, trailer.num_ids * ID.itemsize, "ids")
        return np.frombuffer(part, ID).astype(np.int64, copy=False)

    def check_lists(self, lists: Iterable[int]) -> None:
        """Raises:
        UnusableIndex: one of them is torn.
        """
        for one in set(lists) - self._checked:
            start = self._trailer.head_bytes + self._starts[one]
            part = self._bytes[start : start + self._trailer.list_bytes[one]]
            if (
                hashlib.sha256(part).digest()
                != self._digests[one * _DIGEST_BYTES : (one + 1) * _DIGEST_BYTES]
            ):
                raise UnusableIndex(f"{self._path}: the checksum of list {one} does not match")
            self._checked.add(one)

    def check(self) -> None:
        """The whole file.

        Raises:
            UnusableIndex: something in it is torn.
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
        # Threads that read ahead are started anew for every search: they cost more than they save.
        lists: Any = faiss.downcast_InvertedLists(index.invlists)
        lists.prefetch_nthread = 0
        return index

    def _deserialize(self) -> Any:
        import faiss

        self.check_lists(range(len(self._trailer.list_bytes)))
        payload = self._bytes[: self._trailer.payload_bytes]
        # The limit belongs to the process; nobody may change it between here and there.
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
    """The FAISS index in ``path``, if it is whole and made from exactly what ``header`` says.

    Raises:
        UnusableIndex: it is not; build another.
    """
    file = IndexFile(path, wanted=lambda found: found == header)
    file.check()
    return file.load()


def check_index(path: Path) -> IndexFile:
    """An index file, every byte of it checked.

    Raises:
        UnusableIndex: torn.
    """
    file = IndexFile(path)
    file.check()
    return file


def _list_bytes(index: Any) -> tuple[int, ...]:
    """How many bytes each list of an inverted file takes on disk: codes and ids; FAISS writes them last, in
    order."""
    if not hasattr(index, "invlists"):
        return ()
    lists = index.invlists
    return tuple(lists.list_size(one) * (lists.code_size + ID.itemsize) for one in range(index.nlist))


def _parts(payload: memoryview, start: int, sizes: Iterable[int]) -> Iterable[memoryview]:
    for size in sizes:
        yield payload[start : start + size]
        start += size


def _sha256(part: bytes | memoryview) -> str:
    return hashlib.sha256(part).hexdigest()
