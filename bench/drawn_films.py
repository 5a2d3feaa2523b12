"""Draw little films told by subtitles, with questions whose answers are known.

    python bench/drawn_films.py OUT [--seed 7] [--films 6]

writes, for each film, ``NAME.srt``, ``NAME.mp4`` (plain colours; the pictures mean nothing) and ``NAME.qa.json``,
which ``bench/answers.py`` asks. The seed decides everything; the scenarios are in ``bench/drawn/``. Even seeds
are for mending a reader, odd seeds for judging it: look at no question of an odd seed while you change code.
"""

from __future__ import annotations

import argparse
import colorsys
import json
import random
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).parents[1]))
from bench.drawn_grammar import registers
from bench.drawn_story import Asked, Sentence, Story, tell

__all__ = ["Cue", "Film", "draw", "write"]

LICENCE = "CC0-1.0 (drawn by bench/drawn_films.py; all names and facts invented)"
FPS = 5
LETTERS_A_SECOND = 13.0
SHORTEST_CUE, LONGEST_CUE = 38, 84  # letters: 4 to 7 s with the second that every cue has


@dataclass(frozen=True)
class Cue:
    """A subtitle, its span in seconds, and the numbers of the sentences of which it has words."""

    text: str
    start: float
    end: float
    sentences: tuple[int, ...]


@dataclass(frozen=True)
class Film:
    """A drawn film: its name, what is told, and when."""

    name: str
    story: Story
    cues: tuple[Cue, ...]

    @property
    def seconds(self) -> float:
        return round(self.cues[-1].end + 1.0, 1)


def draw(seed: int, number: int) -> list[Film]:
    """``number`` films; the scenarios come in an order of the seed, none twice before all have come."""
    scenarios = registers()
    order = random.Random(f"order {seed}").sample(sorted(scenarios), len(scenarios))
    films = []
    for place in range(number):
        name = order[place % len(order)]
        chance = random.Random(f"film {seed} {place}")
        story = tell(scenarios[name], chance)
        films.append(Film(f"drawn{seed:04}_{place:02}_{name}", story, tuple(_timed(story.sentences, chance))))
    return films


def _pieces(sentences: list[Sentence], chance: random.Random) -> Iterator[tuple[str, tuple[int, ...]]]:
    """The words of each cue; most cues end with a sentence, some in the middle of one."""
    line, speaker = "", ""
    numbers: tuple[int, ...] = ()
    running = chance.random() < 0.2  # a film whose cues break anywhere
    for number, sentence in enumerate(sentences):
        if line and (sentence.speaker != speaker or (len(line) >= SHORTEST_CUE and not running)):
            yield line, numbers
            line, numbers = "", ()
        speaker = sentence.speaker
        tag = f"{speaker.upper()}: " if speaker else ""
        left = len(sentence.text)
        widest = (
            LONGEST_CUE if left <= LONGEST_CUE or chance.random() < 0.5 else max(SHORTEST_CUE, left // 2 + 6)
        )
        for word in sentence.text.split():
            if len(line) + len(word) > (chance.randint(50, LONGEST_CUE) if running else widest):
                yield line, numbers
                line, numbers = "", ()
            line = f"{line} {word}" if line else tag + word
            numbers = (*numbers, number) if number not in numbers else numbers
    yield line, numbers


def _timed(sentences: list[Sentence], chance: random.Random) -> Iterator[Cue]:
    clock = 1.2
    for text, numbers in _pieces(sentences, chance):
        end = clock + max(1.0 + len(text) / LETTERS_A_SECOND, 2.5)
        yield Cue(text, round(clock, 3), round(end, 3), numbers)
        clock = end + chance.choice((0.0, 0.35, 0.6, 0.85))


def _stamp(seconds: float) -> str:
    whole, thousandths = divmod(round(seconds * 1000), 1000)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02},{thousandths:03}"


def subtitles(film: Film) -> str:
    """The film as SubRip."""
    parts = [
        f"{number}\n{_stamp(cue.start)} --> {_stamp(cue.end)}\n"
        + "\n".join(textwrap.wrap(cue.text, 46, break_on_hyphens=False))
        + "\n"
        for number, cue in enumerate(film.cues, start=1)
    ]
    return "\n".join(parts)


def _truth(film: Film, asked: Asked) -> dict[str, Any]:
    held = [cue for cue in film.cues if set(cue.sentences) & set(asked.evidence)]
    return {
        "q": asked.text,
        "a": asked.answer,
        "accept": [asked.accept],
        "evidence": [round(held[0].start, 1), round(held[-1].end, 1)] if held else [0, film.seconds],
        "kind": asked.kind,
        "needs": "text" if held else "nothing",
        "wording": asked.wording,
    }


def questions(film: Film) -> str:
    """The film's questions as JSON."""
    truth = {
        "video": f"{film.name}.mp4",
        "licence": LICENCE,
        "register": film.story.register,
        "duration_s": film.seconds,
        "subtitles": len(film.cues),
        "questions": [_truth(film, one) for one in film.story.questions],
    }
    return json.dumps(truth, indent=1, ensure_ascii=False) + "\n"


def _paint(path: Path, film: Film) -> None:
    """Plain colours with a hard cut every 20 to 40 s."""
    chance = random.Random(film.name)
    with av.open(path, "w") as container:
        stream = container.add_stream("libx264", rate=FPS, options={"preset": "ultrafast", "threads": "1"})
        stream.width, stream.height, stream.pix_fmt, stream.gop_size = 160, 90, "yuv420p", 25
        left, picture = 0, np.zeros((90, 160, 3), np.uint8)
        for _ in range(round(film.seconds * FPS)):
            if left == 0:
                left = chance.randint(20 * FPS, 40 * FPS)
                colour = colorsys.hsv_to_rgb(chance.random(), 0.6, chance.uniform(0.4, 0.9))
                picture[:] = [round(255 * part) for part in colour]
            left -= 1
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())


def write(film: Film, folder: Path) -> None:
    """The three files of a film."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{film.name}.srt").write_text(subtitles(film), encoding="utf-8", newline="\n")
    (folder / f"{film.name}.qa.json").write_text(questions(film), encoding="utf-8", newline="\n")
    _paint(folder / f"{film.name}.mp4", film)


def main() -> int:
    """Draw and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=2)
    parser.add_argument("--films", type=int, default=6)
    options = parser.parse_args()
    for film in tqdm(draw(options.seed, options.films), unit="film", disable=not sys.stderr.isatty()):
        write(film, options.folder)
        print(f"{film.name}: {film.seconds:.0f} s, {len(film.story.questions)} questions")
    return 0


if __name__ == "__main__":
    sys.exit(main())
