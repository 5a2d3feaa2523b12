"""The image tokens of a prompt: encoded by the model's own tower or taken from the store, single or
merged."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from hashlib import blake2b
from itertools import groupby
from typing import Any

import torch
from torch import Tensor

from video_vlm.models.local.feature_store import FeatureStore
from video_vlm.models.local.image_tokens import ImageTokens, key_of
from video_vlm.models.local.prompt_layout import ImagePlace, PlacedImages
from video_vlm.models.local.token_merging import AUTO, Merging, check_merger, merge_tokens, num_kept
from video_vlm.models.local.vision_tower import VisionTower, split_images

__all__ = ["ImageFeatures"]

_REMEMBERED = 16


class ImageFeatures:
    """The pictures a model is shown.

    Args:
        eyes: Its vision tower.
        store: What is known of pictures.
        merge: So many times fewer visual tokens; the pictures of one turn are merged together, so that what a
            later turn shows changes nothing before it.
        merger: Who merges them, by name.

    Raises:
        UnknownName: there is no such merger.
    """

    def __init__(self, eyes: VisionTower, store: FeatureStore, *, merge: int = 1, merger: str = AUTO) -> None:
        check_merger(merger)
        self.eyes = eyes
        self.store = store
        self.merge = merge
        self.merger = merger
        self._mergings: OrderedDict[bytes, Merging] = OrderedDict()

    def looks(self, inputs: dict[str, Any], places: Sequence[ImagePlace]) -> tuple[PlacedImages, ...]:
        """The tokens of the image at each place. Features are computed when they are needed; at once only
        where unknown images are to be merged.

        Raises:
            ModelError: what the processor made cannot be told apart.
        """
        parts = split_images(
            self.eyes.tensors(inputs),
            tokens=[place.num_tokens for place in places],
            runs=[len(place.runs) for place in places],
        )
        keys = [key_of(part) for part in parts]
        looks = [
            PlacedImages(key, torch.arange(place.num_tokens), partial(self._seen, key, part))
            for key, part, place in zip(keys, parts, places, strict=True)
        ]
        if self.merge == 1:
            return tuple(looks)
        turns = groupby(zip(places, looks, strict=True), key=lambda one: one[0].turn)
        return tuple(look for _, together in turns for look in self._merged(*zip(*together, strict=True)))

    def num_removed(self, places: Sequence[ImagePlace]) -> int:
        """How many tokens merging takes from a prompt: known before anything is looked at."""
        turns = [list(together) for _, together in groupby(places, key=lambda place: place.turn)]
        return sum(_num_tokens(together, 1) - _num_tokens(together, self.merge) for together in turns)

    def forget(self) -> None:
        self.store.clear()
        self.forget_mergings()

    def forget_mergings(self) -> None:
        """Forgets which tokens were merged; the features of images stay."""
        self._mergings.clear()

    def _seen(self, key: bytes, tensors: dict[str, Tensor]) -> ImageTokens:
        found = self.store.get(key)
        if found is None:
            found = self.eyes.features(tensors)
            self.store.put(key, found)
        return found

    def _merged(self, places: Sequence[ImagePlace], looks: Sequence[PlacedImages]) -> list[PlacedImages]:
        """The same pictures with fewer tokens each."""
        key = blake2b(b"".join(look.key for look in looks), digest_size=16).digest()
        merging = self._mergings.get(key)
        if merging is None:
            merging = merge_tokens(
                [look.load().rows for look in looks],
                [place.lengths for place in places],
                num_tokens=_num_tokens(places, self.merge),
                merger=self.merger,
            )
            self._mergings[key] = merging
        self._mergings.move_to_end(key)
        while len(self._mergings) > _REMEMBERED:
            self._mergings.popitem(last=False)
        together = _Together(looks, merging, [place.num_tokens for place in places])
        return [
            PlacedImages(
                blake2b(key + bytes([number]), digest_size=16).digest(), kept, partial(together.one, number)
            )
            for number, kept in enumerate(together.places)
        ]


def _num_tokens(places: Sequence[ImagePlace], merge: int) -> int:
    """How many tokens are left of pictures that are merged together."""
    return num_kept(
        sum(place.num_tokens for place in places),
        times=merge,
        num_runs=sum(len(place.runs) for place in places),
    )


@dataclass
class _Together:
    """Pictures that were merged with one another; ``lengths`` is how many tokens each was."""

    looks: Sequence[PlacedImages]
    merging: Merging
    lengths: Sequence[int]

    @cached_property
    def places(self) -> list[Tensor]:
        """Which of its tokens each picture keeps."""
        starts = torch.tensor(self.lengths).cumsum(dim=0) - torch.tensor(self.lengths)
        owner = torch.bucketize(self.merging.places, starts, right=True) - 1
        return [self.merging.places[owner == number] - int(start) for number, start in enumerate(starts)]

    @cached_property
    def features(self) -> tuple[ImageTokens, ...]:
        whole = ImageTokens.joined([look.load() for look in self.looks])
        return whole.merged(self.merging.assignment).split([len(kept) for kept in self.places])

    def one(self, number: int) -> ImageTokens:
        return self.features[number]
