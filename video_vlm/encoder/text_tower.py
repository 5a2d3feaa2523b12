"""Text towers for training: the text half of an image-text model, or a small one that learns from nothing."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

__all__ = ["SmallTextTower", "TransformersTextTower"]


class SmallTextTower(nn.Module):
    """Words by their hash, their places, one block of attention, the mean: ``(captions width)``.

    Enough for the sentences of the scripted world; for real captions give an image-text model.
    """

    def __init__(self, width: int, *, num_words: int = 4096, max_words: int = 64, num_heads: int = 4) -> None:
        super().__init__()
        self.width, self.num_words, self.max_words = width, num_words, max_words
        self.words = nn.Embedding(num_words, width, padding_idx=0)
        self.places = nn.Parameter(0.02 * torch.randn(max_words, width))
        self.block = nn.TransformerEncoderLayer(
            width, num_heads, 4 * width, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
        )

    def forward(self, captions: Sequence[str]) -> Tensor:
        numbers = self._numbers(captions).to(self.places.device)
        there = (numbers != 0).to(self.places.dtype)[..., None]
        read = self.block(
            self.words(numbers) + self.places[: numbers.shape[1]], src_key_padding_mask=numbers == 0
        )
        mean: Tensor = (read * there).sum(dim=1) / there.sum(dim=1).clamp_min(1)
        return mean

    def _numbers(self, captions: Sequence[str]) -> Tensor:
        """``(captions words)``, 0 where a caption has ended; at least one word each."""
        words = [caption.lower().replace(",", " ").split()[: self.max_words] or ["."] for caption in captions]
        numbers = torch.zeros(len(words), max(map(len, words)), dtype=torch.int64)
        for row, some in enumerate(words):
            numbers[row, : len(some)] = torch.tensor(
                [1 + zlib.crc32(w.encode()) % (self.num_words - 1) for w in some]
            )
        return numbers


class TransformersTextTower(nn.Module):
    """The text half of a SigLIP or CLIP model, frozen; vectors in the space the two halves share.

    The model is held, not owned: it is no part of what is trained and saved.
    """

    def __init__(self, model: nn.Module, tokenizer: Any) -> None:
        super().__init__()
        held: Any = model.requires_grad_(False)
        self._held = (held,)
        self.tokenizer = tokenizer
        config = held.config
        self.max_length = int(config.text_config.max_position_embeddings)
        self.padding = "max_length" if "siglip" in str(config.model_type) else True
        own = getattr(config.text_config, "projection_size", config.text_config.hidden_size)
        self.width = int(getattr(config, "projection_dim", own))

    @torch.no_grad()
    def forward(self, captions: Sequence[str]) -> Tensor:
        tokens = self.tokenizer(
            list(captions),
            padding=self.padding,
            truncation=True,
            max_length=self.max_length,
            return_tensors="pt",
        )
        (model,) = self._held
        vectors = model.get_text_features(**{name: value.to(model.device) for name, value in tokens.items()})
        out: Tensor = getattr(vectors, "pooler_output", vectors)
        return out
