"""Ask questions whose answers are known and count what came back.

    python bench/answers.py FOLDER... [--paraphrases FILE] [--fresh | --shuffled SEED] [--half tune|judge]
    [--show wrong|all] [--json FILE] [--compare FILE] [--quick] [--model NAME] [--library DIR] [--keep-looks]

Ground truth is every ``*.qa.json`` below a folder, ``{"video": file, "questions": [{"q", "accept": [regex],
"evidence": [s, s], "kind", "needs"}]}``, and the list of ``--paraphrases``, asked over the folders' videos (the
folders' own questions are left out then). An answer is *right* when one of ``accept`` matches its text and a cited
span overlaps the evidence. A question that the words and the timing of the video answer (needs text, structure,
chapters) should be right; one that needs eyes, or that nothing answers, should be declined, and any answer to the
latter is wrong. The last lines hold the shares of each set against its goals; exit 1 on a miss. Kinds of sets:
``drawn`` (``bench/drawn_films.py``), ``fresh`` (films whose questions tell their ``wording``), ``paraphrases``, and
``development`` for all others.

How questions are asked:

- by default one after the other in one library that keeps no looks: what the process holds in memory, and what a
  question writes besides looks, may serve the next one;
- ``--fresh``: each in a copy of a library in which all videos were read and nothing was asked, opened anew, with
  looks kept as for users. Nothing that was asked before can matter;
- ``--shuffled SEED``: all in one library that keeps looks, in an order drawn from the seed. The answers should be
  those of ``--fresh``: ``--compare`` shows where they are not.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).parents[1]))
from bench.question_sets import HALVES, QUICK_SECONDS, Item, folder_items, paraphrased_items
from bench.verdicts import Asked, calibration, changes, goals_met, judge, rows, sets, table, write_json
from video_vlm import AskSettings, Settings, VideoQA
from video_vlm.errors import MediaError
from video_vlm.records import Answer


@dataclass(frozen=True)
class Way:
    """How questions are asked: each in a ``fresh`` library, or in one, in an order of ``seed`` where there is one."""

    model: str = "builtin"
    fresh: bool = False
    seed: int | None = None
    keep_looks: bool = False

    def opened(self, library: Path) -> VideoQA:
        """The library, to be asked in this way."""
        keeps = self.keep_looks or self.fresh or self.seed is not None
        return VideoQA(library, model=self.model, settings=Settings(ask=AskSettings(keep_looks=keeps)))


def ask_all(items: list[Item], library: Path, way: Way) -> list[Asked]:
    """Every question, in the given order unless the way has a seed."""
    if way.fresh:
        return list(_each_fresh(items, library, way))
    if way.seed is not None:
        items = random.Random(way.seed).sample(items, len(items))
    return list(_in_one(items, library, way))


def _in_one(items: list[Item], library: Path, way: Way) -> Iterator[Asked]:
    unreadable: set[Path] = set()
    with way.opened(library) as videos:
        for item in _watched(items):
            if item.video not in unreadable:
                try:
                    yield _asked(videos, item)
                except MediaError as error:
                    print(error, file=sys.stderr)
                    unreadable.add(item.video)


def _each_fresh(items: list[Item], library: Path, way: Way) -> Iterator[Asked]:
    read: set[Path] = set()
    with way.opened(library) as videos:
        for video in dict.fromkeys(item.video for item in items):
            try:
                videos.index(video)
                read.add(video)
            except MediaError as error:
                print(error, file=sys.stderr)
    for item in _watched([item for item in items if item.video in read]):
        with tempfile.TemporaryDirectory() as temporary:
            copy = shutil.copytree(library, Path(temporary) / "library")
            with way.opened(copy) as videos:
                yield _asked(videos, item)


def _watched(items: list[Item]) -> Iterator[Item]:
    yield from tqdm(items, unit="question", disable=not sys.stderr.isatty())


def _asked(videos: VideoQA, item: Item) -> Asked:
    began = time.perf_counter()
    answer: Answer = videos.ask(item.video, item.truth["q"])
    return Asked(item, answer, judge(item.truth, answer), time.perf_counter() - began)


def cost(asked: list[Asked], *, one_by_one: bool) -> str:
    """Pictures decoded, the median time of a question, and what a later one takes beside the first."""
    seconds = sorted(one.seconds for one in asked)
    frames = sum(one.answer.receipt.frames_decoded for one in asked)
    lines = [
        f"{frames} pictures decoded to answer",
        f"{seconds[len(seconds) // 2]:.3f} s a question (median of {len(seconds)})",
    ]
    spent: dict[Path, list[float]] = {}
    for one in asked:
        spent.setdefault(one.item.video, []).append(one.seconds)
    ratios = sorted(
        sorted(later)[len(later) // 2] / first for first, *later in spent.values() if later and one_by_one
    )
    if ratios:
        ratio = ratios[len(ratios) // 2]
        lines.append(
            f"a later question takes {ratio:.3f} of the first one's time (median of {len(ratios)} videos)"
        )
    return "\n".join(lines)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--paraphrases", type=Path, help="ask this list over the folders' videos")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--fresh", action="store_true", help="each question in a library of its own")
    how.add_argument("--shuffled", type=int, metavar="SEED", help="one library, looks kept, in random order")
    parser.add_argument("--half", choices=HALVES, help="only every other film (or question of paraphrases)")
    parser.add_argument("--quick", action="store_true", help=f"only videos of at most {QUICK_SECONDS:.0f} s")
    parser.add_argument("--library", type=Path, help="keep the memory here instead of in a temporary folder")
    parser.add_argument("--model", default="builtin")
    parser.add_argument(
        "--keep-looks", action="store_true", help="what one question looked at serves the next"
    )
    parser.add_argument(
        "--show", choices=("wrong", "all"), help="print the questions that went wrong, or all"
    )
    parser.add_argument("--json", type=Path, help="write every question with its verdict and answer there")
    parser.add_argument("--compare", type=Path, help="print what changed since a file of --json")
    return parser.parse_args()


def _items(options: argparse.Namespace) -> list[Item]:
    if options.paraphrases:
        return paraphrased_items(options.paraphrases, options.folders, half=options.half)
    return [
        item
        for folder in options.folders
        for item in folder_items(folder, quick=options.quick, half=options.half)
    ]


def show(asked: list[Asked], which: str | None) -> None:
    """Print the questions that went wrong, or all."""
    for one in asked:
        if which == "all" or (which == "wrong" and not one.good):
            print(f"{one.verdict:20}{one.truth['needs']:10}{one.item.video.name}: {one.truth['q']}")
            print(f"    {one.answer.confidence:.2f} {one.answer.text[:200]}")


def main() -> int:
    """Run, print, and say by the exit code whether every goal is met."""
    options = _options()
    items = _items(options)
    before = json.loads(options.compare.read_text(encoding="utf-8")) if options.compare else None
    way = Way(options.model, options.fresh, options.shuffled, options.keep_looks)
    with tempfile.TemporaryDirectory() as temporary:
        asked = ask_all(items, options.library or Path(temporary) / "library", way)
    if not asked:
        print(f"no questions in {', '.join(map(str, options.folders))}", file=sys.stderr)
        return 1
    show(asked, options.show)
    for part in ("kind", "needs", "wording"):
        print(table(asked, part), end="\n\n")
    print(calibration(asked), cost(asked, one_by_one=way == Way(options.model)), sep="\n\n", end="\n\n")
    if options.json:
        write_json(asked, options.json)
    if before is not None:
        print(*changes(before, rows(asked)), sep="\n", end="\n\n")
    lines, met = goals_met(asked)
    print(sets(asked), "", *lines, sep="\n")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
