"""Keeps a conversation inside the model's context: the oldest pictures go first, then it is an error, never a cut."""

from __future__ import annotations

from collections.abc import Sequence

from video_vlm.chat import ChatModel, Turn
from video_vlm.errors import ModelError
from video_vlm.records import Frame

__all__ = ["fitted", "num_pictures"]


def num_pictures(turns: Sequence[Turn]) -> int:
    """How many pictures a conversation holds."""
    return sum(isinstance(part, Frame) for turn in turns for part in turn.parts)


def fitted(turns: Sequence[Turn], model: ChatModel, *, answer_tokens: int) -> tuple[Turn, ...]:
    """The turns with as many of the newest pictures as the model may see and has room for.

    Raises:
        ModelError: not even the words fit.
    """
    kept = tuple(turns)
    while num_pictures(kept) > model.max_pictures or model.num_tokens(kept) + answer_tokens > model.context_tokens:
        if num_pictures(kept) == 0:
            raise ModelError(
                f"{model.name} has room for {model.context_tokens} tokens, and the question takes "
                f"{model.num_tokens(kept) + answer_tokens}; use a model with a larger context"
            )
        kept = _without_oldest(kept)
    return kept


def _without_oldest(turns: Sequence[Turn]) -> tuple[Turn, ...]:
    place = next(place for place, turn in enumerate(turns) if any(isinstance(part, Frame) for part in turn.parts))
    turn = turns[place]
    oldest = next(at for at, part in enumerate(turn.parts) if isinstance(part, Frame))
    parts = (*turn.parts[:oldest], *turn.parts[oldest + 1 :])
    return (*turns[:place], Turn(turn.role, parts), *turns[place + 1 :])
