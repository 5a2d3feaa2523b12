"""Makes the next item in a second thread while the current one is in use."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

__all__ = ["prefetch"]

T = TypeVar("T")


def prefetch(items: Iterable[T]) -> Generator[T, None, None]:
    """The same items; each is made in a second thread while the one before it is in use."""
    source = iter(items)
    with ThreadPoolExecutor(1, thread_name_prefix="ahead") as thread:
        coming = thread.submit(_next, source)
        while made := coming.result():
            coming = thread.submit(_next, source)
            yield from made


def _next(source: Iterator[T]) -> tuple[T, ...]:
    """The next item, or nothing."""
    return tuple(islice(source, 1))
