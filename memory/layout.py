"""Where a library keeps what, on disk: the layout as data."""

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
    """The names below a library's folder.

    ``library.sqlite3`` is the truth. Everything in ``vectors/`` is derived from it, everything in
    ``features/`` spares a model looking at a picture again: both may be deleted at any time. So may
    ``written``, the hashes of the files that were exported: without it the next export asks before it
    replaces one.
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
        """The derived index over the text vectors of one encoder; its name may hold any character."""
        return self.vectors / f"text-{digest(encoder)}.faiss"

    def sight_index(self, encoder: str, level: str) -> Path:
        """The derived index over what the nodes of one level look like to one tower."""
        return self.vectors / f"sight-{level}-{digest(encoder)}.faiss"
