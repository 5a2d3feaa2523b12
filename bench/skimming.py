"""What ``--speed fast`` costs and loses: its time against ffmpeg's, its shots against those of the full pass.

    python bench/skimming.py [../shared/data/dev/videos] [--quick] [--films DIR] [--seeds 11 12 13] [--video
    FILE ...]

Time: ``ffmpeg -threads 2 -i FILE -map 0:v:0 -f null -`` and a whole fast index of the same file (everything
written, screen text aside) take turns; the medians of the ratios are printed, of processor time and by the
clock. Without ``--video`` a 720p film is drawn for it. Shots: as ``bench/shots.py`` scores them, hard and
gradual changes together in one F1, for each style of film and the real ones of a folder. The last line holds
the headline figures against their goals; exit 1 on a miss.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from films import script, write
from shots import FAST, OURS, SECONDS, STYLES, Score, drawn, ours, real, score

from video_vlm.index import index_video
from video_vlm.memory import open_library
from video_vlm.settings import IndexSettings

SPEED_GOAL = 4.0
F1_GOAL = 0.05
OBSERVERS = ("chapters", "subtitles", "look", "motion")


@dataclass(frozen=True)
class Cost:
    """Seconds by the clock and of the processor."""

    wall: float
    processor: float


def timed(run: Callable[[], object]) -> Cost:
    """What a run costs, child processes included."""
    before, began = os.times(), time.perf_counter()
    run()
    after = os.times()
    return Cost(time.perf_counter() - began, sum(after[:4]) - sum(before[:4]))


def decode(video: Path) -> None:
    """The limit: every picture, and nothing done with it."""
    command = ["ffmpeg", "-v", "error", "-threads", "2", "-i", str(video), "-map", "0:v:0", "-f", "null", "-"]
    subprocess.run(command, check=True)


def index(video: Path) -> str:
    """A whole fast index in a library of its own; what it says it looked at."""
    with tempfile.TemporaryDirectory() as folder, open_library(Path(folder)) as library:
        report = index_video(video, library, settings=IndexSettings(speed="fast", observers=OBSERVERS))
        return report.read_in_full or next(iter(report.missing))


def ratios(video: Path, *, rounds: int) -> tuple[float, float]:
    """How many times faster than ffmpeg: processor, clock."""
    index(video)  # both find the file in memory, and the libraries are loaded
    pairs = [(timed(lambda: decode(video)), timed(lambda: index(video))) for _ in range(rounds)]
    return (
        median(limit.processor / fast.processor for limit, fast in pairs),
        median(limit.wall / fast.wall for limit, fast in pairs),
    )


def together(one: Score) -> float:
    """F1 of hard and gradual changes as one."""
    found, there = one.hard_found + one.gradual_found, one.hard + one.gradual
    false = one.false_hard + one.false_gradual
    return 2 * found / (found + there + false) if there + false else 1.0


def scored(options: argparse.Namespace, films: Path) -> Iterator[tuple[str, Score, Score]]:
    """Each group with the scores of the full and of the fast pass; ``all`` at the end."""
    seeds, seconds = (options.seeds[:1], 30.0) if options.quick else (options.seeds, SECONDS)
    groups = {style: list(drawn(films, seeds=seeds, seconds=seconds, styles=[style])) for style in STYLES}
    if options.folder and not options.quick:
        groups["real"] = list(real(options.folder, films))
    total, total_fast = Score(), Score()
    for name, cases in groups.items():
        full, fast = Score(), Score()
        for case in cases:
            full.add(score(case, ours(case.path)))
            fast.add(score(case, ours(case.path, speed="fast")))
        total.add(full)
        total_fast.add(fast)
        yield name, full, fast
    yield "all", total, total_fast


def main() -> int:
    """Run, print, and say by the exit code whether both goals are met."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, nargs="?", help="real videos with *.qa.json beside them")
    parser.add_argument(
        "--quick", action="store_true", help="one short film of each style, fewer rounds, no real ones"
    )
    parser.add_argument("--films", type=Path, help="keep drawn films here, and find them here the next time")
    parser.add_argument("--seeds", type=int, nargs="+", default=[11, 12, 13])
    parser.add_argument("--video", type=Path, nargs="+", help="measure time on these")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        films = options.films or Path(temporary)
        films.mkdir(parents=True, exist_ok=True)
        videos = options.video or [_film_720p(Path(temporary), seconds=30.0 if options.quick else 120.0)]
        print(f"{'video':24}{'processor':>11}{'clock':>8}  times faster than ffmpeg")
        speeds = [_timed_line(video, rounds=1 if options.quick else 5) for video in videos]
        print(f"\n{'F1, hard and gradual':24}{OURS:>11}{FAST:>16}{'lost':>8}")
        lost = [_score_line(*row) for row in scored(options, films)][-1]
    return _headline(min(speeds), lost)


def _film_720p(folder: Path, *, seconds: float) -> Path:
    return write(folder / "ordinary-720p.mp4", script("ordinary", seconds=seconds, seed=7))


def _timed_line(video: Path, *, rounds: int) -> float:
    processor, clock = ratios(video, rounds=rounds)
    print(f"{video.name[:23]:24}{processor:11.2f}{clock:8.2f}  {index(video)}")
    return processor


def _score_line(name: str, full: Score, fast: Score) -> float:
    lost = together(full) - together(fast)
    print(f"  {name:22}{together(full):11.3f}{together(fast):16.3f}{lost:8.3f}")
    return lost


def _headline(speed: float, lost: float) -> int:
    met = (speed >= SPEED_GOAL, lost <= F1_GOAL)
    words = ["met" if one else "MISSED" for one in met]
    print(
        f"times faster than ffmpeg {speed:.2f} (goal >= {SPEED_GOAL}: {words[0]}); "
        f"F1 lost {lost:.3f} (goal <= {F1_GOAL}: {words[1]})"
    )
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
