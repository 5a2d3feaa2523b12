"""Vectors that were read are kept: the next search of the same videos compares them at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Lock
from typing import Final

import numpy as np
import numpy.typing as npt

from video_vlm.memory.vector_index import Vectors

__all__ = ["KeptVectors"]

_MOST_KEPT: Final = 65536
"""So many vectors: 100 MB of 384 numbers each. Beyond, those that were asked for last are kept."""


class KeptVectors:
    """Vectors by the ids of their passages. Shared by threads.

    The vector of an id never changes and no id is used twice, so what is kept is never out of date.

    Args:
        dimension: The length of each vector.
    """

    def __init__(self, dimension: int) -> None:
        self._lock = Lock()
        self._ids = np.empty(0, np.int64)
        self._vectors: Vectors = np.empty((0, dimension), np.float32)

    def of(self, ids: npt.NDArray[np.int64], read: Callable[[Sequence[int]], Vectors]) -> Vectors:
        """The vectors ``(len(ids), dimension)`` of ascending ids; ``read`` is asked for those that are not kept."""
        with self._lock:
            kept, vectors = self._ids, self._vectors
        if np.array_equal(ids, kept):
            return vectors
        missing = np.setdiff1d(ids, kept, assume_unique=True)
        if len(missing):
            every = np.concatenate([kept, missing])
            order = np.argsort(every)
            kept, vectors = every[order], np.concatenate([vectors, read(missing.tolist())])[order]
        found: Vectors = vectors[np.searchsorted(kept, ids)]
        if len(kept) > _MOST_KEPT:
            kept, vectors = ids, found
        with self._lock:
            self._ids, self._vectors = kept, vectors
        return found
