"""Looks in two stages: the planned frames over the video, then close looks while the answer is unsure.

Where memory already has an unsure answer it also has a place: indexing was the coarse look then, and every
picture goes to close ones. A look can only add: its answer is taken where it is at least as sure as the one
from memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from video_vlm.protocols import Answerer, VideoMemory
from video_vlm.records import Answer, Span, Status
from video_vlm.relook.frame_fetcher import FrameFetcher
from video_vlm.relook.look_plan import LookPlan
from video_vlm.relook.overlay import Overlay

__all__ = ["SURE", "answer_by_looking", "is_worth_a_look"]

SURE = 0.6
"""Below this confidence an answer is looked into."""

_MOST_ROUNDS = 5
_PLACES = 3
_BEFORE_SECONDS, _BEHIND_SECONDS = 3.0, 1.0
"""What is cited may have begun up to a representative frame earlier than it was seen."""


def is_worth_a_look(answer: Answer) -> bool:
    """Whether looking at frames may help. A question that takes seeing objects does not get better by reading
    more frames."""
    if answer.status is Status.ANSWERED:
        return answer.confidence < SURE
    return answer.status is Status.NOT_SHOWN


def answer_by_looking(
    question: str,
    answer: Answer,
    memory: VideoMemory,
    model: Answerer,
    *,
    looker: FrameFetcher,
    plan: LookPlan,
) -> Answer:
    """Answer again with what is seen in the planned pictures, then in close looks at the likeliest places.

    Args:
        question: What is asked.
        answer: What memory alone says.
        memory: The memory.
        model: Who answers.
        looker: How pictures are got, and how many may be.
        plan: The coarse look.

    Returns:
        The surest answer, with every look on its receipt.
    """
    best = answer
    if answer.status is not Status.ANSWERED:
        looker.look_at(plan.samples, reason=f"coarse look, {plan.summary}")
        best = _better(answer, _ask_again(question, memory, model, looker))
    for turn in range(_MOST_ROUNDS):
        place = next(_places(best, plan, looker), None)
        if not is_worth_a_look(best) or looker.num_left == 0 or place is None:
            break
        is_found = best.status is Status.ANSWERED
        why = f"confidence {best.confidence:.2f}" if is_found else "nothing answers yet"
        looker(place, num_frames=looker.num_left, reason=f"round {turn + 1}, close look: {why}")
        best = _better(best, _ask_again(question, memory, model, looker))
    told = (*answer.receipt.steps, *looker.steps)
    again = (step for step in best.receipt.steps if step.action == "find" and step not in told)
    receipt = replace(best.receipt, steps=(*told, *again), frames_decoded=looker.num_frames)
    return replace(best, receipt=receipt)


def _ask_again(question: str, memory: VideoMemory, model: Answerer, looker: FrameFetcher) -> Answer:
    return model.answer(question, Overlay(memory, looker.seen, looker.looked), looker)


def _better(old: Answer, new: Answer) -> Answer:
    """The new one, where it answers and is as sure as the old one."""
    return new if new.status is Status.ANSWERED and new.confidence >= old.confidence else old


def _places(answer: Answer, plan: LookPlan, looker: FrameFetcher) -> Iterator[Span]:
    """The three likeliest places: around the beginning of what is cited, then those of the plan; none
    twice."""
    cited = [
        Span(one.span.start - _BEFORE_SECONDS, one.span.start + _BEHIND_SECONDS) for one in answer.citations
    ]
    near = [one.span for one in answer.nearest]
    inside = (span.overlap(plan.span) for span in (*cited, *plan.places, *near)[:_PLACES])
    for span in inside:
        if span is not None and not any(done.contains(span.middle) for done in looker.excluded):
            yield span
