"""Streaming an answer: each step of a language model, and the answer last."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Generator
from queue import SimpleQueue
from threading import Event, Thread

from video_vlm.agent import Trace
from video_vlm.records import Answer, Step

__all__ = ["answer_stream", "beside_the_event_loop"]


class _NobodyListens(Exception):
    """Ends a model's loop whose stream was closed."""


def answer_stream(ask: Callable[[Trace], Answer]) -> Generator[Step | Answer]:
    """The steps that ``ask`` passes to its trace, and then its answer; ``ask`` runs in its own thread.

    Closing the generator makes the next call of the trace raise, which ends ``ask``. Errors of ``ask`` are
    raised by the generator.
    """
    told: SimpleQueue[Step | Answer | BaseException] = SimpleQueue()
    left = Event()

    def tell(step: Step) -> None:
        if left.is_set():
            raise _NobodyListens
        told.put(step)

    def work() -> None:
        try:
            told.put(ask(tell))
        except BaseException as error:
            told.put(error)

    worker = Thread(target=work, name="ask", daemon=True)
    worker.start()
    try:
        while not isinstance(item := told.get(), Answer):
            if isinstance(item, BaseException):
                raise item
            yield item
        yield item
    finally:
        left.set()
        worker.join()


async def beside_the_event_loop(items: Generator[Step | Answer]) -> AsyncGenerator[Step | Answer]:
    """The same items, asynchronously: each is waited for in another thread; leaving the loop closes
    ``items``."""
    try:
        while (item := await asyncio.to_thread(next, items, None)) is not None:
            yield item
    finally:
        await asyncio.to_thread(items.close)
