"""How long the first answer about a film takes by its words alone, beside reading it, and a later question.

    python bench/words_first.py [--minutes 20] [--cues 250] [--film FILE --question TEXT] [--skip-reading]

A film is drawn: blocks that move a little, and lines beside it of which one answers the question. Each time is
of a command of its own, start-up included. Printed are seconds, and how many times longer reading the film takes
than the first answer.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import av
import numpy as np

QUESTION = "What colour does Ysolde paint the gate?"
ANSWER = "Ysolde paints the gate turquoise."
WHO = ("Marek", "the ferryman", "Odile", "a neighbour", "the council", "her uncle", "Bram", "the choir")
DOES = ("carries", "sells", "repairs", "finds", "borrows", "weighs", "hides", "counts")
WHAT = (
    "a ladder",
    "two crates",
    "the old clock",
    "some rope",
    "the boat",
    "a barrel",
    "the lamp",
    "three sacks",
)
FPS = 24


def main() -> None:
    """Draw a film, or take one, and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--cues", type=int, default=250)
    parser.add_argument("--film", type=Path, help="a film instead of a drawn one")
    parser.add_argument("--question", default=QUESTION, help="what is asked of --film")
    parser.add_argument("--skip-reading", action="store_true", help="time the answers alone")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        film = options.film or draw(Path(folder) / "film.mp4", options.minutes * 60, options.cues)
        ask = ("ask", str(film), options.question)
        library = Path(folder) / "library"
        first = timed(library, *ask)
        print(f"first answer, by words alone   {first:8.2f} s")
        print(f"a later question               {timed(library, *ask):8.2f} s")
        if not options.skip_reading:
            reading = timed(library, "index", str(film))
            print(
                f"reading the pictures, too      {reading:8.2f} s   {reading / first:.1f} x the first answer"
            )


def timed(library: Path, *arguments: str) -> float:
    """Seconds that a command takes, start-up included."""
    command = (sys.executable, "-m", "video_vlm.cli", "--quiet", "--library", str(library), *arguments)
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def draw(path: Path, seconds: float, num_cues: int) -> Path:
    """A film of that length, and its lines beside it."""
    chance = random.Random(7)
    blocks = np.random.default_rng(7).integers(40, 215, (6, 9, 16, 3)).astype(np.uint8)
    scenes = [np.kron(block, np.ones((20, 20, 1), np.uint8)) for block in blocks]
    with av.open(path, "w") as container:
        stream: Any = container.add_stream("libx264", rate=FPS, options={"preset": "ultrafast", "g": "120"})
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        for number in range(round(seconds * FPS)):
            image = np.roll(scenes[number // (20 * FPS) % len(scenes)], number % 40, axis=1)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode())
    lines = [
        f"{chance.choice(WHO)} {chance.choice(DOES)} {chance.choice(WHAT)}.".capitalize()
        for _ in range(num_cues)
    ]
    lines[num_cues * 2 // 3] = ANSWER
    step = seconds / num_cues
    blocks_of_text = (
        f"{number + 1}\n{stamp(number * step)} --> {stamp((number + 0.9) * step)}\n{line}\n"
        for number, line in enumerate(lines)
    )
    path.with_suffix(".srt").write_text("\n".join(blocks_of_text), encoding="utf-8")
    return path


def stamp(seconds: float) -> str:
    """A time as SubRip writes it."""
    minutes, rest = divmod(seconds, 60)
    return f"{int(minutes // 60):02}:{int(minutes % 60):02}:{int(rest):02},{int(rest % 1 * 1000):03}"


if __name__ == "__main__":
    main()
