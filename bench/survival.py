"""Kill indexing, write-back and repair at random points, or fill the disk under them; then go on, and
compare.

    python bench/survival.py [VIDEO] [--kills 200] [--refusals 60] [--quick] [--seed N]

Each trial is a new library in a process of its own, which indexes a film (its segments, then the upper
levels), keeps looks and searches. Half of the kills (SIGKILL) come by the clock, half in the midst of a
random write of SQLite's, half of which is then on the disk; refusals are writes that fail (ENOSPC from there
on, or one EIO). A trial holds when the library verifies right after, all that was reported as written is
there, and going on ends with exactly the memory and looks of a run nobody disturbed. Some more kills hit
``library repair`` of a damaged library. Without VIDEO a film is drawn. The last line holds the counts against
their goals; exit 1 on a miss. Linux only.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from errands import NUM_LOOKS, REFUSED, Grams, Trouble, do_index, do_repair, everything
from films import script, write
from tqdm import tqdm

from video_vlm.memory import open_library
from video_vlm.records import Level

QUICK_KILLS, QUICK_REFUSALS = 12, 4
FILM_SECONDS = 14.0
Point = tuple[Trouble | None, float | None]
"""What happens at a write, or after how many seconds the process is killed."""

PHASES = ("segments", "upper levels", "looks and vectors", "nothing more")
_SERVER = multiprocessing.get_context("forkserver")


@dataclass(frozen=True)
class Done:
    """What an errand said is on the disk, how it ended, and how long it took."""

    said: tuple[str, ...]
    exit_code: int
    seconds: float

    @property
    def num_writes(self) -> int:
        return int(self.said[-1].split()[1])

    @property
    def num_segments(self) -> int:
        return len(self.writes_at("segment"))

    def writes_at(self, what: str) -> list[int]:
        """How much had been written each time this was said."""
        return [int(one.split()[1]) for one in self.said if one.startswith(f"{what} ")]

    @property
    def is_refused(self) -> bool:
        return self.exit_code == REFUSED


@dataclass(frozen=True)
class Truth:
    """What a run that nobody disturbs comes to, and how long it takes."""

    run: Done
    holds: tuple[int, dict[str, Any], list[Any]]

    def phase(self, done: Done) -> str:
        """What was under way when an errand ended."""
        if done.said and done.said[-1].startswith("writes"):
            return "nothing more"
        if done.writes_at("finished"):
            return "looks and vectors"
        return "upper levels" if done.num_segments == self.run.num_segments else "segments"


def run(
    target: Callable[..., None],
    *arguments: object,
    trouble: Trouble | None = None,
    kill_after: float | None = None,
) -> Done:
    """Have an errand done in a process of its own; killed after so many seconds, if that is said."""
    ours, theirs = _SERVER.Pipe(duplex=False)
    process = _SERVER.Process(target=target, args=(*arguments, theirs, trouble))
    began = time.perf_counter()
    process.start()
    theirs.close()
    if kill_after is not None:
        process.join(kill_after)
        process.kill()
    said = []
    with ours:
        try:
            while True:
                said.append(ours.recv_bytes().decode())
        except (EOFError, OSError):
            pass
    process.join()
    return Done(tuple(said), process.exitcode or 0, time.perf_counter() - began)


def wrong_after(library: Path, done: Done, truth: Truth) -> str:
    """What is wrong right after an errand was stopped: it must be sound, with all that was said to be
    written."""
    with open_library(library, encoder=Grams()) as opened:
        if problems := opened.verify():
            return f"it does not verify: {problems[0]}"
        stored = opened.videos()
        if not stored:
            return "" if not done.num_segments else "the video is gone"
        memory = opened.memory(stored[0].video.content_id)
        if len(memory.nodes(Level.SEGMENT)) < min(done.num_segments, truth.run.num_segments):
            return "segments are gone"
        if done.writes_at("finished") and not stored[0].complete:
            return "it is not finished any more"
        if len(opened.looks.of(stored[0].video.content_id)) < len(done.writes_at("look")):
            return "looks are gone"
    return ""


def trial(
    video: Path, library: Path, truth: Truth, *, trouble: Trouble | None, kill_after: float | None
) -> tuple[str, str]:
    """In which phase a run was stopped, and what was wrong then or after going on (nothing: an empty
    text)."""
    done = run(do_index, video, library, trouble=trouble, kill_after=kill_after)
    if done.exit_code not in (0, REFUSED, -9):
        return truth.phase(done), f"it ended with exit code {done.exit_code}"
    wrong = wrong_after(library, done, truth)
    again = run(do_index, video, library)
    if not wrong and again.exit_code:
        wrong = f"going on failed: {again.said[-1:]}"
    if not wrong and everything(library) != truth.holds:
        wrong = "going on ended with another memory"
    shutil.rmtree(library)
    return truth.phase(done), wrong


def kills(chance: random.Random, truth: Truth, count: int) -> Iterator[Point]:
    """Half of them by the clock, half at a write of each phase in turn."""
    for number in range(count):
        if number % 2:
            yield Trouble(a_write(chance, truth.run, number // 2), "kill"), None
        else:
            yield None, chance.uniform(0.0, truth.run.seconds)


def refusals(chance: random.Random, truth: Truth, count: int) -> Iterator[Point]:
    """Full and failing disks in turn, at a write of each phase in turn."""
    for number in range(count):
        yield Trouble(a_write(chance, truth.run, number // 2), "EIO" if number % 2 else "ENOSPC"), None


def a_write(chance: random.Random, straight: Done, turn: int) -> int:
    """One of those for segments, for the upper levels, or for looks and vectors."""
    borders = [0, straight.writes_at("segment")[-1], straight.writes_at("finished")[0], straight.num_writes]
    return chance.randrange(borders[turn % 3], borders[turn % 3 + 1])


def damage(library: Path) -> None:
    """A letter of a look turned over."""
    path = library / "library.sqlite3"
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b"sign number 1", b"sigh number 1"))


def repair_trial(sound: Path, library: Path, chance: random.Random, undisturbed: Done) -> str:
    """A repair is killed, and done again: what is wrong then."""
    shutil.copytree(sound, library)
    damage(library)
    if chance.random() < 0.5:
        run(do_repair, library, trouble=Trouble(chance.randrange(undisturbed.num_writes), "kill"))
    else:
        run(do_repair, library, kill_after=chance.uniform(0.0, undisturbed.seconds))
    again = run(do_repair, library)
    if again.exit_code:
        return f"repairing again failed: {again.said[-1:]}"
    with open_library(library, encoder=Grams()) as opened:
        [stored] = opened.videos()
        num_looks = len(opened.looks.of(stored.video.content_id))
        wrong = opened.verify() or not stored.complete or num_looks != NUM_LOOKS - 1
    shutil.rmtree(library)
    return "the repaired library is not the sound part of the damaged one" if wrong else ""


def trials(
    video: Path, folder: Path, truth: Truth, points: Sequence[Point], name: str
) -> tuple[Counter[str], list[str]]:
    """One after the other: how many hit which phase, and what was wrong."""
    phases: Counter[str] = Counter()
    wrong = []
    for trouble, kill_after in tqdm(points, unit=name, disable=not sys.stderr.isatty()):
        phase, problem = trial(video, folder / "trial", truth, trouble=trouble, kill_after=kill_after)
        phases[phase] += 1
        if problem:
            wrong.append(f"{name} at {trouble or f'{kill_after:.2f} s'}, {phase}: {problem}")
    return phases, wrong


def main() -> int:
    """Run, print, and say by the exit code whether every trial held."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("video", type=Path, nargs="?")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--refusals", type=int, default=60)
    parser.add_argument(
        "--quick", action="store_true", help=f"{QUICK_KILLS} kills and {QUICK_REFUSALS} refusals"
    )
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    num_kills, num_refusals = (
        (QUICK_KILLS, QUICK_REFUSALS) if options.quick else (options.kills, options.refusals)
    )
    num_repairs = max(2, num_kills // 10)
    _SERVER.set_forkserver_preload(["errands", "video_vlm.library", "av", "cv2", "faiss", "scenedetect"])
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        video = options.video or write(
            folder / "film.mp4", script("ordinary", seconds=FILM_SECONDS, seed=3, fps=12, size=(160, 90))
        )
        run(do_index, video, folder / "warm-up")
        straight = run(do_index, video, folder / "straight")
        if straight.exit_code:
            raise SystemExit(f"{video} cannot be indexed: {straight.said[-1:]}")
        truth = Truth(straight, everything(folder / "straight"))
        killed, wrong = trials(video, folder, truth, list(kills(chance, truth, num_kills)), "kill")
        refused, also = trials(video, folder, truth, list(refusals(chance, truth, num_refusals)), "refusal")
        shutil.copytree(folder / "straight", folder / "damaged")
        damage(folder / "damaged")
        mended = run(do_repair, folder / "damaged")
        repairs = [
            repair_trial(folder / "straight", folder / "r", chance, mended) for _ in range(num_repairs)
        ]
    not_repaired = [f"repair: {one}" for one in repairs if one]
    print("hit                 kills  refusals")
    for phase in PHASES:
        print(f"{phase:18} {killed[phase]:6} {refused[phase]:9}")
    for problem in (*wrong, *also, *not_repaired):
        print(problem)
    missed = bool(wrong or also or not_repaired)
    held = f"{num_kills - len(wrong)} of {num_kills} kills, {num_refusals - len(also)} of {num_refusals} refused writes"
    held += f", {num_repairs - len(not_repaired)} of {num_repairs} kills of a repair"
    print(f"held: {held} (goal: all: {'MISSED' if missed else 'met'})")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
