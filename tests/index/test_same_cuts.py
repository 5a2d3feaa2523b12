"""A film has the same cuts read fast, in full and in truth: by any encoder, on the beat of keyframes and in
noise."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.index.drawn import SKIMMED_RATES, drawn_film, write_film
from video_vlm.index.decode_passes import open_pass, why_in_full
from video_vlm.media import open_video
from video_vlm.records import Cut
from video_vlm.settings import IndexSettings

NEAR_SECONDS = 0.25  # a fast run leaves out pictures that no other needs

MOST_NOISE_APART = (
    8.0  # grey levels: with more of it, pictures of seconds each do not tell a cut by their colours
)


def cuts_in(path: Path, settings: IndexSettings) -> list[Cut]:
    with open_video(path) as reader:
        settings = IndexSettings() if why_in_full(reader, settings) else settings
        return [seen.cut for seen in open_pass(reader, settings, None).seen() if seen.cut is not None]


@pytest.mark.parametrize("seed", range(1, 25))
def test_a_fast_run_misses_no_cut(tmp_path: Path, seed: int) -> None:
    film = drawn_film(seed, rates=SKIMMED_RATES)
    path = write_film(tmp_path / "film", film)
    found = [cut.at for cut in cuts_in(path, IndexSettings(speed="fast"))]
    missed = [at for at in film.starts if not any(abs(at - one) <= NEAR_SECONDS for one in found)]
    assert missed == [], film


@pytest.mark.parametrize("seed", range(8))
def test_a_film_has_the_cuts_it_was_drawn_with_at_any_rate(tmp_path: Path, seed: int) -> None:
    film = drawn_film(seed)
    film = replace(film, noise=min(film.noise, MOST_NOISE_APART))
    path = write_film(tmp_path / "film", film)
    found = [cut.at for cut in cuts_in(path, IndexSettings()) if cut.kind == "hard"]
    assert found == pytest.approx(film.starts, abs=max(0.02, 1.1 / film.rate)), film
