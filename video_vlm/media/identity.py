"""The identity of a video, which is the hash of its bytes, and the check that a file still has it.

A file may be replaced, overwritten, cut short or appended to while it is read. Its size and times
(:class:`FileState`) show nearly every change. Where they show one, or may have missed one, the bytes are
hashed again. Of a recording that grows only the bytes that were there at first count.
"""

from __future__ import annotations

import hashlib
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from video_vlm.errors import FileChanged
from video_vlm.media.open_policy import local_file

__all__ = ["FileState", "SameContent", "content_id"]

_COARSE_NS: Final = 2_000_000_000
"""Some file systems note times in steps of two seconds: a file that young may change again without a sign."""

_HAS_CHANGE_TIME: Final = os.name != "nt"
"""Whether ``st_ctime`` is when a file was changed, whatever its date was set to; on Windows it is when it was
made."""

_CHUNK_BYTES = 1 << 20
_END_BYTES: Final = 4096


def content_id(path: str | Path, *, num_bytes: int | None = None) -> str:
    """The BLAKE2b digest of every byte of a file: 40 hexadecimal digits. With ``num_bytes``, of so many at
    its start: what the id of a file was that has grown since.

    A renamed or moved file keeps its id, a changed byte changes it, and two files of one name never
    share it. Nothing is cached: a cache keyed by size and date is how stale memories are reused.

    Raises:
        UnreadableVideo: the path is not a readable local file.
    """
    file = local_file(path)
    digest = hashlib.blake2b(digest_size=20)
    left = float("inf") if num_bytes is None else num_bytes
    with file.open("rb") as stream:
        while left > 0 and (chunk := stream.read(int(min(left, _CHUNK_BYTES)))):
            digest.update(chunk)
            left -= len(chunk)
    return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class FileState:
    """What tells that a file was changed: its size, its times in nanoseconds, and which file has the name."""

    num_bytes: int
    mtime_ns: int
    ctime_ns: int
    device: int
    inode: int

    @classmethod
    def of(cls, path: Path) -> FileState:
        """The state of a file as the file system tells it.

        Raises:
        FileChanged: the file is gone, or may not be looked at.
        """
        try:
            stat = path.stat()
        except OSError as error:
            raise FileChanged(
                path, f"the file was there and is not ({error.strerror}); give it again"
            ) from error
        return cls(stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_dev, stat.st_ino)

    @property
    def times(self) -> tuple[int, int, int]:
        """Size in bytes, and the times of change in nanoseconds, as a library stores them."""
        return self.num_bytes, self.mtime_ns, self.ctime_ns

    def is_grown(self, earlier: FileState) -> bool:
        """Whether this may be the earlier file with more bytes at its end."""
        return (self.device, self.inode) == (
            earlier.device,
            earlier.inode,
        ) and self.num_bytes > earlier.num_bytes

    def tells_changes(self) -> bool:
        """Whether a change from now on would be seen in the file's times: it was last changed more than two
        seconds ago."""
        return _HAS_CHANGE_TIME and time.time_ns() - max(self.mtime_ns, self.ctime_ns) > _COARSE_NS


def _ends(path: Path, num_bytes: int) -> tuple[bytes, bytes]:
    """The first and the last bytes of what a file held: a recording that goes on keeps both."""
    try:
        with path.open("rb") as stream:
            first = stream.read(min(_END_BYTES, num_bytes))
            stream.seek(max(0, num_bytes - _END_BYTES))
            return first, stream.read(min(_END_BYTES, num_bytes))
    except OSError as error:
        raise FileChanged(
            path, f"the file cannot be read any more ({error.strerror}); give it again"
        ) from error


class SameContent:
    """Checks that a file still holds the bytes it held. Make it before the file is opened.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self._path = local_file(path)
        self.state = FileState.of(path)
        self._known = self.state
        self._is_certain = self.state.tells_changes()
        self._ends = _ends(self._path, self.state.num_bytes)

    def glance(self, identity: str) -> None:
        """Checks for a change between two steps of reading, by size, times and both ends of the file. A file
        that only grows is left to :meth:`confirm`.

        Args:
            identity: The content id of what was opened.

        Raises:
            FileChanged: it holds something else now.
        """
        now = FileState.of(self._path)
        if now == self._known:
            return
        if not now.is_grown(self.state) or _ends(self._path, self.state.num_bytes) != self._ends:
            self._compare(identity)
            self._known = now

    def confirm(self, identity: str) -> None:
        """Checks for a change once everything is read: bytes are hashed again wherever a change may have been
        missed.

        Raises:
            FileChanged: the file does not begin with what was opened any more.
        """
        if not self._is_certain or FileState.of(self._path) != self._known:
            self._compare(identity)

    def _compare(self, identity: str) -> None:
        if content_id(self._path, num_bytes=self.state.num_bytes) != identity:
            raise FileChanged(self._path, "the file changed while it was read; read it again when it is done")
