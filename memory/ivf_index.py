"""Approximate search in a long list of vectors: an inverted file (IVF) with 16-bit numbers.

The number of lists to search is measured when the index is built: the least for which trial questions find
98 % of the nearest vectors that an exact search finds. If that takes all lists, the search still reads half
as many bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import isqrt
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from video_vlm.memory.index_file import Method

__all__ = ["EXACT_UP_TO", "LEAST_RECALL", "NUM_QUESTIONS", "Batch", "Trained", "build_exact", "fill", "train"]

EXACT_UP_TO: Final = 20_000
"""So many vectors are read, checked and searched exactly in less time than the rest of a search takes."""

LEAST_RECALL: Final = 0.98
"""The share of the ten nearest that has to be found, on average over the trial questions."""

NUM_QUESTIONS: Final = 256
"""How many trial questions an index is measured with."""

_MARGIN: Final = 0.01
_SPARE: Final = 2  # times as many lists as were enough: other questions may need more
_NEAREST: Final = 10
_QUERY_COSINE: Final = 0.8  # of a trial query to the vector it is made from
_ROUNDING: Final = 1e-3  # the error of a cosine of 16-bit numbers
_SAMPLE_A_LIST: Final = 64
_ROUNDS: Final = 10
_SEED: Final = 20_261_127

_Vectors: TypeAlias = npt.NDArray[np.float32]
_Ids: TypeAlias = npt.NDArray[np.int64]
Batch: TypeAlias = "tuple[_Ids, _Vectors]"
"""Some ids, ascending, and their vectors."""


@dataclass(frozen=True, eq=False)
class Trained:
    """An inverted file with empty lists, and the vectors ``(n, dimension)`` of the trial questions."""

    index: Any
    questions: _Vectors


def build_exact(dimension: int, batches: Iterable[Batch]) -> tuple[Any, Method, _Ids]:
    """A flat index, which compares every vector; its method; its ids ``(n,)``."""
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
    """An inverted file with empty lists, one for each ``sqrt(n)`` of ``n`` vectors, trained on a sample.

    Args:
        dimension: The length of each vector.
        ids: The ids of the vectors, ``(n,)``; some may be gone since.
        of: Gives the vectors of those ids that are still there, ``(m, dimension)``.
        questions: Vectors of trial questions; if None, vectors of the list, each turned by a fixed angle.
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
        False,  # by_residual: 16 bits are precise enough without it
    )
    index.cp.niter, index.cp.seed, index.cp.min_points_per_centroid = _ROUNDS, _SEED, 1
    index.train(sample)
    if questions is None or not len(questions):
        questions = _moved(sample[chance.permutation(len(sample))[:NUM_QUESTIONS]], chance)
    return Trained(index, questions)


def fill(trained: Trained, batches: Iterable[Batch]) -> tuple[Any, Method, _Ids]:
    """The index with all vectors in its lists; the number of lists to search for :data:`LEAST_RECALL`; the
    ids ``(n,)``."""
    index, known, truth = trained.index, [], _Nearest(trained.questions)
    for ids, vectors in batches:
        index.add_with_ids(vectors, ids)
        truth.see(vectors)
        known.append(ids)
    most, wanted = index.nlist, LEAST_RECALL + _MARGIN
    # Of 20 lists: 1, 2, 3, 4, 6, 8, 12, 16, 20.
    numbers = {number for power in range(most.bit_length()) for number in (1 << power, (3 << power) // 2)}
    tried = [*sorted(number for number in numbers if number < most), most]
    enough = (number for number in tried if truth.recall(index, number) >= wanted)
    probed = min(_SPARE * next(enough, index.nlist), index.nlist)
    recall = truth.recall(index, probed)
    method = Method(index.ntotal, index.nlist, probed, round(recall, 4), len(trained.questions))
    return index, method, _joined(known)


class _Nearest:
    """The cosines of the ten nearest vectors to some queries, updated batch by batch."""

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
        # Another vector that is as near is as good: a library has many equal passages.
        return float((cosines >= self._cosines.min(axis=1, keepdims=True) - _ROUNDING).mean())


def _moved(vectors: _Vectors, chance: np.random.Generator) -> _Vectors:
    """Each vector turned by the same angle, in a random direction."""
    aside = chance.standard_normal(vectors.shape).astype(np.float32)
    aside -= (aside * vectors).sum(axis=1, keepdims=True) * vectors
    aside /= np.linalg.norm(aside, axis=1, keepdims=True) + 1e-12
    return np.asarray(_QUERY_COSINE * vectors + (1 - _QUERY_COSINE**2) ** 0.5 * aside, np.float32)


def _joined(known: list[_Ids]) -> _Ids:
    return np.concatenate(known) if known else np.empty(0, np.int64)
