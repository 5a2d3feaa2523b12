"""Cuts a sequence into stretches whose means lose least: exact, by dynamic programming.

The loss of a stretch is its squared error, as in the optimal partition of a line (Fisher 1958, "On grouping
for maximum homogeneity"). All that is needed is the Gram matrix of the sequence.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from video_vlm.encoder.chunking import in_chunks

__all__ = ["Partitions", "energy", "gram", "partition", "stretch_errors"]

_EXACT = torch.float64


def gram(values: Tensor) -> Tensor:
    """Inner products along time, ``(batch times width) -> (batch times times)`` float64, the mean taken off.

    Errors do not change with the mean; taking it off keeps their small differences exact. A stretch of the
    width at a time, so that a long clip is not held twice.
    """
    return sum((_gram(some) for some in in_chunks(values, dim=2)), start=values.new_zeros((), dtype=_EXACT))


def _gram(values: Tensor) -> Tensor:
    centred = values.float() - values.float().mean(dim=1, keepdim=True)
    return (centred @ centred.transpose(1, 2)).to(_EXACT)


def energy(values: Tensor) -> Tensor:
    """The squared length of every time's values, ``(batch times width) -> (batch times)`` float64."""
    squares = (some.float().square().sum(dim=2, dtype=_EXACT) for some in in_chunks(values, dim=2))
    return sum(squares, start=values.new_zeros((), dtype=_EXACT))


def stretch_errors(inner: Tensor, weight: Tensor) -> Tensor:
    """The squared error of every stretch ``[first, last]``: ``(batch times times) -> (batch first last)``.

    ``weight`` ``(batch times)`` is how much each time counts. Stretches that end before they begin cost
    infinity.
    """
    weight = weight.double()
    both = weight[:, :, None] * weight[:, None, :] * inner
    box = torch.nn.functional.pad(both.cumsum(1).cumsum(2), (1, 0, 1, 0))
    times = inner.shape[1]
    first, last = (
        torch.arange(times, device=inner.device)[:, None],
        torch.arange(times, device=inner.device)[None] + 1,
    )
    cross = box[:, last, last] - box[:, first, last] - box[:, last, first] + box[:, first, first]
    energy = _range_sums(weight * inner.diagonal(dim1=1, dim2=2))
    mass = _range_sums(weight).clamp_min(torch.finfo(torch.float64).tiny)
    error = (energy - cross / mass).clamp_min(0)
    return error.masked_fill(first >= last, torch.inf)


def _range_sums(each: Tensor) -> Tensor:
    """Sums over every ``[first, last]``: ``(batch times) -> (batch first last)``."""
    total = torch.nn.functional.pad(each.cumsum(1), (1, 0))
    return total[:, None, 1:] - total[:, :-1, None]


@dataclass(frozen=True, slots=True)
class Partitions:
    """The best cuts into 1, 2, ... stretches.

    ``errors`` is ``(batch, counts)``; ``begins`` ``(counts, batch, times + 1)`` says where the last stretch
    begins when so many end before a time.
    """

    errors: Tensor
    begins: Tensor

    def owner(self, counts: Tensor) -> Tensor:
        """Which stretch each time is in when cut into ``counts`` ``(batch)``: ``(batch times)``."""
        steps, batch, times = self.begins.shape
        cuts = torch.zeros(batch, times, dtype=torch.int64, device=counts.device)
        end = torch.full((batch,), times - 1, device=counts.device)
        for left in range(steps - 1, 0, -1):
            begin = self.begins[left].gather(1, end[:, None]).squeeze(1)
            end = torch.where(counts > left, begin, end)
            cuts.scatter_add_(1, end[:, None], (counts > left).long()[:, None])
        return cuts[:, :-1].cumsum(dim=1)


def partition(errors: Tensor, *, max_count: int) -> Partitions:
    """The best partitions into up to ``max_count`` stretches, given :func:`stretch_errors`."""
    batch, times, _ = errors.shape
    # One stretch that ends before each time. None ends before the first: where cuts save nothing, as in a
    # still clip, an empty stretch would cost no more than a real one.
    best = torch.nn.functional.pad(errors[:, 0], (1, 0), value=torch.inf)
    totals, begins = [best[:, -1]], [torch.zeros(batch, times + 1, dtype=torch.int64, device=errors.device)]
    for _ in range(1, min(max_count, times)):
        best, begin = (best[:, :-1, None] + errors).min(dim=1)
        best, begin = (torch.nn.functional.pad(each, (1, 0)) for each in (best, begin))
        best[:, 0] = torch.inf
        totals.append(best[:, -1])
        begins.append(begin)
    return Partitions(torch.stack(totals, dim=1), torch.stack(begins))
