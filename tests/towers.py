"""Image-text towers for tests: one that sees mean colours and needs no extra, and folders that transformers
reads.

Random weights say nothing about meaning: they show that towers are loaded, called and kept apart, and that a
picture is nearest to itself. The learned one knows coloured shapes on a dark ground and the words for them,
so that what is found by words can be right or wrong.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from video_vlm.records import Image
from video_vlm.world import COLOURS, SHAPES, Actor, Script, WorldSettings, draw

SIDE = 48
WORDS = ("<pad>", "</s>", "<unk>", "a", "of", "picture", *COLOURS, *SHAPES)
KINDS = ("siglip", "siglip2", "clip")

PAINTS = {"red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255), "grey": (128, 128, 128)}


class ColourTower:
    """Sees the mean colour of a picture, and knows the words for some colours."""

    batch_size = 2

    def __init__(self, name: str = "colours", dimension: int = 3) -> None:
        self.name = name
        self.dimension = dimension
        self.num_pictures = 0

    def encode_images(self, pictures: Sequence[Image]) -> npt.NDArray[np.float32]:
        self.num_pictures += len(pictures)
        return unit([picture.reshape(-1, 3).mean(axis=0) for picture in pictures], self.dimension)

    def encode_texts(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        return unit(
            [np.sum([PAINTS[w] for w in text.split() if w in PAINTS], axis=0) for text in texts],
            self.dimension,
        )


def unit(colours: Sequence[npt.ArrayLike], dimension: int) -> npt.NDArray[np.float32]:
    rows = np.zeros((len(colours), dimension), np.float32)
    for row, colour in zip(rows, colours, strict=True):
        row[:3] = np.asarray(colour) + 1e-3
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows


def shape_images(colour: str, shape: str, *, seed: int, num_frames: int = 1, side: int = SIDE) -> list[Image]:
    """Pictures of one coloured shape somewhere on the ground, under a camera that drifts."""
    chance = np.random.default_rng((seed, COLOURS.index(colour), SHAPES.index(shape)))
    x, y = chance.uniform(0.25, 0.75, 2)
    settings = WorldSettings(num_frames=max(num_frames, 5), side=side, num_movers=2, radius=0.2)
    pan = tuple(chance.uniform(-0.004, 0.004, 2).tolist())
    script = Script(
        seed=seed, settings=settings, actors=(Actor(colour, shape, x, y),), events=(), pan=pan, post=None
    )
    return list(draw(script).frames[:num_frames])


def write_tower(folder: Path, kind: str = "siglip", *, seed: int = 0) -> Path:
    """A tiny random tower of a kind with everything that belongs to it."""
    import torch

    torch.manual_seed(seed)
    return _save(_model(kind), folder, kind)


def teach_tower(folder: Path, *, steps: int = 150) -> Path:
    """A tiny SigLIP that learned, in seconds, the words for colours without fault; for shapes less well."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # so small a model is slower on two
    torch.manual_seed(0)
    try:
        return _save(_taught(steps), folder, "siglip")
    finally:
        torch.set_num_threads(threads)


def _taught(steps: int) -> Any:
    import torch
    from torch.nn.functional import cross_entropy, normalize

    model = _model("siglip", width=64, num_blocks=3).train()
    names = list(product(COLOURS, SHAPES))
    tokens = torch.tensor([_numbers(f"a {colour} {shape}") for colour, shape in names])
    right = torch.arange(len(names))
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, total_steps=steps)
    for batch in _batches(names, steps):
        seen = normalize(model.get_image_features(torch.from_numpy(batch)).pooler_output, dim=-1)
        read = normalize(model.get_text_features(tokens).pooler_output, dim=-1)
        logits = 10 * seen @ read.T
        loss = cross_entropy(logits, right) + cross_entropy(logits.T, right)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return model.eval()


def _batches(names: list[tuple[str, str]], steps: int) -> Iterator[Any]:
    """One picture of each name a step, out of a few that were drawn, moved about: drawing is what takes
    long."""
    drawn = [[shape_images(colour, shape, seed=seed)[0] for seed in range(12)] for colour, shape in names]
    chance = np.random.default_rng(0)
    for _ in range(steps):
        chosen = [some[chance.integers(len(some))] for some in drawn]
        moved = [np.roll(one, chance.integers(-6, 7, 2), axis=(0, 1)) for one in chosen]
        yield (np.stack(moved).transpose(0, 3, 1, 2).astype(np.float32) / 255 - 0.5) / 0.5


def _numbers(text: str) -> list[int]:
    numbers = [WORDS.index(word) for word in text.split()]
    return [*numbers, 1, *[0] * (7 - len(numbers))]


def _model(kind: str, *, width: int = 32, num_blocks: int = 2) -> Any:
    import transformers

    shape = {"hidden_size": width, "intermediate_size": 2 * width, "num_hidden_layers": num_blocks}
    shape |= {"num_attention_heads": 4}
    tokens = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 1}
    text = {**shape, **tokens, "vocab_size": len(WORDS), "max_position_embeddings": 8}
    size = {"num_patches": 36} if kind == "siglip2" else {"image_size": SIDE}
    name = {"siglip": "Siglip", "siglip2": "Siglip2", "clip": "CLIP"}[kind]
    more = {"projection_dim": 16} if kind == "clip" else {}
    config = getattr(transformers, f"{name}Config")
    vision = {**shape, **size, "patch_size": 8}
    return getattr(transformers, f"{name}Model")(
        config(text_config=text, vision_config=vision, **more)
    ).eval()


def _save(model: Any, folder: Path, kind: str) -> Path:
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import CLIPImageProcessorPil, PreTrainedTokenizerFast, SiglipImageProcessorPil
    from transformers.models.siglip2.image_processing_pil_siglip2 import Siglip2ImageProcessorPil

    model.save_pretrained(folder)
    tokenizer = Tokenizer(
        models.WordLevel({word: number for number, word in enumerate(WORDS)}, unk_token="<unk>")
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", eos_token="</s>", unk_token="<unk>"
    )
    fast.save_pretrained(folder)
    if kind == "clip":
        sizes = {"size": {"shortest_edge": SIDE}, "crop_size": {"height": SIDE, "width": SIDE}}
        CLIPImageProcessorPil(**sizes).save_pretrained(folder)
    elif kind == "siglip2":
        Siglip2ImageProcessorPil(patch_size=8, max_num_patches=36).save_pretrained(folder)
    else:
        SiglipImageProcessorPil(size={"height": SIDE, "width": SIDE}).save_pretrained(folder)
    return folder
