"""From a question to its answer: one video's memory, the model that reads it, and a look where that is not enough."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from pathlib import Path

from video_vlm.errors import MediaError
from video_vlm.looking import LookPlan, answer_by_looking, plan_look
from video_vlm.looking.eyes import Eyes
from video_vlm.looking.looker import Looker
from video_vlm.looking.rounds import is_worth_a_look
from video_vlm.looking.sight import sight_of
from video_vlm.looking.signals import pictures_of
from video_vlm.media import open_video
from video_vlm.memory import Library, MemoryView
from video_vlm.models import MODELS
from video_vlm.protocols import Answerer, Progress, ProgressEvent, silent
from video_vlm.records import Answer, Status, Step
from video_vlm.samplers.budgets import budget_for
from video_vlm.settings import AskSettings, IndexSettings

__all__ = ["ask", "plan"]

logger = logging.getLogger(__name__)

_COARSE_SHARE = 3
"""The planned look gets one picture in three; the close looks get the rest."""


def ask(
    question: str,
    library: Library,
    content_id: str,
    *,
    settings: AskSettings | None = None,
    eyes: IndexSettings | None = None,
    path: Path | None = None,
    progress: Progress = silent,
) -> Answer:
    """Answer a question of one indexed video: from memory, and by looking again where that is not sure enough.

    Args:
        question: In plain English.
        library: Where the video's memory is.
        content_id: Which video.
        settings: Who answers, how sure it must be, and how much may be looked at; the defaults if None.
        eyes: How pictures are decoded and observed in a look; the defaults if None.
        path: Where the file is now; None if it is gone: then nothing can be looked at.
        progress: Told when answering begins.

    Raises:
        NotIndexed: the library does not know the video.
        QuestionError: the question is empty.
        UnknownName: no such model or sampler.
    """
    settings = settings or AskSettings()
    began = time.perf_counter()
    model = MODELS[settings.model](settings)
    memory = library.memory(content_id)
    progress(ProgressEvent("ask", 0.0, None, what=question))
    answer = model.answer(question, memory)
    if is_worth_a_look(answer) and settings.max_look_frames > 0:
        answer = _look_again(question, answer, memory, model, settings, eyes or IndexSettings(), path)
    missing = memory.stored.missing
    where = path or memory.video.path
    return replace(
        answer,
        path=str(where),
        coverage=replace(answer.coverage, missing=(*missing, *answer.coverage.missing)),
        receipt=replace(answer.receipt, seconds=round(time.perf_counter() - began, 3)),
        advice=answer.advice or _advice(answer, missing, where),
    )


def plan(
    question: str,
    library: Library,
    content_id: str,
    *,
    settings: AskSettings | None = None,
    frames: int | None = None,
    tokens: int | None = None,
    path: Path | None = None,
) -> LookPlan:
    """Which pictures a question is worth looking at. Nothing is decoded; a tower that has seen the video reads the
    question, no other model is called.

    Args:
        question: In plain English; empty for the video as such.
        library: Where the video's memory is.
        content_id: Which video.
        settings: Which sampler, and what a picture costs; the defaults if None.
        frames: How many pictures; by the length of the video if None.
        tokens: How many visual tokens instead, or the least of both.
        path: Where the file is now, if it is there: packets are read, for the times of pictures.

    Raises:
        MediaError: there is a file, and it cannot be read.
        NotIndexed: the library does not know the video.
        UnknownName: no such sampler.
        ValueError: the budget buys no picture.
    """
    settings = settings or AskSettings()
    memory = library.memory(content_id)
    return plan_look(
        question,
        memory,
        lambda seconds: budget_for(seconds, tokens_per_frame=settings.tokens_per_frame, frames=frames, tokens=tokens),
        sampler=settings.sampler,
        path=path,
        poster=memory.poster,
        sight=sight_of(memory),
    )


def _look_again(
    question: str,
    answer: Answer,
    memory: MemoryView,
    model: Answerer,
    settings: AskSettings,
    index: IndexSettings,
    path: Path | None,
) -> Answer:
    """The answer with looks on its receipt, or why there were none."""
    if path is None:
        return _noted(answer, Step("look", "none: the file is not where it was, so this is from memory alone"))
    budget = settings.max_look_frames
    coarse = budget_for(
        memory.video.duration_seconds or 0.0,
        tokens_per_frame=settings.tokens_per_frame,
        frames=max(1, budget // _COARSE_SHARE),
    )
    try:
        planned = plan_look(
            question,
            memory,
            lambda _: coarse,
            sampler=settings.sampler,
            path=path,
            poster=memory.poster,
            sight=sight_of(memory),
        )
        with open_video(path, decoder=index.decoder) as reader:
            step = pictures_of(memory).step_seconds
            looker = Looker(reader, Eyes(index), frame_budget=budget, step_seconds=step)
            return answer_by_looking(question, answer, memory, model, looker=looker, plan=planned)
    except MediaError as error:
        logger.warning("answered from memory alone: %s", error)
        return _noted(answer, Step("look", f"none: {error}"))


def _noted(answer: Answer, step: Step) -> Answer:
    return replace(answer, receipt=replace(answer.receipt, steps=(*answer.receipt.steps, step)))


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
