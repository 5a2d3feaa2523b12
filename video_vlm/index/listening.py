"""Listening beside the pass over the pictures: a thread hears, the run writes what was heard."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from queue import Empty, Full, Queue
from threading import Event, Thread
from types import TracebackType
from typing import Final, Self

from video_vlm.index.observer_set import ObserverSet
from video_vlm.memory import MemoryWriter
from video_vlm.protocols import Listener
from video_vlm.records import Observation, Video

__all__ = ["Heard", "Listening"]

Heard = Mapping[str, Sequence[Observation]]
"""By observer."""

_WAIT_SECONDS: Final = 0.5
_MOST_WAITING: Final = 4
"""So many stretches wait to be written; a thread that is further ahead waits."""


class Listening:
    """Hears the sound of a video with all observers of a set that listen; use it in a ``with``.

    Each stretch is one transaction of ``build``, written by the thread that calls :meth:`write` or
    :meth:`finish`. Leaving the ``with`` stops the hearing at the end of the stretch in hand.

    Args:
        watch: The observers.
        build: Where what is heard goes; what is there already is not heard again.
        video: The file.
    """

    def __init__(self, watch: ObserverSet, build: MemoryWriter, video: Video) -> None:
        self._build = build
        self._video = video
        self._listeners = watch.listeners
        self._heard_before = {one.name: build.observations(one.name) for one in self._listeners}
        self._ready: Queue[tuple[str, Sequence[Observation]] | BaseException | None] = Queue(_MOST_WAITING)
        self._stop = Event()
        self._thread = Thread(target=self._run, name="listening", daemon=True)
        self.until_seconds = max(
            (one.span.end for said in self._heard_before.values() for one in said), default=0.0
        )
        """Everything before is heard and written."""
        self.is_done = not self._listeners

    def __enter__(self) -> Self:
        if not self.is_done:
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def write(self) -> None:
        """Writes what is ready. An error of the thread is raised here."""
        while not self.is_done:
            try:
                self._write(self._ready.get_nowait())
            except Empty:
                return

    def finish(self, tell: Callable[[float], None]) -> None:
        """Writes all that is left; ``tell`` is called with the seconds that are heard."""
        while not self.is_done:
            try:
                self._write(self._ready.get(timeout=_WAIT_SECONDS))
            except Empty:
                continue
            tell(self.until_seconds)

    def _write(self, heard: tuple[str, Sequence[Observation]] | BaseException | None) -> None:
        if isinstance(heard, BaseException):
            self.is_done = True
            raise heard
        if heard is None:
            self.is_done = True
            return
        name, said = heard
        self._build.add({name: said})
        self.until_seconds = max([self.until_seconds, *(one.span.end for one in said)])

    def _run(self) -> None:
        try:
            for one in self._listeners:
                self._hear(one)
        except BaseException as error:
            self._put(error)
        else:
            self._put(None)

    def _hear(self, listener: Listener) -> None:
        for said in listener.listen(self._video, self._heard_before[listener.name]):
            self._put((listener.name, said))
            if self._stop.is_set():
                return

    def _put(self, heard: tuple[str, Sequence[Observation]] | BaseException | None) -> None:
        while not self._stop.is_set():
            try:
                self._ready.put(heard, timeout=_WAIT_SECONDS)
            except Full:
                continue
            return
