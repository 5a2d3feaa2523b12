"""Weights of the reader by feature: weight, mean and scale; and the bias. Written by ``bench/fit_reader.py``."""

from __future__ import annotations

from typing import Final

__all__ = ["WITH_ENCODER", "WITH_WORDS"]

WITH_ENCODER: Final[tuple[dict[str, tuple[float, float, float]], float]] = (
    {
        "meaning": (0.263, 0.246, 0.143),
        "meaning_near": (0.238, 0.224, 0.155),
        "support": (-0.030, 0.242, 0.205),
        "support_least": (-0.233, 0.149, 0.164),
        "support_near": (0.787, 0.277, 0.214),
        "support_near_least": (0.100, 0.177, 0.175),
        "words": (-0.249, 0.112, 0.241),
        "words_near": (0.138, 0.163, 0.260),
        "value": (0.803, 0.565, 0.201),
        "needs_value": (-0.408, 0.196, 0.397),
        "lost_names": (-0.037, 0.051, 0.220),
        "is_question": (-0.329, 0.029, 0.167),
        "num_words": (-0.103, 2.334, 0.711),
        "above_others": (0.242, 0.013, 0.121),
        "goes_on": (0.133, 0.266, 0.442),
        "written": (-0.387, 0.112, 0.315),
        "value_needed": (-0.149, 0.156, 0.338),
        "least_needed": (0.055, 0.030, 0.097),
        "goes_on_near": (-0.195, 0.065, 0.155),
        "deeds": (0.114, 0.432, 0.235),
        "deeds_near": (0.388, 0.447, 0.226),
        "things_least": (-0.066, 0.195, 0.219),
        "things_near_least": (0.076, 0.226, 0.228),
        "apart": (0.119, 0.020, 0.055),
        "new_words": (0.152, 1.781, 0.672),
        "after_question": (0.057, 0.010, 0.064),
        "missing": (-0.327, 1.461, 1.157),
        "missing_own": (-0.233, 1.575, 1.169),
        "premise": (0.349, 0.149, 0.356),
    },
    -1.978,
)

WITH_WORDS: Final[tuple[dict[str, tuple[float, float, float]], float]] = (
    {
        "meaning": (0.000, 0.000, 0.001),
        "meaning_near": (0.000, 0.000, 0.001),
        "support": (0.328, 0.083, 0.207),
        "support_least": (-0.245, 0.022, 0.146),
        "support_near": (0.571, 0.106, 0.224),
        "support_near_least": (-0.147, 0.030, 0.162),
        "words": (0.156, 0.114, 0.241),
        "words_near": (0.391, 0.162, 0.260),
        "value": (0.795, 0.561, 0.202),
        "needs_value": (0.052, 0.196, 0.397),
        "lost_names": (-0.047, 0.050, 0.217),
        "is_question": (-0.218, 0.026, 0.160),
        "num_words": (-0.003, 2.364, 0.692),
        "above_others": (0.000, 0.000, 0.001),
        "goes_on": (0.113, 0.259, 0.438),
        "written": (-0.340, 0.114, 0.318),
        "value_needed": (-0.083, 0.153, 0.336),
        "least_needed": (0.006, 0.004, 0.064),
        "goes_on_near": (-0.072, 0.024, 0.118),
        "deeds": (0.148, 0.351, 0.313),
        "deeds_near": (0.171, 0.360, 0.313),
        "things_least": (-0.060, 0.068, 0.228),
        "things_near_least": (0.081, 0.081, 0.245),
        "apart": (0.104, 0.013, 0.059),
        "new_words": (0.023, 1.818, 0.659),
        "after_question": (0.065, 0.004, 0.049),
        "missing": (-0.256, 1.754, 1.154),
        "missing_own": (0.071, 1.837, 1.157),
        "premise": (0.173, 0.146, 0.353),
    },
    -2.272,
)
