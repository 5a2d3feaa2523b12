"""``--evidence DIR``: what an answer cites, to look at: a picture and a clip of each stretch, and all on one sheet."""

from __future__ import annotations

import io
import logging
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from video_vlm.across import LibraryAnswer
from video_vlm.cli.contact_sheet import save_contact_sheet
from video_vlm.errors import MediaError
from video_vlm.export.clips import write_clip
from video_vlm.media.pictures import picture_at
from video_vlm.records import Answer, Span, clock

__all__ = ["save_evidence"]

logger = logging.getLogger(__name__)

_MAX_SIDE = 1280


def save_evidence(answer: Answer | LibraryAnswer, folder: Path) -> int:
    """Write ``picture-1.jpg``, ``clip-1.mkv``, ... and ``sheet.jpg``; returns how many files.

    What cannot be written of one stretch is warned of and costs only itself. An answer out of many videos has a
    folder for each, named by the file and the beginning of its content id.
    """
    if isinstance(answer, Answer):
        return _save(Path(answer.path), [one.span for one in answer.citations], folder)
    videos = {one.content_id: Path(one.path) for one in answer.citations}
    return sum(
        _save(
            path,
            [one.span for one in answer.citations if one.content_id == content_id],
            folder / f"{path.stem}-{content_id[:6]}",
        )
        for content_id, path in videos.items()
    )


def _save(path: Path, cited: Sequence[Span], folder: Path) -> int:
    spans = sorted(dict.fromkeys(cited))
    folder.mkdir(parents=True, exist_ok=True)
    written, posters = 0, []
    for number, span in enumerate(spans, start=1):
        try:
            jpeg = _picture(path, span)
            (folder / f"picture-{number}.jpg").write_bytes(jpeg)
            posters.append((clock(span.start), jpeg))
            written += 1
            write_clip(path, span, folder / f"clip-{number}.mkv")
            written += 1
        except MediaError as error:
            logger.warning("evidence of %s: %s", span, error)
    if posters:
        save_contact_sheet(posters, folder / "sheet.jpg")
    return written + bool(posters)


def _picture(path: Path, span: Span) -> bytes:
    image = picture_at(path, span.middle, max_side=_MAX_SIDE)
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()
