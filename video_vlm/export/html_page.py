"""A video as one HTML page with its images inside, which loads nothing else."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from html import escape
from typing import BinaryIO

from video_vlm.export.outline import Outline, OutlinePart
from video_vlm.records import clock

__all__ = ["HEAD", "frame_image", "write_html"]

HEAD = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
"""
"""The policy forbids scripts and loading, whatever the text of a video holds."""

_STYLE = """<style>
:root { color-scheme: light dark }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 54rem; margin: 2rem auto; padding: 0 1rem }
h2 { margin-top: 2.5rem; border-bottom: 1px solid #8884; padding-bottom: .3rem }
article { display: grid; grid-template-columns: 192px 1fr; gap: 1rem; margin: 1rem 0 }
article img { width: 192px; border-radius: 4px }
h3 { margin: 0; font-size: 1rem } p { margin: .3rem 0 }
time { font-variant-numeric: tabular-nums; opacity: .7 }
@media (max-width: 32rem) { article { grid-template-columns: 1fr } }
</style>
"""


def write_html(video: Outline, out: BinaryIO) -> None:
    """Write one UTF-8 file with styles and images inside; a policy forbids everything else."""
    for part in _parts(video):
        out.write(f"{part}\n".encode())


def frame_image(part: OutlinePart) -> str:
    """An ``<img>`` with the part's JPEG as base64; an empty ``<span>`` where it has none."""
    if part.jpeg is None:
        return "<span></span>"
    data = base64.b64encode(part.jpeg).decode()
    return f'<img loading="lazy" alt="{clock(part.span.start)}" src="data:image/jpeg;base64,{data}">'


def _parts(video: Outline) -> Iterator[str]:
    yield f"{HEAD}<title>{escape(video.title)}</title>{_STYLE}</head><body>"
    yield f"<h1>{escape(video.title)}</h1>"
    yield f"<p>{escape(video.name)}, {_time(video)}</p>"
    if video.summary:
        yield f"<p>{escape(video.summary)}</p>"
    for chapter in video.chapters:
        yield f"<h2>{_time(chapter)} {escape(chapter.title or f'Chapter {chapter.number}')}</h2>"
        for scene in chapter.parts:
            words = f"<p>{escape(scene.summary)}</p>" if scene.summary else ""
            text = f"<div><h3>{_time(scene)} {escape(scene.title)}</h3>{words}</div>"
            yield f'<article id="scene-{scene.number}">{frame_image(scene)}{text}</article>'
    if video.missing:
        yield "<h2>Not looked at</h2><ul>"
        yield from (f"<li>{escape(one)}</li>" for one in video.missing)
        yield "</ul>"
    yield "</body></html>"


def _time(part: OutlinePart | Outline) -> str:
    return f"<time>{clock(part.span.start)}–{clock(part.span.end)}</time>"
