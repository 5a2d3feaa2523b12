"""From a question to its answer: the memory of one video, the model that reads it, and what may be missing."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from video_vlm.memory import Library
from video_vlm.models import MODELS
from video_vlm.protocols import Progress, ProgressEvent, silent
from video_vlm.records import Answer, Status
from video_vlm.settings import AskSettings

__all__ = ["ask"]


def ask(
    question: str,
    library: Library,
    content_id: str,
    *,
    settings: AskSettings | None = None,
    path: Path | None = None,
    progress: Progress = silent,
) -> Answer:
    """Answer a question of one indexed video.

    Args:
        question: In plain English.
        library: Where the video's memory is.
        content_id: Which video.
        settings: Who answers, and how sure it must be; the defaults if None.
        path: Where the file is now, for the answer to name; None if it is gone.
        progress: Told when answering begins.

    Raises:
        NotIndexed: the library does not know the video.
        QuestionError: the question is empty.
        UnknownName: no such model.
    """
    settings = settings or AskSettings()
    began = time.perf_counter()
    model = MODELS[settings.model](settings)
    memory = library.memory(content_id)
    progress(ProgressEvent("ask", 0.0, None, what=question))
    answer = model.answer(question, memory)
    missing = memory.stored.missing
    where = path or memory.video.path
    return replace(
        answer,
        path=str(where),
        coverage=replace(answer.coverage, missing=(*missing, *answer.coverage.missing)),
        receipt=replace(answer.receipt, seconds=round(time.perf_counter() - began, 3)),
        advice=answer.advice or _advice(answer, missing, where),
    )


def _advice(answer: Answer, missing: tuple[str, ...], path: Path) -> str | None:
    """The one thing to type that would get further, where there is one."""
    if answer.status is Status.ANSWERED:
        return None
    for part in missing:
        if "pip install" in part:
            return part[part.index("pip install") :]
    if answer.status is Status.NEEDS_EYES:
        return f"videoqa ask {path} ... --model NAME (one that sees; videoqa doctor lists what is installed)"
    return None
