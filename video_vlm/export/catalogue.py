"""Many videos as one document: an HTML page that can be searched without a server, Markdown, or JSON."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterable, Mapping
from html import escape
from typing import Any, BinaryIO

from video_vlm.display_names import display_names
from video_vlm.export.html_page import frame_image
from video_vlm.export.markdown import escaped
from video_vlm.export.outline import Outline, OutlinePart, outline, words
from video_vlm.export.table_files import safe_json
from video_vlm.memory import Library
from video_vlm.records import clock
from video_vlm.text import one_line

__all__ = ["CATALOGUES", "Failures", "write_catalogue"]

Failures = Mapping[str, str]
"""Files that could not be read, each with the reason."""

_MOST_STRIPS = 24

_STYLE = """<style>
:root { color-scheme: light dark }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem }
input { font: inherit; width: 100%; padding: .5rem; margin: 1rem 0 }
article { display: grid; grid-template-columns: 192px 1fr; gap: 1rem; padding: 1rem 0; border-top: 1px solid #8884 }
article > img { width: 192px; border-radius: 4px }
[hidden] { display: none !important }
h2 { margin: 0; font-size: 1.1rem } p { margin: .3rem 0 } small { opacity: .7 }
ol { grid-column: 1 / -1; display: flex; gap: .5rem; overflow-x: auto; list-style: none; margin: 0; padding: 0 }
li { flex: 0 0 120px; font-size: .75rem } li img { width: 120px; border-radius: 3px; display: block }
li span { display: block; overflow: hidden; max-height: 4.5em }
</style>"""

_SCRIPT = """
const box = document.querySelector("input"), count = document.querySelector("output");
const cards = [...document.querySelectorAll("article")].map(card => [card, card.textContent.toLowerCase()]);
function show() {
  const wanted = box.value.toLowerCase().split(/\\s+/).filter(Boolean);
  let found = 0;
  for (const [card, text] of cards) {
    card.hidden = !wanted.every(word => text.includes(word));
    found += !card.hidden;
  }
  count.textContent = `${found} of ${cards.length} videos`;
}
box.addEventListener("input", show); show();
"""
_SCRIPT_HASH = base64.b64encode(hashlib.sha256(_SCRIPT.encode()).digest()).decode()

_HEAD = f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline';
 script-src 'sha256-{_SCRIPT_HASH}'">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>Videos</title>{_STYLE}</head><body>
<h1>Videos</h1><input type="search" placeholder="Search titles, summaries and chapters" autofocus>
<output></output>"""
"""The policy allows only the script with this hash, whatever the text of a video holds."""


def _page(videos: Iterable[Outline], failures: Failures, out: BinaryIO) -> None:
    """One file with its images inside: a card for each video, and a search over their words."""
    out.write(f"{_HEAD}\n".encode())
    out.writelines(f"{_card(video)}\n".encode() for video in videos)
    if failures:
        out.write(b"<h2>Could not be read</h2><ul>\n")
        for path, reason in failures.items():
            out.write(f"<li>{escape(one_line(path))}: {escape(one_line(reason))}</li>\n".encode())
        out.write(b"</ul>\n")
    out.write(f"<script>{_SCRIPT}</script></body></html>\n".encode())


def _card(video: Outline) -> str:
    poster = next((frame_image(part) for part in video.scenes if part.jpeg), "<span></span>")
    length, paragraph = clock(video.span.duration_seconds), escape(_paragraph(video))
    strip = "".join(
        f"<li>{frame_image(part)}<time>{clock(part.span.start)}</time>"
        f" <span>{escape(part.title or words(part))}</span></li>"
        for part in _strips(video)
    )
    return (
        f"<article>{poster}<div><h2>{escape(video.title)}</h2><small>{escape(video.name)}, {length}</small>"
        f"<p>{paragraph}</p></div><ol>{strip}</ol></article>"
    )


def _strips(video: Outline) -> tuple[OutlinePart, ...]:
    """The video's chapters; its scenes where it has one chapter at most. At most 24."""
    return (video.chapters if len(video.chapters) > 1 else video.scenes)[:_MOST_STRIPS]


def _paragraph(video: Outline) -> str:
    return video.summary or " ".join(part.summary for part in video.scenes[:3] if part.summary)


def _markdown(videos: Iterable[Outline], failures: Failures, out: BinaryIO) -> None:
    """A heading for each video, its summary, and its chapters with their times."""
    out.write(b"# Videos\n\n")
    for video in videos:
        chapters = "".join(
            f"- {clock(part.span.start)} {escaped(part.title or words(part))}\n" for part in _strips(video)
        )
        name, length = video.name.replace("`", " "), clock(video.span.duration_seconds)
        head = f"## {escaped(video.title)}\n\n`{name}`, {length}"
        out.write(f"{head}\n\n{escaped(_paragraph(video))}\n\n{chapters}\n".encode())
    if failures:
        out.write(b"## Could not be read\n\n")
        for path, reason in failures.items():
            out.write(f"- {escaped(one_line(path))}: {escaped(one_line(reason))}\n".encode())


def _data(video: Outline) -> dict[str, Any]:
    return {
        "content_id": video.content_id,
        "name": video.name,
        "title": video.title,
        "seconds": video.span.duration_seconds,
        "summary": _paragraph(video),
        "missing": video.missing,
        "chapters": [
            {**_times(chapter), "scenes": [_times(scene) for scene in chapter.parts]}
            for chapter in video.chapters
        ],
    }


def _times(part: OutlinePart) -> dict[str, Any]:
    return {"start": part.span.start, "end": part.span.end, "title": part.title, "summary": part.summary}


def _json(videos: Iterable[Outline], failures: Failures, out: BinaryIO) -> None:
    """``{"videos": [...], "failures": {path: reason}}``."""
    data = {"videos": [_data(video) for video in videos], "failures": dict(failures)}
    out.write(_as_json(data, indent=2))


def _jsonl(videos: Iterable[Outline], failures: Failures, out: BinaryIO) -> None:
    """One line for each video; then a line ``{"path", "error"}`` for each file that could not be read."""
    out.writelines(_as_json(_data(video)) for video in videos)
    out.writelines(_as_json({"path": path, "error": reason}) for path, reason in failures.items())


def _as_json(data: Any, *, indent: int | None = None) -> bytes:
    return safe_json(data, indent=indent).encode("utf-8", "replace") + b"\n"


CATALOGUES: Mapping[str, Callable[[Iterable[Outline], Failures, BinaryIO], None]] = {
    "html": _page,
    "md": _markdown,
    "json": _json,
    "jsonl": _jsonl,
}
"""Writers of documents by the names of their formats."""


def write_catalogue(
    library: Library,
    content_ids: Iterable[str],
    out: BinaryIO,
    *,
    form: str,
    failures: Failures | None = None,
) -> None:
    """Write one document about many videos of a library.

    Args:
        library: The library with their memories.
        content_ids: Which videos, in the order of the document.
        out: Receives the bytes.
        form: One of :data:`CATALOGUES`.
        failures: Files that could not be read, each with the reason; the document lists them.

    Raises:
        NotIndexed: the library does not know one of them.
    """
    chosen = tuple(content_ids)
    paths = {stored.video.content_id: stored.video.path for stored in library.videos()}
    names = display_names({one: path for one, path in paths.items() if one in set(chosen)})
    outlines = (outline(library.memory(one), name=names[one]) for one in chosen)
    CATALOGUES[form](outlines, failures or {}, out)
