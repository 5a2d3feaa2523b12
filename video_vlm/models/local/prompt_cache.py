"""Reads prompts with merged images, stored features and cached prefixes."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch

from video_vlm.chat import Turn
from video_vlm.errors import ModelError
from video_vlm.models.local.batched_generate import BegunPrompt, batch_inputs, decoded_by_token, has_room
from video_vlm.models.local.disk_features import DiskFeatureStore
from video_vlm.models.local.feature_store import FeatureStore
from video_vlm.models.local.image_features import ImageFeatures
from video_vlm.models.local.prefix_cache import CachedPrefix, PrefixCache, prefill
from video_vlm.models.local.prompt_layout import ImagePlace, PlacedImages, Prompt, find_places, lay_out
from video_vlm.models.local.savings import Savings
from video_vlm.models.local.vision_tower import vision_tower_of
from video_vlm.records import Frame

__all__ = ["PromptCache"]

logger = logging.getLogger(__name__)


class PromptCache:
    """What stands between a prompt and ``generate``. Not thread-safe: a model answers one after the other.

    Args:
        model: Of transformers, with ``generate``.
        tokenizer: Its own.
        savings: What is wanted. What a family cannot do is off, with a warning where answers would differ.
        has_eyes: Whether pictures may be among the prompts.
        name: Of the model, for warnings.
        stored: What is known of pictures on disk; None for nothing.
    """

    def __init__(
        self,
        model: Any,
        tokenizer: Any,
        savings: Savings,
        *,
        has_eyes: bool,
        name: str,
        stored: DiskFeatureStore | None = None,
    ) -> None:
        self._model = model
        self._tokenizer = tokenizer
        self._savings = savings
        self._name = name
        self._reading: CachedPrefix | None = None
        eyes = vision_tower_of(model) if has_eyes else None
        self.prefixes = PrefixCache(model, most=savings.kept_prefixes)
        store = FeatureStore(savings.feature_bytes, beneath=stored)
        self.gallery = (
            ImageFeatures(eyes, store, merge=savings.merge, merger=savings.merger) if eyes else None
        )
        self.is_on = not savings.are_none and (not has_eyes or eyes is not None)
        if eyes is None and savings.merge > 1:
            self._warn(
                "its family hands no features on, or reads all at once" if has_eyes else "it sees no pictures"
            )
        if self.is_on:
            model.generation_config.cache_implementation = None  # the cache is made here, of the same kind

    def num_tokens(self, inputs: dict[str, Any], turns: Sequence[Turn]) -> int:
        """The number of tokens of the prompt after merging."""
        whole = int(inputs["input_ids"].shape[1])
        if self._savings.merge == 1 or self.gallery is None or not self.is_on:
            return whole
        return whole - self.gallery.num_removed(self._places(inputs, turns))

    def prepare(
        self, inputs: dict[str, Any], turns: Sequence[Turn], is_stopped: Callable[[], bool]
    ) -> dict[str, Any]:
        """The arguments of ``generate``. Where the cache is on, all tokens but the last stretch of the prompt
        have been read by then.

        Raises:
            ModelError: the prompt does not fit the model.
        """
        prompt = self._prompt(inputs, turns) if self.is_on else None
        if prompt is None:
            return {
                name: value.to(self._model.device) if hasattr(value, "to") else value
                for name, value in inputs.items()
            }
        read = self._reading = self.prefixes.take(prompt)
        self._read(prompt, read, is_stopped)
        device = self._model.device
        return {
            "input_ids": prompt.ids.to(device),
            "attention_mask": torch.ones_like(prompt.ids, device=device),
            "position_ids": prompt.positions.to(device),
            "past_key_values": read.cache,
            **{name: value.to(device) for name, value in prompt.aligned.items()},
        }

    def write_together(
        self, several: Iterable[tuple[dict[str, Any], Sequence[Turn]]], *, max_tokens: int
    ) -> list[str]:
        """The answers to the first of ``several`` prompts, as many as fit into one batch and into memory;
        empty where the cache is off.

        Raises:
            ModelError: a prompt does not fit the model.
        """
        with torch.inference_mode():
            begun = self._begun(several)
            if not begun:
                return []
            given = batch_inputs(begun)
            rows = self._model.generate(**given, max_new_tokens=max_tokens, do_sample=False)
        ends = self._model.generation_config.eos_token_id
        ends = frozenset([] if ends is None else [ends] if isinstance(ends, int) else ends)
        written = rows[:, given["input_ids"].shape[1] :].tolist()
        return [decoded_by_token(self._tokenizer, row, ends=ends) for row in written]

    def _begun(self, several: Iterable[tuple[dict[str, Any], Sequence[Turn]]]) -> list[BegunPrompt]:
        begun: list[BegunPrompt] = []
        for inputs, turns in several:
            prompt = self._prompt(inputs, turns) if self.is_on else None
            if prompt is None or not prompt.seams:
                break
            if begun and (prompt.num_left != begun[0].prompt.num_left or not has_room(begun[-1])):
                break
            read = self.prefixes.take(prompt)
            self._read(prompt, read, lambda: False)
            begun.append(BegunPrompt(prompt, read))
        return begun

    def _read(self, prompt: Prompt, read: CachedPrefix, is_stopped: Callable[[], bool]) -> None:
        eyes = None if self.gallery is None else self.gallery.eyes
        for _ in prefill(self._model, prompt, read, eyes=eyes, is_stopped=is_stopped):
            pass

    def done(self, *, has_failed: bool) -> None:
        """Ends a generation: the prefix that was read may be kept from now on."""
        read, self._reading = self._reading, None
        if read is not None and not has_failed:
            self.prefixes.keep(read)

    def forget(self) -> None:
        """Frees the prefixes and features that are kept in memory."""
        self.prefixes.forget()
        if self.gallery is not None:
            self.gallery.forget()

    def _prompt(self, inputs: dict[str, Any], turns: Sequence[Turn]) -> Prompt | None:
        """None where the family's way with these pictures is not known, and nothing can be saved."""
        places = self._places(inputs, turns)
        if not self.is_on:
            return None
        looks: tuple[PlacedImages, ...] = ()
        if places and self.gallery is not None:
            try:
                looks = self.gallery.looks(inputs, places)
            except ModelError as error:
                self._give_up(error)
                return None
        given = {name: value for name, value in inputs.items() if name != "input_ids"}
        positions = self._model._prepare_position_ids_for_generation(inputs["input_ids"], given)
        return lay_out(inputs, positions, places, looks)

    def _places(self, inputs: dict[str, Any], turns: Sequence[Turn]) -> tuple[ImagePlace, ...]:
        if self.gallery is None or not any(isinstance(part, Frame) for turn in turns for part in turn.parts):
            return ()
        try:
            return find_places(
                inputs["input_ids"][0],
                turns,
                placeholder=self.gallery.eyes.placeholder,
                tokenizer=self._tokenizer,
            )
        except ModelError as error:
            self._give_up(error)
            return ()

    def _give_up(self, error: ModelError) -> None:
        self.is_on = False
        self._warn(str(error))

    def _warn(self, why: str) -> None:
        if self._savings.merge > 1:
            logger.warning("ask.merge=%d is off for %s: %s", self._savings.merge, self._name, why)
        else:
            logger.info("nothing is kept for %s: %s", self._name, why)
