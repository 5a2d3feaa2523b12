"""``videoqa summarize``: whole folders of videos as one document."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from video_vlm.cli.batch_progress import BatchProgress
from video_vlm.cli.exit_codes import ExitCode
from video_vlm.cli.failures import complain
from video_vlm.cli.format_by_suffix import form_of, output_file
from video_vlm.cli.index import finish, read_all, report
from video_vlm.cli.outcome import Outcome
from video_vlm.cli.paths import NotFound, videos_in
from video_vlm.cli.progress import Reporter, progress_on
from video_vlm.cli.session import JobsOption, MemoryOption, OverwriteOption, Session, SpeedOption
from video_vlm.cli.terminal import one_line, print_json, write
from video_vlm.errors import SettingsError
from video_vlm.records import clock

if TYPE_CHECKING:
    from video_vlm.index import Estimate
    from video_vlm.library import VideoQA
    from video_vlm.outputs import Outputs

__all__ = ["CatalogueFormat", "OnError", "summarize"]


class CatalogueFormat(StrEnum):
    """How the document is written."""

    HTML = "html"
    MD = "md"
    JSON = "json"
    JSONL = "jsonl"


class OnError(StrEnum):
    """What a file that cannot be read does to the others."""

    SKIP = "skip"
    STOP = "stop"


def summarize(
    session: Session,
    paths: Annotated[
        list[str],
        typer.Argument(metavar="DIRS", help="Folders, video files, or patterns such as 'tapes/*.mkv'."),
    ],
    out: Annotated[
        Path, typer.Option("--out", "-o", parser=output_file, metavar="OUT", help="The document.")
    ],
    form: Annotated[
        CatalogueFormat | None,
        typer.Option(
            "--format", help="How to write it [default: by the ending, or html].", show_default=False
        ),
    ] = None,
    jobs: JobsOption = None,
    memory: MemoryOption = None,
    on_error: Annotated[
        OnError, typer.Option("--on-error", help="Pass over files that cannot be read, or stop at the first.")
    ] = OnError.SKIP,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what it would take: hours, time and disk.")
    ] = False,
    speed: SpeedOption = None,
    overwrite: OverwriteOption = False,
) -> ExitCode:
    """Summarize whole folders of videos in one document.

    Finds the videos, reads those that are not in the library yet, several at a time, and writes a document
    over all of them: for each a small picture, a paragraph, and its chapters. The HTML is one page that holds
    everything and can be searched without a server. A run that was interrupted goes on where it stopped. A
    document that is there is replaced only if it is as it was written before.

    Examples:

    \b
      videoqa summarize ~/Videos -o videos.html
      videoqa summarize ~/Videos -o videos.html --dry-run
      videoqa summarize tapes/ more/ -o videos.jsonl --speed fast --memory 4
    """
    from video_vlm.export import outputs_for

    found = list(videos_in(paths))
    files = [one for one in found if isinstance(one, Path)]
    form = form_of(CatalogueFormat, form, out)
    if form is None and out.suffix:
        raise SettingsError(
            f"{out}: name a format, --format {', '.join(CatalogueFormat)}, or end its name like one"
        )
    form = form or CatalogueFormat.HTML
    memory_bytes = memory and memory * 1e9
    if dry_run:
        with session.open(speed=speed) as videos:
            estimate = videos.plans.estimate(files, jobs=jobs, memory_bytes=memory_bytes)
            return foretell(session, estimate, found)
    with (
        progress_on(quiet=session.quiet) as bars,
        overall(bars, files) as reporter,
        session.open(reporter=reporter, speed=speed) as videos,
    ):
        outputs = outputs_for(videos.library, overwrite=overwrite, inputs=files)
        outputs.try_out(out)
        outcomes = read(
            session, videos, found, reporter, jobs=jobs, memory_bytes=memory_bytes, on_error=on_error
        )
        code = finish(outcomes)
        if code is ExitCode.FAILED or (code is not ExitCode.OK and on_error is OnError.STOP):
            complain(f"{out} is not written")
            return code
        save(videos, outcomes, outputs, out, form)
    if session.json:
        print_json({"out": str(out), "files": [asdict(one) for one in outcomes]})
    else:
        write(one_line(f"{out}: {sum(one.error is None for one in outcomes)} videos"))
    return code


@contextmanager
def overall(bars: Reporter, files: Sequence[Path]) -> Iterator[BatchProgress]:
    """A reporter for all files together; their durations in seconds are read from their headers."""
    from video_vlm.index.batch_estimate import seconds_of

    yield BatchProgress(bars, {path: seconds for path in files if (seconds := seconds_of(path))})


def read(
    session: Session,
    videos: VideoQA,
    found: Sequence[Path | NotFound],
    reporter: Reporter,
    *,
    jobs: int | None,
    memory_bytes: float | None,
    on_error: OnError,
) -> list[Outcome]:
    """Read the files, with a line for each as it is done; return the outcomes in the order of ``found``."""
    outcomes: dict[int, Outcome] = {}
    with closing(read_all(videos, found, jobs=jobs, memory_bytes=memory_bytes)) as known:
        for place, outcome in known:
            outcomes[place] = outcome
            reporter.ended(outcome)
            if outcome.error is not None or not session.json:
                report(outcome)
            if outcome.error is not None and on_error is OnError.STOP:
                break
    return [outcomes[place] for place in sorted(outcomes)]


def save(
    videos: VideoQA, outcomes: Sequence[Outcome], outputs: Outputs, out: Path, form: CatalogueFormat
) -> None:
    """Write the document, with each video once, whole or not at all."""
    from video_vlm.export import write_catalogue

    content_ids = dict.fromkeys(one.content_id for one in outcomes if one.content_id is not None)
    failures = {one.path: one.error for one in outcomes if one.error is not None}
    with outputs.open(out) as file:
        write_catalogue(videos.library, content_ids, file, form=form.value, failures=failures)


def foretell(session: Session, made: Estimate, found: Sequence[Path | NotFound]) -> ExitCode:
    """Print the estimate: hours of video, time, and disk."""
    wrong = {str(one.path): one.error for one in made.files if one.error is not None}
    wrong |= {one.typed: one.reason for one in found if isinstance(one, NotFound)}
    known = sum(one.known for one in made.files)
    for path, reason in wrong.items():
        complain(f"{path}: {reason}")
    if session.json:
        print_json({**asdict(made), "files": [{**asdict(one), "path": str(one.path)} for one in made.files]})
    else:
        took = "unknown" if made.reading_seconds is None else f"about {clock(made.reading_seconds)}"
        took = took if made.unread_seconds else "none"
        hours, unread = made.video_seconds / 3600, made.unread_seconds / 3600
        write(f"{len(made.files)} files, {hours:.2f} hours of video; {known} are known already")
        write(f"to read: {unread:.2f} hours; time: {took};")
        write(f"disk: about {made.disk_bytes / 1e6:.0f} MB more in the library")
    return ExitCode.SOME_FAILED if wrong and made.files else ExitCode.FAILED if wrong else ExitCode.OK
