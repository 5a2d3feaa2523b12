"""Text on screen, as observations: one for each row of text, over the time it was there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict

from video_vlm.perception.observer import BaseObserver
from video_vlm.perception.text_reader import ReadFrame, ScreenTextReader
from video_vlm.perception.text_tracks import join_rows
from video_vlm.protocols import Need
from video_vlm.records import Frame, Observation, ObservationKind, Span
from video_vlm.settings import ScreenTextSettings

__all__ = ["ScreenTextObserver"]

_VERSION = 1


class ScreenTextObserver(BaseObserver):
    """Reads representative frames and reports the rows of text in them.

    Cells of one visual row are joined by `` | ``. A row seen in neighbouring frames is one observation from
    the first frame's span to the last one's. Nothing that was read crosses the end of a segment except
    through :meth:`finish`, so an interrupted run resumes with the same result.

    Raises:
        MissingExtra: RapidOCR or ONNX Runtime is not installed.
    """

    def __init__(self, settings: ScreenTextSettings) -> None:
        self._reader = ScreenTextReader(settings)
        super().__init__("screen-text", _VERSION, asdict(settings), self._reader.engine, needs=[Need.FRAMES])
        self._seen: ReadFrame | None = None
        self._rows: list[Observation] = []

    def inspect(self, frame: Frame, span: Span) -> Iterable[Observation]:
        self._seen = self._reader.look(frame.image, after=self._seen)
        self._rows.extend(
            Observation(
                span, ObservationKind.SCREEN_TEXT, row.text, self.name, min(1.0, row.confidence), row.box
            )
            for row in self._seen.rows
        )
        return ()

    def close_segment(self, span: Span) -> Iterable[Observation]:  # noqa: ARG002
        rows, self._rows, self._seen = self._rows, [], None
        return join_rows(rows)

    def finish(self, observations: Sequence[Observation]) -> Iterable[Observation]:
        return join_rows(observations)
