"""A prompt cache: the keys and values of a prompt's beginning are kept for the next prompt with the same
beginning.

A prompt is read in the stretches between its seams, whether anything is kept or not, and what is kept is
taken up at a seam that both prompts have. So an answer does not depend on what was asked before, to the last
bit.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from torch import Tensor

from video_vlm.models.local.prompt_layout import Prompt
from video_vlm.models.local.vision_tower import VisionTower

__all__ = ["CachedPrefix", "PrefixCache", "prefill"]


@dataclass
class CachedPrefix:
    """A prompt that was read up to ``length``.

    Args:
        names: Of its tokens.
        seams: Of the prompt.
        cache: Keys and values, of transformers.
        held: By seam, copies of the layers that cannot be cut back: those of linear attention, and those that
            see only a window.
        length: How many tokens the cache holds.
    """

    names: Tensor
    seams: tuple[int, ...]
    cache: Any
    held: dict[int, dict[int, Any]] = field(default_factory=dict)
    length: int = 0

    def usable(self, prompt: Prompt) -> int:
        """How many tokens of ``prompt`` are read already: up to a seam."""
        most = min(len(self.names), len(prompt.names), self.length)
        differs = (self.names[:most] != prompt.names[:most]).nonzero()
        shared = int(differs[0]) if len(differs) else most
        found = 0
        for seam, other in zip(prompt.seams, self.seams, strict=False):
            if seam != other or seam > shared:
                break
            found = seam if (seam in self.held or all(map(_can_be_cut, self.cache.layers))) else found
        return found

    def hold(self, seam: int) -> None:
        """Keeps a copy of the layers that cannot be cut back, so that ``seam`` tokens can be returned to."""
        fixed = {
            number: _copy(layer) for number, layer in enumerate(self.cache.layers) if not _can_be_cut(layer)
        }
        if fixed:
            self.held[seam] = fixed

    def cut_back(self, seam: int) -> None:
        """Cuts the cache back to the first ``seam`` tokens, which must be usable."""
        for number, layer in enumerate(self.cache.layers):
            if _can_be_cut(layer):
                layer.crop(-max(0, layer.get_seq_length() - seam))
            else:
                self.cache.layers[number] = _copy(self.held[seam][number])
        self.held = {at: layers for at, layers in self.held.items() if at <= seam}
        self.length = seam


def _can_be_cut(layer: Any) -> bool:
    """Whether a layer of a cache is the keys and values of all its tokens, and nothing else."""
    from transformers.cache_utils import DynamicLayer

    return type(layer) is DynamicLayer


def _copy(layer: Any) -> Any:
    """States of linear attention are written in place; keys and values are replaced by longer ones."""
    made = copy.copy(layer)
    for name, value in vars(layer).items():
        if isinstance(value, dict):
            cloned = {key: one.clone() if isinstance(one, Tensor) else one for key, one in value.items()}
            setattr(made, name, cloned)
    return made


class PrefixCache:
    """The last few prompts that were read. Not thread-safe: a model answers one after the other.

    Args:
        model: Of transformers.
        most: How many; 0 for none.
    """

    def __init__(self, model: Any, *, most: int) -> None:
        self._config = model.config.get_text_config(decoder=True)
        self._most = most
        self._kept: list[CachedPrefix] = []

    @property
    def are_plain(self) -> bool:
        """Whether all layers hold the keys and values of all tokens, and nothing else."""
        from transformers import DynamicCache

        return all(map(_can_be_cut, DynamicCache(config=self._config).layers))

    def take(self, prompt: Prompt) -> CachedPrefix:
        """The longest cached prefix of ``prompt``, cut back to the tokens they share; an empty one where no
        cached prompt begins like it."""
        from transformers import DynamicCache

        best = max(self._kept, key=lambda one: one.usable(prompt), default=None)
        usable = 0 if best is None else best.usable(prompt)
        if best is None or not usable:
            del self._kept[: max(0, len(self._kept) - self._most + 1)]  # room is made before it is needed
            return CachedPrefix(prompt.names, prompt.seams, DynamicCache(config=self._config))
        self._kept.remove(best)
        best.cut_back(usable)
        best.names, best.seams = prompt.names, prompt.seams
        return best

    def keep(self, read: CachedPrefix) -> None:
        """Keeps a prefix for the next prompt; tokens that were generated since are cut off."""
        last = read.seams[-1] if read.seams else 0
        if not self._most or not last or read.length < last:
            return
        read.cut_back(last)
        self._kept.append(read)

    def forget(self) -> None:
        self._kept.clear()

    def __len__(self) -> int:
        return len(self._kept)


def prefill(
    model: Any,
    prompt: Prompt,
    read: CachedPrefix,
    *,
    eyes: VisionTower | None,
    is_stopped: Callable[[], bool],
) -> Iterator[int]:
    """Reads the tokens of ``prompt`` from where ``read`` ends up to its last seam; yields the number of
    tokens read after each stretch."""
    rests = prompt.rests
    for begin, end in pairwise((read.length, *(seam for seam in prompt.seams if seam > read.length))):
        if is_stopped():
            return
        model(**_stretch(model, prompt, read.cache, begin, end, eyes), return_dict=True)
        read.length = end
        if end in rests:
            read.hold(end)
        yield end


def _stretch(
    model: Any, prompt: Prompt, cache: Any, begin: int, end: int, eyes: VisionTower | None
) -> dict[str, Any]:
    """As the chunked reading of transformers' own ``generate`` calls a model."""
    inputs: dict[str, Any] = model.prepare_inputs_for_generation(
        prompt.ids[:, begin:end].to(model.device),
        is_first_iteration=True,
        past_key_values=cache,
        position_ids=prompt.positions[..., begin:end].to(model.device),
        use_cache=True,
        logits_to_keep=1,
        **{name: value[:, :end].to(model.device) for name, value in prompt.aligned.items()},
    )
    pictures = prompt.shown(begin, end)
    if pictures and eyes is not None:
        inputs["mm_encoder_outputs"] = eyes.handed_on([picture.load() for picture in pictures])
    return inputs
