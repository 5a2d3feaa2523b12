"""The seam to language models, with eyes or without: turns of words and pictures in, words out.

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
    """What one side says: words and pictures in the order in which they are read."""

    role: Role
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Tool:
    """What a model may do in its turn beside talking; ``parameters`` is the JSON schema of what it gives
    along."""

    name: str
    description: str
    parameters: Mapping[str, Any]


@runtime_checkable
class ChatModel(Protocol):
    """A language model that is ready to be talked to."""

    @property
    def name(self) -> str:
        """What stands on receipts, e.g. ``hf:Qwen/Qwen3-VL-2B-Instruct``."""
        ...

    @property
    def max_images(self) -> int:
        """How many pictures one conversation may hold; 0 for a model without eyes."""
        ...

    @property
    def context_tokens(self) -> int:
        """How many tokens a conversation and its answer may have together."""
        ...

    def num_tokens(self, turns: Sequence[Turn]) -> int:
        """How many tokens the turns are, pictures included; exact where the model is here, else an upper
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
    """A model that was taught to call tools; to others it is said in words what they may do."""

    @property
    def calls_tools(self) -> bool:
        """Whether it does; of a server that is known only once it was asked."""
        ...

    def num_call_tokens(self, turns: Sequence[Turn], *, tools: Sequence[Tool]) -> int:
        """As :meth:`ChatModel.num_tokens`, with what tells of the tools."""
        ...

    def stream_call(
        self, turns: Sequence[Turn], *, tools: Sequence[Tool], max_tokens: int = 1024
    ) -> Iterator[str]:
        """Its turn, a piece at a time, a call of a tool as one JSON object: ``{"action": NAME, ...}``. Turns
        of its own that are such an object are told to it as calls, what follows them as results. Nothing
        where it turns out that it calls no tools; ``calls_tools`` says so from then on.

        Raises:
            ModelError: as of :meth:`ChatModel.stream`.
        """
        ...


@runtime_checkable
class Parallel(Protocol):
    """A model that takes several questions at a time; others are asked one after the other."""

    @property
    def max_parallel(self) -> int:
        """How many."""
        ...


@runtime_checkable
class Batched(Protocol):
    """A model that is quicker where it writes several answers at once, each as it would be alone."""

    @property
    def batch_size(self) -> int:
        """How many it is best given; 1 where it is not quicker."""
        ...

    def answers(self, several: Sequence[Sequence[Turn]], *, max_tokens: int) -> Sequence[str]:
        """What :meth:`ChatModel.stream` says to each of them, however many they are.

        Raises:
            ModelError: there is not enough memory, or the model failed.
        """
        ...
