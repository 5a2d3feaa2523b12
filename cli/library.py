"""``videoqa library``: what is remembered, where, and whether it is whole."""

from __future__ import annotations

from typing import Annotated

import typer

from video_vlm.cli.command import Session
from video_vlm.cli.exit_codes import ExitCode
from video_vlm.cli.failures import complain
from video_vlm.cli.terminal import one_line, print_json, table, write
from video_vlm.records import clock

__all__ = ["list_videos", "remove", "verify", "where"]


def list_videos(session: Session) -> None:
    """List the videos the library remembers.

    Examples:

    \b
      videoqa library list
      videoqa library list --json
    """
    with session.open() as videos:
        known = videos.videos()
    if session.json:
        print_json(
            [
                {
                    "content_id": one.video.content_id,
                    "path": str(one.video.path),
                    "complete": one.complete,
                    "seconds": one.video.duration_seconds,
                    "observers": one.channels,
                    "missing": one.missing,
                    "indexed_at": one.indexed_at,
                }
                for one in known
            ]
        )
        return
    rows = [
        (
            one.video.content_id[:12],
            clock(one.video.duration_seconds or 0),
            "whole" if one.complete else "in part",
            str(one.video.path),
        )
        for one in known
    ]
    write(table(rows, header=("id", "length", "read", "path")) if rows else "the library is empty")


def remove(
    session: Session,
    videos: Annotated[
        list[str], typer.Argument(metavar="VIDEOS", help="Video files, or names or ids of videos in the library.")
    ],
) -> ExitCode:
    """Forget videos; the files themselves are not touched.

    Examples:

    \b
      videoqa library remove film.mp4
      videoqa library remove 3f9a1c04be12
    """
    with session.open() as library:
        removed = {name: library.remove(name) for name in videos}
    if session.json:
        print_json(removed)
    for name, gone in removed.items():
        if not gone:
            complain(f"{name}: not in the library")
        elif not session.json:
            write(f"forgot {one_line(name)}")
    if all(removed.values()):
        return ExitCode.OK
    return ExitCode.SOME_FAILED if any(removed.values()) else ExitCode.FAILED


def verify(session: Session) -> ExitCode:
    """Check that the library is whole.

    Every page, node, vector and index is looked at; each problem is printed with what to do about it.

    Examples:

    \b
      videoqa library verify
      videoqa library verify --library ./memory --json
    """
    with session.open() as videos:
        problems = [str(problem) for problem in videos.verify()]
    if session.json:
        print_json({"problems": problems})
    else:
        for problem in problems:
            write(one_line(problem))
        write("the library is whole" if not problems else f"{len(problems)} problems")
    return ExitCode.FAILED if problems else ExitCode.OK


def where(session: Session) -> None:
    """Print the folder the library is kept in, or its address without the password.

    Examples:

    \b
      videoqa library where
      videoqa library where --library ./memory
    """
    from video_vlm.address import shown
    from video_vlm.memory import default_library_folder

    place = shown(session.configuration.library or default_library_folder())
    if session.json:
        print_json({"library": place})
    else:
        write(place)
