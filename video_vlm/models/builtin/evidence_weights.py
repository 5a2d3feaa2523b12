"""Weights of the reader, by feature: weight, mean, scale. Written by ``bench/fit_reader.py``; not by hand."""

from __future__ import annotations

from typing import Final

__all__ = ["WITH_ENCODER", "WITH_WORDS"]

WITH_ENCODER: Final[tuple[dict[str, tuple[float, float, float]], float]] = (
    {
        "meaning": (0.285, 0.263, 0.149),
        "meaning_near": (0.224, 0.255, 0.155),
        "support": (-0.757, 0.244, 0.222),
        "support_least": (0.177, 0.135, 0.181),
        "support_near": (1.051, 0.272, 0.231),
        "support_near_least": (0.223, 0.154, 0.190),
        "words": (0.011, 0.122, 0.244),
        "words_near": (0.186, 0.207, 0.278),
        "value": (1.016, 0.607, 0.225),
        "needs_value": (0.005, 0.212, 0.409),
        "lost_names": (-0.559, 0.077, 0.266),
        "is_question": (-0.112, 0.036, 0.185),
        "num_words": (0.255, 1.922, 0.627),
        "above_others": (0.482, 0.004, 0.114),
        "goes_on": (0.696, 0.541, 0.498),
        "written": (-0.084, 0.495, 0.500),
        "value_needed": (-0.433, 0.195, 0.385),
        "least_needed": (-0.043, 0.023, 0.075),
        "goes_on_near": (-0.461, 0.120, 0.190),
    },
    -2.411,
)

WITH_WORDS: Final[tuple[dict[str, tuple[float, float, float]], float]] = (
    {
        "meaning": (0.000, 0.000, 0.000),
        "meaning_near": (0.000, 0.000, 0.000),
        "support": (0.196, 0.107, 0.225),
        "support_least": (-0.071, 0.029, 0.167),
        "support_near": (0.519, 0.129, 0.238),
        "support_near_least": (-0.240, 0.034, 0.178),
        "words": (0.426, 0.127, 0.244),
        "words_near": (0.312, 0.201, 0.277),
        "value": (0.963, 0.607, 0.226),
        "needs_value": (0.184, 0.212, 0.409),
        "lost_names": (-0.632, 0.079, 0.270),
        "is_question": (-0.369, 0.020, 0.141),
        "num_words": (-0.062, 1.965, 0.611),
        "above_others": (0.000, 0.000, 0.000),
        "goes_on": (0.424, 0.517, 0.500),
        "written": (-0.337, 0.505, 0.500),
        "value_needed": (-0.306, 0.194, 0.385),
        "least_needed": (-0.086, 0.002, 0.039),
        "goes_on_near": (-0.150, 0.050, 0.154),
    },
    -2.502,
)
