"""A model that says what it was told to say: for tests, of this project and of those built on it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from video_vlm.chat import Turn

__all__ = ["ScriptedChat"]

Reply = str | Callable[[Sequence[Turn]], str]
"""What is said, or what makes it of the conversation so far."""


class ScriptedChat:
    """A :class:`~video_vlm.chat.ChatModel` that plays ``replies`` one after the other, and the last one for
    ever.

    Args:
        replies: At least one.
        max_images: How many pictures it says it can see.
        context_tokens: How many tokens it says it has room for.

    ``heard`` holds every conversation it was given, in order.
    """

    name = "scripted"

    def __init__(
        self, replies: Iterable[Reply], *, max_images: int = 16, context_tokens: int = 32_768
    ) -> None:
        self._replies = list(replies)
        if not self._replies:
            raise ValueError("a scripted model needs at least one reply")
        self.max_images = max_images
        self.context_tokens = context_tokens
        self.heard: list[tuple[Turn, ...]] = []

    def num_tokens(self, turns: Sequence[Turn]) -> int:
        """A token a word, and a hundred a picture."""
        parts = [part for turn in turns for part in turn.parts]
        return sum(len(part.split()) if isinstance(part, str) else 100 for part in parts)

    def stream(
        self,
        turns: Sequence[Turn],
        *,
        max_tokens: int = 1024,  # noqa: ARG002 - it says what it was told to
        schema: Mapping[str, Any] | None = None,  # noqa: ARG002
    ) -> Iterator[str]:
        reply = self._replies[min(len(self.heard), len(self._replies) - 1)]
        self.heard.append(tuple(turns))
        text = reply if isinstance(reply, str) else reply(turns)
        yield from text.splitlines(keepends=True)
