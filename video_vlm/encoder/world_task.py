"""Training to answer the scripted world's questions, and the score of a model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from video_vlm.encoder.checkpoint import describe
from video_vlm.encoder.narration_head import NarrationHead
from video_vlm.encoder.question_head import KINDS, as_numbers
from video_vlm.encoder.world_batches import HELD_OUT, WorldBatch, WorldBatches, frames_of, with_reverses
from video_vlm.encoder.world_model import WorldModel, frames_of_tokens
from video_vlm.world import Clip, Question, WorldSettings, ask_all

__all__ = ["Score", "WorldTask", "held_out", "score"]

NARRATE_WEIGHT = 0.2


class WorldTask:
    """Trains on clips and their reverses: answers to questions, and for each patch who moves which way."""

    def __init__(self, world: WorldModel) -> None:
        self.world = world
        self.narrator = NarrationHead(world.settings.width)
        self.model = nn.ModuleDict({"world": world, "narrator": self.narrator})

    @property
    def recipe(self) -> str:
        return describe({"task": "world", **asdict(self.world.settings)})

    def batches(self, *, batch_size: int) -> WorldBatches:
        return WorldBatches(self.world.settings.world, self.world.grid, batch_size)

    def loss(self, batch: WorldBatch) -> Tensor:
        there = batch.to(self.world.device)
        encoding = self.world.encode(frames_of_tokens(there.frames), there.seconds)
        logits = self.world.answer(encoding, there.asked)
        answered = cross_entropy(logits.flatten(0, 1), there.asked.answer.flatten())
        return answered + NARRATE_WEIGHT * self.narrator.loss(encoding.tokens, there.facts)


def held_out(num_clips: int, settings: WorldSettings) -> Iterator[list[Clip]]:
    """Clips that were not trained on, in batches of at most 64 clips and as many reverses."""
    for start in range(0, num_clips, 64):
        seeds = range(HELD_OUT + start, HELD_OUT + min(start + 64, num_clips))
        yield with_reverses(seeds, settings)


@dataclass(frozen=True, slots=True)
class Score:
    """How many questions were answered right, as shares.

    ``order`` is over all questions about the order of events, ``chance`` what guessing from frames in no
    order gets of these. ``order_twins`` is over questions about order whose answer differs between a clip and
    its reverse: both right; ``twins`` over all such questions, which way something goes among them.
    ``by_kind`` holds the share for every kind of question.
    """

    order: float
    chance: float
    order_twins: float
    twins: float
    by_kind: dict[str, float]


@torch.inference_mode()
def score(model: WorldModel, *, num_clips: int = 256) -> Score:
    """The shares in [0, 1] of questions a model answers right, over clips that were not trained on and their
    reverses."""
    model.eval()
    right: list[tuple[Question, bool]] = []
    twins: list[tuple[Question, bool]] = []
    for clips in held_out(num_clips, model.settings.world):
        answered = _answered(model, clips)
        right += [pair for each in answered for pair in each]
        half = len(clips) // 2
        for forwards, backwards in zip(answered[:half], answered[half:], strict=True):
            twins += _both_right(forwards, backwards)
    chances = [question.chance for question, _ in right if question.kind.is_about_order]
    kinds = {str(kind): _share(good for question, good in right if question.kind is kind) for kind in KINDS}
    return Score(
        _share(good for question, good in right if question.kind.is_about_order),
        float(np.mean(chances)),
        _share(good for question, good in twins if question.kind.is_about_order),
        _share(good for _, good in twins),
        kinds,
    )


def _answered(model: WorldModel, clips: Sequence[Clip]) -> list[list[tuple[Question, bool]]]:
    questions = [ask_all(clip.script) for clip in clips]
    most = max(map(len, questions))
    asked = as_numbers([[*some, *some[:1] * (most - len(some))] for some in questions])
    frames, seconds = (each.to(model.device) for each in frames_of(clips))
    right = (
        model(frames_of_tokens(frames), seconds, asked.to(model.device)).argmax(dim=-1).cpu() == asked.answer
    ).tolist()
    return [list(zip(some, marks, strict=False)) for some, marks in zip(questions, right, strict=True)]


def _both_right(
    forwards: list[tuple[Question, bool]], backwards: list[tuple[Question, bool]]
) -> list[tuple[Question, bool]]:
    """For each question that has another answer in the reverse, whether both answers are right."""
    there = {question.text: (question.answer, good) for question, good in backwards}
    pairs = [(question, good, there[question.text]) for question, good in forwards if question.text in there]
    return [
        (question, good and also) for question, good, (answer, also) in pairs if answer != question.answer
    ]


def _share(marks: Iterable[bool]) -> float:
    each = list(marks)
    return float(np.mean(each)) if each else 0.0
