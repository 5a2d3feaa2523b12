"""``videoqa index``: read videos into the library, one after the other, whatever a single one does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from video_vlm.cli.command import Session, SpeedOption
from video_vlm.cli.exit_codes import ExitCode
from video_vlm.cli.failures import complain, message
from video_vlm.cli.paths import NotFound, videos_in
from video_vlm.cli.terminal import one_line, print_json, write
from video_vlm.errors import MediaError, VideoQAError

if TYPE_CHECKING:
    from video_vlm.index import IndexReport
    from video_vlm.library import VideoQA

__all__ = ["index"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file: its content id and what was found, or the reason why not."""

    path: str
    content_id: str | None = None
    summary: str | None = None
    error: str | None = None


def index(
    session: Session,
    paths: Annotated[
        list[str], typer.Argument(metavar="PATHS", help="Video files, folders, or patterns such as 'tapes/*.mkv'.")
    ],
    speed: SpeedOption = None,
) -> ExitCode:
    """Read videos into the library ahead of questions.

    A video that was read before with the same settings is not read again, wherever its file lies now. A
    run that was interrupted goes on where it stopped. A file that cannot be read is reported and passed
    over; the exit code is then 3, or 1 if no file could be read.

    With --speed fast, keyframes and packet sizes say where to look, and most pictures are not decoded. What that
    leaves out is stated; reading the video again with --speed full fills it in.

    Examples:

    \b
      videoqa index film.mp4
      videoqa index ~/Videos --library ./memory
      videoqa index 'tapes/**/*.mkv' --json
      videoqa index ~/Videos --speed fast
    """
    outcomes: list[Outcome] = []
    with session.open(speed=speed) as videos:
        for found in videos_in(paths):
            outcome = Outcome(found.typed, error=found.reason) if isinstance(found, NotFound) else read(videos, found)
            outcomes.append(outcome)
            if not session.json:
                report(outcome)
    if session.json:
        print_json([asdict(outcome) for outcome in outcomes])
    return finish(outcomes)


def read(videos: VideoQA, path: Path) -> Outcome:
    """Index one file; what is wrong with this file is its own affair, what is wrong with the library is not.

    Raises:
        VideoQAError: anything that would be wrong for the next file too.
    """
    try:
        made = videos.index(path)
    except MediaError as error:
        return Outcome(str(path), error=error.reason)
    except VideoQAError:
        raise
    except Exception as error:
        return Outcome(str(path), error=message(error))
    return Outcome(str(path), content_id=made.video.content_id, summary=summary(made))


def summary(made: IndexReport) -> str:
    """What one pass found, in a line."""
    found = (
        counted(made.num_scenes, "scene"),
        counted(made.num_shots, "shot"),
        counted(made.num_observations, "observation"),
    )
    notes = [
        *(["already known"] if made.reused else []),
        *([f"{counted(len(made.damage), 'stretch', 'stretches')} could not be decoded"] if made.damage else []),
        *([f"read in full: {made.read_in_full}"] if made.read_in_full else []),
        *(
            missing if missing.startswith("fast: ") else f"without {missing.partition(':')[0]}"
            for missing in made.missing
        ),
    ]
    return "; ".join([", ".join(found), *notes])


def counted(count: int, one: str, many: str = "") -> str:
    """``1 shot``, ``2 shots``."""
    return f"{count} {one if count == 1 else many or f'{one}s'}"


def report(outcome: Outcome) -> None:
    if outcome.error is None:
        write(one_line(f"{outcome.path}: {outcome.summary}"))
    else:
        complain(f"{outcome.path}: {outcome.error}")


def finish(outcomes: Sequence[Outcome]) -> ExitCode:
    failed = sum(outcome.error is not None for outcome in outcomes)
    if not failed:
        return ExitCode.OK
    complain(f"{len(outcomes) - failed} of {len(outcomes)} read, {failed} failed")
    return ExitCode.SOME_FAILED if failed < len(outcomes) else ExitCode.FAILED
