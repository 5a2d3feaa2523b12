"""What a sentence encoder costs, and whether a text has one vector whatever stands beside it.

    python bench/sentence_encoder.py [--encoder onnx:minilm|auto|FOLDER] [--texts 400] [--repeat 3]

The texts are sentences of this documentation. Printed are the seconds until the first vector, the
milliseconds a sentence alone and in batches of 64 (as a library encodes), by the clock and of processor time,
each the best of ``--repeat``, and the greatest difference between the cosines of rows made alone and rows
made in batches. The processor time is what to compare on a machine that others use too.
"""

from __future__ import annotations

import argparse
import random
import re
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from video_vlm.models.text_encoder import find_text_encoder
from video_vlm.protocols import TextEncoder
from video_vlm.settings import MeaningSettings

DOCS = Path(__file__).parent.parent / "docs"
BATCH = 64

Rows = npt.NDArray[np.float32]


def sentences(num_texts: int) -> list[str]:
    """Of 15 to 300 letters, in an order that is always the same."""
    text = " ".join(path.read_text(encoding="utf-8") for path in sorted(DOCS.rglob("*.md")))
    found = [part.strip() for part in re.split(r"(?<=[.!?])\s+", re.sub(r"[`|*#\n]+", " ", text))]
    fit = [part for part in dict.fromkeys(found) if 15 < len(part) < 300]
    random.Random(0).shuffle(fit)
    return fit[:num_texts]


def alone(encoder: TextEncoder, texts: Sequence[str]) -> Rows:
    """A call for each text, as for a question."""
    return np.concatenate([encoder.encode([text]) for text in texts])


def in_batches(encoder: TextEncoder, texts: Sequence[str]) -> Rows:
    """As the passages of a video."""
    return np.concatenate(
        [encoder.encode(texts[start : start + BATCH]) for start in range(0, len(texts), BATCH)]
    )


def timed(encode: Callable[[], Rows], *, repeat: int) -> tuple[Rows, float, float]:
    """What it gives, and the fewest seconds of a run, by the clock and of processor time."""
    runs = []
    for _ in range(repeat):
        begin = time.perf_counter(), time.process_time()
        rows = encode()
        runs.append((time.perf_counter() - begin[0], time.process_time() - begin[1]))
    return rows, min(seconds for seconds, _ in runs), min(seconds for _, seconds in runs)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--encoder", default="onnx:minilm", help="as meaning.model")
    parser.add_argument("--texts", type=int, default=400)
    parser.add_argument("--repeat", type=int, default=3)
    asked = parser.parse_args()
    begin = time.perf_counter()
    encoder = find_text_encoder(MeaningSettings(asked.encoder))
    if encoder is None:
        parser.error(f"no encoder for {asked.encoder!r} on this machine")
    encoder.encode(["The first vector."])
    loaded, texts = time.perf_counter() - begin, sentences(asked.texts)
    single, *single_seconds = timed(lambda: alone(encoder, texts), repeat=asked.repeat)
    batched, *batched_seconds = timed(lambda: in_batches(encoder, texts), repeat=asked.repeat)
    apart = np.abs(single @ single.T - single @ batched.T).max()
    print(f"{encoder.name}: first vector after {loaded:.2f} s; {len(texts)} sentences")
    for how, (clock, processor) in (("alone", single_seconds), ("in batches", batched_seconds)):
        each = 1000 / len(texts)
        print(f"{how:10} {clock * each:6.1f} ms a sentence, {processor * each:6.1f} ms of processor time")
    print(f"greatest difference of cosines, alone and in batches: {apart:.1e}")
    print(f"rows are the same to the last bit: {np.array_equal(single, batched)}")


if __name__ == "__main__":
    main()
