from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from video_vlm.media import open_video
from video_vlm.world import (
    ANSWERS,
    COLOURS,
    EventKind,
    QuestionKind,
    Script,
    Way,
    WorldSettings,
    ask_all,
    draw,
    tell,
    write_films,
    write_script,
)

seeds = st.integers(0, 2**31)


@given(seeds)
@settings(max_examples=30)
def test_a_seed_is_a_script_is_a_clip(seed: int) -> None:
    assert write_script(seed) == write_script(seed)
    assert np.array_equal(draw(write_script(seed)).frames, draw(write_script(seed)).frames)


@given(seeds)
@settings(max_examples=60)
def test_one_thing_moves_at_a_time_and_all_stay_in_the_picture(seed: int) -> None:
    script = write_script(seed)
    moves = script.motions

    assert all(earlier.end < later.start for earlier, later in pairwise(moves))
    assert all(0 < event.start < event.end <= script.settings.num_frames for event in moves)
    for actor, one in enumerate(script.actors):
        steps = [(e.way.step, e.length) for e in moves if e.actor == actor and e.way]
        x = one.x + sum(step[0] * length for step, length in steps)
        y = one.y + sum(step[1] * length for step, length in steps)
        assert 0.05 <= x <= 0.95
        assert 0.05 <= y <= 0.95


@given(seeds)
@settings(max_examples=40)
def test_twice_reversed_is_the_script_and_a_reverse_has_reversed_pictures(seed: int) -> None:
    script = write_script(seed)

    assert script.reversed().reversed() == script
    assert np.array_equal(draw(script.reversed()).frames, draw(script).frames[::-1])


@given(seeds)
@settings(max_examples=40)
def test_what_was_first_is_last_in_the_reverse_and_goes_the_other_way(seed: int) -> None:
    script = write_script(seed)
    answers, backwards = ({q.text: q.answer for q in ask_all(each)} for each in (script, script.reversed()))

    assert answers["what moved first?"] == backwards["what moved last?"]
    for text, answer in answers.items():
        if text.startswith("which way"):
            assert Way(backwards[text]) is Way(answer).back
        if text.startswith("how many"):
            assert backwards[text] == answer


@given(seeds)
@settings(max_examples=40)
def test_every_answer_is_among_the_choices_and_chance_is_the_best_guess(seed: int) -> None:
    for question in ask_all(write_script(seed)):
        assert question.answer in question.choices
        assert question.answer in ANSWERS
        assert 1 / len(question.choices) <= question.chance <= 1


def scripts(kind: EventKind) -> list[Script]:
    return [
        script
        for script in map(write_script, range(200))
        if any(event.kind is kind for event in script.events)
    ]


def test_the_log_is_what_the_pictures_show() -> None:
    script = write_script(3, WorldSettings(noise=0.0, pan=0.0, chance_of_post=0.0, chance_of_guest=0.0))
    frames = draw(script).frames.astype(int)
    changed = [bool(np.abs(after - before).max() > 40) for before, after in pairwise(frames)]

    moving = {frame for event in script.motions for frame in range(event.start - 1, event.end)}
    assert {place for place, change in enumerate(changed) if change} <= moving
    assert all(
        any(changed[frame - 1] for frame in range(event.start, event.end + 1)) for event in script.motions
    )


def test_somebody_appears_bumps_and_stands_behind_a_post_now_and_then() -> None:
    posts = [script for script in map(write_script, range(200)) if script.post is not None]

    assert 20 < len(posts) < 100
    assert 20 < len(scripts(EventKind.APPEAR)) < 100
    assert len(scripts(EventKind.BUMP)) > 10


def test_a_script_is_told_in_words_both_ways() -> None:
    script = scripts(EventKind.BUMP)[0]

    assert "bumps into" in tell(script)
    assert "away from" in tell(script.reversed())
    assert tell(script).count(", then ") == len(script.events) - 1


def test_all_kinds_of_questions_are_asked() -> None:
    asked = {question.kind for seed in range(20) for question in ask_all(write_script(seed))}

    assert asked == set(QuestionKind)


def test_films_are_real_videos_with_captions_and_answers(tmp_path: Path) -> None:
    script = write_script(1)

    captions = write_films([script, script.reversed()], tmp_path / "films")

    lines = [json.loads(line) for line in captions.read_text(encoding="utf-8").splitlines()]
    assert [line["caption"] for line in lines] == [tell(script), tell(script.reversed())]
    with open_video(captions.parent / lines[0]["video"]) as reader:
        shown = [picture.frame() for picture in reader.scan()]
    assert [frame.pts_seconds for frame in shown] == pytest.approx([n / 4 for n in range(12)])
    drawn = draw(script).frames.astype(int)
    assert max(float(np.abs(f.image.astype(int) - d).mean()) for f, d in zip(shown, drawn, strict=True)) < 16


def test_a_world_with_too_many_movers_or_too_little_time_is_refused() -> None:
    with pytest.raises(ValueError, match="num_movers"):
        WorldSettings(num_movers=len(COLOURS))
    with pytest.raises(ValueError, match="frames"):
        WorldSettings(num_frames=6)
