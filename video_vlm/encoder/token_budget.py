"""Merges tokens down to a budget, so that most are left where something changes."""

from __future__ import annotations

from einops import rearrange

from video_vlm.encoder.dpc_knn import cluster_tokens
from video_vlm.encoder.per_position_merge import merge_per_position
from video_vlm.encoder.tokens import Tokens
from video_vlm.encoder.tree_merge import link_frames, merge_trees

__all__ = ["fewer", "spend", "spend_on_fixed_camera"]


def fewer(tokens: Tokens, *, times: float) -> int:
    """The budget that is ``times`` fewer tokens than the patches these were made of, at least one.

    Raises:
        ValueError: ``times`` is below 1.
    """
    if times < 1:
        raise ValueError(f"a budget is 1 or more times fewer, got {times}")
    return max(1, round(tokens.patches.owner.shape[1] / times))


def spend(tokens: Tokens, *, num_tokens: int, num_frames: int, min_cosine: float = 0.8) -> Tokens:
    """Leave ``num_tokens`` of a clip's tokens, ``num_frames`` frames of equally many: trees first, then
    clusters.

    A clip that says less than the budget allows keeps fewer: no more trees than its links above
    ``min_cosine`` leave. In a batch all clips keep as many as the one that needs most.
    """
    _check(num_tokens)
    values = rearrange(
        tokens.values, "batch (frames positions) width -> batch frames positions width", frames=num_frames
    )
    links = link_frames(values)
    needed = int(links.natural_count(min_cosine).max())
    grown = tokens.merged(merge_trees(links, num_tokens=min(num_tokens, needed)))
    return _clustered(grown, num_tokens)


def spend_on_fixed_camera(
    tokens: Tokens, *, num_tokens: int, num_frames: int, tolerance: float = 0.0
) -> Tokens:
    """As :func:`spend` for a camera that stands still: each position is merged along time by itself, then
    clusters are merged; at most ``num_tokens`` are left."""
    _check(num_tokens)
    values = rearrange(
        tokens.values, "batch (frames positions) width -> batch frames positions width", frames=num_frames
    )
    merged = tokens.merged(merge_per_position(values, num_tokens=num_tokens, tolerance=tolerance))
    return _clustered(merged, num_tokens)


def _clustered(tokens: Tokens, num_tokens: int) -> Tokens:
    if tokens.num_tokens <= num_tokens:
        return tokens
    return tokens.merged(cluster_tokens(tokens.values, num_tokens=num_tokens))


def _check(num_tokens: int) -> None:
    if num_tokens < 1:
        raise ValueError(f"a budget is at least one token, got {num_tokens}")
