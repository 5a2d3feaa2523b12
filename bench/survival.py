"""Kill ``videoqa index`` at random moments, let it go on, and compare with a run nobody disturbed.

    python bench/survival.py VIDEO [--kills 50] [--quick] [--seed N]

Each trial is a new library: one run is killed (SIGKILL) after a random share of the undisturbed run's time, the next
one goes on to the end. A trial holds when the library verifies right after the kill, verifies at the end, and remembers
exactly what the undisturbed one does. The last line holds the count against its goal; exit 1 on a miss.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tqdm import tqdm

from video_vlm.memory import open_library

QUICK_KILLS = 5


def index(video: Path, library: Path) -> subprocess.Popen[bytes]:
    """Start ``videoqa index`` as a user would."""
    command = [sys.executable, "-m", "video_vlm.cli", "--library", str(library), "--quiet", "index", str(video)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def undisturbed(video: Path, library: Path) -> tuple[object, float]:
    """What is remembered in the end, and how many seconds it took.

    Raises:
        SystemExit: the video cannot be indexed.
    """
    began = time.perf_counter()
    run = index(video, library)
    _, said = run.communicate()
    if run.returncode:
        raise SystemExit(said.decode().strip())
    return remembered(library), time.perf_counter() - began


def remembered(library: Path) -> object:
    """All that the library holds of its one video, to be compared."""
    with open_library(library) as opened:
        [stored] = opened.videos()
        return opened.dump(stored.video.content_id)


def problems(library: Path) -> int:
    """How many things ``videoqa library verify`` complains about."""
    with open_library(library) as opened:
        return len(opened.verify())


def trial(video: Path, library: Path, *, truth: object, kill_after: float) -> tuple[bool, str]:
    """Whether the run was killed midway, and what went wrong (nothing: an empty text)."""
    run = index(video, library)
    time.sleep(kill_after)
    run.kill()
    killed = run.wait() != 0
    if problems(library):
        return killed, f"killed after {kill_after:.2f} s: the library does not verify"
    again = index(video, library)
    _, said = again.communicate()
    if again.returncode:
        return killed, f"killed after {kill_after:.2f} s: going on failed: {said.decode().strip()}"
    if problems(library) or remembered(library) != truth:
        return killed, f"killed after {kill_after:.2f} s: the finished memory is not the undisturbed one"
    return killed, ""


def main() -> int:
    """Run, print, and say by the exit code whether every trial held."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("video", type=Path)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_KILLS} kills")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    moments = random.Random(options.seed)
    num_kills = QUICK_KILLS if options.quick else options.kills
    with tempfile.TemporaryDirectory() as folder:
        truth, seconds = undisturbed(options.video, Path(folder) / "undisturbed")
        midway, wrong = 0, []
        for number in tqdm(range(num_kills), unit="kill", disable=not sys.stderr.isatty()):
            killed, problem = trial(
                options.video, Path(folder) / str(number), truth=truth, kill_after=moments.uniform(0.0, seconds)
            )
            midway += killed
            wrong += [problem] if problem else []
    for problem in wrong:
        print(problem)
    print(
        f"{num_kills} kills, {midway} of them before the run was done; "
        f"same memory and clean verify {num_kills - len(wrong)} of {num_kills} "
        f"(goal {num_kills}: {'MISSED' if wrong else 'met'})"
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
