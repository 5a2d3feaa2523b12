"""The layout of a prompt: which image each placeholder belongs to, and where the prompt may be cut."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from video_vlm.chat import Turn
from video_vlm.errors import ModelError
from video_vlm.models.local.chat_input import stamp
from video_vlm.models.local.image_tokens import ImageTokens
from video_vlm.records import Frame

__all__ = ["ImagePlace", "PlacedImage", "PlacedImages", "Prompt", "find_places", "lay_out"]

_LONGEST_STRETCH = 512
"""A longer prompt is read in stretches, so that each can be kept by itself."""

_ALIGNED = ("token_type_ids", "mm_token_type_ids")


@dataclass(frozen=True, slots=True)
class ImagePlace:
    """The tokens of one picture: ``runs`` of them as ``(begin, end)``, and the ``turn`` in which it is
    shown."""

    runs: tuple[tuple[int, int], ...]
    turn: int

    @property
    def lengths(self) -> tuple[int, ...]:
        return tuple(end - begin for begin, end in self.runs)

    @property
    def num_tokens(self) -> int:
        return sum(self.lengths)


@dataclass(frozen=True, slots=True)
class PlacedImages:
    """What is shown at one place.

    Args:
        key: Its identity: equal keys, equal features.
        places: Which of the place's tokens stay, ascending; all of them where nothing is merged.
        load: Brings what stands for those that stay.
    """

    key: bytes
    places: Tensor
    load: Callable[[], ImageTokens]


@dataclass(frozen=True, slots=True)
class PlacedImage:
    """One picture of a prompt: its tokens lie in ``[begin, end)``; ``load`` brings what stands for them.
    ``is_last`` of its turn: what follows may differ from question to question."""

    begin: int
    end: int
    is_last: bool
    load: Callable[[], ImageTokens]


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a model reads.

    Args:
        ids: ``(1 tokens)``.
        names: ``(tokens)`` int64; what begins with the same names leaves a model in the same state. Those of
            words are their ids; those of pictures are below 0 and say what is shown, and what it was merged
            with.
        positions: As the family counts them, ``(1 tokens)`` or ``(axes 1 tokens)``.
        aligned: What else the family is told of each token, ``(1 tokens)``.
        pictures: In the order of their tokens.
        seams: Where it is cut for reading, ascending; never inside a picture, and a token is left behind the
            last.
    """

    ids: Tensor
    names: Tensor
    positions: Tensor
    aligned: dict[str, Tensor]
    pictures: tuple[PlacedImage, ...]
    seams: tuple[int, ...]

    def shown(self, begin: int, end: int) -> list[PlacedImage]:
        """The pictures whose tokens lie in ``[begin, end)``."""
        return [one for one in self.pictures if begin <= one.begin and one.end <= end]

    @property
    def num_left(self) -> int:
        """How many tokens are behind the last seam."""
        return self.ids.shape[1] - (self.seams[-1] if self.seams else 0)

    @property
    def rests(self) -> frozenset[int]:
        """The seams that a later prompt is likeliest to share: behind the pictures of a turn, and the last
        one."""
        return frozenset({*self.seams[-1:], *(one.end for one in self.pictures if one.is_last)})


def find_places(
    ids: Tensor, turns: Sequence[Turn], *, placeholder: int, tokenizer: Any
) -> tuple[ImagePlace, ...]:
    """Where each picture's tokens are in ``(tokens)``; where a picture is several runs, its own time stands
    before the first of them.

    Raises:
        ModelError: they are not as many as there are pictures.
    """
    shown = [
        (part, number) for number, turn in enumerate(turns) for part in turn.parts if isinstance(part, Frame)
    ]
    runs = _runs(ids == placeholder)
    if len(runs) == len(shown):
        return tuple(ImagePlace((run,), turn) for run, (_, turn) in zip(runs, shown, strict=True))
    found: list[list[tuple[int, int]]] = []
    for before, run in pairwise([(0, 0), *runs]):
        is_next = len(found) < len(shown) and stamp(shown[len(found)][0]) in tokenizer.decode(
            ids[before[1] : run[0]]
        )
        if is_next:
            found.append([])
        elif not found:
            break
        found[-1].append(run)
    if len(found) != len(shown):
        raise ModelError(f"of {len(shown)} pictures {len(found)} are found in the prompt")
    return tuple(ImagePlace(tuple(some), turn) for some, (_, turn) in zip(found, shown, strict=True))


def _runs(mask: Tensor) -> list[tuple[int, int]]:
    """The stretches of ``(tokens)`` that are on, as ``(begin, end)``."""
    edges = torch.nn.functional.pad(mask.int(), (1, 1)).diff()
    begins, ends = (edges == 1).nonzero().flatten().tolist(), (edges == -1).nonzero().flatten().tolist()
    return list(zip(begins, ends, strict=True))


def lay_out(
    inputs: dict[str, Any],
    positions: Tensor,
    places: Sequence[ImagePlace] = (),
    looks: Sequence[PlacedImages] = (),
) -> Prompt:
    """The prompt that is left where some of the pictures' tokens are merged away.

    Args:
        inputs: What the processor made.
        positions: Of its tokens. Where the family counts rows and columns (M-RoPE), tokens that stay keep
            theirs; where it counts tokens, they are counted anew.
        places: Of the pictures.
        looks: What is shown there.
    """
    whole = inputs["input_ids"]
    names, keep = whole[0].clone(), torch.ones(whole.shape[1], dtype=torch.bool)
    bounds = []
    for place, look in zip(places, looks, strict=True):
        at = torch.cat([torch.arange(begin, end) for begin, end in place.runs])
        names[at] = -1 - (int.from_bytes(look.key[:8], "big") >> 1)  # below 0, where no word's id is
        keep[at] = False
        keep[at[look.places]] = True
        bounds.append((int(at[0]), int(at[-1]) + 1))
    # keep = [1,0,1] -> before = [0,1,1,2]
    before = torch.nn.functional.pad(keep.long().cumsum(dim=0), (1, 0)).tolist()
    last = {place.turn: number for number, place in enumerate(places)}
    pictures = tuple(
        PlacedImage(before[begin], before[end], last[place.turn] == number, look.load)
        for number, ((begin, end), place, look) in enumerate(zip(bounds, places, looks, strict=True))
    )
    return Prompt(
        ids=whole[:, keep],
        names=names[keep],
        positions=_positions(positions, keep),
        aligned={name: inputs[name][:, keep] for name in _ALIGNED if name in inputs},
        pictures=pictures,
        seams=_seams(before[-1], pictures),
    )


def _positions(positions: Tensor, keep: Tensor) -> Tensor:
    if positions.dim() < 3:  # one number a token
        return positions[..., : int(keep.sum())]
    kept = positions[..., keep]
    if len(kept) == 4:  # the first row counts tokens, the others say where in time and picture
        kept[0] = positions[0, :, : kept.shape[-1]]
    return kept


def _seams(num_tokens: int, pictures: Sequence[PlacedImage]) -> tuple[int, ...]:
    """Behind the last picture of a turn, and wherever a stretch gets long."""
    seams = [0]
    for begin, end, is_rest in (
        *((one.begin, one.end, one.is_last) for one in pictures),
        (num_tokens, 0, False),
    ):
        while begin - seams[-1] > _LONGEST_STRETCH:
            seams.append(seams[-1] + _LONGEST_STRETCH)
        if is_rest or end - seams[-1] >= _LONGEST_STRETCH:
            seams.append(end)
    return tuple(seam for seam in seams[1:] if seam < num_tokens)
