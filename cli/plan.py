"""``videoqa plan``: which pictures a question is worth looking at, and why, before anything is decoded for
it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from video_vlm.cli.contact_sheet import check_ending
from video_vlm.cli.exit_codes import ExitCode
from video_vlm.cli.failures import beside
from video_vlm.cli.format_by_suffix import output_file
from video_vlm.cli.session import OverwriteOption, Session
from video_vlm.cli.terminal import print_json, table, write
from video_vlm.errors import SettingsError
from video_vlm.records import clock

if TYPE_CHECKING:
    from video_vlm.memory import MemoryView
    from video_vlm.outputs import Outputs
    from video_vlm.relook import LookPlan

__all__ = ["plan"]


def plan(
    session: Session,
    video: Annotated[
        str, typer.Argument(metavar="VIDEO", help="A video file, or the name or id of one in the library.")
    ],
    question: Annotated[str, typer.Argument(metavar="QUESTION", help="The question, in quotes.")],
    frames: Annotated[
        int | None, typer.Option(min=1, metavar="K", help="Plan K pictures.", show_default=False)
    ] = None,
    tokens: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="N", help="Plan as many pictures as N visual tokens buy.", show_default=False
        ),
    ] = None,
    sampler: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Who plans [default: by the question].", show_default=False),
    ] = None,
    picture: Annotated[
        Path | None,
        typer.Option(
            parser=output_file,
            metavar="OUT.jpg",
            help="Also draw the plan over the shots of the video.",
            show_default=False,
        ),
    ] = None,
    overwrite: OverwriteOption = False,
) -> ExitCode:
    """Show which pictures a question is worth, and why.

    The video is read first if the library does not know it. No model is called and nothing is decoded for the
    plan. Without --frames and --tokens the length of the video decides how many pictures there are.

    Examples:

    \b
      videoqa plan film.mp4 "What happens after the keeper falls asleep?"
      videoqa plan lecture.mkv "How often is the budget mentioned?" --tokens 8000
      videoqa plan film.mp4 "Who opens the door?" --frames 16 --sampler scene --picture plan.jpg
    """
    from video_vlm.export import outputs_for

    if picture:
        check_ending(picture)
    with session.open(sampler=sampler) as videos:
        outputs = outputs_for(videos.library, overwrite=overwrite, inputs=[Path(video)])
        if picture:
            outputs.check(picture)
        try:
            planned = videos.plans.look(video, question, frames=frames, tokens=tokens)
        except ValueError as error:
            raise SettingsError(f"--frames and --tokens: {error}") from error
        works = [lambda: draw(planned, videos.memory(video), picture, outputs)] if picture else []
        return beside(lambda: print_json(as_json(planned)) if session.json else as_table(planned), *works)


def draw(planned: LookPlan, memory: MemoryView, picture: Path, outputs: Outputs) -> None:
    from video_vlm.cli.timeline import save_timeline

    save_timeline(planned, memory, picture, outputs=outputs)


def as_table(planned: LookPlan) -> None:
    budget = planned.budget
    rows = [
        (str(number), clock(one.pts_seconds), f"{one.pts_seconds:.3f}", f"{one.score:.2f}", one.reason)
        for number, one in enumerate(planned.samples, 1)
    ]
    write(table(rows, header=("picture", "time", "seconds", "score", "why")))
    write()
    write(
        f"{planned.sampler}; {planned.move}; {len(rows)} of {budget.frames} pictures ({budget.why}), "
        f"{len(rows) * budget.tokens_per_frame} visual tokens at {budget.tokens_per_frame} a picture"
    )


def as_json(planned: LookPlan) -> dict[str, Any]:
    return {
        "sampler": planned.sampler,
        "move": planned.move,
        "budget": {**asdict(planned.budget), "tokens": planned.budget.tokens},
        "span": asdict(planned.span),
        "shots": len(planned.shots),
        "samples": [asdict(one) for one in planned.samples],
    }
