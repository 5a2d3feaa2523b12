"""Names that tell several videos apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path, PurePath

__all__ = ["display_names", "is_called"]


def display_names(paths: Mapping[str, str | PurePath]) -> dict[str, str]:
    """The name of each video's file, with as many folders before it as tell it from the others.

    ``{"1": "/tv/Season 1/01.mp4", "2": "/tv/Season 2/01.mp4", "3": "/tv/film.mp4"}`` -> ``{"1": "Season
    1/01.mp4", "2": "Season 2/01.mp4", "3": "film.mp4"}``. Two videos that lay at the same path have the
    beginning of their ids behind it.

    Args:
        paths: Where each file was last seen, by content id.
    """
    parts = {one: Path(path).parts or (one,) for one, path in paths.items()}
    lengths = dict.fromkeys(parts, 1)
    while True:
        tails = {one: parts[one][-length:] for one, length in lengths.items()}
        counts = Counter(tails.values())
        shared = {one for one, tail in tails.items() if counts[tail] > 1}
        longer = [one for one in shared if lengths[one] < len(parts[one])]
        if not longer:
            break
        for one in longer:
            lengths[one] += 1
    return {one: f"{Path(*tail)}{f' ({one[:12]})' if one in shared else ''}" for one, tail in tails.items()}


def is_called(path: PurePath, name: str) -> bool:
    """Whether ``name`` is the path or its last parts: ``01.mp4`` and ``Season 1/01.mp4`` both match."""
    wanted = Path(name).parts
    return bool(wanted) and path.parts[-len(wanted) :] == wanted
