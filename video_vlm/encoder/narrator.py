"""Who moves which way, frame by frame: the log of the scripted world as something to be learned.

It teaches the encoder what an event is long before questions about the order of events can, and is thrown away
after training: answers come from the reader alone.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from video_vlm.encoder.video import Encoding
from video_vlm.world import COLOURS, Script, Way

__all__ = ["Narrator", "happenings"]

WAYS = tuple(Way)


def happenings(scripts: Sequence[Script], encoding: Encoding) -> Tensor:
    """What is true of each frame that is left, by its span: ``(batch frames colours ways)``, 0 or 1."""
    true = torch.zeros(*encoding.start.shape, len(COLOURS), len(WAYS))
    for item, script in enumerate(scripts):
        for event in script.motions:
            start, end = (frame / script.settings.fps for frame in (event.start, event.end))
            during = (encoding.start[item] < end) & (encoding.end[item] > start)
            colour, way = COLOURS.index(script.actors[event.actor].colour), WAYS.index(event.way or Way.LEFT)
            true[item, during, colour, way] = 1.0
    return true


class Narrator(nn.Module):
    """Reads off each frame's vector who moves which way."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.say = nn.Linear(width, len(COLOURS) * len(WAYS))

    def loss(self, encoding: Encoding, scripts: Sequence[Script]) -> Tensor:
        """Cross-entropy summed over all that may be said of a frame, averaged over frames."""
        said = self.say(encoding.frames).unflatten(2, (len(COLOURS), len(WAYS)))
        true = happenings(scripts, encoding)
        return binary_cross_entropy_with_logits(said, true, reduction="none").sum(dim=(2, 3)).mean()
