"""Weights of the reader by feature: weight, mean and scale; and the bias. Written by ``bench/fit_reader.py``."""

from __future__ import annotations

from typing import Final

__all__ = ["WITH_ENCODER", "WITH_WORDS"]

WITH_ENCODER: Final[tuple[dict[str, tuple[float, float, float]], float]] = (
    {
        "meaning": (0.249, 0.246, 0.143),
        "meaning_near": (0.238, 0.223, 0.155),
        "support": (-0.005, 0.241, 0.206),
        "support_least": (-0.233, 0.148, 0.164),
        "support_near": (0.797, 0.276, 0.215),
        "support_near_least": (0.066, 0.176, 0.175),
        "words": (-0.277, 0.112, 0.241),
        "words_near": (0.158, 0.162, 0.261),
        "value": (0.796, 0.565, 0.201),
        "needs_value": (-0.434, 0.198, 0.399),
        "lost_names": (-0.001, 0.049, 0.217),
        "is_question": (-0.331, 0.029, 0.169),
        "num_words": (-0.157, 2.334, 0.715),
        "above_others": (0.261, 0.013, 0.122),
        "goes_on": (0.130, 0.268, 0.443),
        "written": (-0.401, 0.114, 0.318),
        "value_needed": (-0.142, 0.157, 0.338),
        "least_needed": (0.064, 0.030, 0.098),
        "goes_on_near": (-0.188, 0.065, 0.156),
        "deeds": (0.120, 0.431, 0.236),
        "deeds_near": (0.393, 0.446, 0.227),
        "things_least": (-0.087, 0.195, 0.219),
        "things_near_least": (0.094, 0.226, 0.229),
        "apart": (0.139, 0.020, 0.055),
        "new_words": (0.202, 1.782, 0.676),
        "after_question": (0.057, 0.010, 0.065),
        "missing": (-0.302, 1.466, 1.162),
        "missing_own": (-0.255, 1.580, 1.174),
        "premise": (0.362, 0.150, 0.357),
    },
    -1.990,
)

WITH_WORDS: Final[tuple[dict[str, tuple[float, float, float]], float]] = (
    {
        "meaning": (0.000, 0.000, 0.001),
        "meaning_near": (0.000, 0.000, 0.001),
        "support": (0.371, 0.083, 0.207),
        "support_least": (-0.253, 0.022, 0.146),
        "support_near": (0.551, 0.106, 0.224),
        "support_near_least": (-0.137, 0.030, 0.162),
        "words": (0.144, 0.114, 0.241),
        "words_near": (0.381, 0.161, 0.260),
        "value": (0.793, 0.561, 0.203),
        "needs_value": (0.039, 0.198, 0.399),
        "lost_names": (-0.010, 0.048, 0.215),
        "is_question": (-0.221, 0.027, 0.162),
        "num_words": (-0.036, 2.363, 0.696),
        "above_others": (0.000, 0.000, 0.001),
        "goes_on": (0.113, 0.262, 0.440),
        "written": (-0.354, 0.116, 0.321),
        "value_needed": (-0.086, 0.154, 0.336),
        "least_needed": (0.009, 0.004, 0.065),
        "goes_on_near": (-0.074, 0.025, 0.119),
        "deeds": (0.130, 0.352, 0.313),
        "deeds_near": (0.190, 0.360, 0.313),
        "things_least": (-0.081, 0.068, 0.229),
        "things_near_least": (0.098, 0.081, 0.245),
        "apart": (0.110, 0.013, 0.059),
        "new_words": (0.048, 1.819, 0.662),
        "after_question": (0.064, 0.004, 0.050),
        "missing": (-0.288, 1.758, 1.162),
        "missing_own": (0.103, 1.841, 1.164),
        "premise": (0.183, 0.147, 0.354),
    },
    -2.261,
)
