"""Keeps a conversation inside the model's context: the oldest images are removed first; words are never
cut."""

from __future__ import annotations

from collections.abc import Sequence

from video_vlm.chat import CallsTools, ChatModel, Tool, Turn
from video_vlm.errors import ModelError
from video_vlm.records import Frame

__all__ = ["fit_context", "num_pictures"]


def num_pictures(turns: Sequence[Turn]) -> int:
    """How many pictures a conversation holds."""
    return sum(isinstance(part, Frame) for turn in turns for part in turn.parts)


def fit_context(
    turns: Sequence[Turn], model: ChatModel, *, answer_tokens: int, tools: Sequence[Tool] = ()
) -> tuple[Turn, ...]:
    """The turns with as many of the newest pictures as the model may see and has room for.

    Args:
        turns: The conversation.
        model: Who is to read it.
        answer_tokens: What its answer may take.
        tools: What it is told of beside that, where it calls tools.

    Raises:
        ModelError: not even the words fit.
    """
    kept = tuple(turns)
    while True:
        has_too_many = num_pictures(kept) > model.max_images
        taken = 0 if has_too_many else _num_tokens(kept, model, tools) + answer_tokens
        if not has_too_many and taken <= model.context_tokens:
            return kept
        if num_pictures(kept) == 0:
            raise ModelError(
                f"{model.name} has room for {model.context_tokens} tokens, and the question takes {taken}; "
                "use a model with a larger context"
            )
        kept = _without_oldest(kept)


def _num_tokens(turns: Sequence[Turn], model: ChatModel, tools: Sequence[Tool]) -> int:
    if tools and isinstance(model, CallsTools):
        return model.num_call_tokens(turns, tools=tools)
    return model.num_tokens(turns)


def _without_oldest(turns: Sequence[Turn]) -> tuple[Turn, ...]:
    place = next(
        place for place, turn in enumerate(turns) if any(isinstance(part, Frame) for part in turn.parts)
    )
    turn = turns[place]
    oldest = next(at for at, part in enumerate(turn.parts) if isinstance(part, Frame))
    parts = (*turn.parts[:oldest], *turn.parts[oldest + 1 :])
    return (*turns[:place], Turn(turn.role, parts), *turns[place + 1 :])
