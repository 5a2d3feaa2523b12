"""The interface to language models, with or without vision: turns of words and images in, words out.

Whoever answers questions (:mod:`video_vlm.models`) talks to a model through this and never knows whether it
runs in this process or behind a server.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable

from video_vlm.records import Frame

__all__ = ["Batched", "CallsTools", "ChatModel", "Parallel", "Part", "Role", "Tool", "Turn"]

Role = Literal["system", "user", "assistant"]

Part = str | Frame
"""Words, or one picture with its time; how a model is told the time of a picture is its own affair."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of a conversation: texts and frames in the order in which they are read."""

    role: Role
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool that a model may call; ``parameters`` is the JSON schema of its arguments."""

    name: str
    description: str
    parameters: Mapping[str, Any]


@runtime_checkable
class ChatModel(Protocol):
    """A language model that is ready to answer."""

    @property
    def name(self) -> str:
        """The name on receipts, e.g. ``hf:Qwen/Qwen3-VL-2B-Instruct``."""
        ...

    @property
    def max_images(self) -> int:
        """The number of frames a conversation may hold; 0 for a model that takes no images."""
        ...

    @property
    def context_tokens(self) -> int:
        """The number of tokens of a conversation and its answer together."""
        ...

    def num_tokens(self, turns: Sequence[Turn]) -> int:
        """The number of tokens of the turns, frames included; exact for a local model, else an upper
        estimate."""
        ...

    def stream(
        self, turns: Sequence[Turn], *, max_tokens: int = 1024, schema: Mapping[str, Any] | None = None
    ) -> Iterator[str]:
        """The answer, a piece at a time; closing the iterator stops the model and frees what it held.

        Args:
            turns: The conversation so far, ending with a user's turn.
            max_tokens: How long the answer may become.
            schema: A JSON schema the answer should follow. A model that can be held to it is; one that cannot
                is only asked, so what comes back is checked by the caller.

        Raises:
            ModelError: the model cannot be reached, or refused; the message says what to do.
        """
        ...


@runtime_checkable
class CallsTools(Protocol):
    """A model that was trained to call tools; others are told in words which actions there are."""

    @property
    def calls_tools(self) -> bool:
        """Whether it calls tools; for a server this is known only after the first call."""
        ...

    def num_call_tokens(self, turns: Sequence[Turn], *, tools: Sequence[Tool]) -> int:
        """As :meth:`ChatModel.num_tokens`, with the tokens that describe the tools."""
        ...

    def stream_call(
        self, turns: Sequence[Turn], *, tools: Sequence[Tool], max_tokens: int = 1024
    ) -> Iterator[str]:
        """The model's turn, a piece at a time; a tool call is one JSON object: ``{"action": NAME, ...}``.

        Earlier turns of the model that are such an object are sent as calls, and the turns after them as
        results. Empty where the model turns out to call no tools; ``calls_tools`` is False from then on.

        Raises:
            ModelError: as of :meth:`ChatModel.stream`.
        """
        ...


@runtime_checkable
class Parallel(Protocol):
    """A model that answers several questions at a time; others are asked one after the other."""

    @property
    def max_parallel(self) -> int:
        """The number of questions at a time."""
        ...


@runtime_checkable
class Batched(Protocol):
    """A model that is faster at several answers in one batch; each is the same as it would be alone."""

    @property
    def batch_size(self) -> int:
        """The best number of questions in a batch; 1 where a batch is not faster."""
        ...

    def answers(self, several: Sequence[Sequence[Turn]], *, max_tokens: int) -> Sequence[str]:
        """The answers to any number of conversations, each as :meth:`ChatModel.stream` gives it.

        Raises:
            ModelError: there is not enough memory, or the model failed.
        """
        ...
