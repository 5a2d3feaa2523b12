"""Faults where SQLite writes: every write, sync, truncation and deletion is counted, and any can be made to
fail.

SQLite reaches the operating system through a table of functions, its VFS; here its writing ones are wrapped
in the very library that Python's ``sqlite3`` uses. A write that fails has written half of what it should
have; one at which the process is killed has, too.
"""

from __future__ import annotations

import _sqlite3
import ctypes
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Literal

__all__ = ["Faults", "Kind", "NoFaults", "faults"]

Kind = Literal["ENOSPC", "EIO", "kill"]

_FULL, _IOERR = 13, 10
_CODES: Final[dict[str, dict[str, int]]] = {  # as os_unix.c names what the system refuses
    "ENOSPC": {"write": _FULL, "sync": _IOERR | 4 << 8, "truncate": _IOERR | 6 << 8, "map": _IOERR | 19 << 8},
    "EIO": {
        "write": _IOERR | 3 << 8,
        "sync": _IOERR | 4 << 8,
        "truncate": _IOERR | 6 << 8,
        "map": _IOERR | 19 << 8,
    },
}
_DELETE: Final = _IOERR | 10 << 8

_int, _long, _pointer = ctypes.c_int, ctypes.c_int64, ctypes.c_void_p
_OPEN = ctypes.CFUNCTYPE(_int, _pointer, _pointer, _pointer, _int, _pointer)
_DELETES = ctypes.CFUNCTYPE(_int, _pointer, _pointer, _int)
_WRITE = ctypes.CFUNCTYPE(_int, _pointer, _pointer, _int, _long)
_TRUNCATE = ctypes.CFUNCTYPE(_int, _pointer, _long)
_SYNC = ctypes.CFUNCTYPE(_int, _pointer, _int)
_MAP = ctypes.CFUNCTYPE(_int, _pointer, _int, _int, _int, _pointer)


class _Vfs(ctypes.Structure):
    _fields_ = [
        ("version", _int),
        ("file_bytes", _int),
        ("longest_path", _int),
        ("following", _pointer),
        ("name", ctypes.c_char_p),
        ("data", _pointer),
        ("open", _pointer),
        ("delete", _pointer),
    ]


class _File(ctypes.Structure):
    _fields_ = [("methods", _pointer)]


class _Methods(ctypes.Structure):
    _fields_ = [
        ("version", _int),
        *(
            (name, _pointer)
            for name in ("close", "read", "write", "truncate", "sync", "size", "lock", "unlock")
        ),
        *(
            (name, _pointer)
            for name in ("reserved", "control", "sector", "device", "map", "shm_lock", "barrier")
        ),
        *((name, _pointer) for name in ("unmap", "fetch", "unfetch")),
    ]


class NoFaults(Exception):
    """This Python's SQLite cannot be reached: it is built into the interpreter, or hides its functions."""


class Faults:
    """Counts what SQLite writes, and fails at the place it is told. One at a time in a process."""

    def __init__(self) -> None:
        self.count = 0
        self.happened = False
        self._at: int | None = None
        self._kind: Kind = "EIO"
        self._stays = False
        self._kept: list[Any] = []
        self._wrapped: dict[int, _Methods] = {}
        library = _library()
        library.sqlite3_vfs_find.restype = ctypes.POINTER(_Vfs)
        self._vfs = library.sqlite3_vfs_find(None).contents
        self._open, self._delete = self._vfs.open, self._vfs.delete

    def arm(self, at: int, kind: Kind, *, stays: bool = False) -> None:
        """Fail at the ``at``-th write from now (0 is the next); with ``stays`` at every one from there on."""
        self.count, self.happened = 0, False
        self._at, self._kind, self._stays = at, kind, stays

    def disarm(self) -> None:
        self._at = None

    def install(self) -> None:
        real = _OPEN(self._open)

        def opened(vfs: int, name: int, file: int, flags: int, out: int) -> int:
            code: int = real(vfs, name, file, flags, out)
            head = ctypes.cast(file, ctypes.POINTER(_File)).contents
            if code == 0 and head.methods:
                head.methods = ctypes.addressof(self._methods(head.methods))
            return code

        deletes = _DELETES(self._delete)

        def deleted(vfs: int, name: int, sync: int) -> int:
            return _DELETE if self._strikes("delete") else int(deletes(vfs, name, sync))

        self._vfs.open, self._vfs.delete = self._function(_OPEN, opened), self._function(_DELETES, deleted)

    def remove(self) -> None:
        """Files that are open stay wrapped, harmless."""
        self.disarm()
        self._vfs.open, self._vfs.delete = self._open, self._delete
        _forever.append(self)

    def _methods(self, address: int) -> _Methods:
        if address not in self._wrapped:
            methods = _Methods.from_buffer_copy(ctypes.string_at(address, ctypes.sizeof(_Methods)))
            methods.write = self._function(_WRITE, self._write(_WRITE(methods.write)))
            for name, kind in (("truncate", _TRUNCATE), ("sync", _SYNC)):
                setattr(methods, name, self._function(kind, self._plain(name, kind(getattr(methods, name)))))
            if methods.version >= 2 and methods.map:
                methods.map = self._function(_MAP, self._plain("map", _MAP(methods.map)))
            self._wrapped[address] = methods
            self._wrapped[ctypes.addressof(methods)] = methods
        return self._wrapped[address]

    def _write(self, real: Callable[..., int]) -> Callable[..., int]:
        def write(file: int, data: int, num_bytes: int, offset: int) -> int:
            if not self._is_due():
                return real(file, data, num_bytes, offset)
            real(file, data, num_bytes // 2, offset)
            self._die_if_told()
            return _CODES[self._kind]["write"]

        return write

    def _plain(self, name: str, real: Callable[..., int]) -> Callable[..., int]:
        def call(file: int, *rest: Any) -> int:
            return _CODES[self._kind][name] if self._strikes(name) else real(file, *rest)

        return call

    def _strikes(self, _: str) -> bool:
        if not self._is_due():
            return False
        self._die_if_told()
        return True

    def _is_due(self) -> bool:
        place, self.count = self.count, self.count + 1
        due = self._at is not None and (place == self._at or (self._stays and place > self._at))
        self.happened |= due
        return due

    def _die_if_told(self) -> None:
        if self._kind == "kill":
            os.kill(os.getpid(), signal.SIGKILL)

    def _function(self, kind: Any, function: Callable[..., int]) -> int | None:
        made = kind(function)
        self._kept.append(made)
        return ctypes.cast(made, _pointer).value


_forever: list[Faults] = []
"""What C may still call must not be collected."""


@contextmanager
def faults() -> Iterator[Faults]:
    """Faults for the SQLite of this process, while the block lasts.

    Raises:
        NoFaults: it cannot be reached.
    """
    made = Faults()
    made.install()
    try:
        yield made
    finally:
        made.remove()


def _library() -> ctypes.CDLL:
    maps = Path("/proc/self/maps")
    loaded = (
        {line.split()[-1] for line in maps.read_text().splitlines() if "sqlite3" in line}
        if maps.exists()
        else set()
    )
    names = [*(name for name in loaded if name.startswith("/") and "libsqlite3" in name), _sqlite3.__file__]
    for name in names:
        try:
            library = ctypes.CDLL(name)
            library.sqlite3_vfs_find  # noqa: B018 - is it there?
        except (OSError, AttributeError):
            continue
        return library
    raise NoFaults("this Python's SQLite hides its functions")
