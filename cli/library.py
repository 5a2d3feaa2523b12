"""``videoqa library``: what is remembered, where, and whether it is whole."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from video_vlm.address import shown
from video_vlm.cli.exit_codes import ExitCode
from video_vlm.cli.failures import complain
from video_vlm.cli.session import Session
from video_vlm.cli.terminal import one_line, print_json, table, write
from video_vlm.errors import LibraryDamaged
from video_vlm.records import clock

__all__ = ["info", "list_videos", "remove", "verify", "where"]

READ = {"fast": "fast", "words": "words"}
"""What of a video was read, by the speed it was read at; otherwise the whole."""


def list_videos(session: Session) -> None:
    """List the videos the library remembers.

    Examples:

    \b
      videoqa library list
      videoqa library list --json
    """
    with session.open() as videos:
        known = videos.library.videos()
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
    from video_vlm.index.stages import speed_of

    rows = [
        (
            one.video.content_id[:12],
            clock(one.video.duration_seconds or 0),
            READ.get(speed_of(one.stages) or "", "whole") if one.complete else "in part",
            str(one.video.path),
        )
        for one in known
    ]
    write(table(rows, header=("id", "length", "read", "path")) if rows else "the library is empty")


def remove(
    session: Session,
    videos: Annotated[
        list[str],
        typer.Argument(metavar="VIDEOS", help="Video files, or names or ids of videos in the library."),
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
    return ExitCode.of_batch(list(removed.values()).count(False), len(removed))


def verify(session: Session) -> ExitCode:
    """Check that the library is whole.

    Every page, row, checksum and index is looked at; each problem is printed with what to do about it.

    Examples:

    \b
      videoqa library verify
      videoqa library verify --library ./memory --json
    """
    try:
        with session.open() as videos:
            problems = [str(problem) for problem in videos.library.verify()]
    except LibraryDamaged as error:
        problems = [str(error)]
    if session.json:
        print_json({"problems": problems})
    else:
        for problem in problems:
            write(one_line(problem))
        if len(problems) != 1:
            write(f"{len(problems)} problems" if problems else "the library is whole")
    return ExitCode.FAILED if problems else ExitCode.OK


def info(session: Session) -> None:
    """Show how much the library holds, and how it is searched.

    Lists of vectors are searched exactly while they are short; of a long one only some parts are looked into,
    as many as find at least 0.98 of the ten nearest, which was measured when the list was divided.

    Examples:

    \b
      videoqa library info
      videoqa library info --json
    """
    with session.open() as videos:
        place, facts = shown(videos.library.storage.place), videos.library.facts()
    if session.json:
        print_json({"library": place, **asdict(facts)})
        return
    held = (
        ("videos", facts.num_videos),
        ("nodes", facts.num_nodes),
        ("passages", facts.num_passages),
        ("vectors", facts.num_vectors),
    )
    write(f"{place}: format {facts.format}, {', '.join(f'{count} {name}' for name, count in held)}")
    database, derived = facts.database_bytes / 1e6, facts.index_bytes / 1e6
    write(f"{database:.1f} MB, and {derived:.1f} MB derived from it for search")
    if facts.feature_bytes:
        write(f"{facts.feature_bytes / 1e6:.1f} MB that models made of pictures")
    for index in facts.indexes:
        behind = "" if index.is_current else "; what came since is searched beside it"
        write(one_line(f"{index.vectors_of}: {index.method}{behind}"))


def where(session: Session) -> None:
    """Print the folder the library is kept in, or its address without the password.

    Examples:

    \b
      videoqa library where
      videoqa library where --library ./memory
    """
    from video_vlm.memory import default_library_folder

    place = shown(session.configuration.library or default_library_folder())
    if session.json:
        print_json({"library": place})
    else:
        write(place)
