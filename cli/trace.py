"""The steps of an answer: printed on stderr as they are taken, or written to a file at the end."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from video_vlm.cli.terminal import one_line, write
from video_vlm.records import Answer, Step
from video_vlm.redaction import redacted, without_secrets

if TYPE_CHECKING:
    from video_vlm.multi_video import LibraryAnswer
    from video_vlm.outputs import Outputs

__all__ = ["show_step", "write_trace"]


def show_step(step: Step) -> None:
    """Print a step as one line on stderr."""
    span = f" {step.span}" if step.span else ""
    write(f"{step.action}{span}: {one_line(redacted(step.detail))}", file=sys.stderr)


def write_trace(answer: Answer | LibraryAnswer, path: Path, *, outputs: Outputs) -> None:
    """Write the question, the model, the status and every step as JSON.

    Raises:
        OutputError: it cannot be written there.
    """
    receipt = answer.receipt
    data = {
        "question": answer.question,
        "model": receipt.model,
        "status": answer.status,
        "steps": [asdict(step) for step in receipt.steps],
    }
    text = without_secrets(json.dumps(data, ensure_ascii=False, indent=1)) + "\n"
    with outputs.open(path) as file:
        # A lone surrogate becomes its escape in JSON.
        file.write(text.encode("utf-8", "backslashreplace"))
