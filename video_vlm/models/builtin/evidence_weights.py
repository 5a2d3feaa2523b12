"""Weights of the reader by feature: weight, mean and scale; and the bias. Written by ``bench/fit_reader.py``."""

from __future__ import annotations

from typing import Final

__all__ = ["WITH_ENCODER", "WITH_WORDS"]

WITH_ENCODER: Final[tuple[dict[str, tuple[float, float, float]], float]] = (
    {
        "meaning": (0.289, 0.243, 0.143),
        "meaning_near": (0.187, 0.221, 0.154),
        "support": (-0.025, 0.233, 0.197),
        "support_least": (-0.258, 0.143, 0.156),
        "support_near": (0.889, 0.268, 0.207),
        "support_near_least": (0.104, 0.171, 0.168),
        "words": (-0.216, 0.106, 0.234),
        "words_near": (-0.034, 0.166, 0.259),
        "value": (0.772, 0.556, 0.193),
        "needs_value": (-0.375, 0.183, 0.386),
        "lost_names": (-0.060, 0.049, 0.216),
        "is_question": (-0.346, 0.029, 0.168),
        "num_words": (0.006, 2.262, 0.609),
        "above_others": (0.268, 0.013, 0.123),
        "goes_on": (0.177, 0.269, 0.444),
        "written": (-0.355, 0.114, 0.318),
        "value_needed": (-0.173, 0.141, 0.322),
        "least_needed": (0.085, 0.027, 0.091),
        "goes_on_near": (-0.222, 0.065, 0.153),
        "deeds": (0.113, 0.429, 0.235),
        "deeds_near": (0.375, 0.445, 0.226),
        "things_least": (-0.086, 0.187, 0.210),
        "things_near_least": (0.106, 0.218, 0.220),
        "apart": (0.143, 0.020, 0.055),
        "new_words": (0.087, 1.716, 0.576),
        "after_question": (0.055, 0.009, 0.062),
        "missing": (-0.260, 1.489, 1.156),
        "missing_own": (-0.254, 1.606, 1.165),
        "premise": (0.369, 0.148, 0.356),
    },
    -2.049,
)

WITH_WORDS: Final[tuple[dict[str, tuple[float, float, float]], float]] = (
    {
        "meaning": (0.000, 0.000, 0.001),
        "meaning_near": (0.000, 0.000, 0.001),
        "support": (0.327, 0.075, 0.197),
        "support_least": (-0.253, 0.019, 0.137),
        "support_near": (0.596, 0.099, 0.215),
        "support_near_least": (-0.119, 0.027, 0.154),
        "words": (0.178, 0.109, 0.234),
        "words_near": (0.302, 0.164, 0.258),
        "value": (0.720, 0.552, 0.195),
        "needs_value": (0.055, 0.183, 0.386),
        "lost_names": (-0.064, 0.048, 0.214),
        "is_question": (-0.234, 0.027, 0.161),
        "num_words": (0.056, 2.295, 0.586),
        "above_others": (0.000, 0.000, 0.001),
        "goes_on": (0.126, 0.261, 0.439),
        "written": (-0.340, 0.116, 0.320),
        "value_needed": (-0.017, 0.138, 0.320),
        "least_needed": (0.023, 0.004, 0.059),
        "goes_on_near": (-0.075, 0.023, 0.115),
        "deeds": (0.165, 0.350, 0.312),
        "deeds_near": (0.122, 0.358, 0.312),
        "things_least": (-0.046, 0.062, 0.218),
        "things_near_least": (0.071, 0.075, 0.235),
        "apart": (0.094, 0.013, 0.060),
        "new_words": (-0.008, 1.753, 0.562),
        "after_question": (0.061, 0.003, 0.047),
        "missing": (-0.223, 1.771, 1.154),
        "missing_own": (0.050, 1.856, 1.157),
        "premise": (0.185, 0.145, 0.352),
    },
    -2.316,
)
