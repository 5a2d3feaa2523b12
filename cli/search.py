"""``videoqa search``: the moments that match, best first, in one video or in all of them."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from video_vlm.cli.command import Session
from video_vlm.cli.terminal import print_json, table, write
from video_vlm.errors import SettingsError
from video_vlm.records import Span

__all__ = ["search"]


def search(
    session: Session,
    query: Annotated[str, typer.Argument(metavar="QUERY", help="Words to look for.")],
    video: Annotated[
        Path | None, typer.Option("--in", metavar="VIDEO", help="Only in this video.", show_default=False)
    ] = None,
    between: Annotated[
        tuple[str, str] | None,
        typer.Option(metavar="M:SS M:SS", help="Only between these two times.", show_default=False),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="At most this many moments.")] = 10,
) -> None:
    """Find moments in the library.

    Looks in what was read of every indexed video: subtitles, text on screen, speech, what moved. Videos that
    were not indexed yet are not searched, and not read either.

    Examples:

    \b
      videoqa search "storm warning"
      videoqa search lemon --in film.mp4 --between 0:20 1:00
      videoqa search "parcel" --limit 3 --json
    """
    span = None if between is None else span_between(*between)
    with session.open() as videos:
        found = videos.search(query, path=video, span=span, limit=limit)
        names = {stored.video.content_id: stored.video.path.name for stored in videos.videos()}
    if session.json:
        print_json([{**asdict(one), "video": names.get(one.content_id, "")} for one in found])
        return
    rows = [(str(one.span), names.get(one.content_id, ""), one.kind or "", one.text) for one in found]
    write(table(rows, header=("time", "video", "kind", "what")) if rows else "nothing found")


def span_between(begin: str, end: str) -> Span:
    """Two clock times as a span.

    Raises:
        SettingsError: one of them is no time, or they are in the wrong order.
    """
    from video_vlm.operators import parse_clock

    try:
        start, stop = parse_clock(begin), parse_clock(end)
        if start < stop:
            return Span(start, stop)
    except ValueError as error:
        raise SettingsError(f"--between: {error}") from error
    raise SettingsError(f"--between takes two times in order, like 0:30 1:15, got {begin} {end}")
