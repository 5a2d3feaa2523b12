"""A thousand short films and three broken files, read as a user would: results, reasons, and whether anything
grows.

    python bench/batch.py [--files 1000] [--jobs N] [--quick] [--seed N]

Draws the films, all different, into a folder and runs ``videoqa index`` over it, while the memory (resident
sets, added up) and the open files of the command and of all processes it starts are read from ``/proc``. The
last fifth of the run is compared with the second, when everything has been loaded. Then the run is repeated
(nothing may be read again), and some of the films are read once more within a memory limit. The last line
holds the figures against their goals; exit 1 on a miss. Linux only.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import av
import cv2
import numpy as np

QUICK_FILES = 40
SIZE, FPS, NUM_PICTURES = (64, 48), 8, 16
MOST_GROWTH = 1.1
LIMIT_GB = 0.75
QUICKLY = ("--set", "index.observers=chapters,subtitles,look,motion")


def write_film(path: Path, chance: np.random.Generator) -> None:
    """Two seconds of two places that no other film has."""
    places = [cv2.resize(chance.integers(0, 255, (3, 4, 3)).astype(np.uint8), SIZE) for _ in range(2)]
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FPS, options={"preset": "ultrafast", "threads": "1"})
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuv420p"
        for number in range(NUM_PICTURES):
            picture = np.roll(places[2 * number // NUM_PICTURES], number, axis=1)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))


def draw(folder: Path, num_files: int, seed: int) -> list[str]:
    """So many files, three of them broken, whose names are given: an empty one, half a film, and a text."""
    chance = np.random.default_rng(seed)
    for number in range(num_files):
        write_film(folder / f"{number:04}.mp4", chance)
    broken = [f"{number:04}.mp4" for number in sorted(random.Random(seed).sample(range(num_files), 3))]
    whole = (folder / broken[1]).read_bytes()
    (folder / broken[0]).write_bytes(b"")
    (folder / broken[1]).write_bytes(whole[: len(whole) // 2])
    (folder / broken[2]).write_text("a letter, and no film", encoding="utf-8")
    return broken


@dataclass(frozen=True)
class Moment:
    """What a process and all that it started hold: bytes in memory and open files."""

    num_done: int
    num_bytes: int
    num_files: int


@dataclass(frozen=True)
class Run:
    """One command: what it printed, and its moments."""

    code: int
    outcomes: list[dict[str, str | None]]
    said: list[str]
    seconds: float
    moments: list[Moment]

    @property
    def reasons(self) -> dict[str, str]:
        return {Path(str(one["path"])).name: str(one["error"]) for one in self.outcomes if one["error"]}

    @property
    def num_read(self) -> int:
        return sum(one["error"] is None for one in self.outcomes)

    @property
    def num_known(self) -> int:
        return sum("already known" in (one["summary"] or "") for one in self.outcomes)

    def growth(self, what: str) -> float:
        """The last fifth of the run over the second."""
        num_done = max(moment.num_done for moment in self.moments)
        early = [one for one in self.moments if num_done * 0.2 <= one.num_done <= num_done * 0.4]
        late = [one for one in self.moments if one.num_done >= num_done * 0.8]
        before, after = (
            median(getattr(one, what) for one in part) for part in (early, late[: len(early)] or late)
        )
        return float(after / before)


def index(folder: Path, library: Path, *more: str) -> Run:
    """``videoqa index`` over a folder, watched."""
    command = [
        sys.executable,
        "-m",
        "video_vlm.cli",
        "--library",
        str(library),
        "index",
        str(folder),
        "--json",
    ]
    began = time.perf_counter()
    with subprocess.Popen(
        [*command, "--progress", "json", *more], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        out = process.stdout
        said: list[str] = []
        moments: list[Moment] = []
        listening = threading.Thread(target=listen, args=(process, said, moments), daemon=True)
        listening.start()
        printed = out.read()
        listening.join()
    seconds = time.perf_counter() - began
    return Run(
        process.returncode, json.loads(printed), [line for line in said if line[0] != "{"], seconds, moments
    )


def listen(process: subprocess.Popen[str], said: list[str], moments: list[Moment]) -> None:
    """Keep what is said on stderr as it is said, and what is held at each word: no file is done between two
    looks."""
    num_done = 0
    for line in process.stderr or ():
        said.append(line.rstrip())
        num_done += '"event": "done"' in line or '"event": "failed"' in line
        moment = moment_of(process.pid, num_done)
        if moment.num_files:
            moments.append(moment)


def moment_of(pid: int, num_done: int) -> Moment:
    """What the process, and those below it, hold now; one that ended meanwhile counts for nothing."""
    sizes, files = [0], [0]
    for one in below(pid):
        try:
            pages = int(Path(f"/proc/{one}/statm").read_text().split()[1])
            files.append(sum(1 for _ in Path(f"/proc/{one}/fd").iterdir()))
            sizes.append(pages * 4096)
        except OSError:
            continue
    return Moment(num_done, sum(sizes), sum(files))


def below(pid: int) -> list[int]:
    """A process, and all that were started by it or by those."""
    found = [pid]
    for one in found:
        try:
            for children in Path(f"/proc/{one}/task").glob("*/children"):
                found += map(int, children.read_text().split())
        except OSError:
            continue
    return found


def main() -> int:
    """Run, print, and say by the exit code whether every goal was met."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_FILES} files, text on screen left out")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    num_files = QUICK_FILES if options.quick else options.files
    more = QUICKLY if options.quick else ()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "films"
        folder.mkdir()
        broken = draw(folder, num_files, options.seed)
        first = index(folder, Path(place) / "library", "--jobs", str(options.jobs), *more)
        again = index(folder, Path(place) / "library", "--jobs", str(options.jobs), *more)
        some = Path(place) / "some"
        some.mkdir()
        for path in sorted(folder.iterdir())[: max(20, num_files // 20)]:
            path.rename(some / path.name)
        limited = index(some, Path(place) / "limited", "--jobs", "8", "--memory", str(LIMIT_GB), *QUICKLY)
    return report(num_files, broken, first, again, limited)


def report(num_files: int, broken: Sequence[str], first: Run, again: Run, limited: Run) -> int:
    """The table, the reasons and the last line."""
    print("run             exit  read  known  failed  s/file  most MB  most open files")
    for name, run in (("first", first), ("again", again), (f"within {LIMIT_GB} GB", limited)):
        most = max(one.num_bytes for one in run.moments) / 1e6
        files = max(one.num_files for one in run.moments)
        pace = run.seconds / len(run.outcomes)
        counts = f"{run.code:4} {run.num_read:5} {run.num_known:6} {len(run.reasons):7}"
        print(f"{name:15} {counts} {pace:7.3f} {most:8.0f} {files:16}")
    for name, reason in first.reasons.items():
        print(f"{name}: {reason}")
    grown, opened = first.growth("num_bytes"), first.growth("num_files")
    most = max(one.num_bytes for one in limited.moments) / (LIMIT_GB * 1e9)
    goals = [
        (f"{first.num_read} results and {len(first.reasons)} reasons, exit {first.code}",
         f"{num_files - 3}, 3, 3", (first.num_read, sorted(first.reasons), first.code) == (num_files - 3, broken, 3)),
        (f"again {again.num_known} known", str(num_files - 3), again.num_known == num_files - 3),
        (f"memory x{grown:.2f} over the run", f"<= {MOST_GROWTH}", grown <= MOST_GROWTH),
        (f"open files x{opened:.2f}", f"<= {MOST_GROWTH}", opened <= MOST_GROWTH),
        (f"{most:.2f} of the memory allowed", "<= 1", most <= 1.0),
    ]  # fmt: skip
    print("; ".join(f"{what} (goal {goal}: {'met' if met else 'MISSED'})" for what, goal, met in goals))
    return 0 if all(met for _, _, met in goals) else 1


if __name__ == "__main__":
    sys.exit(main())
