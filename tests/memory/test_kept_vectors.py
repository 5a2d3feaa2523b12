"""Vectors that were read once are compared again without being read, and never out of date."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from hypothesis import given
from hypothesis import strategies as st

from video_vlm.memory.kept_vectors import KeptVectors


@given(st.lists(st.frozensets(st.integers(1, 40), max_size=12), max_size=8))
def test_each_vector_is_read_once_and_belongs_to_its_id(asked: list[frozenset[int]]) -> None:
    kept = KeptVectors(3)
    read: list[int] = []

    def stored(ids: Sequence[int]) -> npt.NDArray[np.float32]:
        read.extend(ids)
        return np.array([[one, one + 0.5, 1.0] for one in ids], np.float32).reshape(-1, 3)

    for ids in asked:
        wanted = np.array(sorted(ids), np.int64)
        found = kept.of(wanted, stored)
        assert found.shape == (len(ids), 3)
        assert found[:, 0].tolist() == sorted(ids)
    assert len(read) == len(set(read))
