"""Lessons: what the small model is shown and what it should answer, all decided by a seed.

What it is shown goes through the same words as when the program asks it: a lesson is a list of turns.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from video_vlm.agent.caption_windows import caption_windows
from video_vlm.agent.prompt import plain_opening
from video_vlm.agent.shown_evidence import ShownItem
from video_vlm.chat import Turn
from video_vlm.language.operator_parser import parse
from video_vlm.records import Frame, ObservationKind, Span
from video_vlm.toy_llava.sentences import NOT_SHOWN, AskedKind, QuestionAnswer, SeenEvent, ask_all, said
from video_vlm.world.draw import draw_some
from video_vlm.world.film import as_filmed
from video_vlm.world.story import Happening, Scene, dry_scene, some_names, write_scene

__all__ = [
    "CAPTION_QUESTION",
    "LESSONS",
    "Lesson",
    "Mix",
    "caption_turns",
    "frames_of_lesson",
    "make_lesson",
    "seen_in",
]

Chance = np.random.Generator

CAPTION_QUESTION: Final = "What is seen, and what happens?"
_LONGEST_SECONDS = 300.0
_CHANCE_OF_OPERATORS = 0.9
"""How often the lines of a lesson are those that operators lead to, else those that a search may find."""
_CHANCE_OF_MISSING = 0.06
"""How often what a question is about is nowhere."""
_LINES_READ_THROUGH = (3, 15)
_QUESTIONS_READ_THROUGH = 8
_MOST_FOUND = 9
"""So many lines more than are needed a search finds."""
_CHANCE_OF_NOTES = 0.4
_MOST_NOTES = 4
_SHOWS_AFTER = 0.5
"""So many seconds after it began, something shows in a picture."""
_NOISE_LINES: Final = (
    (ObservationKind.LOOK, "mostly dark blue and purple"),
    (ObservationKind.LOOK, "dark green, dark grey and black"),
    (ObservationKind.LOOK, "purple, dark blue and black"),
    (ObservationKind.LOOK, "mostly red and dark red"),
    (ObservationKind.LOOK, "white, dark blue and yellow"),
    (ObservationKind.MOTION, "still picture"),
    (ObservationKind.MOTION, "slight motion"),
    (ObservationKind.MOTION, "busy motion"),
    (ObservationKind.SCREEN_TEXT, "6"),
)
"""What observers note of such films, and a search finds."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """A conversation that ends with a question, and the answer to it; every answer in it is learned."""

    turns: tuple[Turn, ...]
    answer: str
    scene: Scene | None = None
    """Where all pictures are of one scene: that one."""


Mix = tuple[tuple[str, float], ...]
"""How often each kind of lesson is given, by its name in :data:`LESSONS`."""


def make_lesson(seed: int, mix: Mix) -> Lesson:
    """The lesson of a seed: its kind is drawn by the shares of ``mix``."""
    chance = np.random.default_rng((seed, 7))
    names = [name for name, _ in mix]
    weights = np.array([weight for _, weight in mix])
    return LESSONS[names[int(chance.choice(len(names), p=weights / weights.sum()))]](chance)


def caption_turns(frames: Sequence[Frame]) -> tuple[Turn, ...]:
    """The turns that ask for a caption of some frames, without any rules."""
    return (Turn("user", (*frames, CAPTION_QUESTION)),)


def seen_in(happening: Happening | None, times: Sequence[float]) -> SeenEvent | None:
    """The event of a scene as frames at these seconds show it: at the first frame in which it shows."""
    if happening is None:
        return None
    at = next((time for time in times if time > happening.span.start + _SHOWS_AFTER), None)
    return SeenEvent(happening, at) if at is not None and at > times[0] else None


def frames_of_lesson(scene: Scene, times: Sequence[float]) -> tuple[Frame, ...]:
    """Its pictures on display at these seconds, in order of time."""
    fps, last = scene.script.settings.fps, scene.script.settings.num_frames - 1
    numbers = sorted({min(max(round((time - scene.span.start) * fps), 0), last) for time in times})
    images = map(as_filmed, draw_some(scene.script, numbers))
    seconds = [round(scene.span.start + number / fps, 3) for number in numbers]
    return tuple(Frame(round(at * 1000), at, image) for at, image in zip(seconds, images, strict=True))


def _who(chance: Chance) -> Lesson:
    """One picture, and who is in it: what the projector learns from."""
    scene = write_scene(chance, start=_start(chance), seed=_seed(chance))
    frame = frames_of_lesson(scene, [chance.uniform(scene.span.start, scene.span.end)])[0]
    return Lesson(
        (Turn("user", (frame, "Who is in the picture?")),), _listed(_present(scene, frame.pts_seconds))
    )


def _who_in_words(chance: Chance) -> Lesson:
    """The same without a picture: what stands for it is named, as a picture's own tokens will name it."""
    scene = write_scene(chance, start=_start(chance), seed=_seed(chance))
    at = round(chance.uniform(scene.span.start, scene.span.end), 1)
    there = _present(scene, at)
    words = (
        f"<{at:.1f} seconds> {' '.join(f'the {there[place]}' for place in chance.permutation(len(there)))}"
    )
    return Lesson((Turn("user", (words, "Who is in the picture?")),), _listed(there))


def _caption(chance: Chance) -> Lesson:
    scene = write_scene(chance, start=_start(chance), seed=_seed(chance))
    frames = frames_of_lesson(scene, _even(scene.span, int(chance.integers(3, 6)), chance))
    seen = seen_in(scene.happening, [frame.pts_seconds for frame in frames])
    return Lesson(caption_turns(frames), said(seen), scene)


def _read_through(chance: Chance) -> Lesson:
    """Captions one after the other, and question after question about them: reading once teaches several
    answers."""
    names, told = some_names(chance), list[_Told]()
    at, count = _start(chance), int(chance.integers(*_LINES_READ_THROUGH))
    while len(told) < count:
        span, happening = dry_scene(chance, start=at, names=names)
        told.append(_Told(span, seen_in(happening, _even(span, 4, chance, on_grid=True)), None))
        at = span.end
    shown = {one.line for one in told} | _notes(told, chance)
    every = [
        one for one in ask_all([one.seen for one in told if one.seen]) if one.kind is not AskedKind.BESIDE
    ]
    pairs = [_or_of_others(_pick(every, chance), names, told, chance) for _ in range(_QUESTIONS_READ_THROUGH)]
    first, *more = pairs
    turns = [*plain_opening(first[0], sorted(shown, key=lambda one: (one.span, one.text)), ())]
    for (_, answer), (question, _) in zip(pairs, more, strict=False):
        turns += [Turn("assistant", (answer,)), Turn("user", (f"Question: {question}",))]
    return Lesson(tuple(turns), pairs[-1][1])


def _or_of_others(
    asked: QuestionAnswer | None, names: Sequence[tuple[str, str]], told: Sequence[_Told], chance: Chance
) -> tuple[str, str]:
    """A question and its answer; now and then it is about what did not happen."""
    does = {one.what for one in told}
    if asked is not None and chance.random() >= _CHANCE_OF_MISSING:
        return asked.question, asked.answer
    _, other = dry_scene(chance, start=0.0, names=names)
    if other is None or other.what in does:
        return ("What happens first?", NOT_SHOWN) if asked is None else (asked.question, asked.answer)
    return f"What happens right {('after', 'before')[int(chance.integers(2))]} {other.what}?", NOT_SHOWN


def _watch(chance: Chance) -> Lesson:
    """Pictures of a few scenes and no words."""
    names, at, frames, found = some_names(chance), _start(chance), list[Frame](), list[SeenEvent]()
    for _ in range(int(chance.integers(1, 4))):
        scene = write_scene(chance, start=at, names=names, seed=_seed(chance))
        some = frames_of_lesson(scene, _even(scene.span, int(chance.integers(3, 5)), chance))
        seen = seen_in(scene.happening, [one.pts_seconds for one in some])
        frames += some
        found += [seen] if seen else []
        at = scene.span.end
    asked = _pick(ask_all(found), chance)
    question, answer = ("What happens first?", NOT_SHOWN) if asked is None else (asked.question, asked.answer)
    return Lesson(plain_opening(question, (), frames), answer)


LESSONS: Final[dict[str, Callable[[Chance], Lesson]]] = {
    "who": _who,
    "who in words": _who_in_words,
    "caption": _caption,
    "read": lambda chance: _asked(chance, with_images=False),
    "read through": _read_through,
    "read and look": lambda chance: _asked(chance, with_images=True),
    "watch": _watch,
}


def _asked(chance: Chance, *, with_images: bool) -> Lesson:
    """Captions, as the operators or a search find them, and a question; and some pictures, if so asked."""
    scenes = _scenes(chance, drawn=with_images)
    told = [one for one in scenes if one.seen]
    asked = _pick(ask_all([one.seen for one in told if one.seen]), chance, beside=with_images)
    if asked is None:
        return Lesson(plain_opening("What happens first?", (), ()), NOT_SHOWN)
    lines = [one.line for one in scenes]
    if chance.random() < _CHANCE_OF_MISSING:
        missing = {one.line for one in _related(asked, told)}
        lines = [line for line in lines if line not in missing]
    needed = {
        told[place].line for place in (*asked.rests_on, *([] if asked.about is None else [asked.about]))
    }
    frames = _looked(asked, told, scenes, chance) if with_images else ()
    found = _notes(scenes, chance)
    led = caption_windows(parse(asked.question), lines) if chance.random() < _CHANCE_OF_OPERATORS else ()
    if not led:
        is_beside = asked.kind in (AskedKind.AFTER, AskedKind.BEFORE)
        found |= _searched(needed, lines, chance, near=told[asked.rests_on[0]].span if is_beside else None)
    is_shown = needed <= {*found, *(caption for one in led for caption in one.captions)}
    if asked.kind is AskedKind.BESIDE:
        is_shown &= any(told[asked.rests_on[0]].span.contains(frame.pts_seconds) for frame in frames)
    order = sorted(found, key=lambda one: (one.span, one.text))
    return Lesson(plain_opening(asked.question, order, frames, led), asked.answer if is_shown else NOT_SHOWN)


def _scenes(chance: Chance, *, drawn: bool) -> list[_Told]:
    """One after the other; fewer of them where they are to be drawn."""
    count, names, at = int(chance.integers(5, 41)), some_names(chance), _start(chance)
    scenes: list[_Told] = []
    for _ in range(5 + count // 6 if drawn else count):
        scene = write_scene(chance, start=at, names=names, seed=_seed(chance)) if drawn else None
        span, happening = (scene.span, scene.happening) if scene else dry_scene(chance, start=at, names=names)
        scenes.append(_Told(span, seen_in(happening, _even(span, 4, chance, on_grid=True)), scene))
        at = span.end
    return scenes


@dataclass(frozen=True, slots=True)
class _Told:
    """A scene, what its caption says, and what it is drawn from, where it is."""

    span: Span
    seen: SeenEvent | None
    scene: Scene | None

    @property
    def line(self) -> ShownItem:
        return ShownItem(self.span, said(self.seen), ObservationKind.CAPTION)

    @property
    def what(self) -> str:
        return self.seen.happening.what if self.seen else ""

    @property
    def name(self) -> str:
        return self.seen.happening.name if self.seen else ""


def _notes(scenes: Sequence[_Told], chance: Chance) -> set[ShownItem]:
    """What observers noted, and a search finds beside what it should."""
    if chance.random() >= _CHANCE_OF_NOTES:
        return set()
    shown = set()
    for _ in range(int(chance.integers(1, _MOST_NOTES + 1))):
        kind, words = _NOISE_LINES[int(chance.integers(len(_NOISE_LINES)))]
        shown.add(ShownItem(scenes[int(chance.integers(len(scenes)))].span, words, kind))
    return shown


def _searched(
    needed: set[ShownItem], lines: Sequence[ShownItem], chance: Chance, *, near: Span | None
) -> set[ShownItem]:
    """The lines that a search finds: those that are needed and some others, often what is ``near``."""
    others = [line for line in lines if line not in needed]
    more = int(chance.integers(0, _MOST_FOUND + 1))
    if near is not None and chance.random() < 0.5:
        others = sorted(others, key=lambda line: abs(line.span.middle - near.middle))[:more]
    found = {others[place] for place in _few(range(len(others)), more, chance)}
    return found | needed.intersection(lines)


def _related(asked: QuestionAnswer, told: Sequence[_Told]) -> list[_Told]:
    """What a question is about: all that is what it hinges on, or all that is done by the name in it."""
    if asked.about is not None:
        return [one for one in told if one.what == told[asked.about].what]
    name = told[asked.rests_on[0]].name
    return [one for one in told if one.name == name and name in asked.question]


def _looked(
    asked: QuestionAnswer, told: Sequence[_Told], scenes: Sequence[_Told], chance: Chance
) -> tuple[Frame, ...]:
    """Up to six pictures, most of them from where the question leads."""
    target = told[asked.rests_on[0]]
    drawn = [one.scene for one in scenes if one.scene and one is not target]
    inside = int(chance.integers(1 if asked.kind is AskedKind.BESIDE else 0, 5))
    frames: list[Frame] = []
    if inside and target.scene:
        frames += frames_of_lesson(target.scene, _even(target.span, inside, chance))
    for place in _few(range(len(drawn)), int(chance.integers(0, 7 - inside)), chance):
        frames += frames_of_lesson(drawn[place], _even(drawn[place].span, 1, chance))
    return tuple(sorted(frames, key=lambda one: one.pts_seconds))


def _pick(asked: Sequence[QuestionAnswer], chance: Chance, *, beside: bool = False) -> QuestionAnswer | None:
    """One of them, each kind as often as another."""
    kinds = sorted({one.kind for one in asked if beside or one.kind is not AskedKind.BESIDE})
    if not kinds:
        return None
    kind = kinds[int(chance.integers(len(kinds)))]
    some = [one for one in asked if one.kind is kind]
    return some[int(chance.integers(len(some)))]


def _few(places: Sequence[int], count: int, chance: Chance) -> list[int]:
    return sorted(int(places[place]) for place in chance.permutation(len(places))[:count])


def _even(span: Span, count: int, chance: Chance, *, on_grid: bool = False) -> list[float]:
    """The centres of equal stretches, as a uniform sampler has them, each a little beside where it should
    be."""
    step = span.duration_seconds / max(count, 1)
    slack = 0.0 if on_grid else 0.15 * step
    return [span.start + (place + 0.5) * step + chance.uniform(-slack, slack) for place in range(count)]


def _present(scene: Scene, at: float) -> list[str]:
    happening = scene.happening
    names = []
    for actor in scene.script.actors:
        gone = (
            happening is not None
            and happening.name == actor.name
            and (
                (happening.does == "appears" and at < happening.span.middle)
                or (happening.does == "vanishes" and at >= happening.span.middle)
            )
        )
        names += [] if gone else [actor.name]
    return names


def _listed(names: Sequence[str]) -> str:
    return f"{' and '.join(f'the {name}' for name in sorted(names))}."


def _start(chance: Chance) -> float:
    return round(float(chance.uniform(0.0, _LONGEST_SECONDS)) * 5) / 5


def _seed(chance: Chance) -> int:
    return int(chance.integers(0, 1_000_000))
