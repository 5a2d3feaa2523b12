"""Whether indexing with an image-text tower is as fast as the tower: pictures a second, against the tower alone.

    python bench/sight.py [--quick] [--video FILE ...] [--seconds N] [--rounds N]

A base-size SigLIP with random weights (ViT-B/16, 224 pixels) is written to a folder and used as any other. A whole
index of a 720p film (everything written, screen text aside, which is a model of its own) and the tower by itself, on
the same pictures in the same batches, take turns; both by the clock, the best of all turns, loading left out. How often
a picture is chosen depends on the film, so what decoding costs beside it does too: *at most* is the share that is left
where the tower and an index without it, each of which keeps all cores busy, come one after the other. On a machine with
other work the figures mean little, which is said then. The last line holds the headline figure against its goal; exit 1
on a miss.
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

from video_vlm.encoder.sight import TransformersSight
from video_vlm.index import IndexReport, index_video
from video_vlm.media.cores import num_cores
from video_vlm.memory import open_library
from video_vlm.records import Image
from video_vlm.settings import IndexSettings, Speed

GOAL = 0.85
POSSIBLE = 1.05
OBSERVERS = ("chapters", "subtitles", "look", "motion")


class Recorder:
    """A tower that notes what it is given."""

    def __init__(self, tower: TransformersSight) -> None:
        self.name, self.dimension, self.batch_size = tower.name, tower.dimension, tower.batch_size
        self.encode_texts = tower.encode_texts
        self.batches: list[list[Image]] = []
        self._tower = tower

    def encode_pictures(self, pictures: Sequence[Image]) -> npt.NDArray[np.float32]:
        """As the tower does."""
        self.batches.append(list(pictures))
        return self._tower.encode_pictures(pictures)


@dataclass(frozen=True)
class Turn:
    """One index, one run of the tower alone, one index without it: pictures, batches, and the seconds of each."""

    num_pictures: int
    num_batches: int
    index: float
    alone: float
    without: float


def base_tower(folder: Path) -> TransformersSight:
    """SigLIP base at 224 pixels, as transformers makes it from its default configuration, with random weights."""
    import torch
    from transformers import PreTrainedTokenizerFast, SiglipConfig, SiglipImageProcessorPil, SiglipModel

    torch.manual_seed(0)
    SiglipModel(SiglipConfig(text_config={"num_hidden_layers": 1})).save_pretrained(folder)
    SiglipImageProcessorPil().save_pretrained(folder)
    PreTrainedTokenizerFast(tokenizer_object=_no_words(), pad_token="<pad>").save_pretrained(folder)
    return TransformersSight(folder, device="cpu")


def _no_words() -> Any:
    from tokenizers import Tokenizer, models

    return Tokenizer(models.WordLevel({"<pad>": 0}, unk_token="<pad>"))


def turn(video: Path, tower: TransformersSight, *, speed: Speed) -> Turn:
    """Index, then the tower alone on what the index gave it, then index without it."""
    recorder = Recorder(tower)
    report, index = timed(video, recorder, speed=speed)
    began = time.perf_counter()
    for batch in recorder.batches:
        tower.encode_pictures(batch)
    alone = time.perf_counter() - began
    _, without = timed(video, None, speed=speed)
    return Turn(report.num_sights, len(recorder.batches), index, alone, without)


def timed(video: Path, tower: Recorder | None, *, speed: Speed) -> tuple[IndexReport, float]:
    """What came of a whole index, and its seconds."""
    settings = IndexSettings(speed=speed, observers=OBSERVERS)
    with tempfile.TemporaryDirectory() as folder, open_library(Path(folder), sight=tower) as library:
        began = time.perf_counter()
        report = index_video(video, library, settings=settings)
        return report, time.perf_counter() - began


def main() -> int:
    """Run, print, and say by the exit code whether the goal is met."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a short film, two turns")
    parser.add_argument("--video", type=Path, nargs="+", help="measure on these instead of a film drawn for it")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long the drawn film is")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    seconds, rounds = (40.0, 2) if options.quick else (options.seconds, options.rounds)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        videos = options.video or [write(folder / "ordinary-720p.mp4", script("ordinary", seconds=seconds, seed=7))]
        tower = base_tower(folder / "tower")
        tower.encode_pictures([np.zeros((720, 1280, 3), np.uint8)] * tower.batch_size)  # loaded, and warm
        columns = f"{'pictures':>10}{'batches':>9}{'index /s':>10}{'tower /s':>10}{'share':>7}{'at most':>9}"
        print(f"{'video':20}{'speed':>6}{columns}")
        speeds: tuple[Speed, ...] = ("full",) if options.quick else ("full", "fast")
        shares = [row(video, tower, speed=speed, rounds=rounds) for video in videos for speed in speeds]
    return headline(min(shares), highest=max(shares))


def headline(share: float, *, highest: float) -> int:
    """The last line, and the exit code. Faster than the tower alone is impossible: then nothing was measured."""
    if (load := os.getloadavg()[0]) > num_cores() + 1:
        print(f"other programs were at work (load {load:.1f} on {num_cores()} cores): measure again when they are not")
    said = "met" if share >= GOAL else "MISSED"
    if highest > POSSIBLE:
        said = "NOT MEASURED: other programs took more from the tower alone than from the index"
    print(f"of the tower's own speed {share:.2f} (goal >= {GOAL}: {said})")
    return 0 if said == "met" else 1


def row(video: Path, tower: TransformersSight, *, speed: Speed, rounds: int) -> float:
    """One line of the table, and the share of the tower's own speed in it."""
    turns = [turn(video, tower, speed=speed) for _ in range(rounds)]
    pictures, batches = turns[0].num_pictures, turns[0].num_batches
    index, alone, without = (min(getattr(one, what) for one in turns) for what in ("index", "alone", "without"))
    share, most = alone / index, alone / (alone + without)
    paces = f"{pictures / index:10.2f}{pictures / alone:10.2f}"
    print(f"{video.name[:19]:20}{speed:>6}{pictures:10}{batches:9}{paces}{share:7.2f}{most:9.2f}", flush=True)
    return share


if __name__ == "__main__":
    sys.exit(main())
