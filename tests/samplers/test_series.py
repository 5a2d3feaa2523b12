"""Scores on one scale, and their peaks."""

from __future__ import annotations

import numpy as np
import pytest

from video_vlm.samplers.score_series import extent, peaks, relevance, robust_z, smooth, softened


def test_a_spike_among_silence_stands_far_out() -> None:
    assert robust_z(np.eye(1, 100, 7).ravel())[7] > 8


def test_certainty_grows_slowly() -> None:
    assert softened(np.array([-1.0, 7.0, 8.0, 800.0])).tolist() == pytest.approx([-1, 7, 8, 8 + np.log(100)])


@pytest.mark.parametrize("scores", [np.full(9, 3.0), np.full(9, np.nan), np.zeros(0), np.array([5.0])])
def test_what_does_not_vary_says_nothing(scores: np.ndarray) -> None:
    assert not robust_z(scores).any()


def test_the_scale_of_a_channel_does_not_matter() -> None:
    scores = np.random.default_rng(0).normal(size=200)
    assert np.allclose(robust_z(scores), robust_z(scores * 1e300))


def test_what_is_unknown_is_left_out_of_the_mean() -> None:
    assert smooth(np.array([1.0, np.nan, 3.0, 3.0]), taps=3).tolist() == pytest.approx([1 / 3, 2 / 3, 1, 1])


def test_a_loud_channel_does_not_outshout_a_quiet_one() -> None:
    noise = np.random.default_rng(1)
    quiet, loud = noise.normal(0, 0.001, 500), noise.normal(0, 1000.0, 500)
    quiet[100:103] += 0.02
    assert relevance({"quiet": quiet, "loud": loud}).argmax() == 101


def test_peaks_keep_their_distance_and_come_highest_first() -> None:
    z = np.array([0, 5, 6, 0, 0, 9, 0, 0, 4.0])
    assert peaks(np.arange(9.0) * 10, z, least=4, apart_seconds=15, most=5) == [5, 2, 8]
    assert peaks(np.arange(9.0) * 10, z, least=4, apart_seconds=15, most=1) == [5]


def test_a_peak_reaches_as_far_as_half_of_it() -> None:
    assert extent(np.array([0.0, 3, 4, 3, 0]), 2) == (1, 4)
    assert extent(np.array([4.0, 4, 4]), 1) == (0, 3)
