"""The observers of one run: who can work here, and all of them addressed at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal

from video_vlm.errors import MissingExtra
from video_vlm.perception import OBSERVERS
from video_vlm.perception.observer import BaseObserver
from video_vlm.protocols import Observer, VideoReader
from video_vlm.records import Frame, Image, Observation, Span
from video_vlm.settings import IndexSettings

__all__ = ["Needs", "Observations", "ObserverSet"]


Needs = Literal["file", "frames", "pictures"]

Observations = Mapping[str, Sequence[Observation]]
"""By observer."""


class ObserverSet:
    """The observers that can work here.

    Args:
        observers: In the order of the settings.
        missing: For each that cannot: its name and what to type.
    """

    def __init__(self, observers: Sequence[Observer], *, missing: Sequence[str] = ()) -> None:
        self._observers = tuple(observers)
        self.missing = tuple(missing)
        self.inspects = any(map(_inspects, map(type, self._observers)))
        """Whether anybody looks at representative frames: whole pictures are made for that alone."""

    @classmethod
    def from_settings(cls, settings: IndexSettings) -> ObserverSet:
        """Raises:
        UnknownName: an observer nobody registered.
        """
        observers, missing = [], []
        for name in settings.observers:
            try:
                observers.append(OBSERVERS[name](settings))
            except MissingExtra as error:
                missing.append(f"{name}: {error}")
        return cls(observers, missing=missing)

    def without(self, names: Iterable[str], *, why: str) -> ObserverSet:
        """The same but for some, who are named among the missing."""
        left_out = set(names)
        kept = [observer for observer in self._observers if observer.name not in left_out]
        gone = [observer.name for observer in self._observers if observer.name in left_out]
        return ObserverSet(kept, missing=(*self.missing, *(f"{name}: {why}" for name in gone)))

    def only(self, names: Iterable[str]) -> ObserverSet:
        """Some of them; nobody is missing for that."""
        wanted = set(names)
        return ObserverSet([observer for observer in self._observers if observer.name in wanted])

    def needs(self, name: str) -> Needs:
        """What one has to be shown: nothing but the file, its representative frames, or every picture. Whoever says
        nothing of it (:class:`~video_vlm.perception.observer.BaseObserver`) may need all."""
        (kind,) = {type(observer) for observer in self._observers if observer.name == name}
        if not issubclass(kind, BaseObserver) or kind.glance is not BaseObserver.glance:
            return "pictures"
        return "frames" if _inspects(kind) or kind.close_segment is not BaseObserver.close_segment else "file"

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(observer.name for observer in self._observers)

    @property
    def digests(self) -> tuple[str, ...]:
        return tuple(observer.digest for observer in self._observers)

    def begin(self, reader: VideoReader) -> Observations:
        return self._each(lambda observer: observer.begin(reader))

    def glance(self, pts_seconds: float, thumbnail: Image) -> None:
        for observer in self._observers:
            observer.glance(pts_seconds, thumbnail)

    def inspect(self, frame: Frame, span: Span) -> Observations:
        return self._each(lambda observer: observer.inspect(frame, span))

    def close_segment(self, span: Span) -> Observations:
        return self._each(lambda observer: observer.close_segment(span))

    def finish(self, said: Callable[[str], Sequence[Observation]]) -> Observations:
        """``said`` gives what an observer said so far, by its name."""
        return self._each(lambda observer: observer.finish(said(observer.name)))

    def _each(self, ask: Callable[[Observer], Iterable[Observation]]) -> Observations:
        return {observer.name: tuple(ask(observer)) for observer in self._observers}


def _inspects(kind: type[Observer]) -> bool:
    return not issubclass(kind, BaseObserver) or kind.inspect is not BaseObserver.inspect
