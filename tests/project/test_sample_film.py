"""The sample film is what its constants say."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from examples.sample_film import CUES, DISSOLVE, DURATION_SECONDS, FPS, SCENES, SIZE, picture, write_film


def test_the_scenes_tile_the_film_and_one_place_comes_back() -> None:
    assert [scene.end for scene in SCENES[:-1]] == [scene.start for scene in SCENES[1:]]
    places = [scene.place for scene in SCENES]
    assert (len(set(places)), len(places)) == (6, 7)


def test_the_same_film_is_written_every_time(tmp_path: Path) -> None:
    first, second = (write_film(tmp_path / name / "film.mp4", end=5.0) for name in ("first", "second"))

    assert first.read_bytes() == second.read_bytes()
    assert first.with_suffix(".srt").read_bytes() == second.with_suffix(".srt").read_bytes()
    assert sorted(path.name for path in first.parent.iterdir()) == ["film.mp4", "film.srt"]


def test_the_container_holds_every_picture_and_every_cue(sample_film: Path) -> None:
    with av.open(sample_film) as container:
        stream = container.streams.video[0]
        shown = [frame.time for frame in container.decode(stream)]
        size = (stream.codec_context.width, stream.codec_context.height)
    with av.open(sample_film) as container:
        packets = [packet for packet in container.demux(container.streams.subtitles[0]) if packet.size > 2]
        cues = [
            (float(packet.pts * packet.time_base), bytes(packet)[2:].decode())
            for packet in packets
            if packet.pts
        ]

    assert size == SIZE
    assert shown == pytest.approx([index / FPS for index in range(round(DURATION_SECONDS * FPS))], abs=1e-3)
    assert cues == [(cue.start, cue.text) for cue in CUES]


def test_the_subtitle_file_beside_it_says_the_same(sample_film: Path) -> None:
    text = sample_film.with_suffix(".srt").read_text(encoding="utf-8")

    assert re.findall(r"^\d\d:\d\d:\d\d,\d{3} --> .*\n(.*)$", text, flags=re.MULTILINE) == [
        cue.text for cue in CUES
    ]


def difference(before: float, after: float) -> float:
    return float(
        np.abs(np.asarray(picture(before), np.float32) - np.asarray(picture(after), np.float32)).mean()
    )


@pytest.mark.parametrize(
    "cut", [scene.start for scene in SCENES[1:] if not DISSOLVE[0] < scene.start < DISSOLVE[1]]
)
def test_a_hard_cut_changes_the_picture_at_once(cut: float) -> None:
    assert difference(cut - 1 / FPS, cut) > 20


def test_the_dissolve_changes_the_picture_little_by_little() -> None:
    begin, end = DISSOLVE
    steps = np.arange(begin - 1 / FPS, end + 1 / FPS, 1 / FPS)

    assert max(difference(float(a), float(b)) for a, b in pairwise(steps)) < 10
    assert difference(begin, end) > 20
