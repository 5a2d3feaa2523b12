"""Questions about what is said are answered in lines, whatever shows them: counted once, and followed by the
next."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest

from tests.media.reels import Reel, steady, write_reel
from tests.perception.subtitle_worlds import STYLES, Line, draw_script, hard_of_hearing, letters
from video_vlm.index import index_video
from video_vlm.memory import open_library
from video_vlm.models.builtin import BuiltinAnswerer
from video_vlm.settings import IndexSettings

CAPTIONS = """okay so welcome back everybody today we
are going to talk about how to grow plums
on a cold hill and um the first thing
that you need is a good wall because
plums will freeze before anything the
second thing is rich soil you want at
now my brother stefan he has six plums
and he told me that the mill was
sold in june so the old wheel was
gone after a month and the plums loved
it anyway let us look at the barrow it is
made of ash and it cost me about three
hundred dollars last year which is fine
that is it for today bye bye"""


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_reel(tmp_path_factory.mktemp("film") / "film.mp4", Reel(times=steady(150, fps=2)))


def answers(film: Path, folder: Path, files: dict[str, str], questions: Sequence[str]) -> list[str]:
    """What is answered, with these subtitle files beside the film."""
    folder.mkdir()
    path = folder / "film.mp4"
    path.write_bytes(film.read_bytes())
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8", newline="")
    with open_library(folder / "library") as library:
        report = index_video(path, library, settings=IndexSettings(observers=("subtitles",)))
        memory = library.memory(report.video.content_id)
        return [BuiltinAnswerer().answer(question, memory).text for question in questions]


def once_said(lines: Sequence[Line]) -> tuple[Line, Line]:
    """A line whose name is said only in it, and the next."""
    return next(
        (line, following)
        for line, following in pairwise(lines)
        if len(line.words) > 3 and sum(line.words[0] in one.text for one in lines) == 1
    )


def in_another_language(line: Line) -> Line:
    first, *rest = line.words
    return Line(" ".join([first, *(f"{word[::-1]}en" for word in rest)]), line.start, line.end)


@pytest.mark.parametrize("style", STYLES)
def test_a_line_is_counted_once_and_followed_by_the_next_in_every_style(
    style: str, film: Path, tmp_path: Path
) -> None:
    lines = draw_script(1)
    line, following = once_said(lines)
    written = STYLES[style](lines, random.Random(style))
    count, after = answers(
        film,
        tmp_path / "here",
        {f"film{written.suffix}": written.text},
        [f"How many times is {line.words[0]} mentioned?", f'What is said after "{line.text}"?'],
    )
    assert "Once" in count
    assert letters(following.text) in letters(after)


@pytest.mark.parametrize("seed", range(5))
def test_a_second_track_changes_no_answer(seed: int, film: Path, tmp_path: Path) -> None:
    lines = draw_script(seed)
    line, following = once_said(lines)
    questions = [
        f"How many times is {line.words[0]} mentioned?",
        f'What is said after "{line.text}"?',
        "What is said first?",
    ]
    plain, chance = STYLES["plain srt"], random.Random(seed)
    beside = {
        "film.en.sdh.srt": plain(hard_of_hearing(lines, seed), chance).text,
        "film.de.srt": plain([in_another_language(one) for one in lines], chance).text,
        "film.eng.vtt": STYLES["rolling vtt, word times"](lines, chance).text,
    }
    for number, (name, text) in enumerate(beside.items()):
        files = {"film.en.srt": plain(lines, chance).text, name: text}
        count, after, first = answers(film, tmp_path / str(number), files, questions)
        assert "Once" in count
        assert letters(following.text) in letters(after)
        assert letters(lines[0].text) in letters(first)


def test_captions_without_full_stops_are_counted_and_timed_by_their_cues(film: Path, tmp_path: Path) -> None:
    cues = [Line(text, 3.0 * number, 3.0 * number + 3.0) for number, text in enumerate(CAPTIONS.splitlines())]
    count, when, cost = answers(
        film,
        tmp_path / "here",
        {"film.srt": STYLES["plain srt"](cues, random.Random(0)).text},
        [
            "How many times are plums mentioned?",
            "When does he mention the mill?",
            "How much did the barrow cost?",
        ],
    )
    assert count.startswith("4 times (4): at 0:03, 0:12, 0:18, 0:27.")
    assert "0:21 to 0:24" in when
    assert "hundred dollars" in cost
