"""A head that says for each token who is there and which way it moves, trained on the scripted world's
events.

It teaches the encoder what an event is long before questions about the order of events can, and is thrown
away after training: answers come from the reader alone.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from video_vlm.encoder.tokens import Tokens
from video_vlm.world import COLOURS, EventKind, Script, Way, in_frame

__all__ = ["FACTS", "NarrationHead", "facts_of"]

FACTS: Final = ("there", *Way)
"""What may be true of each colour at a place: that it is there, and which way it moves."""


def facts_of(script: Script, *, grid: int) -> Tensor:
    """What is true at each of ``grid x grid`` patches of each frame: ``(frames, patches, colours x facts)``,
    0 or 1.

    An actor is where its middle is.
    """
    frames = np.arange(script.settings.num_frames)
    true = torch.zeros(len(frames), grid * grid, len(COLOURS), len(FACTS))
    for place, actor in enumerate(script.actors):
        column, row = ((grid * at).astype(int).clip(0, grid - 1) for at in in_frame(script, place))
        colour, patch = COLOURS.index(actor.colour), torch.from_numpy(row * grid + column)
        there = np.ones(len(frames), bool)
        for event in (event for event in script.events if event.actor == place):
            if event.way is not None:
                during = (event.start <= frames) & (frames < event.end)
                true[during, patch[during], colour, FACTS.index(event.way)] = 1.0
            else:
                there &= (frames >= event.start) if event.kind is EventKind.APPEAR else (frames < event.start)
        true[there, patch[there], colour, 0] = 1.0
    return true.flatten(2)


class NarrationHead(nn.Module):
    """Reads off each token what is true of the patches in it."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.say = nn.Linear(width, len(COLOURS) * len(FACTS))

    def loss(self, tokens: Tokens, facts: Tensor) -> Tensor:
        """Cross-entropy summed over a frame's patches and all that may be said of them, averaged over frames.

        ``facts`` ``(batch frames patches facts)``: of a token is true what is true of any patch in it.
        """
        said = self.say(tokens.values)
        flat = facts.flatten(1, 2).to(said.dtype)
        owner = tokens.patches.owner[..., None].expand_as(flat)
        true = torch.zeros_like(said).scatter_reduce(1, owner, flat, "amax")
        each = binary_cross_entropy_with_logits(said, true, reduction="none").sum(dim=2)
        return each.mean() * facts.shape[2]
