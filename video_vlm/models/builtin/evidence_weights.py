"""Weights of the reader, by feature: weight, mean, scale. Written by ``bench/fit_reader.py``; not by hand."""

from __future__ import annotations

from typing import Final

__all__ = ["WITH_ENCODER", "WITH_WORDS"]

WITH_ENCODER: Final[tuple[dict[str, tuple[float, float, float]], float]] = (
    {
        "meaning": (0.222, 0.248, 0.145),
        "meaning_near": (0.262, 0.225, 0.156),
        "support": (0.039, 0.242, 0.206),
        "support_least": (-0.203, 0.149, 0.165),
        "support_near": (0.676, 0.278, 0.215),
        "support_near_least": (0.087, 0.177, 0.176),
        "words": (-0.246, 0.113, 0.242),
        "words_near": (0.150, 0.164, 0.261),
        "value": (0.813, 0.565, 0.201),
        "needs_value": (-0.463, 0.201, 0.401),
        "lost_names": (-0.034, 0.051, 0.220),
        "is_question": (-0.312, 0.029, 0.168),
        "num_words": (-0.066, 2.331, 0.708),
        "above_others": (0.248, 0.013, 0.122),
        "goes_on": (0.136, 0.267, 0.443),
        "written": (-0.345, 0.110, 0.312),
        "value_needed": (-0.108, 0.159, 0.340),
        "least_needed": (0.062, 0.030, 0.098),
        "goes_on_near": (-0.187, 0.065, 0.157),
        "deeds": (0.101, 0.432, 0.235),
        "deeds_near": (0.403, 0.448, 0.226),
        "things_least": (-0.084, 0.194, 0.219),
        "things_near_least": (0.115, 0.225, 0.228),
        "apart": (0.135, 0.020, 0.055),
        "new_words": (0.124, 1.778, 0.669),
        "after_question": (0.077, 0.010, 0.064),
        "missing": (-0.273, 1.466, 1.158),
        "missing_own": (-0.295, 1.582, 1.169),
        "premise": (0.288, 0.150, 0.357),
    },
    -2.003,
)

WITH_WORDS: Final[tuple[dict[str, tuple[float, float, float]], float]] = (
    {
        "meaning": (0.000, 0.000, 0.000),
        "meaning_near": (0.000, 0.000, 0.000),
        "support": (0.325, 0.084, 0.208),
        "support_least": (-0.239, 0.022, 0.147),
        "support_near": (0.425, 0.108, 0.225),
        "support_near_least": (-0.100, 0.030, 0.163),
        "words": (0.205, 0.116, 0.242),
        "words_near": (0.449, 0.163, 0.261),
        "value": (0.801, 0.561, 0.203),
        "needs_value": (-0.024, 0.201, 0.401),
        "lost_names": (-0.055, 0.050, 0.218),
        "is_question": (-0.207, 0.027, 0.162),
        "num_words": (0.027, 2.363, 0.689),
        "above_others": (0.000, 0.000, 0.000),
        "goes_on": (0.108, 0.260, 0.438),
        "written": (-0.266, 0.112, 0.315),
        "value_needed": (-0.041, 0.156, 0.338),
        "least_needed": (0.012, 0.004, 0.064),
        "goes_on_near": (-0.062, 0.025, 0.120),
        "deeds": (0.189, 0.352, 0.313),
        "deeds_near": (0.175, 0.361, 0.313),
        "things_least": (-0.060, 0.067, 0.228),
        "things_near_least": (0.096, 0.080, 0.244),
        "apart": (0.111, 0.013, 0.059),
        "new_words": (-0.006, 1.816, 0.656),
        "after_question": (0.085, 0.004, 0.050),
        "missing": (-0.248, 1.759, 1.154),
        "missing_own": (-0.016, 1.844, 1.156),
    },
    -2.270,
)
