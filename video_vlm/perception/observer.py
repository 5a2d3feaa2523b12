"""An observer whose hooks do nothing, so that each observer writes only its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from video_vlm.protocols import Need, VideoReader
from video_vlm.records import Frame, Image, Observation, Span
from video_vlm.settings import digest

__all__ = ["BaseObserver"]


class BaseObserver:
    """A :class:`video_vlm.protocols.Observer` that sees nothing and keeps everything.

    Args:
        name: The name it is registered under.
        recipe: Whatever decides what is observed (a version number, settings); it becomes the digest.
        needs: What it has to be given.
    """

    def __init__(self, name: str, *recipe: object, needs: Iterable[Need]) -> None:
        self._name = name
        self._needs = frozenset(needs)
        self._digest = digest(name, *recipe)

    @property
    def name(self) -> str:
        return self._name

    @property
    def needs(self) -> frozenset[Need]:
        return self._needs

    @property
    def digest(self) -> str:
        return self._digest

    def begin(self, reader: VideoReader) -> Iterable[Observation]:  # noqa: ARG002
        return ()

    def glance(self, pts_seconds: float, thumbnail: Image) -> None:
        """Ignores the thumbnail."""

    def inspect(self, frame: Frame, span: Span) -> Iterable[Observation]:  # noqa: ARG002
        return ()

    def close_segment(self, span: Span) -> Iterable[Observation]:  # noqa: ARG002
        return ()

    def finish(self, observations: Sequence[Observation]) -> Iterable[Observation]:
        return observations
