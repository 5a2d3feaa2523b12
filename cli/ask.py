"""``videoqa ask``: a question of one video or of many, an answer with the seconds to prove it."""

from __future__ import annotations

import glob
import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from video_vlm.address import not_a_file
from video_vlm.cli.exit_codes import ExitCode
from video_vlm.cli.failures import beside, complain
from video_vlm.cli.format_by_suffix import output_file
from video_vlm.cli.index import finish, read_all
from video_vlm.cli.paths import videos_in
from video_vlm.cli.session import OverwriteOption, Session, Speed, SpeedOption
from video_vlm.cli.terminal import dim, one_line, print_json, write
from video_vlm.cli.trace import show_step, write_trace
from video_vlm.errors import SettingsError
from video_vlm.records import Answer, Citation, Claim, Status

if TYPE_CHECKING:
    from video_vlm.library import VideoQA
    from video_vlm.multi_video import LibraryAnswer, VideoCitation
    from video_vlm.outputs import Outputs

__all__ = ["ask"]

ABSTAINED = {
    Status.NOT_SHOWN: "not shown",
    Status.NEEDS_EYES: "needs eyes",
    Status.NEEDS_EARS: "needs ears",
    Status.UNSURE: "unsure",
}


def ask(
    session: Session,
    video: Annotated[
        str,
        typer.Argument(
            metavar="VIDEO|DIR",
            help="A video file, or the name or id of one in the library;"
            " a folder or a pattern for all videos in it.",
        ),
    ],
    question: Annotated[
        str | None, typer.Argument(metavar="QUESTION", help="The question, in quotes.", show_default=False)
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Ask all videos of the library: --all takes the question alone.")
    ] = False,
    model: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Who answers: builtin, hf:NAME, openai:NAME@URL, ollama:NAME.",
            show_default=False,
        ),
    ] = None,
    sampler: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Who plans which pictures to look at.", show_default=False),
    ] = None,
    frames: Annotated[
        int | None,
        typer.Option(
            min=0,
            metavar="K",
            help="Look at K pictures at most; 0: answer from memory alone.",
            show_default=False,
        ),
    ] = None,
    verify: Annotated[
        bool | None,
        typer.Option(
            "--verify", help="Show each claim of a language model to it again, with what it cites alone."
        ),
    ] = None,
    trace: Annotated[
        bool, typer.Option("--trace", help="Show each step of a language model as it is taken.")
    ] = False,
    trace_file: Annotated[
        Path | None,
        typer.Option(
            "--trace-file",
            parser=output_file,
            metavar="FILE",
            help="Write the steps to FILE, as JSON.",
            show_default=False,
        ),
    ] = None,
    evidence: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Write pictures and clips of what is cited to DIR.", show_default=False
        ),
    ] = None,
    speed: SpeedOption = None,
    read_on: Annotated[
        bool,
        typer.Option(
            "--read-on", help="Where the words alone answered: read the pictures, too, after the answer."
        ),
    ] = False,
    overwrite: OverwriteOption = False,
) -> ExitCode:
    """Ask a question of a video, of a folder of them, or of the whole library.

    The first question reads the video once and remembers it; later ones are answered from memory. Of a film of
    two minutes or more the words are read first: where they answer surely, its pictures are not read. Every claim
    carries the seconds it rests on. Where memory is not sure, a few pictures are decoded and looked at again;
    --json has them all on the receipt. "Not shown" means that what was read does not say it; "needs eyes"
    that it takes seeing which this answerer has not got.

    Examples:

    \b
      videoqa ask film.mp4 "What happens after the keeper falls asleep?"
      videoqa ask lecture.mkv "What does she say about bridges in the last 5 minutes?"
      videoqa ask film.mp4 "When does the storm break?" --json
      videoqa ask film.mp4 "When does the storm break?" --speed fast
      videoqa ask film.mp4 "Who designed the bridge?" --read-on
      videoqa ask film.mp4 "What is written on the door?" --frames 24 --sampler scan
      videoqa ask film.mp4 "What does the keeper carry?" --model ollama:qwen3-vl --trace --evidence proof/
      videoqa ask ~/Videos "Who was the architect of the bridge?"
      videoqa ask --all "Which film mentions a lighthouse?"
    """
    from video_vlm.export import outputs_for

    target, asked = what_is_asked(video, question, everything=everything)
    told = show_step if trace else lambda _: None
    code = ExitCode.OK
    answer: Answer | LibraryAnswer
    with session.open(
        model=model, sampler=sampler, max_look_frames=frames, verify=verify, speed=speed
    ) as videos:
        inputs = [] if target is None else [Path(target)]
        outputs = outputs_for(videos.library, overwrite=overwrite, inputs=inputs)
        if trace_file is not None:
            outputs.check(trace_file)
        if target is None:
            answer = videos.ask_library(asked, trace=told)
        elif is_many(target):
            known, code = read_ahead(videos, target)
            if code is ExitCode.FAILED:
                return code
            answer = videos.ask_library(asked, known, trace=told)
        else:
            answer = videos.ask(target, asked, trace=told)
    works: list[Callable[[], None]] = []
    if trace_file is not None:
        works.append(lambda: write_trace(answer, trace_file, outputs=outputs))
    if evidence is not None:
        works.append(lambda: prove(answer, evidence, outputs))
    if read_on and isinstance(answer, Answer) and os.path.isfile(answer.path):  # noqa: PTH113 - as `is_many`
        works.append(lambda: read_pictures(session, answer.path, speed))
    return beside(lambda: show(answer, as_json=session.json), *works) or code


def read_pictures(session: Session, path: str, speed: Speed | None) -> None:
    with session.open(speed=speed) as videos:
        videos.index(path)


def show(answer: Answer | LibraryAnswer, *, as_json: bool) -> None:
    if as_json:
        print_json(json.loads(answer.to_json()))
        return
    for line in as_text(answer) if isinstance(answer, Answer) else many_as_text(answer):
        write(line)


def prove(answer: Answer | LibraryAnswer, folder: Path, outputs: Outputs) -> None:
    from video_vlm.cli.evidence_files import save_evidence

    write(one_line(f"{save_evidence(answer, folder, outputs=outputs)} files in {folder}"), file=sys.stderr)


def what_is_asked(video: str, question: str | None, *, everything: bool) -> tuple[str | None, str]:
    """The video, folder or pattern (None for the whole library), and the question.

    Raises:
        SettingsError: ``--all`` and a video are both given, or neither.
    """
    if everything and question is not None:
        raise SettingsError(
            f'--all asks the whole library: leave out {video}, or --all (videoqa ask --all "...")'
        )
    if everything:
        return None, video
    if question is None:
        raise SettingsError(
            'ask takes a video and a question: videoqa ask film.mp4 "..." (or --all and a question)'
        )
    return video, question


def is_many(target: str) -> bool:
    """Whether ``target`` is a folder or a pattern."""
    path = os.path.expanduser(target)  # noqa: PTH111 - Path's raise for ~nobody, and where nobody may look
    if os.path.lexists(path):
        return os.path.isdir(path)  # noqa: PTH112
    return glob.has_magic(target) and not_a_file(target) is None


def read_ahead(videos: VideoQA, target: str) -> tuple[list[str], ExitCode]:
    """Read the videos in a folder or pattern that the library does not know; return the content ids of all.
    A file that cannot be read is reported and left out."""
    outcomes = [outcome for _, outcome in read_all(videos, list(videos_in([target])), jobs=None)]
    for one in outcomes:
        if one.error is not None:
            complain(f"{one.path}: {one.error}")
    return [one.content_id for one in outcomes if one.content_id is not None], finish(outcomes)


def many_as_text(answer: LibraryAnswer) -> Iterator[str]:
    """Lines for an answer from many videos: each claim is followed by its videos and times."""
    if not answer.claims:
        yield one_line(answer.text)
    for claim in answer.claims:
        yield f"{one_line(claim.text)} {one_line(' '.join(dict.fromkeys(map(str, claim.citations))))}"
    yield from nearest_moments(answer)
    yield ""
    yield dim(f"{how_sure(answer)}; {one_line(str(answer.coverage))}")


def as_text(answer: Answer) -> Iterator[str]:
    """Lines for an answer from one video: each claim with its citations; below, dimmed, how it was found."""
    rest = answer.text
    for claim in answer.claims:
        rest = rest.replace(claim.text, "", 1)
    if lead := one_line(rest):
        yield lead
    for claim in answer.claims:
        yield from cited(claim)
    yield from nearest_moments(answer)
    if answer.advice:
        yield ""
        yield f"To get further: {one_line(answer.advice)}"
    yield ""
    decoded = answer.receipt.frames_decoded
    looked = f"; {decoded} pictures looked at again" if decoded else ""
    yield dim(f"{how_sure(answer)}; {one_line(str(answer.coverage))}{looked}")


def nearest_moments(answer: Answer | LibraryAnswer) -> Iterator[str]:
    if answer.nearest:
        yield ""
        yield "The nearest moments:"
        yield from (f"  {quoted(citation)}" for citation in answer.nearest)


def how_sure(answer: Answer | LibraryAnswer) -> str:
    return ABSTAINED.get(answer.status, f"confidence {answer.confidence:.2f}")


def cited(claim: Claim) -> Iterator[str]:
    """A claim with its times; below it, quotes from the video that are not part of the claim."""
    times = " ".join(dict.fromkeys(map(str, claim.citations)))
    yield f"{one_line(claim.text)} {times}"
    yield from (f"  {quoted(one)}" for one in claim.citations if one.quote and one.quote not in claim.text)


def quoted(citation: Citation | VideoCitation) -> str:
    kind = f" {citation.kind.value.replace('_', ' ')}:" if citation.kind else ""
    quote = f" “{one_line(citation.quote)}”" if citation.quote else ""
    return f"{one_line(str(citation))}{kind}{quote}"
