"""A video as a Markdown document. Text from the video is escaped: no markup, links or HTML."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from typing import BinaryIO

from video_vlm.export.outline import Outline
from video_vlm.records import clock

__all__ = ["escaped", "write_markdown"]

_MARKS = re.compile(r"[\\`*_{}\[\]<>#|~$&!@]")
_LINKS = re.compile(r"\b(?P<scheme>https?|ftp|www)(?P<mark>[:.])", re.IGNORECASE)
_LINE_STARTS = re.compile(r"^(\s*)([-+=]|\d+(?=[.)]))")


def escaped(text: str) -> str:
    """Text as CommonMark shows it letter by letter: ``*no* [link](x)`` -> ``\\*no\\* \\[link\\](x)``."""
    marked = _LINKS.sub(r"\g<scheme>\\\g<mark>", _MARKS.sub(lambda match: f"\\{match[0]}", text))
    start = _LINE_STARTS.match(marked)
    if start is None:
        return marked
    # A dash would begin a list; so would a number with a point, of which the point is escaped.
    at = start.end() if start[2].isdigit() else start.start(2)
    return f"{marked[:at]}\\{marked[at:]}"


def write_markdown(video: Outline, out: BinaryIO) -> None:
    """Write CommonMark in UTF-8; the images are at the end, so that the source can be read."""
    for line in _lines(video):
        out.write(f"{line}\n".encode())


def _lines(video: Outline) -> Iterator[str]:
    yield from (f"# {escaped(video.title)}", "")
    yield from (f"`{video.name.replace('`', ' ')}`, {clock(video.span.start)} to {clock(video.span.end)}", "")
    if video.summary:
        yield from (escaped(video.summary), "")
    for chapter in video.chapters:
        heading = escaped(chapter.title or f"Chapter {chapter.number}")
        yield from (f"## {clock(chapter.span.start)} {heading}", "")
        for scene in chapter.parts:
            title = f" {escaped(scene.title)}" if scene.title else ""
            yield from (f"### {clock(scene.span.start)}–{clock(scene.span.end)}{title}", "")
            if scene.jpeg:
                yield from (f"![{clock(scene.span.start)}][scene-{scene.number}]", "")
            if scene.summary:
                yield from (escaped(scene.summary), "")
    if video.missing:
        yield from ("Not looked at:", "", *(f"- {escaped(one)}" for one in video.missing), "")
    for scene in video.scenes:
        if scene.jpeg:
            yield f"[scene-{scene.number}]: data:image/jpeg;base64,{base64.b64encode(scene.jpeg).decode()}"
