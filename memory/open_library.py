"""Opening a library by the place it is in: a folder, or a PostgreSQL server."""

from __future__ import annotations

from pathlib import Path

from video_vlm.address import is_address
from video_vlm.errors import LibraryError
from video_vlm.memory.database import Database
from video_vlm.memory.ivf_index import EXACT_UP_TO
from video_vlm.memory.layout import Layout, default_library_folder
from video_vlm.memory.private_files import make_private_folder
from video_vlm.memory.store import Library
from video_vlm.protocols import ImageTextEncoder, TextEncoder

__all__ = ["open_library"]


def open_library(
    place: Path | str | None = None,
    *,
    read_only: bool = False,
    encoder: TextEncoder | None = None,
    sight: ImageTextEncoder | None = None,
    exact_up_to: int = EXACT_UP_TO,
) -> Library:
    """Open a library, making it if there is none.

    Args:
        place: A folder, or ``postgresql://...``; None for the user's own folder, in the platform's data
            folder.
        read_only: Change nothing on disk; works on read-only file systems. The library must exist.
        encoder: A sentence encoder; adds search by meaning to search by words.
        sight: An image-text encoder; adds visual search, and computes visual vectors while indexing.
        exact_up_to: A list of up to so many vectors is searched exactly; a longer one approximately, with a
            measured recall of at least 0.98.

    Raises:
        LibraryDamaged: the file is torn, or another program's.
        LibraryTooNew: written by a later version of this package.
        LibraryError: the folder cannot be used, the server cannot be reached.
        MissingExtra: a library in PostgreSQL needs one.
    """
    if isinstance(place, str) and is_address(place):
        from video_vlm.memory.postgres import open_postgres

        return open_postgres(
            place, read_only=read_only, encoder=encoder, sight=sight, exact_up_to=exact_up_to
        )
    layout = Layout(default_library_folder() if place is None else Path(place))
    if not read_only:
        try:
            make_private_folder(layout.folder)
        except OSError as error:
            raise LibraryError(f"{layout.folder} cannot be made a library: {error.strerror}") from error
    database = Database(layout.database, read_only=read_only)
    return Library(layout, database, encoder=encoder, sight=sight, exact_up_to=exact_up_to)
