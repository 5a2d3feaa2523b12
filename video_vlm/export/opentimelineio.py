"""Scenes as a timeline for editing programs: OpenTimelineIO, one clip for each scene."""

from __future__ import annotations

from pathlib import Path
from typing import Any, BinaryIO

from video_vlm.errors import MissingExtra
from video_vlm.export.outline import Outline, OutlinePart

__all__ = ["write_otio"]

_USUAL_RATE = 25.0


def write_otio(video: Outline, out: BinaryIO, *, path: Path, fps: float | None) -> None:
    """Write a timeline with one track; clips follow each other without gaps, a marker begins each chapter.

    Args:
        video: The scenes.
        out: Receives the bytes.
        path: The video file that clips refer to; only its name is written if it is not there.
        fps: Times are counted in frames of this rate; 25 a second if None.

    Raises:
        MissingExtra: opentimelineio is not installed.
    """
    try:
        import opentimelineio as otio
    except ImportError as error:
        raise MissingExtra("OpenTimelineIO", "export") from error
    rate = fps or _USUAL_RATE
    where = path.absolute().as_uri() if path.is_file() else path.name
    whole = _range(otio, video.span.start, video.span.end, rate)
    track = otio.schema.Track(name=video.title, kind=otio.schema.TrackKind.Video)
    for scene in video.scenes:
        clip = otio.schema.Clip(
            name=scene.title or f"Scene {scene.number}",
            media_reference=otio.schema.ExternalReference(target_url=where, available_range=whole),
            source_range=_range(otio, scene.span.start, scene.span.end, rate),
            metadata={"videoqa": {"summary": scene.summary, "coverage": scene.coverage}},
        )
        clip.markers.extend(_markers(otio, video, scene, rate))
        track.append(clip)
    timeline = otio.schema.Timeline(name=video.title, metadata={"videoqa": {"content_id": video.content_id}})
    timeline.tracks.append(track)
    out.write(otio.adapters.write_to_string(timeline, "otio_json").encode())


def _markers(otio: Any, video: Outline, scene: OutlinePart, rate: float) -> list[Any]:
    """A marker for the chapter that begins with this scene, if one does."""
    return [
        otio.schema.Marker(
            name=chapter.title or f"Chapter {chapter.number}",
            marked_range=_range(otio, scene.span.start, scene.span.start, rate),
        )
        for chapter in video.chapters
        if chapter.parts and chapter.parts[0].number == scene.number
    ]


def _range(otio: Any, start: float, end: float, rate: float) -> Any:
    """A time range in whole frames: adjacent spans stay adjacent."""
    first, last = round(start * rate), round(end * rate)
    time = otio.opentime.RationalTime
    return otio.opentime.TimeRange(time(first, rate), time(last - first, rate))
