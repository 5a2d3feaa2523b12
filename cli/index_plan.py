"""``videoqa index --plan``: what would be made again, stage by stage, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from video_vlm.cli.exit_codes import ExitCode
from video_vlm.cli.failures import complain
from video_vlm.cli.paths import NotFound, videos_in
from video_vlm.cli.session import Session, Speed
from video_vlm.cli.terminal import one_line, print_json, table, write
from video_vlm.errors import MediaError

if TYPE_CHECKING:
    from video_vlm.index import IndexPlan

__all__ = ["show_plans"]


def show_plans(session: Session, paths: Sequence[str], *, speed: Speed | None) -> ExitCode:
    """Print the plan of every file, and an error for each name that is no readable file."""
    plans, failures = [], {}
    with session.open(speed=speed) as videos:
        for found in videos_in(paths):
            if isinstance(found, NotFound):
                failures[found.typed] = found.reason
                continue
            try:
                plans.append(videos.plans.index(found))
            except MediaError as error:
                failures[str(found)] = error.reason
    if session.json:
        print_json([{**asdict(plan), "path": str(plan.path), "done": plan.is_done} for plan in plans])
    else:
        for plan in plans:
            show(plan)
    for name, reason in failures.items():
        complain(f"{name}: {reason}")
    return ExitCode.of_batch(len(failures), len(plans) + len(failures))


def show(plan: IndexPlan) -> None:
    rows = [
        (one.stage, "kept" if one.is_kept else "redone", f"because: {one.because}") for one in plan.stages
    ]
    write(one_line(f"{plan.path}: {'nothing to do' if plan.is_done else f'decodes {plan.decodes}'}"))
    write(table(rows, header=("stage", "is", "why")))
