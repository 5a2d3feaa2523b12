"""Finding a video by a path, a name or an id."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from video_vlm.address import not_a_file
from video_vlm.display_names import is_called
from video_vlm.errors import LibraryError, MediaError, NotIndexed, RefusedMedia, UnreadableVideo
from video_vlm.index import index_video
from video_vlm.index.index_mode import index_modes
from video_vlm.index.known_video import add_meaning, known_video
from video_vlm.media import content_id
from video_vlm.memory import Library, StoredVideo
from video_vlm.protocols import Progress
from video_vlm.settings import IndexSettings, Speed

__all__ = ["VideoLookup", "file_at", "paths_of"]

_SHORTEST_ID = 6
"""The shortest beginning of a content id, in letters, that stands for it."""


class VideoLookup:
    """Content ids of the videos of one library.

    Args:
        library: The library to search.
        settings: How unknown files are read.
        at_least: ``"full"`` if memories that were read fast have to be read again.
        progress: Receives the progress of reading.
    """

    def __init__(
        self, library: Library, *, settings: IndexSettings, at_least: Speed, progress: Progress
    ) -> None:
        self._library = library
        self._settings = settings
        self._at_least: Speed = at_least
        self._progress = progress

    def known_or_read(self, path: Path | str) -> str:
        """The content id of a video; an unknown file is read first.

        Raises:
            MediaError: the file cannot be read as a video.
            NotIndexed: there is no such file, and the library knows no video of that name or id.
        """
        if file_at(path) is None:
            return self.known(path)
        how = index_modes(self._settings, at_least=self._at_least)
        known = known_video(Path(path), self._library, how)
        if known is not None:
            add_meaning(self._library, known.video.content_id)
            return known.video.content_id
        read = index_video(
            Path(path),
            self._library,
            settings=self._settings,
            at_least=self._at_least,
            progress=self._progress,
        )
        return read.video.content_id

    def chosen(self, paths: Iterable[Path | str] | None) -> list[str] | None:
        """The content ids of these videos (:meth:`known_or_read`); None, for all videos, stays None."""
        return None if paths is None else [self.known_or_read(path) for path in paths]

    def known(self, path: Path | str) -> str:
        """The content id of a video in the library.

        Raises:
            NotIndexed: the library does not know it.
            MediaError: it is an address, or a file that may not be read.
            LibraryError: several videos have this name.
        """
        fits = self._fitting(path)
        if len(fits) > 1:
            paths = paths_of(self._library)
            listed = ", ".join(f"{paths[one]} ({one[:12]})" for one in fits)
            raise LibraryError(f"{path} could be any of {listed}: name one by its path or id")
        if not fits:
            raise self._unknown(path)
        return fits[0]

    def _fitting(self, path: Path | str) -> list[str]:
        if file_at(path) is not None:
            known = self._library.files.content_id(Path(path)) or content_id(Path(path))
            return [known] if self._library.find(known) else []
        if str(path).isascii() and self._library.find(str(path)):
            return [str(path)]
        return [one.video.content_id for one in self._library.videos() if _is_called(one, str(path))]

    def _unknown(self, path: Path | str) -> NotIndexed | MediaError:
        where = self._library.storage.where
        if file_at(path) is not None:
            return NotIndexed(f"{path}: no such video in {where}; read it first: videoqa index {path}")
        address = not_a_file(str(path))
        if address is not None:
            return RefusedMedia(path, address)
        try:
            os.lstat(path)
        except PermissionError as error:
            return UnreadableVideo(path, f"it cannot be looked at ({error.strerror})")
        except (OSError, ValueError):
            pass
        return NotIndexed(f"{path}: no such file, and no such video in {where}; check the name")


def file_at(path: Path | str) -> Path | None:
    """The path, if there is such a file that may be read; else None."""
    return Path(path) if os.path.isfile(path) else None  # noqa: PTH113 - Path's raises where nobody may look


def paths_of(library: Library) -> dict[str, Path]:
    """The last known path of each video of a library, by content id."""
    return {stored.video.content_id: stored.video.path for stored in library.videos()}


def _is_called(stored: StoredVideo, name: str) -> bool:
    video = stored.video
    return is_called(video.path, name) or (len(name) >= _SHORTEST_ID and video.content_id.startswith(name))
