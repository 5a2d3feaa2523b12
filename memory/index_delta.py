"""An index ready to be searched: as it was built, and the vectors added and deleted since."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from video_vlm.memory.index_file import IndexFile, IndexHeader, Method

__all__ = ["BaseIndex", "ReadyIndex", "search_base", "search_fresh"]

Ids: TypeAlias = npt.NDArray[np.int64]
Vector: TypeAlias = npt.NDArray[np.float32]
Pair: TypeAlias = tuple[int, float]
"""An id and a cosine."""


@dataclass(frozen=True)
class BaseIndex:
    """An index as it was built, with its ids ``(n,)``. ``file`` is None where its lists are in memory."""

    header: IndexHeader
    method: Method
    index: Any
    ids: Ids
    file: IndexFile | None = None


@dataclass(frozen=True)
class ReadyIndex:
    """An index as it was built, the ids ``gone`` since, ``(n,)``, and a flat index of the ``fresh`` vectors,
    None where there are none."""

    revision: str
    base: BaseIndex
    gone: Ids = field(default_factory=lambda: np.empty(0, np.int64))
    fresh: Any | None = None


def search_base(ready: ReadyIndex, query: Vector, limit: int, allowed: Ids | None) -> list[Pair]:
    """Up to ``limit`` ids and cosines in the index as built, nearest first.

    ``query`` is ``(dimension,)``; with ``allowed``, ``(n,)``, only these ids are found, and all lists are
    searched.

    Raises:
        UnusableIndex: a list that has to be searched is damaged.
    """
    base, only = ready.base, None
    if allowed is not None:
        only = _only(allowed)
    elif len(ready.gone):
        import faiss

        only = faiss.IDSelectorNot(_only(ready.gone))
    if base.method.is_exact:
        return _pairs(base.index, query, limit, None if only is None else _settings(only))
    num_probed = base.method.num_lists if allowed is not None else base.method.num_probed
    if base.file is not None:
        with _one_thread():
            _, lists = base.index.quantizer.search(query[None], num_probed)
        base.file.check_lists(int(one) for one in lists[0] if one >= 0)
    return _pairs(base.index, query, limit, _settings(only, num_probed=num_probed))


def search_fresh(ready: ReadyIndex, query: Vector, limit: int, allowed: Ids | None) -> list[Pair]:
    """The same in the vectors added since; always exact."""
    if ready.fresh is None:
        return []
    return _pairs(ready.fresh, query, limit, None if allowed is None else _settings(_only(allowed)))


def _pairs(index: Any, query: Vector, limit: int, settings: Any | None) -> list[Pair]:
    if index.ntotal == 0:
        return []
    with _one_thread():
        cosines, ids = index.search(query[None], min(limit, index.ntotal), params=settings)
    return [(int(one), float(cosine)) for one, cosine in zip(ids[0], cosines[0], strict=True) if one >= 0]


@contextmanager
def _one_thread() -> Iterator[None]:
    """FAISS uses one thread inside the block: for one query, waking others costs more than the search where
    cores are shared. Affects the calling thread only."""
    import faiss

    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)


def _settings(only: Any | None, *, num_probed: int | None = None) -> Any:
    import faiss

    given = {} if only is None else {"sel": only}
    if num_probed is None:
        flat: Any = faiss.SearchParameters
        return flat(**given)
    inverted: Any = faiss.SearchParametersIVF
    return inverted(nprobe=num_probed, **given)


def _only(ids: Ids) -> Any:
    import faiss

    return faiss.IDSelectorBatch(ids)
