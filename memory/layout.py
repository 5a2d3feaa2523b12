"""The files of a library on disk."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import platformdirs

from video_vlm.settings import digest

__all__ = ["Layout", "default_library_folder"]


def default_library_folder() -> Path:
    """The user's own library, in the platform's data folder."""
    return Path(platformdirs.user_data_path("videoqa", appauthor=False)) / "library"


@dataclass(frozen=True, slots=True)
class Layout:
    """The paths below a library's folder.

    ``library.sqlite3`` holds everything that cannot be computed again. ``vectors/`` holds indexes derived
    from it, ``features/`` a cache of image features: both may be deleted at any time. So may ``written``, the
    hashes of exported files: without it the next export does not replace them.
    """

    folder: Path

    @property
    def database(self) -> Path:
        return self.folder / "library.sqlite3"

    @property
    def vectors(self) -> Path:
        return self.folder / "vectors"

    @property
    def features(self) -> Path:
        return self.folder / "features"

    @property
    def written(self) -> Path:
        return self.folder / "written"

    def text_index(self, encoder: str) -> Path:
        """The derived index of one encoder's text vectors; the encoder's name may hold any character."""
        return self.vectors / f"text-{digest(encoder)}.faiss"

    def sight_index(self, encoder: str, level: str) -> Path:
        """The derived index of one image-text encoder's visual vectors, for the nodes of one level."""
        return self.vectors / f"sight-{level}-{digest(encoder)}.faiss"
