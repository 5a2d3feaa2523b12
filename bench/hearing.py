"""How well and at what cost speech is heard.

    python bench/hearing.py [--quick] [--model auto] [--speech FOLDER] [--films ../shared/data/dev/videos]

Printed are:

- the share of words that are wrong (substituted, left out, put in) by the edit distance to what is said;
- how far starts of sentences are off, in seconds: the median, and what 95 % keep to;
- how many lines are made up in films without speech, and in noise, hum, tones and music drawn here;
- the processor time of indexing with speech over that of indexing without plus faster-whisper alone on the same
  sound (goal: at most 1.1).

``--speech`` holds WAV files with what is said beside them as ``NAME.txt``; the one in the wheel of
moonshine-voice, ``two_cities.wav``, is known. ``--quick`` leaves out the costs.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median

import numpy as np
from num2words import num2words

from video_vlm.media import open_video
from video_vlm.perception.speech import SpeechObserver
from video_vlm.perception.subtitles import read_subtitles
from video_vlm.records import SOUND_RATE, Observation, ObservationKind
from video_vlm.settings import IndexSettings
from video_vlm.text import findable

TWO_CITIES = (
    "It was the best of times, it was the worst of times, it was the age of wisdom, it was the age of foolishness, it"
    " was the epoch of belief, it was the epoch of incredulity, it was the season of light, it was the season of"
    " darkness, it was the spring of hope, it was the winter of despair, we had everything before us, we had nothing"
    " before us, we were all going direct to heaven, we were all going direct the other way - in short, the period was"
    " so far like the present period, that some of its noisiest authorities insisted on its being received, for good"
    " or for evil, in the superlative degree of comparison only."
)
SPELLINGS = {"cleanroom": "clean room"}
SPOKEN_FILMS = ("lecture_kelvara.mp4",)
SILENT_FILMS = (
    "bbb_trailer.webm",
    "intel_car-detection.mp4",
    "mdn_crystal.mp4",
    "mdn_elf.mp4",
    "mdn_frog.mp4",
    "sam2_01_dog.mp4",
    "sam2_02_cups.mp4",
    "sam2_03_blocks.mp4",
)
COSTLY_FILM = "lecture_kelvara.mp4"

INDEX = """
    import sys, time
    from pathlib import Path
    from video_vlm.index import index_video
    from video_vlm.memory import open_library
    from video_vlm.settings import IndexSettings
    with open_library(Path(sys.argv[2])) as library:
        index_video(sys.argv[1], library, settings=IndexSettings(speech=sys.argv[3]))
    print(time.process_time())
"""
WHISPER = """
    import sys, time
    import numpy as np
    from faster_whisper import WhisperModel
    from video_vlm.media.sound import read_sound
    from video_vlm.perception.speech_models import find_weights
    sound = np.concatenate([block.samples for block in read_sound(sys.argv[1])])
    folder = find_weights(sys.argv[3]).checked()
    model = WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=4, local_files_only=True)
    segments, _ = model.transcribe(
        sound, beam_size=5, temperature=[0.0], condition_on_previous_text=False, word_timestamps=True,
        vad_filter=True, vad_parameters={"min_silence_duration_ms": 500},
    )
    list(segments)
    print(time.process_time())
"""


def heard(path: Path, model: str) -> list[Observation]:
    """The sentences that are heard in a file."""
    observer = SpeechObserver(IndexSettings(speech=model))
    with open_video(path) as reader:
        parts = [one for said in observer.listen(reader.video, ()) for one in said]
    return [one for one in observer.finish(parts) if one.kind is ObservationKind.SPEECH]


def words(text: str) -> list[str]:
    """As they are spoken: numbers in words, one spelling of what is spelled in two ways."""
    plain = re.sub(r"\d+", lambda digits: f" {_in_words(digits[0])} ", findable(text).casefold())
    for written, spoken_as in SPELLINGS.items():
        plain = plain.replace(written, spoken_as)
    return re.findall(r"[^\W_]+", plain.replace("’", "'").replace("'s", "s"))


def _in_words(digits: str) -> str:
    is_year = len(digits) == 4 and digits[:2] in {"17", "18", "19", "20"}
    return str(num2words(int(digits), to="year" if is_year else "cardinal"))


def num_errors(said: Sequence[str], found: Sequence[str]) -> int:
    """Levenshtein's distance in words."""
    row = list(range(len(found) + 1))
    for number, word in enumerate(said, start=1):
        corner, row[0] = row[0], number
        for place, other in enumerate(found, start=1):
            least = min(row[place] + 1, row[place - 1] + 1, corner + (word != other))
            corner, row[place] = row[place], least
    return row[-1]


def tell_errors(name: str, said: str, found: Sequence[Observation]) -> None:
    """Prints the share of wrong words."""
    expected, got = words(said), words(" ".join(one.text for one in found))
    wrong = num_errors(expected, got)
    unsure = sum(one.confidence < 0.6 for one in found)
    print(
        f"{name}: {100 * wrong / len(expected):.1f} % of {len(expected)} words wrong, "
        f"{unsure} of {len(found)} sentences not clearly heard"
    )


def start_errors(lines: Sequence[Observation], found: Sequence[Observation]) -> Iterator[float]:
    """Of each sentence that holds half of the words of a line, the first such line: how far apart they begin."""
    for one in found:
        got = set(words(one.text))
        near = [line for line in lines if line.span.overlaps(one.span.widen(1.0))]
        same = [line for line in near if 2 * len(got & set(words(line.text))) >= len(set(words(line.text)))]
        if same:
            yield abs(one.span.start - same[0].span.start)


def drawn_sounds() -> dict[str, np.ndarray]:
    """A minute each of what is no speech."""
    random = np.random.default_rng(0)
    times = np.arange(60 * SOUND_RATE) / SOUND_RATE
    steps = np.repeat(random.choice([220, 262, 330, 392, 440, 523], 240), SOUND_RATE // 4)
    melody = np.sin(2 * np.pi * np.cumsum(steps) / SOUND_RATE)
    beats = np.exp(-8 * (times % 0.5)) * random.standard_normal(len(times))
    return {
        "noise": 0.1 * random.standard_normal(len(times)),
        "hum": 0.2 * np.sin(2 * np.pi * 50 * times),
        "tone": 0.3 * np.sin(2 * np.pi * 1000 * times),
        "music": 0.2 * melody + 0.1 * beats,
    }


def write_wav(path: Path, samples: np.ndarray) -> Path:
    """Samples at 16 kHz as a file."""
    import wave

    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SOUND_RATE)
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return path


def cpu_seconds(script: str, film: Path, model: str) -> float:
    """Of a process of its own, from its start."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-c", textwrap.dedent(script), str(film), folder, model]
        told = subprocess.run(command, check=True, capture_output=True, text=True)
    return float(told.stdout.split()[-1])


def spoken(folder: Path | None, films: Path) -> Iterator[tuple[Path, str, list[Observation]]]:
    """Files, what is said in them, and its lines where these have times."""
    for path in sorted(folder.glob("*.wav")) if folder else ():
        beside = path.with_suffix(".txt")
        if beside.is_file() or path.name == "two_cities.wav":
            yield path, beside.read_text(encoding="utf-8") if beside.is_file() else TWO_CITIES, []
    for name in SPOKEN_FILMS:
        if (films / name).is_file():
            lines = list(read_subtitles((films / name).with_suffix(".srt")))
            yield films / name, " ".join(one.text for one in lines), lines
    narrated = films / "nasa_13013.mp4"
    if narrated.is_file():
        with open_video(narrated) as reader:
            cues = list(reader.cues())
            end = reader.video.end_seconds
        first = [one for one in cues if one.source == cues[0].source and one.span.end <= end]
        yield narrated, " ".join(one.text.removeprefix("NAR:") for one in first), first


def main() -> None:
    """Measures and prints."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--quick", action="store_true")
    options.add_argument("--model", default="auto")
    options.add_argument("--speech", type=Path)
    options.add_argument("--films", type=Path, default=Path("../shared/data/dev/videos"))
    chosen = options.parse_args()
    for path, said, lines in spoken(chosen.speech, chosen.films):
        found = heard(path, chosen.model)
        tell_errors(path.name, said, found)
        off = sorted(start_errors(lines, found))
        if off:
            late = off[min(len(off) - 1, int(0.95 * len(off)))]
            print(f"  starts off by {median(off):.2f} s (median), {late:.2f} s (95 %), {len(off)} sentences")
    made_up = {path.name: len(heard(path, chosen.model)) for path in _speechless(chosen.films)}
    print(
        f"made up in {len(made_up)} films and sounds without speech: {sum(made_up.values())} lines {made_up}"
    )
    film = chosen.films / COSTLY_FILM
    if not chosen.quick and film.is_file():
        alone = cpu_seconds(WHISPER, film, chosen.model)
        without, both = (cpu_seconds(INDEX, film, one) for one in ("off", chosen.model))
        print(
            f"{film.name}: index with speech {both:.1f} CPU s, without {without:.1f}, faster-whisper alone"
            f" {alone:.1f}: ratio {both / (without + alone):.2f}"
        )


def _speechless(films: Path) -> Iterator[Path]:
    yield from (films / name for name in SILENT_FILMS if (films / name).is_file())
    with tempfile.TemporaryDirectory() as folder:
        for name, samples in drawn_sounds().items():
            yield write_wav(Path(folder, f"{name}.wav"), samples)


if __name__ == "__main__":
    main()
