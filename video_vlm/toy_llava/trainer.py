"""Trains the small model, stage after stage.

First its tower learns to name what is where in a picture, and its language half to read: both stand for what
a LLaVA finds ready made. Then LLaVA's own two stages: the projector learns to put pictures into words, with
it the language half, which is too small to say more than it was taught; then both learn from instructions,
captions above all in the
end: what is misnamed in one is wrong in every answer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from video_vlm.encoder.training import CHECKPOINT, TrainReport, TrainSettings, Watch, seed_everything, train
from video_vlm.errors import SettingsError
from video_vlm.toy_llava.lessons import LESSONS, Mix, make_lesson
from video_vlm.toy_llava.model import SmallSettings, make_model, make_processor
from video_vlm.toy_llava.tasks import LessonTask, TowerTask
from video_vlm.toy_llava.word_tokenizer import words_of

__all__ = ["STAGES", "LanguageRequest", "TrainingStage", "train_language"]

_VOCABULARY_LESSONS = 400


@dataclass(frozen=True, slots=True)
class TrainingStage:
    """One stage of training: its task, its number of steps, and its learning rate."""

    name: str
    steps: int
    batch_size: int
    learning_rate: float
    mix: Mix = ()
    """Of lessons; none for the tower's own stage."""
    learns: tuple[str, ...] = ("",)
    """The beginnings of the names of the weights that change."""


STAGES: Final = (
    TrainingStage("tower", 2400, 64, 2e-3, learns=("model.vision_tower",)),
    TrainingStage(
        "words",
        1500,
        24,
        3e-3,
        (("read", 0.7), ("read through", 0.25), ("who in words", 0.05)),
        ("model.language_model",),
    ),
    TrainingStage(
        "align",
        1000,
        24,
        2e-3,
        (("who", 0.75), ("read", 0.25)),
        ("model.multi_modal_projector", "model.language_model"),
    ),
    TrainingStage(
        "instruct",
        3000,
        24,
        2e-3,
        (("caption", 0.5), ("read", 0.15), ("read through", 0.1), ("read and look", 0.2), ("watch", 0.05)),
        ("model.multi_modal_projector", "model.language_model"),
    ),
    TrainingStage(
        "refine",
        4000,
        24,
        1.5e-3,
        (("caption", 0.65), ("read", 0.15), ("read and look", 0.15), ("watch", 0.05)),
        ("model.multi_modal_projector", "model.language_model"),
    ),
)


@dataclass(frozen=True, slots=True)
class LanguageRequest:
    """The settings of a training run of the small model."""

    out: Path
    scale: float = 1.0
    """Of each stage's steps."""
    accumulate: int = 1
    seed: int = 0
    save_every: int = 200
    num_workers: int = 0
    resume: bool = False
    stages: tuple[TrainingStage, ...] = STAGES
    small: SmallSettings = field(default_factory=SmallSettings)

    @property
    def num_steps(self) -> int:
        return sum(map(self.steps_of, self.stages))

    def steps_of(self, stage: TrainingStage) -> int:
        return max(1, round(stage.steps * self.scale))


LanguageWatch = Callable[[str, int, float], None]
"""Called after each step with the stage's name, the step's number over all stages, from 1, and the loss."""


def train_language(request: LanguageRequest, *, watch: LanguageWatch = lambda *_: None) -> TrainReport:
    """Trains a small model in all stages; ``request.out`` is then a folder that transformers loads.

    Raises:
        SettingsError: ``resume`` without a checkpoint, or with one of another recipe.
        KeyboardInterrupt: passed on, the checkpoint of the stage written.
    """
    seed_everything(request.seed)
    processor = make_processor(_vocabulary(), request.small)
    model = make_model(processor, request.small)
    done, report = 0, None
    for stage in request.stages:
        report = _learn(stage, model, processor, request, _from(done, stage.name, watch))
        done += request.steps_of(stage)
    if report is None:
        raise SettingsError("training: there is no stage to learn")
    save_small(model, processor, request.out)
    return replace(report, step=done)


def _from(done: int, name: str, watch: LanguageWatch) -> Watch:
    """Told of one stage's steps, tells of all stages'."""
    return lambda step, loss: watch(name, done + step, loss)


def save_small(model: Any, processor: Any, folder: Path) -> None:
    """Writes the model and its processor in the format that transformers loads."""
    folder.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(folder)
    processor.save_pretrained(folder)


def _learn(
    stage: TrainingStage, model: Any, processor: Any, request: LanguageRequest, watch: Watch
) -> TrainReport:
    task: Any
    # What an earlier stage left behind would count when gradients are clipped.
    model.zero_grad(set_to_none=True)
    if stage.mix:
        task = LessonTask(model, processor, stage.mix, stage=stage.name, learns=stage.learns)
    else:
        model.requires_grad_(True)
        task = TowerTask(model, grid=request.small.side // request.small.patch)
    folder = request.out / stage.name
    settings = TrainSettings(
        request.steps_of(stage),
        stage.batch_size,
        request.accumulate,
        stage.learning_rate,
        warmup_steps=50,
        seed=request.seed,
        save_every=request.save_every,
        num_workers=request.num_workers,
    )
    return train(
        task, settings, folder=folder, resume=request.resume and (folder / CHECKPOINT).is_file(), watch=watch
    )


def _vocabulary() -> frozenset[str]:
    """Every word that lessons of any kind use."""
    lessons = [
        make_lesson(seed, ((kind, 1.0),))
        for kind in LESSONS
        for seed in range(_VOCABULARY_LESSONS // len(LESSONS))
    ]
    return words_of(
        [turn for lesson in lessons for turn in lesson.turns], [lesson.answer for lesson in lessons]
    )
