"""``videoqa library looks`` and ``forget-looks``: what questions made us look at, and that it can be
forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from video_vlm.cli.exit_codes import ExitCode
from video_vlm.cli.failures import complain
from video_vlm.cli.session import Session
from video_vlm.cli.terminal import one_line, print_json, table, write
from video_vlm.errors import NotIndexed, SettingsError
from video_vlm.records import Video

if TYPE_CHECKING:
    from video_vlm.library import VideoQA
    from video_vlm.memory import StoredLook

__all__ = ["forget_looks", "looks"]


def looks(
    session: Session,
    video: Annotated[
        str | None,
        typer.Argument(
            metavar="[VIDEO]", help="A video of the library; all if not given.", show_default=False
        ),
    ] = None,
) -> None:
    """List what questions made us look at.

    Pictures that were decoded again for a question are not decoded for the next: what was seen in them is
    kept, with who saw it, how, and for which question. --json has every picture and all that was seen.

    Examples:

    \b
      videoqa library looks
      videoqa library looks film.mp4 --json
    """
    with session.open() as videos:
        library = videos.library
        chosen = [one.video for one in library.videos()] if video is None else [videos.memory(video).video]
        kept = [(one, look) for one in chosen for look in library.looks.of(one.content_id)]
    if session.json:
        print_json([as_data(one, look) for one, look in kept])
        return
    rows = [
        (
            one.content_id[:12],
            str(look.span),
            str(len(look.frames)),
            look.observer,
            str(len(look.observations)),
            look.question or f"({look.reason})",
        )
        for one, look in kept
    ]
    header = ("id", "time", "pictures", "observer", "new", "question")
    write(table(rows, header=header) if rows else "nothing was looked at for a question yet")


def as_data(video: Video, look: StoredLook) -> dict[str, Any]:
    """A look as JSON values."""
    told = asdict(look)
    told["pictures"] = told.pop("frames")
    return {
        "content_id": video.content_id,
        "path": str(video.path),
        **told,
        "pictures_per_second": look.pictures_per_second,
    }


def forget_looks(
    session: Session,
    videos: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="VIDEOS",
            help="Video files, or names or ids of videos in the library.",
            show_default=False,
        ),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Of all videos in the library.")] = False,
) -> ExitCode:
    """Forget what questions made us look at; what observers saw of the whole video stays.

    Examples:

    \b
      videoqa library forget-looks film.mp4
      videoqa library forget-looks --all
    """
    if everything == bool(videos):
        raise SettingsError("forget-looks: name the videos, or all of them with --all")
    with session.open() as opened:
        known = opened.library.videos() if everything else ()
        names = [one.video.content_id for one in known] if everything else videos or []
        forgotten = {name: forget(opened, name) for name in names}
    if session.json:
        print_json(forgotten)
    return report(forgotten, names, silent=session.json)


def forget(videos: VideoQA, name: str) -> int | None:
    """Delete the looks at a video; return how many, None if the library does not know the video."""
    try:
        return videos.library.looks.forget(videos.memory(name).content_id)
    except NotIndexed:
        return None


def report(forgotten: dict[str, int | None], names: Sequence[str], *, silent: bool) -> ExitCode:
    unknown = [name for name in names if forgotten[name] is None]
    for name in unknown:
        complain(f"{name}: not in the library")
    if not silent:
        for name, count in forgotten.items():
            if count is not None:
                write(f"{one_line(name)}: {count} looks forgotten")
    return ExitCode.of_batch(len(unknown), len(names))
