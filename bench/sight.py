"""Whether indexing with an image-text tower is as fast as the tower: pictures a second, against the tower
alone.

    python bench/sight.py [--quick] [--video FILE ...] [--seconds N] [--rounds N]

A base-size SigLIP with random weights (ViT-B/16, 224 pixels) is written to a folder and used as any other. A
whole index of a 720p film (everything written, screen text aside, which is a model of its own) and the tower
by itself, on the same pictures in the same batches, take turns; both by the clock, the best of all turns,
loading left out. The tower by itself is the one of transformers as it comes, in float32 (*tower*, *share*),
and once more as the index runs it, in what ``sight.dtype`` chose (*as run*, *of that*): the same where the
processor has no bfloat16. How often a picture is chosen depends on the film, so what decoding costs beside it
does too: *at most* is what could be left of *of that*, the tower and an index without it, each of which keeps
all cores busy, coming one after the other. On a machine with other work the figures mean little, which is
said then. The last line holds the headline figure against its goal; exit 1 on a miss.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from films import script, write

from video_vlm.encoder.image_text_tower import TransformersImageTextEncoder
from video_vlm.encoder.tower_files import fast_dtype
from video_vlm.index import IndexReport, index_video
from video_vlm.media.cpu_count import num_cores
from video_vlm.memory import open_library
from video_vlm.records import Image
from video_vlm.settings import IndexSettings, Speed

GOAL = 0.85
POSSIBLE = 1.05
OBSERVERS = ("chapters", "subtitles", "look", "motion")


class Recorder:
    """A tower that notes what it is given."""

    def __init__(self, tower: TransformersImageTextEncoder) -> None:
        self.name, self.dimension, self.batch_size = tower.name, tower.dimension, tower.batch_size
        self.encode_texts = tower.encode_texts
        self.batches: list[list[Image]] = []
        self._tower = tower

    def encode_images(self, pictures: Sequence[Image]) -> npt.NDArray[np.float32]:
        """As the tower does."""
        self.batches.append(list(pictures))
        return self._tower.encode_images(pictures)


@dataclass(frozen=True)
class Turn:
    """One index, the tower alone in float32 and as the index runs it, one index without it: the seconds of
    each."""

    num_pictures: int
    num_batches: int
    index: float
    plain: float
    as_run: float
    without: float


@dataclass(frozen=True)
class Share:
    """Of the tower's own speed: in float32, and as the index runs it."""

    of_plain: float
    of_as_run: float


@dataclass(frozen=True)
class Towers:
    """The same weights in float32, as they come, and in what is fastest here; the same object if that is
    float32."""

    plain: TransformersImageTextEncoder
    as_run: TransformersImageTextEncoder


def base_towers(folder: Path) -> Towers:
    """SigLIP base at 224 pixels, as transformers makes it from its default configuration, with random
    weights."""
    import torch
    from transformers import PreTrainedTokenizerFast, SiglipConfig, SiglipImageProcessorPil, SiglipModel

    torch.manual_seed(0)
    SiglipModel(SiglipConfig(text_config={"num_hidden_layers": 1})).save_pretrained(folder)
    SiglipImageProcessorPil().save_pretrained(folder)
    PreTrainedTokenizerFast(tokenizer_object=_no_words(), pad_token="<pad>").save_pretrained(folder)
    plain, as_run = (
        TransformersImageTextEncoder(folder, device="cpu", dtype=dtype) for dtype in ("float32", "auto")
    )
    return Towers(plain, plain if fast_dtype("cpu") == torch.float32 else as_run)


def _no_words() -> Any:
    from tokenizers import Tokenizer, models

    return Tokenizer(models.WordLevel({"<pad>": 0}, unk_token="<pad>"))


def turn(video: Path, towers: Towers, *, speed: Speed) -> Turn:
    """Index, then the tower alone on what the index gave it, then index without it."""
    recorder = Recorder(towers.as_run)
    report, index = timed(video, recorder, speed=speed)
    plain = alone(towers.plain, recorder.batches)
    as_run = plain if towers.as_run is towers.plain else alone(towers.as_run, recorder.batches)
    _, without = timed(video, None, speed=speed)
    return Turn(report.num_sights, len(recorder.batches), index, plain, as_run, without)


def alone(tower: TransformersImageTextEncoder, batches: Sequence[Sequence[Image]]) -> float:
    """The seconds it takes for them when nothing else is to be done."""
    began = time.perf_counter()
    for batch in batches:
        tower.encode_images(batch)
    return time.perf_counter() - began


def timed(video: Path, tower: Recorder | None, *, speed: Speed) -> tuple[IndexReport, float]:
    """What came of a whole index, and its seconds."""
    settings = IndexSettings(speed=speed, observers=OBSERVERS)
    with tempfile.TemporaryDirectory() as folder, open_library(Path(folder), sight=tower) as library:
        began = time.perf_counter()
        report = index_video(video, library, settings=settings)
        return report, time.perf_counter() - began


def main() -> int:
    """Run, print, and say by the exit code whether the goal is met."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="a short film, two turns")
    parser.add_argument(
        "--video", type=Path, nargs="+", help="measure on these instead of a film drawn for it"
    )
    parser.add_argument("--seconds", type=float, default=60.0, help="how long the drawn film is")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    seconds, rounds = (40.0, 2) if options.quick else (options.seconds, options.rounds)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        videos = options.video or [
            write(folder / "ordinary-720p.mp4", script("ordinary", seconds=seconds, seed=7))
        ]
        towers = base_towers(folder / "tower")
        for tower in (towers.plain, towers.as_run):
            tower.encode_images([np.zeros((720, 1280, 3), np.uint8)] * tower.batch_size)  # loaded, and warm
        paces = f"{'index /s':>10}{'tower /s':>10}{'share':>7}{'as run /s':>11}{'of that':>9}{'at most':>9}"
        columns = f"{'pictures':>10}{'batches':>9}{paces}"
        print(f"{'video':20}{'speed':>6}{columns}")
        speeds: tuple[Speed, ...] = ("full",) if options.quick else ("full", "fast")
        shares = [row(video, towers, speed=speed, rounds=rounds) for video in videos for speed in speeds]
    return headline(shares)


def headline(shares: Sequence[Share]) -> int:
    """The last line, and the exit code. Faster than the tower as it is run is impossible: nothing was
    measured then."""
    if (load := os.getloadavg()[0]) > num_cores() + 1:
        print(
            f"other programs were at work (load {load:.1f} on {num_cores()} cores): measure again when they "
            "are not"
        )
    lowest, as_run = min(one.of_plain for one in shares), min(one.of_as_run for one in shares)
    said = "met" if lowest >= GOAL else "MISSED"
    if max(one.of_as_run for one in shares) > POSSIBLE:
        said = "NOT MEASURED: other programs took more from the tower alone than from the index"
    print(
        f"of the tower's own speed {lowest:.2f} (goal >= {GOAL}: {said}); as the index runs it {as_run:.2f}"
    )
    return 0 if said == "met" else 1


def row(video: Path, towers: Towers, *, speed: Speed, rounds: int) -> Share:
    """One line of the table, and the shares of the tower's own speed in it."""
    turns = [turn(video, towers, speed=speed) for _ in range(rounds)]
    pictures, batches = turns[0].num_pictures, turns[0].num_batches
    index, plain, as_run, without = (
        min(getattr(one, what) for one in turns) for what in ("index", "plain", "as_run", "without")
    )
    share = Share(plain / index, as_run / index)
    beside_plain = f"{pictures / index:10.2f}{pictures / plain:10.2f}{share.of_plain:7.2f}"
    beside_as_run = f"{pictures / as_run:11.2f}{share.of_as_run:9.2f}{as_run / (as_run + without):9.2f}"
    print(f"{video.name[:19]:20}{speed:>6}{pictures:10}{batches:9}{beside_plain}{beside_as_run}", flush=True)
    return share


if __name__ == "__main__":
    sys.exit(main())
