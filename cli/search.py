"""``videoqa search``: the moments that match words or a picture, best first, in one video or in all of
them."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from video_vlm.address import not_a_file
from video_vlm.cli.session import Session
from video_vlm.cli.terminal import print_json, table, write
from video_vlm.errors import SettingsError
from video_vlm.records import Evidence, Image, Span

if TYPE_CHECKING:
    from video_vlm.library import VideoQA

__all__ = ["search"]


def search(
    session: Session,
    query: Annotated[
        str,
        typer.Argument(
            metavar="[QUERY]", help="Words to look for; not needed with --like.", show_default=False
        ),
    ] = "",
    video: Annotated[
        str | None, typer.Option("--in", metavar="VIDEO", help="Only in this video.", show_default=False)
    ] = None,
    between: Annotated[
        tuple[str, str] | None,
        typer.Option(metavar="M:SS M:SS", help="Only between these two times.", show_default=False),
    ] = None,
    limit: Annotated[
        int, typer.Option(metavar="N", help="At most this many moments.", min=1, max=1_000_000)
    ] = 10,
    like: Annotated[
        str | None,
        typer.Option(
            "--like",
            metavar="PICTURE|VIDEO@M:SS",
            help="Moments that look like this one.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Find moments in the library.

    Looks in what was read of every indexed video: subtitles, text on screen, speech, what moved. Videos that
    were not indexed yet are not searched, and not read either.

    Where an image-text tower is there (videoqa doctor says so), the pictures it saw are searched too: by
    words, and by a picture or a moment of a video with --like. Some picture is always the nearest, so what
    was found by sight alone says how near it is.

    Examples:

    \b
      videoqa search "storm warning"
      videoqa search lemon --in film.mp4 --between 0:20 1:00
      videoqa search "parcel" --limit 3 --json
      videoqa search "a red car at night"
      videoqa search --like photo.jpg
      videoqa search --like film.mp4@12:30 --in film.mp4
    """
    if not query.strip() and like is None:
        raise SettingsError('search needs words ("storm warning") or a picture (--like photo.jpg)')
    span = None if between is None else span_between(*between)
    with session.open() as videos:
        picture = None if like is None else image_of(like, videos)
        found = videos.search(query, path=video, span=span, limit=limit, like=picture)
        names = videos.names()
    if session.json:
        print_json([{**asdict(one), "video": names.get(one.content_id, "")} for one in found])
        return
    rows = [
        (str(one.span), names.get(one.content_id, ""), found_as(one), one.text or one.why) for one in found
    ]
    write(table(rows, header=("time", "video", "kind", "what")) if rows else "nothing found")


def found_as(one: Evidence) -> str:
    """``subtitle``, ``sight``, or both."""
    seen = not {"sight", "like"}.isdisjoint(one.found_by)
    return ", ".join([*([one.kind] if one.kind else []), *(["sight"] if seen else [])])


def image_of(like: str, videos: VideoQA) -> Image:
    """The image that ``--like`` names, RGB uint8 ``(height, width, 3)``: an image file, or a moment of a
    video (a file, or one the library knows).

    Raises:
        SettingsError: it is neither.
        MediaError: it cannot be read.
    """
    from video_vlm.language.clock_times import parse_clock
    from video_vlm.media.single_frame import frame_at, read_image

    if Path(like).is_file():
        return read_image(Path(like))
    name, at, time = like.rpartition("@")
    if not at or not name:
        if address := not_a_file(like):
            raise SettingsError(f"--like: {like}: {address}")
        raise SettingsError(f"--like: no such picture: {like} (a moment of a video is written VIDEO@12:30)")
    try:
        seconds = parse_clock(time)
    except ValueError as error:
        raise SettingsError(f"--like: {like}: {error}") from error
    index = videos.settings.index
    path = Path(name) if Path(name).is_file() else videos.memory(name).video.path
    return frame_at(path, seconds, max_side=index.frames.max_side, decoder=index.decoder)


def span_between(begin: str, end: str) -> Span:
    """Two clock times as a span in seconds.

    Raises:
        SettingsError: one of them is no time, or they are in the wrong order.
    """
    from video_vlm.language.clock_times import parse_clock

    try:
        start, stop = parse_clock(begin), parse_clock(end)
        if start < stop:
            return Span(start, stop)
    except ValueError as error:
        raise SettingsError(f"--between: {error}") from error
    raise SettingsError(f"--between takes two times in order, like 0:30 1:15, got {begin} {end}")
