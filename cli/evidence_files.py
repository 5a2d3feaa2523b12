"""``--evidence DIR``: an image and a clip of each span that an answer cites, and a contact sheet of all.

Where a detector found the cited object, the image has a red box around it.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Iterable, Sequence
from pathlib import Path

from PIL import Image, ImageDraw

from video_vlm.cli.contact_sheet import save_contact_sheet
from video_vlm.errors import MediaError, OutputExists
from video_vlm.export.clips import write_clip
from video_vlm.media.single_frame import frame_at
from video_vlm.multi_video import LibraryAnswer, VideoCitation
from video_vlm.outputs import NEW_FILES, Outputs
from video_vlm.own_files import CLIP_SUFFIX
from video_vlm.records import Answer, Box, Citation, Span, clock

__all__ = ["save_evidence"]

logger = logging.getLogger(__name__)

_MAX_SIDE = 1280
_MOST_LETTERS = 60
"""The longest part of a video's name in the name of its folder."""
_FRAME = (255, 32, 32)


def save_evidence(answer: Answer | LibraryAnswer, folder: Path, *, outputs: Outputs = NEW_FILES) -> int:
    """Write ``picture-1.jpg``, ``clip-1.mkv``, ... and ``sheet.jpg``; return how many files.

    A span that cannot be read gives a warning and is left out. An answer from many videos has a folder for
    each, named by the file and the beginning of its content id.

    Raises:
        OutputError: a file cannot be written there.
    """
    outputs.folder(folder)
    if isinstance(answer, Answer):
        return _save(Path(answer.path), answer.citations, folder, outputs)
    videos = {one.content_id: Path(one.path) for one in answer.citations}
    written = 0
    for content_id, path in videos.items():
        below = folder / f"{path.stem[:_MOST_LETTERS]}-{content_id[:6]}"
        if below.is_symlink():
            raise OutputExists(f"{below} is a link to another place: give another folder with --evidence")
        outputs.folder(below)
        cited = [one for one in answer.citations if one.content_id == content_id]
        written += _save(path, cited, below, outputs)
    return written


def _save(path: Path, cited: Iterable[Citation | VideoCitation], folder: Path, outputs: Outputs) -> int:
    boxes: dict[Span, list[Box]] = {}
    for citation in sorted(cited, key=lambda one: one.span):
        boxes.setdefault(citation.span, []).extend([citation.box] if citation.box else [])
    written, posters = 0, []
    for number, span in enumerate(boxes, start=1):
        try:
            jpeg = _picture(path, span, boxes[span])
            with outputs.open(folder / f"picture-{number}.jpg") as file:
                file.write(jpeg)
            posters.append((clock(span.start), jpeg))
            written += 1
            with outputs.part(folder / f"clip-{number}{CLIP_SUFFIX}") as part:
                write_clip(path, span, part)
            written += 1
        except MediaError as error:
            logger.warning("evidence of %s: %s", span, error)
    if posters:
        save_contact_sheet(posters, folder / "sheet.jpg", outputs=outputs)
    return written + bool(posters)


def _picture(path: Path, span: Span, boxes: Sequence[Box]) -> bytes:
    """The frame in the middle of a span as JPEG bytes, with a box around each detected object."""
    image = Image.fromarray(frame_at(path, span.middle, max_side=_MAX_SIDE))
    pen = ImageDraw.Draw(image)
    width = max(2, max(image.size) // 200)
    for left, top, right, bottom in boxes:
        edges = (left * image.width, top * image.height, right * image.width - 1, bottom * image.height - 1)
        pen.rectangle(edges, outline=_FRAME, width=width)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=90)
    return buffer.getvalue()
