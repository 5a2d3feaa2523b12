"""From a conversation to an answer, and to the looks that are stored."""

from __future__ import annotations

from dataclasses import dataclass

from video_vlm.agent.claim_check import check_claims
from video_vlm.agent.loop import AgentLoop, AgentSettings, LoopOutcome, Trace
from video_vlm.agent.prompt import RULES
from video_vlm.agent.shown_evidence import ShownEvidence
from video_vlm.agent.shown_frames import FrameLoader
from video_vlm.agent.token_count import CountingModel
from video_vlm.chat import ChatModel
from video_vlm.errors import QuestionError
from video_vlm.memory import StoredLook
from video_vlm.memory.coverage import coverage_of
from video_vlm.protocols import Detector, VideoMemory
from video_vlm.records import Answer, Observation, ObservationKind, Receipt, Status
from video_vlm.relook.look_plan import LookPlan
from video_vlm.settings import AskSettings, digest

__all__ = ["ModelReply", "answer_with_model"]

_MAX_SIDE = 768
_NOTE_CONFIDENCE = 0.6


@dataclass(frozen=True, slots=True)
class ModelReply:
    """An answer, and the looks at frames that were taken for it."""

    answer: Answer
    taken: tuple[StoredLook, ...]


def answer_with_model(
    question: str,
    memory: VideoMemory,
    model: ChatModel,
    *,
    settings: AskSettings,
    plan: LookPlan | None = None,
    frames: FrameLoader | None = None,
    step_seconds: float = 0.04,
    trace: Trace = lambda _: None,
    detector: Detector | None = None,
) -> ModelReply:
    """Let a model answer from the memory and from pictures it asks for.

    Args:
        question: In plain English.
        memory: What is known of the video.
        model: Who answers.
        settings: How sure it must be, how long it may take, and whether claims are checked.
        plan: The pictures to begin with; none if None.
        pictures: Where they come from; None where nothing can be decoded.
        step_seconds: How long a picture is on display.
        trace: Told of every step.
        detector: Finds what a phrase names in a frame, with its box; None for no detector.

    Raises:
        ModelError: the model cannot be reached, or has no room for the question.
        QuestionError: the question is empty.
    """
    if not question.strip():
        raise QuestionError(
            'the question is empty: ask something, e.g. "what happens after the lamp goes out?"'
        )
    ledger, counted = ShownEvidence(step_seconds), CountingModel(model)
    eyes = frames if model.max_images else None
    limits = AgentSettings(settings.max_rounds, settings.answer_tokens)
    talk = AgentLoop(counted, memory, eyes, ledger, limits, trace, detector)
    outcome = talk.about(question, () if plan is None else plan.samples)
    claims, checks = check_claims(outcome.claims, counted, eyes) if settings.verify else (outcome.claims, ())
    for step in checks:
        trace(step)
    steps = (*outcome.steps, *checks)
    is_answer = bool(claims) and outcome.confidence >= settings.min_confidence
    answer = Answer(
        question=question,
        text=" ".join(claim.text for claim in claims) if is_answer else _abstention(outcome),
        status=Status.ANSWERED if is_answer else Status.NOT_SHOWN,
        confidence=round(outcome.confidence, 2) if is_answer else 0.0,
        claims=claims if is_answer else (),
        coverage=coverage_of(
            memory, missing=() if model.max_images else ("no eyes: the model reads words only",)
        ),
        receipt=Receipt(
            model.name,
            steps,
            frames_decoded=0 if eyes is None else eyes.num_frames,
            tokens_read=counted.tokens_read,
        ),
        nearest=tuple(citation for claim in outcome.claims for citation in claim.citations)[:3]
        if not is_answer
        else (),
        content_id=memory.video.content_id,
        path=str(memory.video.path),
    )
    return ModelReply(answer, _kept(question, model, ledger, outcome))


def _abstention(outcome: LoopOutcome) -> str:
    if outcome.claims:
        return "Not shown: what was found does not bear out an answer."
    return "Not shown: nothing that was looked at answers this."


def _kept(
    question: str, model: ChatModel, ledger: ShownEvidence, outcome: LoopOutcome
) -> tuple[StoredLook, ...]:
    """What the model noted of pictures: captions by that model, for the next question to find."""
    if not outcome.seen or not ledger.frames:
        return ()
    captions = tuple(
        Observation(span, ObservationKind.CAPTION, note.text, source=model.name, confidence=_NOTE_CONFIDENCE)
        for note in outcome.seen
        for span in note.spans
    )
    frames = tuple(sorted(set(ledger.frames)))
    reason = "pictures a model was shown"
    look = StoredLook(model.name, digest([model.name, RULES]), question, reason, _MAX_SIDE, frames, captions)
    return (look,)
