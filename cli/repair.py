"""``videoqa library repair``: copies the sound parts of a damaged library to a new file, and lists the
rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from video_vlm.cli.exit_codes import ExitCode
from video_vlm.cli.failures import complain
from video_vlm.cli.index import counted
from video_vlm.cli.session import Session
from video_vlm.cli.terminal import one_line, print_json, write

if TYPE_CHECKING:
    from video_vlm.memory import LostVideo, Repaired

__all__ = ["repair"]


def repair(session: Session) -> ExitCode:
    """Make a damaged library whole again.

    Whatever is sound goes into a new file; the damaged one is kept beside it. Each memory is kept as it was
    written or not at all, by its checksums; videos that have to be indexed again are named, and the exit code
    is then 3, or 1 if nothing could be kept. A library that is whole is left alone. Nothing else may have it
    open meanwhile.

    Examples:

    \b
      videoqa library repair
      videoqa library repair --library ./memory --json
    """
    from video_vlm.memory import repair_library

    made = repair_library(session.configuration.library)
    if session.json:
        print_json(as_data(made))
    else:
        tell(made)
    if not made.lost and not made.num_lost_looks:
        return ExitCode.OK
    return ExitCode.SOME_FAILED if made.kept else ExitCode.FAILED


def as_data(made: Repaired) -> dict[str, Any]:
    """The result of a repair as JSON values."""
    return {
        "damaged": None if made.damaged is None else str(made.damaged),
        "rebuilt": made.rebuilt,
        "kept": [
            {"content_id": one.video.content_id, "path": str(one.video.path), "complete": one.complete}
            for one in made.kept
        ],
        "lost": [
            {"content_id": one.content_id, "path": None if one.path is None else str(one.path)}
            for one in made.lost
        ],
        "unseen": made.unseen,
        "unproven": made.unproven,
        "looks": {"kept": made.num_looks, "lost": made.num_lost_looks},
    }


def tell(made: Repaired) -> None:
    """Print what was kept on stdout, and what was lost on stderr."""
    if made.damaged is None:
        write("what is derived was made again; nothing was lost" if made.rebuilt else "the library is whole")
        return
    write(one_line(f"the damaged file is kept as {made.damaged}"))
    write(f"kept: {counted(len(made.kept), 'video')}, {counted(made.num_looks, 'look')}")
    if made.unproven:
        judged = "written before there were checksums, and judged by structure alone"
        write(f"{judged}: {len(made.unproven)} of them")
    for content_id in made.unseen:
        write(one_line(f"{content_id}: what its pictures look like was lost; videoqa index makes it again"))
    if made.num_lost_looks:
        complain(f"{counted(made.num_lost_looks, 'look')} lost: what questions made us look at")
    for one in made.lost:
        complain(f"{named(one)}: lost; index it again")


def named(one: LostVideo) -> str:
    return one.content_id if one.path is None else f"{one.path} ({one.content_id[:12]})"
