"""A model that plays a script talks about the sample film: what it is shown, may do, and what comes of its
words."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from video_vlm import VideoQA
from video_vlm.agent.actions import tools
from video_vlm.agent.context_window import fit_context, num_pictures
from video_vlm.chat import Tool, Turn
from video_vlm.errors import ModelError, QuestionError
from video_vlm.models.scripted import ScriptedChat
from video_vlm.records import Answer, Frame, ObservationKind, Status, Step
from video_vlm.settings import AskSettings, IndexSettings, MeaningSettings, Settings

QUESTION = "What happens after the keeper falls asleep?"
NO_TEXT = IndexSettings(observers=("chapters", "subtitles", "look", "motion"))
WORDS = MeaningSettings("none")
"""What is found, and so shown to a model, hangs on no encoder that happens to be installed."""
QUIET = Settings(index=NO_TEXT, meaning=WORDS, ask=AskSettings(keep_looks=False))
NOT_SHOWN = '{"action": "answer", "claims": []}'

Ask = Callable[..., Answer]


def claim(text: str, *at: float) -> str:
    """An answer of one claim."""
    return json.dumps({"action": "answer", "claims": [{"text": text, "at": [list(at)]}], "confidence": 0.9})


def said(turns: Sequence[Turn]) -> str:
    return "\n".join(part for turn in turns for part in turn.parts if isinstance(part, str))


def frames(turns: Sequence[Turn]) -> list[float]:
    return [part.pts_seconds for turn in turns for part in turn.parts if isinstance(part, Frame)]


@pytest.fixture(scope="module")
def library(sample_film: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("library")
    with VideoQA(folder, settings=Settings(index=NO_TEXT, meaning=WORDS)) as videos:
        videos.index(sample_film)
    return folder


@pytest.fixture
def ask(sample_film: Path, library: Path) -> Ask:
    """``ask(model, question, **AskSettings)``; looks are not kept unless asked for."""

    def answer(model: ScriptedChat, question: str = QUESTION, **options: object) -> Answer:
        settings = Settings(index=NO_TEXT, meaning=WORDS, ask=AskSettings(**{"keep_looks": False, **options}))  # type: ignore[arg-type]
        with VideoQA(library, settings=settings, model=model) as videos:
            return videos.ask(sample_film, question)

    return answer


def test_an_answer_with_shown_seconds_is_given(ask: Ask) -> None:
    model = ScriptedChat([claim("The lamp goes out.", 23, 26)])
    answer = ask(model)
    assert (answer.status, answer.text, answer.confidence) == (Status.ANSWERED, "The lamp goes out.", 0.9)
    assert answer.citations[0].quote == "The lamp goes out, and nobody on the shore notices."
    assert answer.receipt.model == "scripted"
    opening = said(model.heard[0])
    assert QUESTION in opening
    assert "The lamp goes out, and nobody on the shore notices." in opening
    assert "what is asked for lies after that" in opening


def test_pictures_are_planned_looked_at_and_counted(ask: Ask) -> None:
    model = ScriptedChat(
        [
            '{"action": "look", "from": 23, "to": 25, "frames": 3}',
            '{"action": "look", "from": 30, "to": 40, "frames": 64}',
            claim("Dark.", 24),
        ]
    )
    answer = ask(model, max_look_frames=8)
    planned, looked, more = map(frames, model.heard)
    assert len(planned) == 4
    assert len([at for at in looked if 23 <= at <= 25]) >= 3
    assert len(set(more)) == answer.receipt.frames_decoded == 8
    assert sum(step.num_frames for step in answer.receipt.steps) == 8


def test_a_crop_is_cut_from_the_whole_picture(ask: Ask) -> None:
    model = ScriptedChat(
        ['{"action": "look", "from": 24, "to": 24, "frames": 1, "crop": [0, 0, 0.5, 1]}', NOT_SHOWN]
    )
    ask(model)
    shown = [part for part in model.heard[-1][-1].parts if isinstance(part, Frame)]
    whole = next(part for turn in model.heard[0] for part in turn.parts if isinstance(part, Frame))
    assert shown[0].image.shape[1] * 2 == pytest.approx(whole.image.shape[1], abs=2)


def test_without_eyes_words_alone_are_given(ask: Ask) -> None:
    model = ScriptedChat([claim("The lamp goes out.", 23, 26)], max_images=0)
    answer = ask(model)
    assert answer.receipt.frames_decoded == 0
    assert frames(model.heard[0]) == []
    assert "no eyes" in str(answer.coverage)


def test_a_search_brings_what_can_then_be_cited(ask: Ask) -> None:
    model = ScriptedChat(['{"action": "search", "query": "lemon"}', claim("She buys a lemon.", 28, 31)])
    answer = ask(model, "What is on the table?", max_look_frames=0)
    assert "buys a lemon" in said(model.heard[1])
    assert answer.status is Status.ANSWERED


def test_a_forged_citation_is_refused_and_asked_again_once(ask: Ask) -> None:
    forged = claim("A dragon lands.", 54.4, 54.6)
    model = ScriptedChat([forged, claim("The lamp goes out.", 23, 26)])
    answer = ask(model, max_look_frames=0)
    assert answer.text == "The lamp goes out."
    assert "Refused: nothing within 2 seconds" in said(model.heard[1])
    assert [step.action for step in answer.receipt.steps].count("refused") == 1


def test_a_model_that_insists_on_it_gets_no_answer(ask: Ask) -> None:
    model = ScriptedChat([claim("A dragon lands.", 54.4, 54.6)])
    answer = ask(model, max_look_frames=0)
    assert (answer.status, answer.claims, len(model.heard)) == (Status.NOT_SHOWN, (), 2)


def test_a_claim_without_seconds_is_none(ask: Ask) -> None:
    model = ScriptedChat(['{"action": "answer", "claims": [{"text": "A dragon lands.", "at": []}]}'])
    assert ask(model).status is Status.NOT_SHOWN


def test_the_rounds_end(ask: Ask) -> None:
    model = ScriptedChat(['{"action": "search", "query": "dragon"}'])
    answer = ask(model, max_rounds=3)
    assert (answer.status, len(model.heard)) == (Status.NOT_SHOWN, 3)
    assert "This is your last turn" in said(model.heard[-1])


class Caller(ScriptedChat):
    """A scripted model that calls tools, until it says that it has none."""

    calls_tools = True

    def num_call_tokens(self, turns: Sequence[Turn], *, tools: Sequence[Tool]) -> int:
        return self.num_tokens(turns) + 100 * len(tools)

    def stream_call(
        self,
        turns: Sequence[Turn],
        *,
        tools: Sequence[Tool],
        max_tokens: int = 1024,
    ) -> Iterator[str]:
        assert [tool.name for tool in tools] == ["search", "look", "answer"]
        said = "".join(self.stream(turns, max_tokens=max_tokens))
        self.calls_tools = said != "no tools"
        yield said if self.calls_tools else ""


def test_a_model_that_calls_tools_is_told_so_and_acts_by_them(ask: Ask) -> None:
    model = Caller(['{"action": "look", "from": 23, "to": 25, "frames": 2}', claim("Dark.", 24)])
    answer = ask(model)
    assert answer.text == "Dark."
    assert [step.action for step in answer.receipt.steps][-2:] == ["look", "answer"]
    rules = said(model.heard[0][:1])
    assert "Call one tool in each turn" in rules
    assert "JSON" not in rules
    assert "never an instruction" in rules


def test_what_tells_of_tools_takes_room_too() -> None:
    """A picture costs a hundred of a scripted model, and so does a tool of this one."""
    frames = [Frame(at, float(at), np.zeros((2, 2, 3), np.uint8)) for at in range(5)]
    model, turns = Caller([NOT_SHOWN], context_tokens=511), (Turn("user", ("Look:", *frames)),)
    assert num_pictures(fit_context(turns, model, answer_tokens=10)) == 5
    assert num_pictures(fit_context(turns, model, answer_tokens=10, tools=tools())) == 2


@pytest.mark.parametrize("reply", ["no tools", "I would rather talk."])
def test_a_model_that_calls_none_after_all_goes_on_in_json(ask: Ask, reply: str) -> None:
    model = Caller([reply, claim("Dark.", 24)])
    answer = ask(model)
    assert answer.text == "Dark."
    assert "tools" in [step.action for step in answer.receipt.steps]
    assert "Reply with one JSON object" in said(model.heard[1][:1])


def test_below_the_floor_nothing_is_claimed(ask: Ask) -> None:
    unsure = json.dumps({"claims": [{"text": "The lamp goes out.", "at": [[23, 26]]}], "confidence": 0.2})
    answer = ask(ScriptedChat([unsure]))
    assert (answer.status, answer.claims) == (Status.NOT_SHOWN, ())
    assert answer.nearest[0].span.start == 23


def test_a_model_that_follows_no_protocol_gets_the_fixed_plan(ask: Ask) -> None:
    model = ScriptedChat(["Well...", "Hm.", "The lamp goes out at 23 s."])
    answer = ask(model)
    assert answer.text == "The lamp goes out at 23 s."
    assert answer.citations[0].quote.startswith("The lamp goes out")


def test_a_small_model_gets_it_at_once_and_may_say_no(ask: Ask) -> None:
    model = ScriptedChat(["NOT SHOWN."], context_tokens=4000)
    answer = ask(model, answer_tokens=200)
    assert (answer.status, len(model.heard)) == (Status.NOT_SHOWN, 1)


def test_a_sentence_without_times_cites_all_it_was_shown_and_says_so(ask: Ask) -> None:
    answer = ask(ScriptedChat(["The lamp goes out."], context_tokens=4000), answer_tokens=200)
    assert len(answer.citations) > 1
    assert any("named no time" in step.detail for step in answer.receipt.steps)


def test_what_does_not_fit_leaves_the_oldest_pictures_out(ask: Ask) -> None:
    roomy, tight = ScriptedChat([NOT_SHOWN]), ScriptedChat([NOT_SHOWN], max_images=2)
    ask(roomy)
    ask(tight)
    assert len(frames(tight.heard[0])) == 2 < len(frames(roomy.heard[0]))


def test_a_model_without_room_for_the_words_is_an_error(ask: Ask) -> None:
    with pytest.raises(ModelError, match="has room for 50 tokens"):
        ask(ScriptedChat([NOT_SHOWN], context_tokens=50), answer_tokens=20)


def test_claims_are_verified_one_by_one(ask: Ask) -> None:
    both = json.dumps(
        {
            "claims": [
                {"text": "The lamp goes out.", "at": [[23, 26]]},
                {"text": "A dragon lands.", "at": [[23, 26]]},
            ]
        }
    )
    model = ScriptedChat([both, '{"shown": true}', "No."])
    answer = ask(model, verify=True)
    assert answer.text == "The lamp goes out."
    assert [step.detail for step in answer.receipt.steps if step.action == "verify"] == [
        "shown: The lamp goes out.",
        "dropped, not shown: A dragon lands.",
    ]
    assert QUESTION not in said(model.heard[1])
    assert frames(model.heard[1])


def test_what_a_model_saw_is_found_by_the_next_question(sample_film: Path, tmp_path: Path) -> None:
    noted = json.dumps(
        {
            "action": "answer",
            "claims": [],
            "seen": [
                {"text": "a purple heron on the roof", "at": [[24, 24]]},
                {"text": "never shown", "at": [[900, 901]]},
            ],
        }
    )
    settings = Settings(index=NO_TEXT, meaning=WORDS)
    look = '{"action": "look", "from": 24, "to": 24, "frames": 1}'
    with VideoQA(tmp_path, settings=settings, model=ScriptedChat([look, noted])) as videos:
        videos.ask(sample_film, QUESTION)
        (kept,) = videos.memory(sample_film).looks()
    assert [(one.text, one.kind) for one in kept.observations] == [
        ("a purple heron on the roof", ObservationKind.CAPTION)
    ]
    second = ScriptedChat([claim("A heron.", 24)])
    with VideoQA(tmp_path, settings=settings, model=second) as videos:
        answer = videos.ask(sample_film, "Where is the purple heron?")
    assert "purple heron on the roof" in said(second.heard[0])
    assert answer.status is Status.ANSWERED


def test_every_step_is_told_as_it_is_taken(sample_film: Path, library: Path) -> None:
    told: list[Step] = []
    with VideoQA(
        library, settings=Settings(index=NO_TEXT, meaning=WORDS), model=ScriptedChat([NOT_SHOWN])
    ) as videos:
        answer = videos.ask(sample_film, QUESTION, trace=told.append)
    assert [step.action for step in told] == ["search", "look", "answer"]
    assert tuple(told) == answer.receipt.steps[: len(told)]


def test_several_questions_at_once_and_beside_an_event_loop(sample_film: Path, library: Path) -> None:
    model = ScriptedChat([claim("The lamp goes out.", 23, 26)])
    with VideoQA(library, settings=Settings(index=NO_TEXT, meaning=WORDS), model=model) as videos:
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda _: videos.ask(sample_film, QUESTION), range(8)))
        beside = asyncio.run(videos.ask_async(sample_film, QUESTION))
    assert {answer.text for answer in (*answers, beside)} == {"The lamp goes out."}


def test_an_empty_question_is_an_error(ask: Ask) -> None:
    with pytest.raises(QuestionError):
        ask(ScriptedChat([NOT_SHOWN]), "  ")


def test_a_file_that_is_gone_is_answered_from_memory(library: Path, sample_film: Path) -> None:
    model = ScriptedChat([claim("The lamp goes out.", 23, 26)])
    with VideoQA(library, settings=Settings(index=NO_TEXT, meaning=WORDS), model=model) as videos:
        content_id = videos.library.videos()[0].video.content_id
        moved = sample_film.rename(sample_film.with_name("moved.mp4"))
        try:
            answer = videos.ask(content_id, QUESTION)
        finally:
            moved.rename(sample_film)
    assert answer.status is Status.ANSWERED
    assert frames(model.heard[0]) == []


def test_steps_are_streamed_and_the_answer_comes_last(library: Path, sample_film: Path) -> None:
    look = '{"action": "look", "from": 24, "to": 24, "frames": 1}'
    model = ScriptedChat([look, claim("The lamp goes out.", 23, 26)])
    with VideoQA(library, settings=QUIET, model=model) as videos:
        *steps, answer = videos.stream(sample_film, QUESTION)
    assert isinstance(answer, Answer)
    assert [step.action for step in steps if isinstance(step, Step)] == ["search", "look", "look", "answer"]
    assert tuple(steps) == answer.receipt.steps[: len(steps)]


def test_a_stream_that_is_left_asks_nothing_more(library: Path, sample_film: Path) -> None:
    look = '{"action": "look", "from": 24, "to": 24, "frames": 1}'
    model = ScriptedChat([look])
    with VideoQA(library, settings=QUIET, model=model) as videos:
        steps = videos.stream(sample_film, QUESTION)
        next(steps)
        steps.close()
        assert len(model.heard) <= 1


def test_what_goes_wrong_in_a_stream_is_raised_there(library: Path, sample_film: Path) -> None:
    with VideoQA(library, settings=QUIET, model=ScriptedChat(["?"])) as videos, pytest.raises(QuestionError):
        list(videos.stream(sample_film, " "))


def test_a_stream_leaves_the_event_loop_free(library: Path, sample_film: Path) -> None:
    async def listen() -> list[Step | Answer]:
        with VideoQA(
            library, settings=QUIET, model=ScriptedChat([claim("The lamp goes out.", 23, 26)])
        ) as videos:
            return [item async for item in videos.stream_async(sample_film, QUESTION)]

    heard = asyncio.run(listen())
    assert isinstance(heard[-1], Answer)
    assert heard[-1].status is Status.ANSWERED
