"""How likely each candidate answers, and that none of them does.

A softmax over the candidates and a null candidate of score 0, as extractive readers have one for questions that
nothing answers (Rajpurkar, Jia and Liang 2018, SQuAD 2.0). Linear in :data:`~video_vlm.models.builtin.evidence.FEATURES`;
the weights are fitted by ``bench/fit_reader.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from video_vlm.models.builtin.evidence import FEATURES, Candidate
from video_vlm.models.builtin.evidence_weights import WITH_ENCODER, WITH_WORDS

__all__ = ["EvidenceModel", "by_encoder", "by_words", "feature_rows"]


@dataclass(frozen=True, slots=True)
class EvidenceModel:
    """``weights`` by feature, for features less ``mean`` over ``scale``; ``bias`` for every candidate."""

    weights: npt.NDArray[np.float64]
    mean: npt.NDArray[np.float64]
    scale: npt.NDArray[np.float64]
    bias: float

    def probabilities(self, rows: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """``(num_candidates, len(FEATURES)) -> (num_candidates,)``: they sum to 1 with the null candidate."""
        scores = np.append((rows - self.mean) / self.scale @ self.weights + self.bias, 0.0)
        shares = np.exp(scores - scores.max())
        return np.asarray(shares[:-1] / shares.sum(), np.float64)


def feature_rows(candidates: Sequence[Candidate]) -> npt.NDArray[np.float64]:
    """``(len(candidates), len(FEATURES))``."""
    rows = [[candidate.features[name] for name in FEATURES] for candidate in candidates]
    return np.array(rows, np.float64).reshape(-1, len(FEATURES))


def _model(table: dict[str, tuple[float, float, float]], bias: float) -> EvidenceModel:
    weights, mean, scale = np.array([table.get(name, (0.0, 0.0, 1.0)) for name in FEATURES]).T
    return EvidenceModel(weights, mean, np.maximum(scale, 1e-3), bias)


by_encoder: Final = _model(*WITH_ENCODER)
by_words: Final = _model(*WITH_WORDS)
