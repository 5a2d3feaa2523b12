"""``videoqa index``: read videos into the library, several at a time, whatever a single one does."""

from __future__ import annotations

import logging
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from video_vlm.cli.exit_codes import ExitCode
from video_vlm.cli.failures import complain, message
from video_vlm.cli.index_plan import show_plans
from video_vlm.cli.outcome import Outcome
from video_vlm.cli.paths import NotFound, videos_in
from video_vlm.cli.progress import Reporter, progress_on
from video_vlm.cli.progress_lines import ProgressLines
from video_vlm.cli.session import JobsOption, MemoryOption, Session, SpeedOption
from video_vlm.cli.terminal import one_line, print_json, write
from video_vlm.errors import MediaError, SettingsError
from video_vlm.records import Level, in_short

if TYPE_CHECKING:
    from video_vlm.agent import CaptionReport, SummaryReport
    from video_vlm.index import IndexOutcome, IndexReport
    from video_vlm.library import VideoQA

__all__ = ["index"]

logger = logging.getLogger(__name__)


class ProgressForm(StrEnum):
    """How progress is shown."""

    BARS = "bars"
    JSON = "json"


class Engine(StrEnum):
    """What reads many files."""

    LOCAL = "local"
    RAY = "ray"


class CaptionLevel(StrEnum):
    """What gets a caption."""

    SCENE = "scene"
    SEGMENT = "segment"


def index(
    session: Session,
    paths: Annotated[
        list[str],
        typer.Argument(metavar="PATHS", help="Video files, folders, or patterns such as 'tapes/*.mkv'."),
    ],
    jobs: JobsOption = None,
    memory: MemoryOption = None,
    progress: Annotated[
        ProgressForm, typer.Option("--progress", help="Bars, on a terminal only, or a JSON object a line.")
    ] = ProgressForm.BARS,
    speed: SpeedOption = None,
    caption: Annotated[
        CaptionLevel | None,
        typer.Option(help="Then have a model say what is seen in each scene or segment.", show_default=False),
    ] = None,
    summaries: Annotated[
        bool,
        typer.Option("--summaries", help="Then have a model write the summaries, from the scenes up."),
    ] = False,
    model: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="The model for that: hf:NAME, openai:NAME@URL, ...", show_default=False
        ),
    ] = None,
    engine: Annotated[
        Engine, typer.Option(help="What reads the files: processes of this machine, or a Ray cluster.")
    ] = Engine.LOCAL,
    address: Annotated[
        str | None,
        typer.Option(
            metavar="HOST:PORT", help="The Ray cluster; else one of this machine.", show_default=False
        ),
    ] = None,
    plan: Annotated[
        bool,
        typer.Option("--plan", help="Say what would be made again, stage by stage, and why; read nothing."),
    ] = False,
) -> ExitCode:
    """Read videos into the library ahead of questions.

    A video that was read before with the same settings is not read again, wherever its file lies now. A
    run that was interrupted goes on where it stopped. A file that cannot be read is reported and passed
    over; the exit code is then 3, or 1 if no file could be read.

    Where only a part of what a memory was made with changed (a subtitle file, an observer, a setting of the
    upper levels), only that part and what rests on it is made again. --plan says which, and why, and reads
    nothing.

    With --speed fast, keyframes and packet sizes say where to look, and most pictures are not decoded. What
    that leaves out is stated; reading the video again with --speed full fills it in.

    With --caption, the model that --model (or ask.model) names says what is seen in each scene or segment.
    Questions find what it said, whoever answers them. With --summaries it writes the summaries too, each
    sentence with what it rests on. A run that was interrupted goes on where it stopped.

    With --engine ray the files are read by the actors of a Ray cluster: the same memories, from many
    machines. All of them must find the files under the same paths, and the library must be on a PostgreSQL
    server.

    Examples:

    \b
      videoqa index film.mp4
      videoqa index ~/Videos --library ./memory --jobs 4
      videoqa index 'tapes/**/*.mkv' --json
      videoqa index ~/Videos --speed fast
      videoqa index /mnt/tapes --engine ray --address auto --library postgresql://db.example/films
      videoqa index film.mp4 --caption segment --model hf:HuggingFaceTB/SmolVLM2-500M-Video-Instruct
      videoqa index film.mp4 --plan --set index.levels.scene_sentences=5
    """
    from video_vlm.index.observer_set import ObserverSet

    if address is not None and engine is not Engine.RAY:
        raise SettingsError(f"--address {address} is for --engine ray")
    if plan:
        return show_plans(session, paths, speed=speed)
    with (
        reporting(progress, quiet=session.quiet) as reporter,
        session.open(reporter=reporter, speed=speed, model=model) as videos,
    ):
        outcomes: dict[int, Outcome] = {}
        found = list(videos_in(paths))
        for missing in ObserverSet.from_settings(videos.settings.index).missing:
            logger.warning("left out of every video: %s", missing)
        memory_bytes = memory and memory * 1e9
        with closing(
            read_all(videos, found, jobs=jobs, memory_bytes=memory_bytes, engine=engine, address=address)
        ) as known:
            for place, outcome in known:
                outcomes[place] = outcome
                reporter.ended(outcome)
                if not session.json:
                    report(outcome)
        level = None if caption is None else Level(caption.value)
        for place in sorted(outcomes) if level or summaries else ():
            outcomes[place] = retold(videos, outcomes[place], level, summaries=summaries)
            for told in (outcomes[place].captions, outcomes[place].summaries):
                if told and not session.json:
                    write(one_line(f"{outcomes[place].path}: {told}"))
    if session.json:
        print_json([asdict(outcomes[place]) for place in sorted(outcomes)])
    return finish(list(outcomes.values()))


@contextmanager
def reporting(form: ProgressForm, *, quiet: bool) -> Iterator[Reporter]:
    """The reporter for a form of progress. JSON lines are for programs: they are written even if
    ``quiet``."""
    if form is ProgressForm.JSON:
        yield ProgressLines()
        return
    with progress_on(quiet=quiet) as bars:
        yield bars


def read_all(
    videos: VideoQA,
    found: Sequence[Path | NotFound],
    *,
    jobs: int | None,
    memory_bytes: float | None = None,
    engine: Engine = Engine.LOCAL,
    address: str | None = None,
) -> Generator[tuple[int, Outcome]]:
    """The outcome of each file or name in ``found``, as soon as it is known, with its place there.

    Raises:
        VideoQAError: an error that would be the same for every file.
    """
    places = {file: place for place, file in enumerate(found) if isinstance(file, Path)}
    for place, missing in enumerate(found):
        if isinstance(missing, NotFound):
            yield place, Outcome(missing.typed, error=missing.reason)
    with closing(
        videos.index_many(places, jobs=jobs, memory_bytes=memory_bytes, engine=engine.value, address=address)
    ) as finished:
        for one in finished:
            yield places[one.path], outcome_of(one)


def retold(videos: VideoQA, outcome: Outcome, level: Level | None, *, summaries: bool) -> Outcome:
    """The outcome after a model wrote captions of a level, summaries, or both.

    Raises:
        ModelError: the model cannot do it, for this video or any other.
    """
    if outcome.error is not None:
        return outcome
    try:
        if level is not None:
            outcome = replace(outcome, captions=captioned(videos.caption(outcome.path, level=level)))
        if summaries:
            outcome = replace(outcome, summaries=summarised(videos.write_summaries(outcome.path)))
    except MediaError as error:
        complain(f"{outcome.path}: {error.reason}")
        return replace(outcome, error=error.reason)
    return outcome


def captioned(made: CaptionReport) -> str:
    notes = [f"{counted(made.num_new, made.level.value)} captioned"]
    notes += [f"{made.num_known} known"] if made.num_known else []
    notes += [f"of {made.num_silent} nothing was said"] if made.num_silent else []
    return ", ".join(notes)


def summarised(made: SummaryReport) -> str:
    notes = [f"{counted(made.num_new, 'summary', 'summaries')} written"]
    notes += [f"{made.num_known} known"] if made.num_known else []
    notes += [f"{made.num_kept} of the built-in kept"] if made.num_kept else []
    return ", ".join(notes)


def outcome_of(one: IndexOutcome) -> Outcome:
    if one.report is not None:
        return Outcome(str(one.path), content_id=one.report.video.content_id, summary=summary(one.report))
    error = cast("Exception", one.error)  # there is one where there is no report
    return Outcome(str(one.path), error=error.reason if isinstance(error, MediaError) else message(error))


def summary(made: IndexReport) -> str:
    """One line about an indexing run: counts of scenes, shots and observations, and what is missing."""
    found = (
        counted(made.num_scenes, "scene"),
        counted(made.num_shots, "shot"),
        counted(made.num_observations, "observation"),
    )
    notes = [", ".join(found)]
    if made.num_sights:
        notes.append(f"{counted(made.num_sights, 'picture')} seen")
    if made.reused:
        notes.append("already known")
    if made.damage:
        notes.append(f"{counted(len(made.damage), 'stretch', 'stretches')} could not be decoded")
    if made.holes:
        notes.append(f"{counted(len(made.holes), 'hole')} in which nothing was recorded")
    if made.read_in_full:
        notes.append(f"read in full: {made.read_in_full}")
    return "; ".join([*notes, *map(in_short, made.missing)])


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
    if failed:
        complain(f"{len(outcomes) - failed} of {len(outcomes)} read, {failed} failed")
    return ExitCode.of_batch(failed, len(outcomes))
