"""Image towers of transformers with one interface: embed, blocks, finish.

Nothing of a tower is copied or changed: its own modules are called in its own order, so that with nothing
between the blocks the numbers are the tower's, bit for bit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

import torch
from einops import rearrange, repeat
from torch import Tensor, nn

from video_vlm.errors import UnknownName

__all__ = [
    "TOWERS",
    "ClipTower",
    "Siglip2Tower",
    "SiglipTower",
    "Tower",
    "VitTower",
    "as_tower",
    "small_siglip_tower",
]


class Tower(nn.Module):
    """What all towers have in common. ``model`` is the vision model of transformers.

    Pictures are ``(frames channels height width)``, tokens ``(frames tokens width)``. ``bias`` ``(frames
    tokens)`` is added to the attention scores of the tokens looked at; None leaves attention as it is.
    """

    num_prefix: int = 0
    """How many tokens before those of patches: a class token."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model: Any = model

    @property
    def width(self) -> int:
        return int(self.model.config.hidden_size)

    @property
    def num_heads(self) -> int:
        return int(self.model.config.num_attention_heads)

    @property
    def image_size(self) -> int:
        return int(self.model.config.image_size)

    @property
    def blocks(self) -> Sequence[nn.Module]:
        blocks: Sequence[nn.Module] = self.model.encoder.layers
        return blocks

    def embed(self, pictures: Tensor) -> Tensor:
        embedded: Tensor = self.model.embeddings(pictures)
        return embedded

    def block(self, depth: int, tokens: Tensor, *, bias: Tensor | None = None) -> Tensor:
        """Runs block ``depth`` of the tower: ``(frames tokens width) -> (frames tokens width)``; ``bias``
        ``(frames tokens)`` is added to the attention logits of the keys."""
        mask = None if bias is None else bias[:, None, None].to(tokens.dtype)
        out: Tensor = self.blocks[depth](tokens, mask)
        return out

    def finish(self, tokens: Tensor, *, bias: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """What the tower gives out: its last tokens, and one vector a frame ``(frames width)``."""
        raise NotImplementedError

    def attention(self, depth: int) -> Any:
        return getattr(self.blocks[depth], "self_attn")  # noqa: B009 - typed as a plain module

    @contextmanager
    def keys_of(self, depth: int, see: Callable[[Tensor], Tensor]) -> Iterator[list[Tensor]]:
        """What ``see`` makes of the keys of a block's attention, ``(frames tokens width)``, each time it
        runs."""
        seen: list[Tensor] = []
        hook = self.attention(depth).k_proj.register_forward_hook(
            lambda _module, _inputs, keys: seen.append(see(keys))
        )
        try:
            yield seen
        finally:
            hook.remove()


class SiglipTower(Tower):
    """SigLIP (Zhai et al. 2023) and the fixed-size SigLIP 2 checkpoints, which are of this form."""

    def finish(self, tokens: Tensor, *, bias: Tensor | None = None) -> tuple[Tensor, Tensor]:
        last = self.model.post_layernorm(tokens)
        if not self.model.use_head:
            return last, last.mean(dim=1)
        head = self.model.head
        if bias is None:
            return last, head(last)
        # SigLIP's attention pooling, made of the head's parts: a merged token counts as often as it has
        # patches.
        probe = head.probe.repeat(last.shape[0], 1, 1)
        mask = repeat(
            bias.to(last.dtype), "frames tokens -> (frames heads) 1 tokens", heads=head.attention.num_heads
        )
        seen = head.attention(probe, last, last, attn_mask=mask)[0]
        whole: Tensor = seen + head.mlp(head.layernorm(seen))
        return last, whole[:, 0]


class Siglip2Tower(SiglipTower):
    """SigLIP 2 with native aspect (Tschannen et al. 2025): patches are cut here, and none of them is
    padding."""

    @property
    def image_size(self) -> int:
        return int(self.model.config.patch_size * self.model.embeddings.position_embedding_size)

    def embed(self, pictures: Tensor) -> Tensor:
        side = self.model.config.patch_size
        patches = rearrange(
            pictures,
            "frames channels (rows height) (columns width) -> frames (rows columns) (height width channels)",
            height=side,
            width=side,
        )
        shape = torch.tensor([pictures.shape[2] // side, pictures.shape[3] // side], device=pictures.device)
        embedded: Tensor = self.model.embeddings(
            patches, repeat(shape, "two -> frames two", frames=len(pictures))
        )
        return embedded


class ClipTower(Tower):
    """CLIP (Radford et al. 2021), also OpenCLIP's weights in the form of transformers."""

    num_prefix = 1

    def embed(self, pictures: Tensor) -> Tensor:
        embedded: Tensor = self.model.pre_layrnorm(self.model.embeddings(pictures))
        return embedded

    def finish(self, tokens: Tensor, *, bias: Tensor | None = None) -> tuple[Tensor, Tensor]:  # noqa: ARG002
        return tokens, self.model.post_layernorm(tokens[:, 0])


class VitTower(Tower):
    """A plain ViT (Dosovitskiy et al. 2021)."""

    num_prefix = 1

    @property
    def blocks(self) -> Sequence[nn.Module]:
        blocks: Sequence[nn.Module] = self.model.layers
        return blocks

    def attention(self, depth: int) -> Any:
        return getattr(self.blocks[depth], "attention")  # noqa: B009 - typed as a plain module

    def finish(self, tokens: Tensor, *, bias: Tensor | None = None) -> tuple[Tensor, Tensor]:  # noqa: ARG002
        last = self.model.layernorm(tokens)
        return last, self.model.pooler(last) if self.model.pooler is not None else last[:, 0]


TOWERS: Final[Mapping[str, Callable[[nn.Module], Tower]]] = {
    "siglip_vision_model": SiglipTower,
    "siglip2_vision_model": Siglip2Tower,
    "clip_vision_model": ClipTower,
    "vit": VitTower,
}
"""Towers by the ``model_type`` of their configuration."""


def small_siglip_tower(
    *, width: int, num_blocks: int, num_heads: int, image_size: int, patch_size: int
) -> SiglipTower:
    """A SigLIP tower without a pooling head and with random weights; sizes in pixels."""
    from transformers import SiglipVisionConfig, SiglipVisionModel

    config = SiglipVisionConfig(
        hidden_size=width,
        intermediate_size=2 * width,
        num_hidden_layers=num_blocks,
        num_attention_heads=num_heads,
        image_size=image_size,
        patch_size=patch_size,
        vision_use_head=False,
    )
    return SiglipTower(SiglipVisionModel(config))


def as_tower(model: nn.Module) -> Tower:
    """A vision model of transformers, or the vision half of an image-text model, as a tower that runs on
    ``(frames channels height width)``.

    Raises:
        UnknownName: no tower is made for models of this type.
    """
    vision: Any = getattr(model, "vision_model", model)
    kind = str(vision.config.model_type)
    if kind not in TOWERS:
        raise UnknownName("image tower", kind, TOWERS)
    return TOWERS[kind](vision)
