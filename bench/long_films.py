"""What a question costs in a long film, once the library is open.

    python bench/long_films.py [--hours 2 8] [--model auto]

Films are drawn: a grey picture, and lines beside it, 750 an hour. Each is read by its subtitles alone and asked the
same questions. Printed are the seconds of the first question, which cuts what is said into passages, of a later one
(median), how many times that is one encoding of a question and one search, and how many texts a later question
encodes. Without an encoder (``--model none``) a search by words is the unit. The last line is the cost of the longest
film over that of the shortest: 1 where a question does not go through all that is said.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median

import av
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
from video_vlm import IndexSettings, Settings, VideoQA
from video_vlm.models.onnx_text_encoder import OnnxTextEncoder
from video_vlm.protocols import TextEncoder
from video_vlm.settings import AskSettings, MeaningSettings

CUE_SECONDS = 4.8
WHO = ("Marek", "Odile", "Bram", "the ferryman", "a neighbour", "the council", "her uncle", "the choir")
DOES = ("carries", "sells", "repairs", "finds", "borrows", "weighs", "hides", "counts", "paints", "cleans")
WHAT = (
    "ladder",
    "crate",
    "clock",
    "rope",
    "boat",
    "barrel",
    "lamp",
    "sack",
    "gate",
    "kettle",
    "wagon",
    "organ",
)
WHY = (
    "because it leaks",
    "for the fair",
    "in the cellar",
    "before noon",
    "with great care",
    "at the old mill",
)
QUESTIONS = (
    "Who repairs the organ?",
    "How much does the boat cost?",
    "Why does Odile hide the lamp?",
    "Where is the kettle?",
    "When does Bram mention the gate?",
    "What does the choir find?",
    "How many sacks does the council count?",
    "What is said after the clock is sold?",
    "Who steals the violin?",
    "What happens in the cellar?",
)


def draw(film: Path, hours: float) -> Path:
    """A film of a frame every ten seconds, and its subtitles."""
    chance, seconds = random.Random(round(hours)), hours * 3600
    with av.open(str(film), "w") as container:
        stream = container.add_stream("libx264", rate=1)
        stream.width, stream.height, stream.pix_fmt = 64, 36, "yuv420p"
        picture = av.VideoFrame.from_ndarray(np.full((36, 64, 3), 128, np.uint8), format="rgb24")
        for number in range(0, round(seconds), 10):
            picture.pts = number
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    cues = [
        f"{place + 1}\n{_clock(place * CUE_SECONDS)} --> {_clock(place * CUE_SECONDS + 4.5)}\n{_line(chance)}\n"
        for place in range(int(seconds / CUE_SECONDS))
    ]
    film.with_suffix(".srt").write_text("\n".join(cues), encoding="utf-8")
    return film


def _line(chance: random.Random) -> str:
    who, does, what, why = (chance.choice(some) for some in (WHO, DOES, WHAT, WHY))
    return f"{who[:1].upper()}{who[1:]} {does} {chance.randrange(2, 900)} {what}s {why}."


def _clock(seconds: float) -> str:
    whole, thousandths = divmod(round(seconds * 1000), 1000)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02},{thousandths:03}"


def _num_encoded(encoder: TextEncoder | None) -> int:
    """How many texts were encoded word by word so far: those that are kept are not encoded again."""
    return encoder.encode_words.cache_info().misses if isinstance(encoder, OnnxTextEncoder) else 0


def measure(hours: float, model: str, folder: Path) -> float:
    """Print the row of one film; the seconds of a later question."""
    film = draw(folder / f"film{hours:g}.mp4", hours)
    settings = Settings(
        index=IndexSettings(observers=("subtitles",)),
        ask=AskSettings(max_look_frames=0),
        meaning=MeaningSettings(model=model),
    )
    with VideoQA(folder / f"library{hours:g}", settings=settings) as videos:
        videos.index(film)
        memory = videos.memory(film)
        first = _seconds(partial(videos.ask, film, "Who borrows the ladder?"))
        before = _num_encoded(memory.encoder)
        later = median(_seconds(partial(videos.ask, film, text)) for text in QUESTIONS)
        encoded = (_num_encoded(memory.encoder) - before) / len(QUESTIONS)
        unit = median(_seconds(partial(memory.search, f"{text} then")) for text in QUESTIONS)
    print(f"{hours:5.1f} {first:8.2f} {later:8.3f} {later / unit:8.1f} {encoded:8.1f}")
    return later


def _seconds(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def main() -> None:
    """Draw the films and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--hours", type=float, nargs="+", default=[2.0, 8.0])
    parser.add_argument("--model", default="auto", help="meaning.model: none for words alone")
    options = parser.parse_args()
    print(f"{'hours':>5} {'first s':>8} {'later s':>8} {'searches':>8} {'encoded':>8}")
    with tempfile.TemporaryDirectory() as folder:
        spent = [measure(hours, options.model, Path(folder)) for hours in options.hours]
    print(f"\nthe longest over the shortest: {spent[-1] / spent[0]:.2f}")


if __name__ == "__main__":
    main()
