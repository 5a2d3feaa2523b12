"""Lessons tell the truth, in the words that the program itself uses."""

from __future__ import annotations

import re

import numpy as np
import pytest

from video_vlm.models.local.chat_input import ChatInput
from video_vlm.records import Frame, Span
from video_vlm.toy_llava.batches import LessonBatches, collate
from video_vlm.toy_llava.lessons import LESSONS, Lesson, make_lesson
from video_vlm.toy_llava.model import SmallSettings, make_processor
from video_vlm.toy_llava.sentences import AskedKind, SeenEvent, ask_all
from video_vlm.toy_llava.word_tokenizer import words_of
from video_vlm.world.draw import draw_some
from video_vlm.world.film import as_filmed
from video_vlm.world.story import Happening, write_story


def words(lesson: Lesson) -> str:
    return "\n".join(part for turn in lesson.turns for part in turn.parts if isinstance(part, str)).lower()


def story(*what: str) -> list[SeenEvent]:
    told = [one.split(" ", 2) for one in what]
    return [
        SeenEvent(
            Happening(Span(10.0 * n, 10.0 * n + 3), f"{colour} {shape}", does, ("blue square",)), 10.0 * n + 1
        )
        for n, (colour, shape, does) in enumerate(told)
    ]


def test_questions_have_the_answers_of_the_story() -> None:
    asked = ask_all(
        story("red circle moves up", "white square appears", "red circle moves left", "red circle vanishes")
    )
    by_question = {one.question: one for one in asked}

    after = by_question["What happens right after the white square appears?"]
    assert (
        after.answer
        == "after the white square appears at 11.0 seconds, the red circle moves left at 21.0 seconds."
    )
    assert (after.core, after.about, after.rests_on) == ("the red circle moves left", 1, (2,))
    before = by_question["What happens right before the white square appears?"]
    assert (
        before.answer
        == "before the white square appears at 11.0 seconds, the red circle moves up at 1.0 seconds."
    )
    count = by_question["How many times does the red circle move?"]
    assert count.answer == "the red circle moves at 1.0 seconds, at 21.0 seconds, 2 times."
    assert by_question["What happens first?"].core == "the red circle moves up"
    assert by_question["What does the red circle do last?"].core == "the red circle vanishes"
    assert by_question["What stands still while the white square appears?"].core == "the blue square"


def test_what_happens_twice_is_nothing_to_ask_from() -> None:
    asked = ask_all(story("red circle moves up", "white square appears", "red circle moves up"))

    assert not [
        one for one in asked if one.kind is AskedKind.AFTER and "red circle moves up?" in one.question
    ]


@pytest.mark.parametrize("kind", LESSONS)
def test_a_seed_is_a_lesson(kind: str) -> None:
    one, same, other = (make_lesson(seed, ((kind, 1.0),)) for seed in (3, 3, 4))

    assert words(one) == words(same)
    assert one.answer == same.answer
    assert (words(one), one.answer) != (words(other), other.answer)


@pytest.mark.parametrize("kind", ["read", "read and look"])
def test_an_answer_that_is_read_stands_in_the_lines(kind: str) -> None:
    answered = 0
    for seed in range(60):
        lesson = make_lesson(seed, ((kind, 1.0),))
        told, times = words(lesson), re.findall(r"at (\d+\.\d) seconds", lesson.answer)
        assert all(f"at {time} seconds" in told for time in times)
        if "what happens right" in told and times:
            said = [float(time) for time in re.findall(r'caption: "the [^"]* at (\d+\.\d) seconds', told)]
            anchor, found = map(float, times)
            beside = (
                min(t for t in said if t > anchor)
                if "right after" in told
                else max(t for t in said if t < anchor)
            )
            assert found == beside
            answered += 1
    assert answered > 10


def test_lines_that_operators_lead_to_are_in_the_order_in_which_they_answer() -> None:
    counted, ends, missing = 0, 0, 0
    for seed in range(150):
        lesson = make_lesson(seed, (("read", 1.0),))
        told, times = words(lesson), re.findall(r"at (\d+\.\d) seconds", lesson.answer)
        led = re.findall(r'caption: "(the [^"]*) at (\d+\.\d) seconds', told.partition("fit")[2])
        if lesson.answer == "not shown.":
            missing += 1
        elif "all that fit, counted" in told:
            assert [time for _, time in led] == times
            assert lesson.answer.endswith(f", {len(led)} time{'s' if len(led) > 1 else ''}.")
            counted += 1
        elif "of them first" in told:
            assert times == [led[0][1]]
            ends += 1
    assert min(counted, ends) > 10
    assert 0 < missing < 30


def test_lines_that_are_read_through_bear_out_every_answer() -> None:
    nothing = others = 0
    for seed in range(60):
        lesson = make_lesson(seed, (("read through", 1.0),))
        lines = re.findall(r'"(the [^"]*) at (\d+\.\d) seconds\."', words(lesson))
        said = [what for what, _ in lines]
        asked = [turn.parts[-1] for turn in lesson.turns if turn.role == "user"]
        answers = [str(turn.parts[0]) for turn in lesson.turns if turn.role == "assistant"] + [lesson.answer]
        assert len(asked) == len(answers) > 1
        for question, answer in zip(map(str, asked), answers, strict=True):
            times = re.findall(r"at (\d+\.\d) seconds", answer)
            assert set(times) <= {time for _, time in lines}
            if beside := re.fullmatch(r"Question: What happens right (after|before) (.*)\?", question):
                if answer == "not shown.":
                    others += beside[2] not in said
                    continue
                step = 1 if beside[1] == "after" else -1
                assert f", {said[said.index(beside[2]) + step]} at " in answer
            elif moves := re.fullmatch(r"Question: How many times does (.*) move\?", question):
                assert answer.split(", ")[-1].startswith(
                    f"{sum(f'{moves[1]} moves' in one for one in said)} time"
                )
            else:
                nothing += answer == "not shown."
    assert others > 5
    assert nothing == 0


def test_a_caption_gives_the_second_of_a_picture_it_was_shown() -> None:
    for seed in range(40):
        lesson = make_lesson(seed, (("caption", 1.0),))
        shown = [
            f"{part.pts_seconds:.1f}"
            for turn in lesson.turns
            for part in turn.parts
            if isinstance(part, Frame)
        ]
        named = re.findall(r"at (\d+\.\d) seconds", lesson.answer)
        assert lesson.answer == "nothing happens." or (len(named) == 1 and named[0] in shown[1:])


def test_numbers_are_those_the_program_asks_with_and_only_the_answer_is_to_be_said() -> None:
    lessons = [make_lesson(seed, (("read and look", 1.0),)) for seed in range(3)]
    known = words_of([turn for one in lessons for turn in one.turns], [one.answer for one in lessons])
    processor = make_processor(known, SmallSettings())
    reader = ChatInput(processor)
    batch = collate(lessons, reader)

    for row, lesson in enumerate(lessons):
        asked = reader.inputs(lesson.turns)["input_ids"][0]
        said = batch.tokens[row][len(asked) :]
        said = said[said != processor.tokenizer.pad_token_id]
        assert batch.tokens[row][: len(asked)].tolist() == asked.tolist()
        assert (batch.labels[row][: len(asked)] == -100).all()
        assert batch.labels[row][len(asked) : len(asked) + len(said)].tolist() == said.tolist()
        assert processor.tokenizer.decode(said, skip_special_tokens=True) == lesson.answer
        assert processor.tokenizer.unk_token_id not in asked


def test_all_answers_of_a_conversation_are_to_be_said() -> None:
    lesson = make_lesson(1, (("read through", 1.0),))
    answers = [str(turn.parts[0]) for turn in lesson.turns if turn.role == "assistant"] + [lesson.answer]
    processor = make_processor(words_of(lesson.turns, answers), SmallSettings())
    batch = collate([lesson], ChatInput(processor))

    said = processor.tokenizer.decode(batch.labels[0][batch.labels[0] >= 0])
    assert [one.strip() for one in said.split("<end>")] == [*answers, ""]


def test_pictures_have_lost_what_a_video_file_loses() -> None:
    (drawn,) = draw_some(write_story(7, seconds=8).scenes[0].script, [3])
    (shown,) = (part for part in make_lesson(1, (("who", 1.0),)).turns[0].parts if isinstance(part, Frame))

    assert 0 < np.abs(as_filmed(drawn).astype(int) - drawn).mean() < 12
    assert np.abs(as_filmed(shown.image).astype(int) - shown.image).mean() < 1, "it was stored once already"


def test_a_batch_follows_from_its_number() -> None:
    mix = (("caption", 0.5), ("read", 0.5))
    some = [make_lesson(seed, mix) for seed in range(40)]
    known = words_of([turn for one in some for turn in one.turns], [one.answer for one in some])
    batches = LessonBatches(make_processor(known, SmallSettings()), mix, 4)
    first, again, other = batches(9), batches(9), batches(10)

    assert first.tokens.equal(again.tokens)
    assert not first.tokens.equal(other.tokens)
