"""The videos that a library knows, and the files it has read."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from video_vlm.errors import NotIndexed
from video_vlm.memory.row_codec import damage_from_json, names_from_json, video_from_json
from video_vlm.records import Damage, Video

__all__ = [
    "StoredVideo",
    "file_state",
    "known_content_id",
    "last_known",
    "now",
    "remember_path",
    "required_video",
    "stored_video",
    "stored_videos",
]


@dataclass(frozen=True, slots=True)
class StoredVideo:
    """A video the library has a memory of.

    ``until_seconds`` is how far the memory reaches (None: nothing yet), ``recipe`` the digest of the settings
    that made it, ``channels`` the names of the observers, ``missing`` what was not looked at, ``indexed_at``
    when it was last written (ISO 8601, UTC), ``stages`` the indexer's note of the settings of each stage
    (JSON). ``video.path`` is the last known path of the file.
    """

    video: Video
    complete: bool
    until_seconds: float | None
    recipe: str
    channels: tuple[str, ...]
    missing: tuple[str, ...]
    damage: tuple[Damage, ...]
    indexed_at: str
    stages: str = "{}"


def now() -> str:
    """The present time as the library writes it: ISO 8601, UTC, whole seconds."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def stored_videos(connection: sqlite3.Connection) -> tuple[StoredVideo, ...]:
    """All videos of the library, in order of content id."""
    seen = {
        row["content_id"]: row["path"]
        for row in connection.execute("SELECT content_id, path FROM files ORDER BY seen_at, path")
    }
    rows = connection.execute("SELECT * FROM readable_memories ORDER BY content_id")
    return tuple(_stored(row, seen) for row in rows)


def stored_video(connection: sqlite3.Connection, content_id: str) -> tuple[int, StoredVideo] | None:
    """The row id of the memory to read for one video, and its stored facts; None if it is unknown."""
    row = connection.execute("SELECT * FROM readable_memories WHERE content_id = ?", (content_id,)).fetchone()
    if row is None:
        return None
    seen = connection.execute(
        "SELECT content_id, path FROM files WHERE content_id = ? ORDER BY seen_at, path", (content_id,)
    )
    return row["id"], _stored(row, {one["content_id"]: one["path"] for one in seen})


def required_video(connection: sqlite3.Connection, content_id: str, *, where: str) -> tuple[int, StoredVideo]:
    """As :func:`stored_video`.

    Raises:
        NotIndexed: the video is unknown; the message names the library, ``where``.
    """
    found = stored_video(connection, content_id)
    if found is None:
        raise NotIndexed(f"no video {content_id} in {where}: index it first")
    return found


def _stored(row: sqlite3.Row, seen: Mapping[str, bytes]) -> StoredVideo:
    video = video_from_json(row["video"])
    if path := seen.get(row["content_id"]):
        video = replace(video, path=Path(os.fsdecode(path)))
    return StoredVideo(
        video=video,
        complete=bool(row["complete"]),
        until_seconds=row["until_seconds"],
        recipe=row["recipe"],
        channels=names_from_json(row["channels"]),
        missing=names_from_json(row["missing"]),
        damage=damage_from_json(row["damage"]),
        indexed_at=row["indexed_at"],
        stages=row["stages"],
    )


def known_content_id(connection: sqlite3.Connection, path: Path) -> str | None:
    """The content id of the file when it was last read; None if it changed since, or was never read."""
    state = file_state(path)
    if state is None:
        return None
    row = connection.execute(
        "SELECT content_id FROM files WHERE path = ? AND size = ? AND mtime_ns = ? AND ctime_ns = ?",
        (_key(path), *state),
    ).fetchone()
    return None if row is None else str(row["content_id"])


def last_known(connection: sqlite3.Connection, path: Path) -> tuple[str, int] | None:
    """The content id and the bytes of the file when it was last read, even if it changed since."""
    row = connection.execute("SELECT content_id, size FROM files WHERE path = ?", (_key(path),)).fetchone()
    return None if row is None else (str(row["content_id"]), int(row["size"]))


def remember_path(
    connection: sqlite3.Connection, path: Path, content_id: str, state: tuple[int, int, int] | None = None
) -> None:
    """Note the content id of a file with its size (bytes), modification and change times (ns): those in
    ``state``, else the present ones. A file that is gone is not noted."""
    state = state or file_state(path)
    if state is None:
        return
    connection.execute(
        "INSERT INTO files (path, size, mtime_ns, ctime_ns, content_id, seen_at) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (path) DO UPDATE SET size = excluded.size, mtime_ns = excluded.mtime_ns,"
        " ctime_ns = excluded.ctime_ns, content_id = excluded.content_id, seen_at = excluded.seen_at",
        (_key(path), *state, content_id, datetime.now(UTC).isoformat(timespec="microseconds")),
    )


def _key(path: Path) -> bytes:
    return os.fsencode(path.absolute())


def file_state(path: Path) -> tuple[int, int, int] | None:
    """Size in bytes, modification and change time in nanoseconds; None if there is no such file.

    The change time shows a rewrite after which ``touch -r`` restored the old modification time.
    """
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns
