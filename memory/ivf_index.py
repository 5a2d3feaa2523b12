"""Searching a long list of vectors in parts: an inverted file (IVF) with 16-bit numbers, held to a recall.

How many lists are looked into is not guessed but measured when the index is made: as few as find what an
exact search finds, for questions like those that will be asked. Should that take all of them, the search is
still one over numbers half as long.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from math import isqrt
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from video_vlm.memory.index_file import Method

__all__ = ["EXACT_UP_TO", "LEAST_RECALL", "NUM_QUESTIONS", "Batch", "Trained", "build_exact", "fill", "train"]

EXACT_UP_TO: Final = 20_000
"""Vectors. So many are read, checked and searched exactly in less time than the rest of a search takes."""

LEAST_RECALL: Final = 0.98
"""Of the ten nearest, on average."""

NUM_QUESTIONS: Final = 256
"""That an index is tried with."""

_MARGIN: Final = 0.01
_SPARE: Final = (
    2  # times as many lists as were enough: other questions than those that were tried may need more
)
_NEAREST: Final = 10
_QUERY_COSINE: Final = 0.8  # of a query and the vector it is made from: a question does not repeat a passage
_ROUNDING: Final = 1e-3  # what 16 bits may cost a cosine
_SAMPLE_A_LIST: Final = 64
_ROUNDS: Final = 10
_SEED: Final = 20_261_127

_Vectors: TypeAlias = npt.NDArray[np.float32]
_Ids: TypeAlias = npt.NDArray[np.int64]
Batch: TypeAlias = "tuple[_Ids, _Vectors]"
"""Some ids, ascending, and their vectors."""


@dataclass(frozen=True, eq=False)
class Trained:
    """An inverted file that has lists and no vectors, and the questions it is to be tried with."""

    index: Any
    questions: _Vectors


def build_exact(dimension: int, batches: Iterable[Batch]) -> tuple[Any, Method, _Ids]:
    """A flat index: every vector is compared. With how it searches, and the ids in it."""
    import faiss

    index = faiss.IndexIDMap2(faiss.IndexFlatIP(dimension))
    known = []
    for ids, vectors in batches:
        index.add_with_ids(vectors, ids)
        known.append(ids)
    return index, Method(index.ntotal), _joined(known)


def train(
    dimension: int, ids: _Ids, of: Callable[[_Ids], _Vectors], *, questions: _Vectors | None = None
) -> Trained:
    """Lists without vectors, as many as the root of how many there are, from a sample of them.

    Args:
        dimension: Of the vectors.
        ids: About those there are.
        of: The vectors of some of them, of those that are still there.
        questions: Vectors of questions to try it with; if None, vectors of the list, turned away a little.
    """
    import faiss

    chance = np.random.default_rng(_SEED)
    num_lists = max(1, isqrt(len(ids)))
    sample = of(np.sort(chance.choice(ids, min(len(ids), num_lists * _SAMPLE_A_LIST), replace=False)))
    index = faiss.IndexIVFScalarQuantizer(
        faiss.IndexFlatIP(dimension),
        dimension,
        min(num_lists, len(sample)),
        faiss.ScalarQuantizer.QT_fp16,
        faiss.METRIC_INNER_PRODUCT,
        False,  # 16 bits are precise enough without taking the list's centre off
    )
    index.cp.niter, index.cp.seed, index.cp.min_points_per_centroid = _ROUNDS, _SEED, 1
    index.train(sample)
    if questions is None or not len(questions):
        questions = _moved(sample[chance.permutation(len(sample))[:NUM_QUESTIONS]], chance)
    return Trained(index, questions)


def fill(trained: Trained, batches: Iterable[Batch]) -> tuple[Any, Method, _Ids]:
    """Vectors put into lists, and how many of these have to be looked into for :data:`LEAST_RECALL`."""
    index, known, truth = trained.index, [], _Nearest(trained.questions)
    for ids, vectors in batches:
        index.add_with_ids(vectors, ids)
        truth.see(vectors)
        known.append(ids)
    wanted = LEAST_RECALL + _MARGIN
    enough = (number for number in _doubling(index.nlist) if truth.recall(index, number) >= wanted)
    probed = min(_SPARE * next(enough, index.nlist), index.nlist)
    recall = truth.recall(index, probed)
    method = Method(index.ntotal, index.nlist, probed, round(recall, 4), len(trained.questions))
    return index, method, _joined(known)


class _Nearest:
    """How near the nearest of all that passes by are to some queries."""

    def __init__(self, queries: _Vectors) -> None:
        self._queries = queries
        self._cosines = np.full((len(queries), _NEAREST), -np.inf, np.float32)

    def see(self, vectors: _Vectors) -> None:
        cosines = np.concatenate([self._cosines, self._queries @ vectors.T], axis=1)
        self._cosines = -np.partition(-cosines, _NEAREST - 1, axis=1)[:, :_NEAREST]

    def recall(self, index: Any, num_probed: int) -> float:
        import faiss

        settings: Any = faiss.SearchParametersIVF
        cosines, _ = index.search(self._queries, _NEAREST, params=settings(nprobe=num_probed))
        # Equally near is as good: a library says many things word for word again.
        return float((cosines >= self._cosines.min(axis=1, keepdims=True) - _ROUNDING).mean())


def _moved(vectors: _Vectors, chance: np.random.Generator) -> _Vectors:
    """Each turned by the same angle, in a random direction."""
    aside = chance.standard_normal(vectors.shape).astype(np.float32)
    aside -= (aside * vectors).sum(axis=1, keepdims=True) * vectors
    aside /= np.linalg.norm(aside, axis=1, keepdims=True) + 1e-12
    return np.asarray(_QUERY_COSINE * vectors + (1 - _QUERY_COSINE**2) ** 0.5 * aside, np.float32)


def _doubling(most: int) -> Iterator[int]:
    """``most=20``: 1, 2, 3, 4, 6, 8, 12, 16, 20."""
    number = 1
    while number < most:
        yield number
        if number > 1 and number + number // 2 < most:
            yield number + number // 2
        number *= 2
    yield most


def _joined(known: list[_Ids]) -> _Ids:
    return np.concatenate(known) if known else np.empty(0, np.int64)
