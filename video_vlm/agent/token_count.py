"""Counts the tokens a language model was given, for the receipt."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from video_vlm.chat import CallsTools, ChatModel, Tool, Turn

__all__ = ["CountingModel"]


class CountingModel:
    """The same model, and how many tokens it was given so far, over all turns: exact where it runs in this
    process."""

    def __init__(self, model: ChatModel) -> None:
        self._model = model
        self.tokens_read = 0

    @property
    def name(self) -> str:
        return self._model.name

    @property
    def max_images(self) -> int:
        return self._model.max_images

    @property
    def context_tokens(self) -> int:
        return self._model.context_tokens

    def num_tokens(self, turns: Sequence[Turn]) -> int:
        return self._model.num_tokens(turns)

    def stream(
        self, turns: Sequence[Turn], *, max_tokens: int = 1024, schema: Mapping[str, Any] | None = None
    ) -> Iterator[str]:
        """See :meth:`video_vlm.chat.ChatModel.stream`."""
        self.tokens_read += self._model.num_tokens(turns)
        return self._model.stream(turns, max_tokens=max_tokens, schema=schema)

    @property
    def calls_tools(self) -> bool:
        return isinstance(self._model, CallsTools) and self._model.calls_tools

    def num_call_tokens(self, turns: Sequence[Turn], *, tools: Sequence[Tool]) -> int:
        """See :meth:`video_vlm.chat.CallsTools.num_call_tokens`."""
        return self._model.num_call_tokens(turns, tools=tools) if isinstance(self._model, CallsTools) else 0

    def stream_call(
        self, turns: Sequence[Turn], *, tools: Sequence[Tool], max_tokens: int = 1024
    ) -> Iterator[str]:
        """See :meth:`video_vlm.chat.CallsTools.stream_call`."""
        if not isinstance(self._model, CallsTools):
            return iter(())
        self.tokens_read += self._model.num_call_tokens(turns, tools=tools)
        return self._model.stream_call(turns, tools=tools, max_tokens=max_tokens)
