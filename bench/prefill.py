"""What a language model in this process saves: merged tokens, a beginning that is read once, pictures that
are known.

    python bench/prefill.py [--pictures N] [--repeat N] [--quick]

Models with random weights, shaped like Qwen3-VL and LLaVA-OneVision and small enough for a CPU, are saved and
loaded by the product's own way. Each gets pictures of 768 x 432 behind their times and a question, and
answers in eight tokens. *Prefill*: from known features to the first token, with all tokens and with four
times fewer. *Second question*: another one about the same pictures, against the plain model on the same
(``generate`` of transformers on what the processor made), from the words to the answer. *Known pictures*: the
same where no beginning is kept, but the vision tower need not be called. *Stored pictures, new process*:
nothing is in memory either, as in a process that has just loaded the model; the features are read from the
library. Answers must be those of the plain model, unless tokens are merged. *Captions*: of four stretches, in
160 tokens each, one by one and all at once, from calling the tower to the words, which must be the same. One
thread is timed by what it used, so that other programs count less. ``--quick`` has smaller models and fewer
pictures. Ratios are of one run. The last line holds the headline figures against their goals; exit 1 on a
miss.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.models.local.tiny_models.parts import of_processor, save, tokenizer
from video_vlm.chat import Turn
from video_vlm.memory import DiskCache
from video_vlm.models.local import LocalChat, Savings, open_local
from video_vlm.models.local.feature_store import FeatureStore
from video_vlm.models.local.prompt_cache import PromptCache
from video_vlm.records import Frame

PLAIN = Savings(merge=1, kept_prefixes=0, feature_bytes=0)
MERGE, ANSWER_TOKENS = 4, 8
CAPTIONS, CAPTION_TOKENS = 4, 160
PREFILL_GOAL, SECOND_GOAL, KNOWN_GOAL, STORED_GOAL, CAPTIONS_GOAL = 2.5, 3.0, 1.0, 1.0, 1.0
SIDES = (432, 768)
QUESTIONS = ("What does the keeper carry up the stairs?", "Who put the lamp out, and when?")


@dataclass(frozen=True)
class Shape:
    """How large a model is; the eyes of small ones are about as large as the rest."""

    width: int = 512
    layers: int = 12
    eyes_width: int = 512
    eyes_layers: int = 8

    @property
    def text(self) -> dict[str, Any]:
        heads = {
            "num_attention_heads": self.width // 64,
            "num_key_value_heads": self.width // 128,
            "head_dim": 64,
        }
        sizes = {
            "hidden_size": self.width,
            "intermediate_size": 3 * self.width,
            "num_hidden_layers": self.layers,
        }
        ends = {"bos_token_id": None, "eos_token_id": None, "pad_token_id": 0}
        return {**sizes, **heads, **ends, "max_position_embeddings": 32768}


QUICK = Shape(width=384, layers=8, eyes_width=320, eyes_layers=6)


def qwen3_vl(folder: Path, shape: Shape) -> Path:
    """Patches of 16, four to a token; positions of time, row and column; features for later layers too."""
    import transformers

    special = ["<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>"]
    names = ["vision_start_token_id", "vision_end_token_id", "image_token_id", "video_token_id"]
    tokens = tokenizer(special, "<|vision_start|><|image_pad|><|vision_end|>")
    rope = {"rope_type": "default", "mrope_section": [12, 10, 10], "mrope_interleaved": True}
    eyes = {
        "depth": shape.eyes_layers,
        "hidden_size": shape.eyes_width,
        "intermediate_size": 4 * shape.eyes_width,
    }
    eyes |= {"num_heads": shape.eyes_width // 64, "out_hidden_size": shape.width, "patch_size": 16}
    eyes |= {"num_position_embeddings": 2304, "deepstack_visual_indexes": [1, 3]}
    config = transformers.Qwen3VLConfig(
        text_config={**shape.text, "vocab_size": len(tokens), "rope_scaling": rope},
        vision_config=eyes,
        **dict(zip(names, tokens.convert_tokens_to_ids(special), strict=True)),
    )
    pictures = transformers.Qwen2VLImageProcessorPil(
        patch_size=16, size={"shortest_edge": 65536, "longest_edge": 1 << 24}
    )
    return save(folder, transformers.Qwen3VLForConditionalGeneration(config), tokens, pictures)


def llava_onevision(folder: Path, shape: Shape) -> Path:
    """Pictures of 224 pixels in patches of 14, each a token; positions count tokens."""
    import transformers

    tokens = tokenizer(["<image>", "<video>"], "<image>\n")
    image, video = tokens.convert_tokens_to_ids(["<image>", "<video>"])
    eyes = {"hidden_size": shape.eyes_width, "intermediate_size": 4 * shape.eyes_width, "image_size": 224}
    eyes |= {
        "num_hidden_layers": shape.eyes_layers,
        "num_attention_heads": shape.eyes_width // 64,
        "patch_size": 14,
    }
    config = transformers.LlavaOnevisionConfig(
        text_config=transformers.Qwen2Config(**{**shape.text, "vocab_size": len(tokens)}),
        vision_config=transformers.SiglipVisionConfig(**eyes),
        image_token_index=image,
        video_token_index=video,
        image_grid_pinpoints=[[224, 224]],
    )
    side = {"height": 224, "width": 224}
    pictures = transformers.LlavaOnevisionImageProcessorPil(size=side, image_grid_pinpoints=[[224, 224]])
    processor = of_processor("LlavaOnevisionProcessor", num_image_tokens=256)
    return save(
        folder, transformers.LlavaOnevisionForConditionalGeneration(config), tokens, pictures, processor
    )


MODELS = {"Qwen3-VL": qwen3_vl, "LLaVA-OneVision": llava_onevision}


def film(num_pictures: int) -> tuple[Frame, ...]:
    """Pictures of a view that drifts, and changes altogether after a while."""
    random = np.random.default_rng(3)
    views = random.integers(0, 255, (2, 14, 24, 3), dtype=np.uint8)
    frames = []
    for number in range(num_pictures):
        view = views[2 * number // num_pictures]
        large = np.roll(np.kron(view, np.ones((32, 32, 1), np.uint8)), 3 * number, axis=1)[
            : SIDES[0], : SIDES[1]
        ]
        frames.append(Frame(4000 * number, 4.0 * number, np.ascontiguousarray(large)))
    return tuple(frames)


def asked(frames: Sequence[Frame], question: str) -> tuple[Turn, ...]:
    """One question about some pictures."""
    rules = "You are shown pictures of a video, each behind its time."
    return Turn("system", (rules,)), Turn("user", (*frames, question))


class Setups:
    """One model in several settings, which know the same pictures; one of them has them in files alone."""

    def __init__(self, folder: Path, library: Path) -> None:
        self.plain = open_local(str(folder), device="cpu", savings=PLAIN)
        on_disk = Savings(kept_prefixes=0, shelf=DiskCache(library, most_bytes=1 << 32))
        self.stored = open_local(str(folder), device="cpu", savings=on_disk)
        self._store = FeatureStore(1 << 32)
        self.known, self.kept, self.fewer = self._with(1, 0), self._with(1, 1), self._with(MERGE, 0)
        self.captioner = self._with(1, 0, store=FeatureStore(0))

    def _with(self, merge: int, prefixes: int, *, store: FeatureStore | None = None) -> LocalChat:
        model, reader = self.plain._model, self.plain._reader
        savings = Savings(merge, prefixes, 1 << 32)
        thrift = PromptCache(model, reader.tokenizer, savings, has_eyes=True, name=f"{merge}x")
        assert thrift.gallery is not None
        thrift.gallery.store = store or self._store
        return LocalChat(model, reader, name=f"{merge}x", max_images=64, thrift=thrift)

    def captions(self, frames: Sequence[Frame], *, batch_size: int) -> tuple[float, list[str]]:
        """Seconds from the pictures to what is said of each stretch, and that."""
        self.captioner.batch_size = batch_size
        stretches = [asked(frames[number::CAPTIONS], "What is seen?") for number in range(CAPTIONS)]
        began = time.process_time()
        said = self.captioner.answers(stretches, max_tokens=CAPTION_TOKENS)
        return time.process_time() - began, said

    def answer(
        self, model: LocalChat, turns: Sequence[Turn], *, num_tokens: int = ANSWER_TOKENS
    ) -> tuple[float, str]:
        """Seconds from the words to the answer, and the answer."""
        began = time.process_time()
        said = "".join(model.stream(turns, max_tokens=num_tokens))
        return time.process_time() - began, said

    def prefill(self, model: LocalChat, turns: Sequence[Turn]) -> float:
        """Seconds to the first token where the pictures are known and the processor is done; merging
        counts."""
        assert model.thrift.gallery is not None
        model.num_tokens(turns)  # for the same turns the processor is asked once
        model.thrift.gallery.forget_mergings()
        return self.answer(model, turns, num_tokens=1)[0]


@dataclass(frozen=True)
class Found:
    """What one model saved: ratios of seconds, and whether its answers stayed the same."""

    prefill: float
    second: float
    known: float
    stored: float
    captions: float
    is_same: bool


def measure(setups: Setups, frames: Sequence[Frame], *, repeat: int) -> Found:
    """All settings of one model, taking turns; prints its rows."""
    first, second = (asked(frames, question) for question in QUESTIONS)
    runs = {"plain": setups.plain, "stored": setups.stored, "known": setups.known, "kept": setups.kept}
    seconds: dict[str, list[float]] = {name: [] for name in (*runs, "all", "fewer", "single", "together")}
    answers: set[str] = set()
    captions: set[str] = set()
    setups.answer(setups.stored, first)
    for _ in range(repeat):
        setups.answer(setups.kept, first)
        setups.stored.forget()
        for name, model in runs.items():
            spent, said = setups.answer(model, second)
            seconds[name].append(spent)
            answers.add(said)
        seconds["all"].append(setups.prefill(setups.known, first))
        seconds["fewer"].append(setups.prefill(setups.fewer, first))
        for name, batch_size in (("single", 1), ("together", CAPTIONS)):
            spent, texts = setups.captions(frames, batch_size=batch_size)
            seconds[name].append(spent)
            captions.add(repr(texts))
    took = {name: median(some) for name, some in seconds.items()}
    tokens = {"all": setups.known.num_tokens(first), "fewer": setups.fewer.num_tokens(first)}
    for name, what in (("all", "all tokens"), ("fewer", f"{MERGE}x fewer of pictures")):
        print(row(f"  prefill, {what}", tokens[name], took[name], took["all"]))
    shown = {"stored": "stored pictures, new process", "known": "pictures known", "kept": "beginning kept"}
    for name, what in {"plain": "plain", **shown}.items():
        print(row(f"  second question, {what}", tokens["all"], took[name], took["plain"]), flush=True)
    for name, what in (("single", "one by one"), ("together", "at once")):
        print(
            row(f"  {CAPTIONS} captions, {what}", CAPTIONS * CAPTION_TOKENS, took[name], took["single"]),
            flush=True,
        )
    return Found(
        prefill=took["all"] / took["fewer"],
        second=took["plain"] / took["kept"],
        known=took["plain"] / took["known"],
        stored=took["plain"] / took["stored"],
        captions=took["single"] / took["together"],
        is_same=len(answers) == len(captions) == 1,
    )


def row(name: str, tokens: int, seconds: float, against: float) -> str:
    """One line of the table."""
    return f"{name:47} {tokens:6d} tokens {seconds:8.3f} s {against / seconds:6.2f}x"


def headline(found: Iterable[Found]) -> tuple[str, list[str]]:
    """The last line, and what was missed: the worst of all models counts."""
    some = list(found)
    prefill, second, known, stored, captions = (
        min(getattr(one, name) for one in some)
        for name in ("prefill", "second", "known", "stored", "captions")
    )
    is_same = all(one.is_same for one in some)
    goals = {
        f"prefill {prefill:.1f}x faster at {MERGE}x fewer tokens (goal {PREFILL_GOAL})": prefill
        >= PREFILL_GOAL,
        f"second question {second:.1f}x (goal {SECOND_GOAL:.0f})": second >= SECOND_GOAL,
        f"known pictures {known:.2f}x (goal {KNOWN_GOAL:.0f})": known >= KNOWN_GOAL,
        f"stored pictures, new process {stored:.2f}x (goal {STORED_GOAL:.0f})": stored >= STORED_GOAL,
        f"{CAPTIONS} captions at once {captions:.2f}x (goal {CAPTIONS_GOAL:.0f})": captions >= CAPTIONS_GOAL,
        f"answers {'identical' if is_same else 'DIFFER'}": is_same,
    }
    return "; ".join(goals), [goal for goal, is_met in goals.items() if not is_met]


def main() -> int:
    """Run, print, and say by the exit code whether every goal is met."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pictures", type=int, help="how many (12; --quick: 5)")
    parser.add_argument("--repeat", type=int, help="runs of each setting, the median counts (3; --quick: 1)")
    parser.add_argument(
        "--quick", action="store_true", help="smaller models and fewer pictures, once, about a minute"
    )
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    repeat = arguments.repeat or (1 if arguments.quick else 3)
    frames = film(arguments.pictures or (5 if arguments.quick else 12))
    found = []
    for name, build in MODELS.items():
        torch.manual_seed(0)
        with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as library:
            build(Path(folder), QUICK if arguments.quick else Shape())
            millions = sum(path.stat().st_size for path in Path(folder).glob("*.safetensors")) / 4e6
            print(f"{name}: {millions:.0f} million numbers, {len(frames)} pictures")
            found.append(measure(Setups(Path(folder), Path(library)), frames, repeat=repeat))
    said, missed = headline(found)
    print(said)
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
