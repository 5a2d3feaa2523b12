"""Merges the visual tokens of consecutive images for an unchanged language model.

Pictures of one look are merged together, in two steps. Over time, as the trees of
:mod:`video_vlm.encoder.tree_merge`: a token goes to the most similar one of the picture before, and a chain
of them becomes its first, behind the time of the picture in which it was first seen. Where that leaves too
many, inside a picture, as bipartite soft matching (Bolya et al. 2023): every other token into its most
similar neighbour. No picture, and no tile of one, loses all of its tokens, and what two pictures show apart
is never mixed inside one of them.

That is ``auto``. Any merger of :data:`~video_vlm.encoder.mergers.MERGERS` can take the place of the trees,
over pictures of equally many tokens: no picture, and no tile of one, loses all of its tokens then either.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby, pairwise
from typing import Final

import torch
from torch import Tensor

from video_vlm.encoder.assignment import Assignment, first_sources, identity, in_order, merge
from video_vlm.encoder.mergers import MERGERS, merge_to
from video_vlm.encoder.tokens import patch_tokens
from video_vlm.encoder.tree_merge import Links, link_frames, merge_trees

__all__ = ["AUTO", "Merging", "check_merger", "merge_tokens", "num_kept"]

AUTO: Final = "auto"
"""Trees over pictures of one look, then matching inside each."""

_MIN_COSINE = 0.8
_SEGMENT_COSINE = 0.9


@dataclass(frozen=True, slots=True)
class Merging:
    """``assignment`` of all tokens of the pictures, one after the other, and the ``places`` ``(merged)`` of
    those that stay, ascending."""

    assignment: Assignment
    places: Tensor


def num_kept(num_tokens: int, *, times: int, num_runs: int) -> int:
    """How many tokens are left of so many: known before anything is looked at, at least one a run of
    tokens."""
    return min(num_tokens, max(num_runs, -(-num_tokens // times)))


def check_merger(name: str) -> None:
    """Checks that ``name`` is ``auto`` or a merger.

    Raises:
    UnknownName: neither ``auto`` nor a merger has that name.
    """
    if name != AUTO:
        MERGERS[name]


def merge_tokens(
    pictures: Sequence[Tensor], runs: Sequence[Sequence[int]], *, num_tokens: int, merger: str = AUTO
) -> Merging:
    """Leave exactly ``num_tokens`` of the tokens of some pictures, ``(tokens width)`` each.

    Args:
        pictures: In the order of time.
        runs: Into how many stretches of how many tokens the prompt cuts each picture (tiles); one for most
            families.
        num_tokens: At least as many as there are runs.
        merger: Who merges over time: ``auto``, or a name in ``MERGERS``.

    Raises:
        ValueError: fewer tokens than runs, or more than there are.
        UnknownName: there is no such merger.
        MergerError: it broke its contract.
    """
    lengths = [length for picture in runs for length in picture]
    total = sum(lengths)
    if not len(lengths) <= num_tokens <= total:
        raise ValueError(f"{total} tokens in {len(lengths)} runs cannot become {num_tokens}")
    values = torch.cat(list(pictures)).float()
    run_of = torch.repeat_interleave(torch.arange(len(lengths)), torch.tensor(lengths))
    if merger == AUTO:
        assignment = _over_time(pictures, run_of, num_going=total - num_tokens)
    else:
        assignment = _with_one_in_each_run(_by_name(merger, pictures, num_tokens=num_tokens), run_of)
    places = first_sources(assignment)[0]  # the anchors of the trees
    while assignment.num_merged > num_tokens:
        merged = merge(values[None], assignment, size=torch.ones(1, total))[0]
        inside, stays = _inside_runs(merged, run_of[places], num_going=assignment.num_merged - num_tokens)
        assignment, places = assignment.then(inside), places[stays]
    return Merging(assignment, places)


def _over_time(pictures: Sequence[Tensor], run_of: Tensor, *, num_going: int) -> Assignment:
    """Trees over stretches of pictures of one size; the strongest links of all of them go first."""
    owners, num_merged = [], 0
    stretches = list(_stretches(pictures, run_of))
    cosines = [links.cosine.flatten() for links in stretches]
    lengths = torch.tensor([len(one) for one in cosines])
    stretch_of = torch.repeat_interleave(torch.arange(len(cosines)), lengths)
    every = torch.cat(cosines)
    order = every.argsort(descending=True, stable=True)[: min(num_going, int((every > _MIN_COSINE).sum()))]
    # How many links of each stretch are among the strongest of all.
    counts = torch.bincount(stretch_of[order], minlength=len(cosines)).tolist()
    for links, count in zip(stretches, counts, strict=True):
        size = links.parent.numel()
        grown = merge_trees(links, num_tokens=size - count) if count else identity(1, size)
        owners.append(grown.owner + num_merged)
        num_merged += grown.num_merged
    return Assignment(torch.cat(owners, dim=1), num_merged)


def _by_name(merger: str, pictures: Sequence[Tensor], *, num_tokens: int) -> Assignment:
    """Each stretch of pictures of one size by itself, to its share of the tokens, rounded up."""
    total = sum(map(len, pictures))
    owners, num_merged = [], 0
    for positions, alike in groupby(pictures, key=len):
        values = torch.stack(list(alike))[None].float()
        frames = values.shape[1]
        share = -(-num_tokens * frames * positions // total)
        tokens = patch_tokens(values, torch.arange(frames, dtype=torch.float64)[None])
        merged = merge_to(merger, tokens, num_tokens=share, num_frames=frames)
        owners.append(merged.patches.owner + num_merged)
        num_merged += merged.num_tokens
    return Assignment(torch.cat(owners, dim=1), num_merged)


def _with_one_in_each_run(assignment: Assignment, run_of: Tensor) -> Assignment:
    """A run all of whose tokens stand in earlier runs gets its first one back."""
    held = torch.zeros(int(run_of[-1]) + 1, dtype=torch.bool)
    held[run_of[first_sources(assignment)[0]]] = True
    begins = torch.cat((torch.tensor([0]), run_of.diff().nonzero().flatten() + 1))
    freed = begins[~held]
    owner = assignment.owner.clone()
    owner[0, freed] = assignment.num_merged + torch.arange(len(freed))
    return in_order(Assignment(owner, assignment.num_merged + len(freed)))


def _stretches(pictures: Sequence[Tensor], run_of: Tensor) -> Iterator[Links]:
    begin = 0
    for _, alike in groupby(pictures, key=len):
        values = torch.stack(list(alike))
        frames, positions, _ = values.shape
        runs = run_of[begin : begin + frames * positions].view(frames, positions)
        begin += frames * positions
        links = link_frames(values[None], segment_cosine=_SEGMENT_COSINE)
        # In each run of each frame ``(frames positions)`` the weakest link is cut, so that a token stays.
        cosine = links.cosine[0]
        cosine = cosine.clone()
        for frame in range(len(cosine)):
            for run in runs[frame].unique():
                inside = (runs[frame] == run).nonzero().flatten()
                cosine[frame, inside[cosine[frame, inside].argmin()]] = -torch.inf
        yield Links(links.parent, cosine[None])


def _inside_runs(values: Tensor, run_of: Tensor, *, num_going: int) -> tuple[Assignment, Tensor]:
    """One round of matching inside runs ``(tokens)``: who goes where, and who stays ``(tokens)`` bool."""
    unit = torch.nn.functional.normalize(values, dim=-1)
    bounds = [0, *accumulate(torch.unique_consecutive(run_of, return_counts=True)[1].tolist())]
    found = [_matches(unit[begin:end], begin) for begin, end in pairwise(bounds) if end - begin > 1]
    leaving, target, closeness = (torch.cat(parts) for parts in zip(*found, strict=True))
    strongest = closeness.argsort(descending=True, stable=True)[:num_going]
    into = torch.arange(len(values)).scatter(0, leaving[strongest], target[strongest])
    stays = torch.ones(len(values), dtype=torch.bool).scatter(0, leaving[strongest], value=False)
    rank = stays.long().cumsum(dim=0) - 1
    return Assignment(rank[into][None], int(stays.sum())), stays


def _matches(unit: Tensor, begin: int) -> tuple[Tensor, Tensor, Tensor]:
    """Of one run, which begins at ``begin``: every other token, where it would go, and how alike the two
    are."""
    closeness, nearest = (unit[1::2] @ unit[0::2].T).max(dim=-1)
    leaving = torch.arange(1, len(unit), 2)
    return begin + leaving, begin + 2 * nearest, closeness
