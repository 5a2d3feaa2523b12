"""Implementations by name: built in, or added by other packages through entry points."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import entry_points
from pkgutil import resolve_name
from typing import Generic, TypeVar

from video_vlm.errors import UnknownName

__all__ = ["Registry"]

T = TypeVar("T")


class Registry(Mapping[str, Callable[..., T]], Generic[T]):
    """Factories by name.

    Args:
        what: What is registered, for messages: ``"decoder"``.
        built_in: Factories of this package, by name, or where they are (``"module:class"``): then the module
            is imported when the factory is asked for. They are preferred over entry points.
        group: The entry point group other packages extend, e.g. ``"video_vlm.decoders"``.
    """

    def __init__(self, what: str, built_in: Mapping[str, Callable[..., T] | str], *, group: str) -> None:
        self.what = what
        self.group = group
        self._built_in = dict(built_in)

    def __getitem__(self, name: str) -> Callable[..., T]:
        """The factory of that name.

        Raises:
            UnknownName: ``name`` is not registered; the message lists the known names.
        """
        if name in self._built_in:
            known = self._built_in[name]
            own: Callable[..., T] = resolve_name(known) if isinstance(known, str) else known
            return own
        for point in entry_points(group=self.group, name=name):
            factory: Callable[..., T] = point.load()
            return factory
        raise UnknownName(self.what, name, self)

    def __iter__(self) -> Iterator[str]:
        return iter(
            dict.fromkeys([*self._built_in, *(point.name for point in entry_points(group=self.group))])
        )

    def __len__(self) -> int:
        return len(list(iter(self)))

    def __contains__(self, name: object) -> bool:
        return any(name == known for known in self)
