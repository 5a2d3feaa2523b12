"""Who a video is: the hash of its bytes, whatever it is called and wherever it lies."""

from __future__ import annotations

import hashlib
from pathlib import Path

from video_vlm.media.guard import local_file

__all__ = ["content_id"]

_CHUNK_BYTES = 1 << 20


def content_id(path: str | Path, *, num_bytes: int | None = None) -> str:
    """The BLAKE2b digest of every byte of a file: 40 hexadecimal digits. With ``num_bytes``, of so many at its start:
    what the id of a file was that has grown since.

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
