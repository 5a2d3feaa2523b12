"""Lessons: what the small model is shown and what it should say, all following from a seed.

What it is shown goes through the same words as when the program asks it: a lesson is a list of turns.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from video_vlm.chat import Turn
from video_vlm.dialogue.ledger import Shown
from video_vlm.dialogue.prompt import plain_opening
from video_vlm.instruct.sentences import NOT_SHOWN, Asked, AskedKind, Seen, ask_all, said
from video_vlm.records import Frame, ObservationKind, Span
from video_vlm.world.draw import draw_some
from video_vlm.world.story import Scene, Story, write_scene, write_story

__all__ = ["CAPTION_QUESTION", "LESSONS", "Lesson", "Mix", "caption_turns", "make_lesson", "pictures_of", "seen_in"]

Chance = np.random.Generator

CAPTION_QUESTION: Final = "What is seen, and what happens?"
_LONGEST_SECONDS = 300.0
_SHOWS_AFTER = 0.5
"""So many seconds after it began, something shows in a picture."""
_NOISE_LINES = ("still picture", "slight motion", "dark grey, dark blue and black", "busy motion")


@dataclass(frozen=True, slots=True)
class Lesson:
    """A conversation that ends with a question, and what is to be said."""

    turns: tuple[Turn, ...]
    answer: str


Mix = dict[str, float]
"""How often each kind of lesson is given, by its name in :data:`LESSONS`."""


def make_lesson(seed: int, mix: Mix) -> Lesson:
    """The lesson of a seed."""
    chance = np.random.default_rng((seed, 7))
    names = list(mix)
    weights = np.array([mix[name] for name in names])
    return LESSONS[names[int(chance.choice(len(names), p=weights / weights.sum()))]](chance)


def caption_turns(frames: Sequence[Frame]) -> tuple[Turn, ...]:
    """How a caption is asked for, where the model is told nothing else."""
    return (Turn("user", (*frames, CAPTION_QUESTION)),)


def seen_in(scene: Scene, times: Sequence[float]) -> Seen | None:
    """What happens in a scene for somebody who sees it at these seconds: by the first picture in which it shows."""
    happening = scene.happening
    if happening is None:
        return None
    at = next((time for time in times if time > happening.span.start + _SHOWS_AFTER), None)
    before = any(time <= happening.span.start for time in times)
    return Seen(happening, at) if at is not None and before else None


def pictures_of(scene: Scene, times: Sequence[float]) -> tuple[Frame, ...]:
    """Its pictures on display at these seconds, in order of time."""
    fps, last = scene.script.settings.fps, scene.script.settings.num_frames - 1
    numbers = sorted({min(max(round((time - scene.span.start) * fps), 0), last) for time in times})
    images = draw_some(scene.script, numbers)
    seconds = [round(scene.span.start + number / fps, 3) for number in numbers]
    return tuple(Frame(round(at * 1000), at, image) for at, image in zip(seconds, images, strict=True))


def _who(chance: Chance) -> Lesson:
    """One picture, and who is in it: what the projector learns from."""
    scene = write_scene(chance, start=_start(chance), seed=_seed(chance))
    frame = pictures_of(scene, [chance.uniform(scene.span.start, scene.span.end)])[0]
    return Lesson((Turn("user", (frame, "Who is in the picture?")),), _listed(_present(scene, frame.pts_seconds)))


def _who_in_words(chance: Chance) -> Lesson:
    """The same without a picture: what stands for it is named, as a picture's own tokens will name it."""
    scene = write_scene(chance, start=_start(chance), seed=_seed(chance))
    at = round(chance.uniform(scene.span.start, scene.span.end), 1)
    there = _present(scene, at)
    words = f"<{at:.1f} seconds> {' '.join(there[place] for place in chance.permutation(len(there)))}"
    return Lesson((Turn("user", (words, "Who is in the picture?")),), _listed(there))


def _caption(chance: Chance) -> Lesson:
    scene = write_scene(chance, start=_start(chance), seed=_seed(chance))
    frames = pictures_of(scene, _even(scene.span, int(chance.integers(4, 8)), chance))
    return Lesson(caption_turns(frames), said(seen_in(scene, [frame.pts_seconds for frame in frames])))


def _read_a_little(chance: Chance) -> Lesson:
    """A few captions and a question."""
    return _asked(chance, most_more=2, with_pictures=False)


def _read(chance: Chance) -> Lesson:
    """Captions, as a search or the operators find them, and a question."""
    return _asked(chance, most_more=9, with_pictures=False)


def _read_and_look(chance: Chance) -> Lesson:
    """The same, and some pictures."""
    return _asked(chance, most_more=5, with_pictures=True)


def _watch(chance: Chance) -> Lesson:
    """Pictures of a few scenes and no words."""
    scenes = _part(write_story(_seed(chance), seconds=40.0), chance, int(chance.integers(1, 4)))
    times = [_even(scene.span, int(chance.integers(3, 6)), chance) for scene in scenes]
    frames = [pictures_of(scene, each) for scene, each in zip(scenes, times, strict=True)]
    found = [seen_in(scene, [one.pts_seconds for one in each]) for scene, each in zip(scenes, frames, strict=True)]
    asked = _pick([one for one in ask_all([seen for seen in found if seen])], chance)
    if asked is None:
        return Lesson(plain_opening("What happens first?", (), [one for each in frames for one in each]), NOT_SHOWN)
    return Lesson(plain_opening(asked.question, (), [one for each in frames for one in each]), asked.answer)


LESSONS: Final[dict[str, Callable[[Chance], Lesson]]] = {
    "who": _who,
    "who in words": _who_in_words,
    "caption": _caption,
    "read a little": _read_a_little,
    "read": _read,
    "read and look": _read_and_look,
    "watch": _watch,
}


def _asked(chance: Chance, *, most_more: int, with_pictures: bool) -> Lesson:
    story = write_story(_seed(chance), seconds=float(chance.uniform(30.0, _LONGEST_SECONDS)))
    lines = [(scene, seen_in(scene, _even(scene.span, 4, chance, on_grid=True))) for scene in story.scenes]
    told = [(scene, seen) for scene, seen in lines if seen is not None]
    asked = _pick(ask_all([seen for _, seen in told]), chance, beside=with_pictures)
    if asked is None:
        return Lesson(plain_opening("What happens first?", (), ()), NOT_SHOWN)
    shown, answer = _evidence(asked, told, chance, most_more=most_more)
    shown |= _noise(lines, chance, most=min(3, most_more))
    frames = _looked(asked, told, story, chance) if with_pictures else ()
    if asked.kind is AskedKind.BESIDE and not _is_pictured(told[asked.rests_on[0]][0], frames):
        answer = NOT_SHOWN
    order = sorted(shown, key=lambda one: (one.span, one.text))
    return Lesson(plain_opening(asked.question, order, frames), answer)


def _noise(lines: Sequence[tuple[Scene, Seen | None]], chance: Chance, *, most: int) -> set[Shown]:
    """Lines that a search finds beside what it should: scenes in which nothing happens, and what observers noted."""
    quiet = [scene for scene, seen in lines if seen is None]
    still = _few(range(len(quiet)), int(chance.integers(0, most + 1)), chance)
    shown = {Shown(quiet[place].span, said(None), ObservationKind.CAPTION) for place in still}
    if chance.random() < 0.2:
        scene, words = lines[int(chance.integers(len(lines)))][0], _NOISE_LINES[int(chance.integers(len(_NOISE_LINES)))]
        shown.add(Shown(scene.span, words, ObservationKind.MOTION))
    return shown


Told = Sequence[tuple[Scene, Seen]]


def _evidence(asked: Asked, told: Told, chance: Chance, *, most_more: int) -> tuple[set[Shown], str]:
    """The lines that are shown, ``most_more`` more than are needed at most, and the answer that they bear out."""
    needed = {*asked.rests_on, *([] if asked.about is None else [asked.about])}
    more = int(chance.integers(0, most_more + 1))
    if chance.random() < 0.06:
        return _lines(told, _few(_unrelated(asked, told), more, chance)), NOT_SHOWN
    others = [place for place in range(len(told)) if place not in needed]
    match asked.kind:
        case AskedKind.AFTER | AskedKind.BEFORE if chance.random() < 0.5:
            # What lies around them, as an operator reaches it; else anything, as a search finds it.
            others = sorted(others, key=lambda place: min(abs(place - one) for one in needed))[:more]
        case _:
            pass
    return _lines(told, [*needed, *_few(others, more, chance)]), asked.answer


def _unrelated(asked: Asked, told: Told) -> list[int]:
    """What is no help for a question: nothing with its name in it, or nothing that it hinges on."""
    if asked.about is not None:
        what = told[asked.about][1].happening.what
        return [place for place, (_, seen) in enumerate(told) if seen.happening.what != what]
    name = told[asked.rests_on[0]][1].happening.name
    return [] if "happens" in asked.question else [p for p, (_, seen) in enumerate(told) if seen.happening.name != name]


def _lines(told: Told, places: Sequence[int]) -> set[Shown]:
    return {Shown(told[place][0].span, said(told[place][1]), ObservationKind.CAPTION) for place in places}


def _looked(asked: Asked, told: Told, story: Story, chance: Chance) -> tuple[Frame, ...]:
    """Up to six pictures, most of them from where the question leads."""
    scene = told[asked.rests_on[0]][0]
    others = [each for each in story.scenes if each is not scene]
    inside = int(chance.integers(0, 5)) if asked.kind is not AskedKind.BESIDE else int(chance.integers(1, 5))
    frames = list(pictures_of(scene, _even(scene.span, inside, chance))) if inside else []
    for other in _few(range(len(others)), int(chance.integers(0, 7 - inside)), chance):
        frames += pictures_of(others[other], _even(others[other].span, 1, chance))
    return tuple(sorted(frames, key=lambda one: one.pts_seconds))


def _is_pictured(scene: Scene, frames: Sequence[Frame]) -> bool:
    return any(scene.span.contains(frame.pts_seconds) for frame in frames)


def _pick(asked: Sequence[Asked], chance: Chance, *, beside: bool = False) -> Asked | None:
    """One of them, each kind as often as another."""
    kinds = sorted({one.kind for one in asked if beside or one.kind is not AskedKind.BESIDE})
    if not kinds:
        return None
    kind = kinds[int(chance.integers(len(kinds)))]
    some = [one for one in asked if one.kind is kind]
    return some[int(chance.integers(len(some)))]


def _few(places: Sequence[int], count: int, chance: Chance) -> list[int]:
    return sorted(int(places[place]) for place in chance.permutation(len(places))[:count])


def _part(story: Story, chance: Chance, count: int) -> tuple[Scene, ...]:
    first = int(chance.integers(0, max(1, len(story.scenes) - count + 1)))
    return story.scenes[first : first + count]


def _even(span: Span, count: int, chance: Chance, *, on_grid: bool = False) -> list[float]:
    """The centres of equal stretches, as a uniform sampler has them, each a little beside where it should be."""
    step = span.duration_seconds / max(count, 1)
    slack = 0.0 if on_grid else 0.15 * step
    return [span.start + (place + 0.5) * step + chance.uniform(-slack, slack) for place in range(count)]


def _present(scene: Scene, at: float) -> list[str]:
    happening = scene.happening
    names = []
    for actor in scene.script.actors:
        gone = happening is not None and happening.name == actor.name and (
            (happening.does == "appears" and at < happening.span.middle)
            or (happening.does == "vanishes" and at >= happening.span.middle)
        )
        names += [] if gone else [actor.name]
    return names


def _listed(names: Sequence[str]) -> str:
    return f"{' and '.join(f'the {name}' for name in sorted(names))}."


def _start(chance: Chance) -> float:
    return round(float(chance.uniform(0.0, _LONGEST_SECONDS)) * 5) / 5


def _seed(chance: Chance) -> int:
    return int(chance.integers(0, 1_000_000))
