"""What indexing costs, as multiples of decoding with ffmpeg: the limit, measured in the same run.

    python bench/analysis.py [FOLDER] [--quick] [--films DIR] [--only WORD] [--rounds N]

Films are drawn by ``bench/films.py`` (kept in ``--films``, else drawn anew); the videos of FOLDER are
measured too. Every round runs every contender once, one after the other, so that other work on the machine
hits all alike; a ratio is the median of the rounds' ratios. All run as a user would run them, in processes of
their own; what each needs to start, measured on a film of one picture, is taken off and shown by itself.
Needs ``ffmpeg`` on the path.

The last line holds the headline figures against their goals; exit 1 on a miss.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from statistics import median

from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).parent))
from films import Film, Take, repeat, script, write

from video_vlm.media.cpu_count import num_cores
from video_vlm.settings import IndexSettings

LIMIT, FULL, FAST, DETECT, DECODE = "ffmpeg", "full", "fast", "scenedetect", "decode"
OBSERVERS = "index.observers=chapters,subtitles,look,motion"
SUFFIXES = {".mp4", ".mkv", ".webm", ".mov", ".avi", ".ts"}
MEGABYTE = 1 << 20

_BATCH = 4
"""So many of the films are read side by side."""

GOALS = {
    "full pass / limit": ("<=", 1.2),
    "scenedetect / full pass": (">=", 1.4),
    "limit / fast": (">=", 4.0),
    "peak MB": ("<=", 400.0),
    "peak of long / short": ("<=", 1.1),
}


@dataclass(frozen=True)
class Subject:
    """A film to draw. ``turns``: how often it is repeated."""

    name: str
    style: str = "ordinary"
    size: tuple[int, int] = (1280, 720)
    codec: str = "libx264"
    variable_rate: bool = False
    turns: int = 4
    is_headline: bool = False


SUBJECTS = (
    Subject("720p-h264", turns=8, is_headline=True),
    Subject("1080p-h264", size=(1920, 1080), turns=4, is_headline=True),
    Subject("720p-h264-busy", style="busy"),
    Subject("720p-h264-flat", style="flat"),
    Subject("720p-hevc", codec="libx265"),
    Subject("720p-vp9", codec="libvpx-vp9"),
    Subject("720p-av1", codec="libsvtav1"),
    Subject("720p-variable-rate", variable_rate=True),
    Subject("180p-long", size=(320, 180), turns=25),
)
QUICK = (Subject("720p-h264", turns=6, is_headline=True), Subject("180p-long", size=(320, 180), turns=10))


@dataclass(frozen=True)
class Cost:
    """What one run took: seconds of wall time and of CPU, with its children, and the largest process in
    bytes."""

    wall: float
    cpu: float
    peak: float

    def without(self, start: Cost) -> Cost:
        return Cost(max(self.wall - start.wall, 1e-3), max(self.cpu - start.cpu, 1e-3), self.peak)


Costs = Mapping[str, Sequence[Cost]]
"""By contender, a cost a round."""


_RUNNER = """
import json, os, subprocess, sys, time
began = time.perf_counter()
run = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
_, status, used = os.wait4(run.pid, 0)
seconds = time.perf_counter() - began
print(json.dumps([os.waitstatus_to_exitcode(status), seconds, used.ru_utime + used.ru_stime, used.ru_maxrss]))
"""
"""A small process that starts the command: a large one would lend its own peak of memory to what it
starts."""


def cost(command: Sequence[str]) -> Cost:
    """Run a command and say what it took.

    Raises:
        SystemExit: it failed.
    """
    run = subprocess.run([sys.executable, "-S", "-c", _RUNNER, *command], stdout=subprocess.PIPE, check=True)
    code, wall, cpu, peak = json.loads(run.stdout)
    if code:
        raise SystemExit(f"exit code {code}: {' '.join(map(str, command))}")
    return Cost(wall, cpu, peak * (1 if sys.platform == "darwin" else 1024))


def indexing(files: Sequence[Path], folder: Path, *settings: str, jobs: int = 1) -> list[str]:
    """``videoqa index`` into a library that does not exist yet."""
    library = tempfile.mkdtemp(dir=folder)
    command = [sys.executable, "-m", "video_vlm.cli", "--quiet", "--library", library]
    command += [part for setting in (OBSERVERS, *settings) for part in ("--set", setting)]
    return [*command, "index", *map(str, files), "--jobs", str(jobs)]


def contenders() -> list[str]:
    """Those there are, the limit first."""
    has_fast = any(field.name == "speed" for field in fields(IndexSettings))
    return [LIMIT, FULL, *([FAST] if has_fast else []), DETECT, DECODE]


def command_of(contender: str, file: Path, folder: Path) -> list[str]:
    """What a user would type."""
    if contender == LIMIT:
        threads = str(num_cores())
        return [
            "ffmpeg",
            "-v",
            "error",
            "-threads",
            threads,
            "-i",
            str(file),
            "-map",
            "0:v:0",
            "-f",
            "null",
            "-",
        ]
    if contender == DETECT:
        program = Path(sys.executable).with_name("scenedetect")
        return [str(program), "-i", str(file), "detect-adaptive"]
    if contender == DECODE:
        through = f"from video_vlm import open_video\nfor _ in open_video({str(file)!r}).scan(): pass"
        return [sys.executable, "-c", through]
    return indexing([file], folder, *(["index.speed=fast"] if contender == FAST else []))


def measure(file: Path, folder: Path, *, rounds: int) -> Costs:
    """Each contender once a round."""
    found: dict[str, list[Cost]] = {name: [] for name in contenders()}
    for _ in range(rounds):
        for name, costs in found.items():
            costs.append(cost(command_of(name, file, folder)))
    return found


def drawn(subject: Subject, folder: Path, *, seconds: float) -> Path:
    """The film, from the folder if it was drawn before."""
    long = folder / f"{subject.name}-{seconds:.0f}x{subject.turns}.mp4"
    if not long.exists():
        film = script(subject.style, seconds=seconds, seed=1, size=subject.size)
        once = write(folder / "once.mp4", film, codec=subject.codec, variable_rate=subject.variable_rate)
        repeat(once, folder / "half.mp4", times=subject.turns).replace(long)
    return long


def one_picture(folder: Path) -> Path:
    """A film that takes no time but that of starting."""
    path = folder / "one-picture.mp4"
    return path if path.exists() else write(path, Film((Take(0.04, place=1),), (), size=(64, 36)))


def net(costs: Costs, start: Costs) -> dict[str, list[Cost]]:
    """Without what each contender needs to start."""
    return {
        name: [
            one.without(Cost(median(s.wall for s in start[name]), median(s.cpu for s in start[name]), 0))
            for one in all_
        ]
        for name, all_ in costs.items()
    }


def ratio(costs: Costs, name: str, other: str, part: str = "wall") -> float:
    """How many times the cost of ``other``, as the median of the rounds."""
    pairs = zip(costs[name], costs[other], strict=True)
    return median(getattr(one, part) / getattr(two, part) for one, two in pairs)


def row(name: str, costs: Costs) -> str:
    """A film's row: the limit in seconds, then ratios to it."""
    cells = [f"{name:<28}", f"{median(one.wall for one in costs[LIMIT]):7.2f}"]
    for other in list(costs)[1:]:
        peak = max(one.peak for one in costs[other]) / MEGABYTE
        cells.append(
            f"{ratio(costs, other, LIMIT):5.2f} {ratio(costs, other, LIMIT, 'cpu'):5.2f} {peak:4.0f}"
        )
    return " | ".join(cells)


def heading() -> str:
    """What the columns are."""
    return " | ".join(
        [f"{'wall, CPU, peak MB':<28}", f"{LIMIT} s", *(f"{name:<16}" for name in contenders()[1:])]
    )


def memory_figures(folder: Path, *, seconds: float, quick: bool) -> Iterator[float]:
    """The peak of a full pass over a short and a long small film, in bytes: 10 minutes and 2 hours, or 1 and
    3."""
    for minutes in (1, 3) if quick else (10, 120):
        turns = round(minutes * 60 / seconds)
        film = drawn(Subject("64p", size=(114, 64), turns=turns), folder, seconds=seconds)
        yield cost(indexing([film], folder)).peak


def batch_figures(films: Sequence[Path], folder: Path, *, rounds: int) -> str:
    """The same files one after the other and two at a time."""
    runs = [[cost(indexing(films, folder, jobs=jobs)) for jobs in (1, 2)] for _ in range(rounds)]
    wall, cpu = (
        median(getattr(one, part) / getattr(two, part) for one, two in runs) for part in ("wall", "cpu")
    )
    return f"{len(films)} files: --jobs 1 takes {wall:.2f} of the wall time of --jobs 2 and {cpu:.2f} of its CPU time"


def verdicts(
    headline: Sequence[Costs], everything: Sequence[Costs], peaks: Sequence[float]
) -> dict[str, float]:
    """The figures of the goals: the worst of the films that count."""
    figures = {
        "full pass / limit": max(ratio(costs, FULL, LIMIT) for costs in headline),
        "scenedetect / full pass": min(ratio(costs, DETECT, FULL) for costs in headline),
        "peak MB": max(one.peak for costs in everything for one in costs[FULL]) / MEGABYTE,
        "peak of long / short": peaks[1] / peaks[0],
    }
    if FAST in contenders():
        figures["limit / fast"] = min(ratio(costs, LIMIT, FAST) for costs in headline)
    return figures


def is_met(name: str, figure: float) -> bool:
    """Whether a figure reaches its goal."""
    sign, goal = GOALS[name]
    return figure <= goal if sign == "<=" else figure >= goal


def main() -> int:
    """Run, print, and say by the exit code whether the goals were met."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, nargs="?", help="real videos, measured too")
    parser.add_argument("--quick", action="store_true", help="two films, shorter ones, two rounds")
    parser.add_argument("--films", type=Path, help="where drawn films are kept")
    parser.add_argument("--only", default="", help="only drawn films whose name holds this")
    parser.add_argument("--rounds", type=int)
    options = parser.parse_args()
    if shutil.which("ffmpeg") is None:
        parser.error("the limit is measured with ffmpeg, which is not on the path")
    rounds, seconds = options.rounds or (2 if options.quick else 3), 12.0 if options.quick else 24.0
    subjects = [one for one in (QUICK if options.quick else SUBJECTS) if options.only in one.name]
    if options.films:
        options.films.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        films = options.films or folder
        paths = {
            one: drawn(one, films, seconds=seconds) for one in tqdm(subjects, desc="drawing", disable=None)
        }
        start = measure(one_picture(films), folder, rounds=rounds)
        print(
            f"start-up: {', '.join(f'{name} {median(c.wall for c in all_):.2f} s' for name, all_ in start.items())}"
        )
        print(heading())
        found: dict[Subject, Costs] = {}
        for subject, path in paths.items():
            found[subject] = net(measure(path, folder, rounds=rounds), start)
            print(row(subject.name, found[subject]), flush=True)
        real = (
            sorted(path for path in options.folder.rglob("*") if path.suffix in SUFFIXES)
            if options.folder
            else []
        )
        for path in real:
            print(row(path.name[:28], net(measure(path, folder, rounds=rounds), start)), flush=True)
        print(
            batch_figures([*paths.values()][:_BATCH], folder, rounds=1 if options.quick else rounds),
            flush=True,
        )
        peaks = list(memory_figures(films, seconds=seconds, quick=options.quick))
    figures = verdicts([c for s, c in found.items() if s.is_headline], list(found.values()), peaks)
    shown = [
        f"{name} {figure:.2f} (goal {' '.join(map(str, GOALS[name]))}: "
        f"{'met' if is_met(name, figure) else 'MISSED'})"
        for name, figure in figures.items()
    ]
    print("; ".join(shown))
    return 0 if all(is_met(name, figure) for name, figure in figures.items()) else 1


if __name__ == "__main__":
    sys.exit(main())
