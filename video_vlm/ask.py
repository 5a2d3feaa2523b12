"""From a question to its answer: one video's memory, the model that reads it, and a look at frames where that
is not enough."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from video_vlm.agent import FrameLoader, Trace, answer_with_model
from video_vlm.chat import ChatModel
from video_vlm.errors import LibraryError, LibraryReadOnly, MediaError
from video_vlm.install_command import install_command
from video_vlm.media import open_known
from video_vlm.memory import Library, MemoryView, StoredLook
from video_vlm.models import open_detector, open_model
from video_vlm.protocols import Answerer, Detector, Progress, ProgressEvent, VideoMemory, VideoReader, silent
from video_vlm.records import Answer, ObservationKind, Status, Step
from video_vlm.records.observations import SPOKEN
from video_vlm.relook import LookPlan, answer_by_looking, plan_look
from video_vlm.relook.cached_looks import recall, valid_looks
from video_vlm.relook.frame_fetcher import FrameFetcher
from video_vlm.relook.frame_observers import FrameObservers
from video_vlm.relook.memory_signals import frame_times_of
from video_vlm.relook.refinement import is_worth_a_look
from video_vlm.relook.visual_channel import visual_similarity
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
    model: Answerer | ChatModel | None = None,
    trace: Trace = lambda _: None,
    detector: Detector | None = None,
) -> Answer:
    """Answer a question of one indexed video: from memory, and by looking again where that is not sure
    enough.

    Args:
        question: In plain English.
        library: Where the video's memory is.
        content_id: Which video.
        settings: Who answers, how sure it must be, and how much may be looked at; the defaults if None.
        eyes: How pictures are decoded and observed in a look; the defaults if None.
        path: Where the file is now; None if it is gone: then nothing can be looked at.
        progress: Told when answering begins.
        model: Who answers, instead of the one that ``settings`` name.
        trace: Told of each step a language model takes, as it takes it.
        detector: Who finds what a language model looks for, instead of the one that ``settings`` name.

    Raises:
        ModelError: a language model cannot be reached or loaded.
        NotIndexed: the library does not know the video.
        QuestionError: the question is empty.
        UnknownName: no such model or sampler.
    """
    settings = settings or AskSettings()
    began = time.perf_counter()
    model = model or open_model(settings, library)
    memory = library.memory(content_id)
    progress(ProgressEvent("ask", 0.0, None, what=question))
    if isinstance(model, ChatModel):
        answer, taken = _talk(
            question,
            memory,
            model,
            settings,
            decoder=(eyes or IndexSettings()).decoder,
            path=path,
            trace=trace,
            detector=detector or open_detector(settings),
        )
    else:
        case = _Case.of(question, memory, model, settings, eyes or IndexSettings())
        answer, taken = _read_and_look(case, path)
    answer = _kept(answer, library, content_id, taken) if settings.keep_looks else answer
    missing = memory.stored.missing
    where = path or memory.video.path
    answer = _by_senses(answer, memory)
    return replace(
        answer,
        path=str(where),
        coverage=replace(answer.coverage, missing=(*missing, *answer.coverage.missing)),
        receipt=replace(answer.receipt, seconds=round(time.perf_counter() - began, 3)),
        advice=answer.advice or _advice(answer, missing, where, settings),
    )


def _read_and_look(case: _Case, path: Path | None) -> tuple[Answer, Sequence[StoredLook]]:
    """What memory says, or, where that is not sure enough, what a look says; and the looks that were taken.

    Earlier questions add nothing to this but pictures that need not be decoded again. What was seen for them
    answers only where this does not: so no answer depends on what was asked before, unless there were none.
    """
    answer, taken = _for_itself(case, path)
    if answer.status is Status.ANSWERED or not case.kept:
        return answer, taken
    return case.from_all(answer), taken


def _for_itself(case: _Case, path: Path | None) -> tuple[Answer, Sequence[StoredLook]]:
    """As if nothing had been asked before."""
    answer = case.from_memory()
    if not is_worth_a_look(answer) or case.settings.max_look_frames < 1:
        return answer, ()
    if path is None:
        why = "none: the file is not where it was, so this is from memory alone"
        return _noted(answer, Step("look", why)), ()
    settings = case.settings
    frames = max(1, settings.max_look_frames // _COARSE_SHARE)
    try:
        planned = _planned(case.question, case.memory.as_read(), settings, path=path, frames=frames)
        with open_known(path, case.memory.video.content_id, decoder=case.index.decoder) as reader:
            looker = case.looker(reader)
            found = answer_by_looking(
                case.question, answer, case.read, case.model, looker=looker, plan=planned
            )
            return found, looker.taken
    except MediaError as error:
        logger.warning("answered from memory alone: %s", error)
        return _noted(answer, Step("look", f"none: {error}")), ()


def _talk(
    question: str,
    memory: MemoryView,
    model: ChatModel,
    settings: AskSettings,
    *,
    decoder: str,
    path: Path | None,
    trace: Trace,
    detector: Detector | None,
) -> tuple[Answer, Sequence[StoredLook]]:
    """What a language model says, who may look where the file is there; and the looks that were taken."""
    captions = tuple(look for look in memory.looks() if look.is_caption)
    known = recall(memory, captions)
    talk = partial(
        answer_with_model, question, known, model, settings=settings, trace=trace, detector=detector
    )
    if path is None or settings.max_look_frames < 1 or not model.max_images:
        talked = talk()
        return talked.answer, talked.taken
    planned = _planned(question, memory, settings, path=path, frames=max(1, settings.max_look_frames // 2))
    times = frame_times_of(memory)
    try:
        with open_known(path, memory.video.content_id, decoder=decoder) as reader:
            pictures = FrameLoader(
                reader,
                span=planned.span,
                frame_budget=settings.max_look_frames,
                step_seconds=times.step_seconds,
            )
            talked = talk(plan=planned, frames=pictures, step_seconds=times.step_seconds)
    except MediaError as error:
        logger.warning("answered from memory alone: %s", error)
        talked = talk()
        return _noted(talked.answer, Step("look", f"none: {error}")), talked.taken
    return talked.answer, talked.taken


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
    """Which pictures a question is worth looking at. Nothing is decoded; a tower that has seen the video
    reads the question, no other model is called.

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
        lambda seconds: budget_for(
            seconds, tokens_per_frame=settings.tokens_per_frame, frames=frames, tokens=tokens
        ),
        sampler=settings.sampler,
        path=path,
        poster=memory.poster,
        sight=visual_similarity(memory),
    )


@dataclass(frozen=True)
class _Case:
    """What one question is answered from: the memory, ``kept`` looks of earlier questions that still hold,
    and who answers and looks."""

    question: str
    memory: MemoryView
    model: Answerer
    settings: AskSettings
    index: IndexSettings
    eyes: FrameObservers
    kept: tuple[StoredLook, ...]

    @classmethod
    def of(
        cls, question: str, memory: MemoryView, model: Answerer, settings: AskSettings, index: IndexSettings
    ) -> _Case:
        eyes = FrameObservers(index)
        return cls(question, memory, model, settings, index, eyes, valid_looks(memory.looks(), eyes))

    @property
    def read(self) -> VideoMemory:
        """What the pass read, and captions, which somebody asked for."""
        return recall(self.memory.as_read(), [look for look in self.kept if look.is_caption])

    def from_memory(self) -> Answer:
        """The answer from what was read."""
        answer = self.model.answer(self.question, self.read)
        if num_captions := sum(look.is_caption for look in self.kept):
            answer = _noted(answer, Step("recall", f"{num_captions} captions"))
        return answer

    def from_all(self, answer: Answer) -> Answer:
        """The answer from what was seen for other questions, too, where it is one; else the one that is given."""
        looks = [look for look in self.kept if not look.is_caption]
        if not any(one.kind is ObservationKind.SCREEN_TEXT for look in looks for one in look.observations):
            return answer
        pictures = {picture.start for look in looks for picture in look.frames}
        recalled = self.model.answer(self.question, recall(self.memory, self.kept))
        if recalled.status is Status.ANSWERED:
            steps = (*answer.receipt.steps, *recalled.receipt.steps)
            receipt = replace(recalled.receipt, steps=steps, frames_decoded=answer.receipt.frames_decoded)
            answer = replace(recalled, receipt=receipt)
        known = f"{len(pictures)} pictures looked at for earlier questions are known"
        return _noted(answer, Step("recall", known))

    def looker(self, reader: VideoReader) -> FrameFetcher:
        return FrameFetcher(
            reader,
            self.eyes,
            frame_budget=self.settings.max_look_frames,
            step_seconds=frame_times_of(self.memory).step_seconds,
            question=self.question,
            known=self.kept,
        )


def _planned(
    question: str, memory: MemoryView, settings: AskSettings, *, path: Path, frames: int
) -> LookPlan:
    """The pictures to look at first, so many at most."""
    seconds = memory.video.duration_seconds or 0.0
    budget = budget_for(seconds, tokens_per_frame=settings.tokens_per_frame, frames=frames)
    return plan_look(
        question,
        memory,
        lambda _: budget,
        sampler=settings.sampler,
        path=path,
        poster=memory.poster,
        sight=visual_similarity(memory),
    )


def _kept(answer: Answer, library: Library, content_id: str, taken: Sequence[StoredLook]) -> Answer:
    """The answer, once its looks are in the library; the receipt says where they could not be kept."""
    if not taken:
        return answer
    try:
        library.looks.keep(content_id, taken)
    except LibraryReadOnly:
        return _noted(answer, Step("keep", "none of the looks: the library is open read-only"))
    except LibraryError as error:
        logger.warning("what was looked at is not kept: %s", error)
        return _noted(answer, Step("keep", f"none of the looks: {error}"))
    return answer


def _noted(answer: Answer, step: Step) -> Answer:
    return replace(answer, receipt=replace(answer.receipt, steps=(*answer.receipt.steps, step)))


def _by_senses(answer: Answer, memory: MemoryView) -> Answer:
    """Where words were looked for and nobody has listened to what is said: that, not that it is not shown. And no
    eyes help where there is nothing to see. An answerer that said what else to ask is not corrected."""
    if answer.advice is not None:
        return answer
    if answer.status is Status.NEEDS_EYES and not memory.video.has_pictures:
        text = "Not shown: it holds only sound, and nothing that is said in it answers this."
        return replace(answer, status=Status.NOT_SHOWN, text=text)
    has_sound = any(one.kind == "audio" for one in memory.video.streams)
    is_heard = "speech" in memory.channels or memory.observations(kinds=SPOKEN)
    if answer.status is not Status.NOT_SHOWN or not has_sound or is_heard:
        return answer
    text = "I cannot tell: what is said in it was not listened to, and nothing that was read answers this."
    return replace(answer, status=Status.NEEDS_EARS, text=text)


def _how_to_hear(missing: tuple[str, ...], path: Path) -> str:
    """The one command that adds what is said to a memory."""
    why = next((one for one in missing if one.startswith("speech: ")), "")
    if "pip install" in why:
        return f"{why[why.index('pip install') :]}, then videoqa index {path}"
    return f"videoqa ask {path} ... --set index.speech=auto"


def _advice(answer: Answer, missing: tuple[str, ...], path: Path, settings: AskSettings) -> str | None:
    """The one thing to type that would get further, where there is one."""
    if answer.status is Status.ANSWERED:
        return None
    if answer.status is Status.NEEDS_EARS:
        return _how_to_hear(missing, path)
    for part in missing:
        if "pip install" in part:
            return part[part.index("pip install") :]
    if answer.status is Status.NEEDS_EYES:
        return _who_sees(path, settings)
    return None


def _who_sees(path: Path, settings: AskSettings) -> str:
    """How to ask a model with eyes: the one that this machine can run, and what is still to be had for it."""
    from video_vlm.models.local.memory_fit import available_memory, best_preset

    server = "or a server's: --model openai:NAME@URL, ollama:NAME"
    fit = best_preset(settings, available_memory())
    if fit is None:
        return f"videoqa ask {path} ... --model openai:NAME@URL, or ollama:NAME (one that sees)"
    parts = [] if find_spec("transformers") else [install_command("models")]
    if fit.folder is None:
        parts.append(f"videoqa models pull {fit.name}")
    parts.append(f"videoqa ask {path} ... --model hf:{fit.name}")
    return f"{'; then '.join(parts)} ({server})"
