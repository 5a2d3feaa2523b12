"""``videoqa library export`` and ``import``: one video's memory as a single file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from video_vlm.cli.exit_codes import ExitCode
from video_vlm.cli.failures import complain
from video_vlm.cli.format_by_suffix import output_file
from video_vlm.cli.session import OverwriteOption, Session
from video_vlm.cli.terminal import one_line, print_json, write
from video_vlm.errors import LibraryDamaged, LibraryError, LibraryReadOnly, LibraryTooNew

if TYPE_CHECKING:
    from video_vlm.library import VideoQA

__all__ = ["SUFFIX", "export", "take_in"]

SUFFIX = ".videoqa"


def export(
    session: Session,
    video: Annotated[
        str, typer.Argument(metavar="VIDEO", help="A video file, or the name or id of one in the library.")
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            *("--out", "-o"),
            parser=output_file,
            metavar="OUT",
            help="The file [default: the video's name, .videoqa].",
            show_default=False,
        ),
    ] = None,
    overwrite: OverwriteOption = False,
) -> None:
    """Write the memory of one video to a single file.

    It holds what was read and seen, small pictures and vectors, but not the video nor where it lay. Another
    library takes it in with videoqa library import. The file is checksummed. One that is there is replaced
    only if it is as it was exported before.

    Examples:

    \b
      videoqa library export film.mp4
      videoqa library export film.mp4 -o /mnt/stick/film.videoqa
    """
    from video_vlm.export import outputs_for

    with session.open() as videos:
        known = videos.memory(video).video
        target = out or Path(known.path.name).with_suffix(SUFFIX)
        outputs = outputs_for(videos.library, overwrite=overwrite, inputs=[Path(video)])
        videos.library.export_memory(known.content_id, target, outputs=outputs)
    if session.json:
        print_json({"content_id": known.content_id, "path": str(target), "bytes": target.stat().st_size})
    else:
        write(one_line(f"{target}: the memory of {known.path.name}, {target.stat().st_size / 1e6:.1f} MB"))


@dataclass(frozen=True, slots=True)
class Taken:
    """The result of importing one file: ``added``, ``replaced``, ``kept`` or ``failed``, and why."""

    path: str
    outcome: str
    video: str | None = None
    content_id: str | None = None
    why: str = ""
    looks: int = 0


def take_in(
    session: Session,
    files: Annotated[list[Path], typer.Argument(metavar="FILES", help="Files that library export wrote.")],
) -> ExitCode:
    """Take memories in that were exported elsewhere.

    Each file is checked before anything of it is used, and taken in whole or not at all. Where the library
    knows the same video as fully or more so, that is kept; taking a file in twice changes nothing. What a
    file says of a video is as true as whoever made it.

    Examples:

    \b
      videoqa library import film.videoqa
      videoqa library import *.videoqa --library ./memory
    """
    with session.open() as videos:
        taken = [take(videos, path) for path in files]
    if session.json:
        print_json([{slot: getattr(one, slot) for slot in Taken.__slots__} for one in taken])
    return report(taken, silent=session.json)


def take(videos: VideoQA, path: Path) -> Taken:
    """Import one file; an error of that file is part of the result.

    Raises:
        LibraryReadOnly: the library is open read-only.
    """
    try:
        made = videos.library.import_memory(path)
    except LibraryReadOnly:
        raise
    except (LibraryDamaged, LibraryTooNew, LibraryError, OSError) as error:
        return Taken(str(path), "failed", why=str(error))
    video = made.stored.video
    return Taken(str(path), made.outcome, str(video.path), video.content_id, made.why, made.num_looks)


def report(taken: Sequence[Taken], *, silent: bool) -> ExitCode:
    failed = [one for one in taken if one.outcome == "failed"]
    for one in failed:
        complain(one.why)
    for one in () if silent else taken:
        if one.video is not None:
            looks = f"; {one.looks} looks added" if one.looks else ""
            write(one_line(f"{one.path}: {one.outcome} {Path(one.video).name}: {one.why}{looks}"))
    return ExitCode.of_batch(len(failed), len(taken))
