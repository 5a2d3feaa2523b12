"""``videoqa ask``: one video, one question, an answer with the seconds to prove it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from video_vlm.cli.command import Session, SpeedOption
from video_vlm.cli.terminal import dim, one_line, print_json, write
from video_vlm.cli.trace import show_step, write_trace
from video_vlm.records import Answer, Citation, Claim, Status

__all__ = ["ask"]

ABSTAINED = {
    Status.NOT_SHOWN: "not shown",
    Status.NEEDS_EYES: "needs eyes",
}


def ask(
    session: Session,
    video: Annotated[
        Path, typer.Argument(metavar="VIDEO", help="A video file, or the name or id of one in the library.")
    ],
    question: Annotated[str, typer.Argument(metavar="QUESTION", help="The question, in quotes.")],
    model: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="Who answers: builtin, hf:NAME, openai:NAME@URL, ollama:NAME.", show_default=False
        ),
    ] = None,
    sampler: Annotated[
        str | None, typer.Option(metavar="NAME", help="Who plans which pictures to look at.", show_default=False)
    ] = None,
    frames: Annotated[
        int | None,
        typer.Option(
            min=0, metavar="K", help="Look at K pictures at most; 0: answer from memory alone.", show_default=False
        ),
    ] = None,
    verify: Annotated[
        bool | None,
        typer.Option("--verify", help="Show each claim of a language model to it again, with what it cites alone."),
    ] = None,
    trace: Annotated[bool, typer.Option("--trace", help="Show each step of a language model as it is taken.")] = False,
    trace_file: Annotated[
        Path | None,
        typer.Option("--trace-file", metavar="FILE", help="Write the steps to FILE, as JSON.", show_default=False),
    ] = None,
    evidence: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write pictures and clips of what is cited to DIR.", show_default=False),
    ] = None,
    speed: SpeedOption = None,
) -> None:
    """Ask a question of a video.

    The first question reads the video once and remembers it; later ones are answered from memory. Every claim
    carries the seconds it rests on. Where memory is not sure, a few pictures are decoded and looked at again; --json
    has them all on the receipt. "Not shown" means that what was read does not say it; "needs eyes" that
    it takes seeing which this answerer has not got.

    Examples:

    \b
      videoqa ask film.mp4 "What happens after the keeper falls asleep?"
      videoqa ask lecture.mkv "What does she say about bridges in the last 5 minutes?"
      videoqa ask film.mp4 "When does the storm break?" --json
      videoqa ask film.mp4 "When does the storm break?" --speed fast
      videoqa ask film.mp4 "What is written on the door?" --frames 24 --sampler scan
      videoqa ask film.mp4 "What does the keeper carry?" --model ollama:qwen3-vl --trace --evidence proof/
    """
    with session.open(model=model, sampler=sampler, max_look_frames=frames, verify=verify, speed=speed) as videos:
        answer = videos.ask(video, question, trace=show_step if trace else lambda _: None)
    if trace_file is not None:
        write_trace(answer, trace_file)
    if evidence is not None:
        from video_vlm.cli.evidence import save_evidence

        write(f"{save_evidence(answer, evidence)} files in {evidence}", file=sys.stderr)
    if session.json:
        print_json(json.loads(answer.to_json()))
        return
    for line in as_text(answer):
        write(line)


def as_text(answer: Answer) -> Iterator[str]:
    """The answer, each claim with its citations, and, set back, how it was reached."""
    if lead := lead_of(answer):
        yield lead
    for claim in answer.claims:
        yield from cited(claim)
    if answer.nearest:
        yield ""
        yield "The nearest moments:"
        yield from (f"  {quoted(citation)}" for citation in answer.nearest)
    if answer.advice:
        yield ""
        yield f"To get further: {one_line(answer.advice)}"
    yield ""
    how_sure = ABSTAINED.get(answer.status, f"confidence {answer.confidence:.2f}")
    looked = f"; {answer.receipt.frames_decoded} pictures looked at again" if answer.receipt.frames_decoded else ""
    yield dim(f"{how_sure}; {one_line(str(answer.coverage))}{looked}")


def lead_of(answer: Answer) -> str:
    """What the answer says beyond its claims, which are printed one by one."""
    text = answer.text
    for claim in answer.claims:
        text = text.replace(claim.text, "", 1)
    return one_line(text)


def cited(claim: Claim) -> Iterator[str]:
    """A claim followed by its times; below it, the video's own words where the claim does not hold them."""
    times = " ".join(dict.fromkeys(map(str, claim.citations)))
    yield f"{one_line(claim.text)} {times}"
    yield from (f"  {quoted(one)}" for one in claim.citations if one.quote and one.quote not in claim.text)


def quoted(citation: Citation) -> str:
    kind = f" {citation.kind.value.replace('_', ' ')}:" if citation.kind else ""
    quote = f" “{one_line(citation.quote)}”" if citation.quote else ""
    return f"{citation}{kind}{quote}"
