"""One answer that is being generated, in a thread of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from queue import Empty
from threading import Event, Thread
from typing import Any

from video_vlm.errors import ModelError
from video_vlm.models.local.device import reason
from video_vlm.models.local.json_constraint import JsonConstraint

__all__ = ["Generation"]

_POLL_SECONDS = 0.2

Prepare = Callable[[Callable[[], bool]], dict[str, Any]]
"""Makes the arguments of ``generate``; it is given a function that says whether the answer was cancelled."""


class Generation:
    """What a model writes, as it writes it.

    Args:
        model: Of transformers.
        tokenizer: Its own.
        prepare: Brings what the model is given; called in the thread.
        max_tokens: How long it may become.
        shape: What it is held to; None for nothing.
    """

    def __init__(
        self,
        model: Any,
        tokenizer: Any,
        prepare: Prepare,
        *,
        max_tokens: int,
        shape: JsonConstraint | None = None,
    ) -> None:
        import transformers

        self._stopped = Event()
        self._error: BaseException | None = None
        self._pieces = transformers.TextIteratorStreamer(
            tokenizer, skip_prompt=True, skip_special_tokens=True, timeout=_POLL_SECONDS
        )
        self._thread = Thread(target=self._work, args=(model, prepare, max_tokens, shape), daemon=True)
        self._thread.start()

    def pieces(self) -> Iterator[str]:
        """The answer, a piece at a time, as it is generated.

        Raises:
            ModelError: there is not enough memory, or the model failed.
        """
        while True:
            try:
                piece = next(self._pieces)
            except StopIteration:
                break
            except Empty:
                if not self._thread.is_alive():
                    break
                continue
            if piece:
                yield piece
        self._thread.join()
        if isinstance(self._error, ModelError):
            raise self._error
        if self._error is not None:
            raise ModelError(f"the model failed: {reason(self._error)}") from self._error

    def stop(self) -> None:
        """At the next token, or the next stretch of the prompt."""
        self._stopped.set()
        self._thread.join()

    @property
    def has_failed(self) -> bool:
        return self._error is not None

    def _work(self, model: Any, prepare: Prepare, max_tokens: int, shape: JsonConstraint | None) -> None:
        import torch
        from transformers import LogitsProcessorList, StoppingCriteriaList

        try:
            with torch.inference_mode():
                given = prepare(self._stopped.is_set)
                if not self._stopped.is_set():
                    model.generate(
                        **given,
                        max_new_tokens=max_tokens,
                        do_sample=False,
                        logits_processor=LogitsProcessorList([] if shape is None else [shape]),
                        streamer=self._pieces,
                        stopping_criteria=StoppingCriteriaList([self._is_stopped]),
                    )
        except Exception as error:  # raised again where the answer is taken
            self._error = error
        finally:
            with suppress(Exception):
                self._pieces.end()

    def _is_stopped(self, tokens: Any, scores: Any, **_: Any) -> Any:  # noqa: ARG002
        import torch

        return torch.full((tokens.shape[0],), self._stopped.is_set(), device=tokens.device, dtype=torch.bool)
