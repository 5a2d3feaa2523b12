"""The observers of one run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from video_vlm.errors import MissingExtra
from video_vlm.perception import OBSERVERS
from video_vlm.protocols import Listener, Need, Observer, VideoReader
from video_vlm.records import Frame, Image, Observation, Span
from video_vlm.settings import IndexSettings

__all__ = ["Observations", "ObserverSet"]


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
        self.inspects = any(Need.FRAMES in one.needs for one in self._observers)
        """Whether any observer needs representative frames: whole frames are converted only for these."""

    @classmethod
    def from_settings(cls, settings: IndexSettings) -> ObserverSet:
        """The observers that the settings name; those whose extra is not installed are listed in ``missing``.

        Raises:
        UnknownName: an observer that is not registered.
        """
        observers, missing = [], []
        for name in settings.observers:
            if name not in settings.working_observers:
                missing.append(f"{name}: index.{name}=off")
                continue
            try:
                one = OBSERVERS[name](settings)
            except MissingExtra as error:
                missing.append(f"{name}: {error}")
                continue
            if Need.SOUND in one.needs and not isinstance(one, Listener):
                missing.append(f"{name}: it needs the sound, and has no method listen to be given it")
            else:
                observers.append(one)
        return cls(observers, missing=missing)

    def without(self, names: Iterable[str], *, why: str) -> ObserverSet:
        """The same set without some, which are listed in ``missing`` with the reason ``why``."""
        left_out = set(names)
        kept = [observer for observer in self._observers if observer.name not in left_out]
        gone = [observer.name for observer in self._observers if observer.name in left_out]
        return ObserverSet(kept, missing=(*self.missing, *(f"{name}: {why}" for name in gone)))

    def only(self, names: Iterable[str]) -> ObserverSet:
        """Those of the set that are named; ``missing`` is empty."""
        wanted = set(names)
        return ObserverSet([observer for observer in self._observers if observer.name in wanted])

    def needing(self, *needs: Need) -> tuple[str, ...]:
        """The names of the observers that need any of ``needs``."""
        return tuple(one.name for one in self._observers if one.needs.intersection(needs))

    @property
    def listeners(self) -> tuple[Listener, ...]:
        """Those that need the sound."""
        return tuple(one for one in self._observers if isinstance(one, Listener))

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
            if Need.PICTURES in observer.needs:
                observer.glance(pts_seconds, thumbnail)

    def inspect(self, frame: Frame, span: Span) -> Observations:
        return self._each(
            lambda observer: observer.inspect(frame, span) if Need.FRAMES in observer.needs else ()
        )

    def close_segment(self, span: Span) -> Observations:
        return self._each(lambda observer: observer.close_segment(span))

    def finish(self, said: Callable[[str], Sequence[Observation]]) -> Observations:
        """The final observations by observer; ``said`` gives what an observer has found so far, by its
        name."""
        return self._each(lambda observer: observer.finish(said(observer.name)))

    def _each(self, ask: Callable[[Observer], Iterable[Observation]]) -> Observations:
        return {observer.name: tuple(ask(observer)) for observer in self._observers}
