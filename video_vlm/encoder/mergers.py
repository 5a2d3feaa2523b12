"""Token mergers by name: every merger without learned weights, and the contract that all of them keep.

A *merger* is a function ``(tokens, *, num_tokens, num_frames) -> tokens``: a batch of clips, each
``num_frames`` frames of equally many tokens, ``(batch (frames positions) width)`` in and ``(batch num_tokens
width)`` out. :func:`merge_to` calls one by name and holds it to the contract. Another package brings its own
by the entry point group ``video_vlm.mergers``.

:class:`~video_vlm.encoder.compression.Compressor` is none of them: its queries are learned and look at all
tokens at once, so that no patch ends up in exactly one of them and there is no provenance to keep.
"""

from __future__ import annotations

from typing import Final

import torch
from einops import rearrange
from torch import Tensor

from video_vlm.encoder.assignment import Assignment, first_sources, identity, in_order
from video_vlm.encoder.bipartite import match_inside_frames
from video_vlm.encoder.dpc_knn import cluster_tokens
from video_vlm.encoder.memory_bank import merge_in_bank
from video_vlm.encoder.per_position_merge import merge_per_position
from video_vlm.encoder.tokens import Tokens
from video_vlm.encoder.tree_merge import link_frames, merge_trees
from video_vlm.errors import MergerError
from video_vlm.registry import Registry

__all__ = ["MERGERS", "bank", "bipartite", "dpc_knn", "merge_to", "per_position", "tree"]


def bipartite(tokens: Tokens, *, num_tokens: int, num_frames: int) -> Tokens:
    """Bipartite soft matching inside each frame, round after round (Bolya et al. 2023, "Token Merging").

    Frames keep equally many tokens, or one fewer where two are most alike; below one a frame, frames are
    matched too.

        2 frames of [a a b c] and [d e e f], 7 tokens -> [a b c] [d e e f]; 6 -> [a b c] [d e f]
    """
    frames = _frames(tokens, num_frames)
    return tokens.merged(in_order(match_inside_frames(frames, num_tokens=num_tokens)))


def tree(tokens: Tokens, *, num_tokens: int, num_frames: int) -> Tokens:
    """Trees that follow what is shown from frame to frame, at any position (after FlashVID, 2026).

    Where cuts leave more trees than ``num_tokens``, these are clustered by DPC-kNN.

        3 frames of [a b], [b a] and [a c], 3 tokens -> [a a a] [b b] [c]
    """
    frames = _frames(tokens, num_frames)
    return _clustered(tokens, merge_trees(link_frames(frames), num_tokens=num_tokens), num_tokens)


def per_position(tokens: Tokens, *, num_tokens: int, num_frames: int) -> Tokens:
    """Each position over time by itself, cut where it changes most: for a camera that stands still.

    Optimal partitions of a line (Bellman 1961). Below one token a position, positions are clustered by
    DPC-kNN.

        3 frames of [a b], [a c] and [a c], 3 tokens -> [a a a] [b] [c c]
    """
    frames = _frames(tokens, num_frames)
    assignment = merge_per_position(frames, num_tokens=num_tokens, tolerance=None)
    return _clustered(tokens, assignment, num_tokens)


def dpc_knn(tokens: Tokens, *, num_tokens: int, num_frames: int) -> Tokens:  # noqa: ARG001 - frames are all one to it
    """Clusters around density peaks, wherever and whenever they are (Rodriguez and Laio 2014; Du et al.
    2016).

    All pairs of tokens are compared: memory grows with the square of their number.

        2 frames of [a b] and [b a], 2 tokens -> [a a] [b b]
    """
    batch, count, _ = tokens.values.shape
    return _clustered(tokens, identity(batch, count, device=tokens.values.device), num_tokens)


def bank(tokens: Tokens, *, num_tokens: int, num_frames: int) -> Tokens:
    """A memory bank that frames pass through: at each position the likest neighbours merge (MA-LMM, He et al.
    2024).

    Nothing looks ahead, as in a stream. Below one token a position, positions are clustered by DPC-kNN.

        3 frames of [a b], [a c] and [a d], 4 tokens -> [a a] [b] [a] [c d], if c is more like d than like b
    """
    frames = _frames(tokens, num_frames)
    return _clustered(tokens, merge_in_bank(frames, num_tokens=num_tokens), num_tokens)


MERGERS: Final[Registry[Tokens]] = Registry(
    "merger",
    {
        "bipartite": bipartite,
        "tree": tree,
        "per-position": per_position,
        "dpc-knn": dpc_knn,
        "bank": bank,
    },
    group="video_vlm.mergers",
)
"""Functions ``(tokens, *, num_tokens, num_frames) -> tokens`` by name."""


def merge_to(name: str, tokens: Tokens, *, num_tokens: int, num_frames: int) -> Tokens:
    """What the merger of that name leaves of a batch of clips: ``(batch tokens width) -> (batch num_tokens
    width)``.

    Exactly ``num_tokens`` a clip, or as many as there are. Every token goes into exactly one; its size, its
    span ``[start, end)`` and its size-weighted mean go with it. In the order of the first token in each.

        merge_to("tree", tokens, num_tokens=fewer(tokens, times=4), num_frames=16)

    Raises:
        UnknownName: there is no such merger.
        MergerError: it broke the contract; none that is built in does.
        ValueError: no budget, frames that are not equally long, or values that are not finite.
    """
    merger = MERGERS[name]
    if num_tokens < 1:
        raise ValueError(f"a budget is at least one token, got {num_tokens}")
    if num_frames < 1 or tokens.num_tokens % num_frames:
        raise ValueError(f"{tokens.num_tokens} tokens are not {num_frames} frames of equally many")
    if not tokens.values.isfinite().all():
        raise ValueError("tokens to be merged have values that are not finite")
    if num_tokens >= tokens.num_tokens:
        return tokens
    merged = merger(tokens, num_tokens=num_tokens, num_frames=num_frames)
    broken = _broken(merged, tokens, num_tokens)
    if broken:
        raise MergerError(name, broken)
    return merged


def _broken(merged: Tokens, tokens: Tokens, num_tokens: int) -> str:
    """What is wrong with ``merged``, in words; empty if nothing is."""
    if merged.values.shape != (len(tokens.values), num_tokens, tokens.values.shape[2]):
        return f"values are {tuple(merged.values.shape)}, {num_tokens} tokens a clip asked for"
    if (merged.values.dtype, merged.values.device) != (tokens.values.dtype, tokens.values.device):
        return f"values are {merged.values.dtype} on {merged.values.device}, not as they came"
    if merged.patches.owner.shape != tokens.patches.owner.shape or merged.patches.num_merged != num_tokens:
        return "not every patch is in a token"
    owner = torch.zeros_like(tokens.values[..., 0], dtype=torch.int64)
    owner = owner.scatter(1, tokens.patches.owner, merged.patches.owner)
    if owner.min() < 0 or owner.max() >= num_tokens:
        return f"a patch went into a token outside [0, {num_tokens})"
    if not torch.equal(owner.gather(1, tokens.patches.owner), merged.patches.owner):
        return "a token was torn apart"
    return _unlike(merged, tokens, Assignment(owner, num_tokens))


def _unlike(merged: Tokens, tokens: Tokens, assignment: Assignment) -> str:
    """What is not as it follows from where tokens went."""
    first = first_sources(assignment)
    if (first == assignment.owner.shape[1]).any():
        return "a token has no patch"
    if (first.diff(dim=1) < 0).any():
        return "tokens are not in the order of the first in each"
    right = tokens.merged(assignment)
    if not torch.equal(merged.size, right.size):
        return "sizes are not the numbers of patches"
    if not (torch.equal(merged.start, right.start) and torch.equal(merged.end, right.end)):
        return "spans are not those of what went in"
    scale = float(tokens.values.abs().max())
    apart = (merged.values.double() - right.values.double()).abs()
    # A float32 sum of n numbers is off by up to n / 2 units, and each mean may be summed in its own order.
    rounding = 8 * torch.finfo(right.values.dtype).eps + torch.finfo(torch.float32).eps * right.size.double()
    if not (apart <= scale * rounding[..., None]).all():
        return "values are not the size-weighted means of what went in"
    return ""


def _frames(tokens: Tokens, num_frames: int) -> Tensor:
    words = "batch (frames positions) width -> batch frames positions width"
    return rearrange(tokens.values, words, frames=num_frames)


def _clustered(tokens: Tokens, assignment: Assignment, num_tokens: int) -> Tokens:
    """The tokens after one merge, and a second by clusters where that left too many."""
    if assignment.num_merged > num_tokens:
        grown = tokens.merged(assignment)
        assignment = assignment.then(cluster_tokens(grown.values, num_tokens=num_tokens))
    return tokens.merged(in_order(assignment))
