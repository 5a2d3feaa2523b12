"""What ``bench/answers.py`` makes of answers: verdicts, halves, calibration, and two runs beside each other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bench.question_sets import Item, folder_items, half_of, paraphrased_items
from bench.verdicts import Asked, calibration, changes, goals_met, judge, rows
from video_vlm.records import Answer, Citation, Claim, Coverage, Receipt, Span, Status

TRUTH = {
    "q": "How old is the goat?",
    "accept": ["nine"],
    "evidence": [10, 15],
    "kind": "number",
    "needs": "text",
}
NOTHING = {**TRUTH, "accept": ["never"], "needs": "nothing"}


def answer(
    text: str, *, at: float = 11.0, confidence: float = 0.8, status: Status = Status.ANSWERED
) -> Answer:
    claims = (Claim(text, (Citation(Span(at, at + 2), text),)),) if status is Status.ANSWERED else ()
    coverage = Coverage(1, 1, ("subtitles",), 60.0, 60.0)
    return Answer("", text, status, confidence, claims, coverage, Receipt("builtin"))


def asked(truth: dict[str, Any], told: Answer, *, video: str = "goat.mp4", goals: str = "drawn") -> Asked:
    return Asked(Item("set", Path(video), truth, goals), told, judge(truth, told))


@pytest.mark.parametrize(
    ("truth", "told", "verdict"),
    [
        (TRUTH, answer("Nine."), "right"),
        (TRUTH, answer("Nine.", at=30), "right, wrong place"),
        (TRUTH, answer("Ten."), "wrong"),
        (TRUTH, answer("I cannot tell.", status=Status.NOT_SHOWN), "abstained"),
        (NOTHING, answer("It never rains."), "wrong"),
    ],
)
def test_verdicts(truth: dict[str, Any], told: Answer, verdict: str) -> None:
    assert judge(truth, told) == verdict


def films(folder: Path, *names: str) -> None:
    for name in names:
        (folder / f"{name}.mp4").touch()
        film = {"video": f"{name}.mp4", "duration_s": 60, "questions": [TRUTH]}
        (folder / f"{name}.qa.json").write_text(json.dumps(film), encoding="utf-8")


def test_halves_take_turns_over_the_films_in_order_of_their_names(tmp_path: Path) -> None:
    films(tmp_path, "c", "a", "b")

    assert [item.video.stem for item in folder_items(tmp_path, half="tune")] == ["a", "c"]
    assert [item.video.stem for item in folder_items(tmp_path, half="judge")] == ["b"]
    assert len(folder_items(tmp_path)) == 3


def test_a_question_and_its_paraphrases_are_in_one_half(tmp_path: Path) -> None:
    films(tmp_path, "a")
    texts = [f"Question {number}?" for number in range(20)]
    listed = [{**TRUTH, "video": "a.mp4", "q": text, "paraphrases": [f"other {text}"]} for text in texts]
    path = tmp_path / "list.json"
    path.write_text(json.dumps(listed), encoding="utf-8")

    tuned = {item.truth["q"] for item in paraphrased_items(path, [tmp_path], half="tune")}
    judged = {item.truth["q"] for item in paraphrased_items(path, [tmp_path], half="judge")}

    assert tuned | judged == {*texts, *(f"other {text}" for text in texts)}
    assert tuned & judged == set()
    assert all(half_of(text) == ("tune" if f"other {text}" in tuned else "judge") for text in texts)


def test_a_list_over_a_missing_video_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "list.json"
    path.write_text(json.dumps([{**TRUTH, "video": "gone.mp4", "paraphrases": []}]), encoding="utf-8")

    with pytest.raises(FileNotFoundError, match=r"gone\.mp4 is in none of"):
        paraphrased_items(path, [tmp_path])


def test_calibration_counts_answers_by_their_confidence() -> None:
    told = [answer("Nine.", confidence=0.8)] * 3 + [
        answer("Ten.", confidence=0.8),
        answer("Ten.", confidence=0.3),
    ]
    lines = calibration([asked(TRUTH, one) for one in told]).splitlines()

    assert lines[1].split() == ["0.3-0.4", "1", "0.30", "0.00"]
    assert lines[2].split() == ["0.8-0.9", "4", "0.80", "0.75"]
    assert lines[3] == "expected calibration error 0.100"  # 1/5 of 0.3 and 4/5 of 0.05
    assert lines[4] == "right at 0.75-0.85: 0.75 of 4"


def test_silence_has_no_calibration() -> None:
    assert calibration([asked(TRUTH, answer("", status=Status.NOT_SHOWN))]) == "nothing was answered"


def test_what_changed_is_told_worse_first() -> None:
    before = rows([asked(TRUTH, answer("Nine.")), asked({**TRUTH, "q": "And the cat?"}, answer("Ten."))])
    now = rows([asked(TRUTH, answer("Ten.")), asked({**TRUTH, "q": "And the cat?"}, answer("Nine."))])
    lines = list(changes(before, now))

    assert [line.split()[0] for line in lines[:2]] == ["worse", "better"]
    assert lines[2] == "2 questions in both runs: 1 better, 1 worse, 0 other"


def test_nothing_changed_between_two_equal_runs() -> None:
    run = rows([asked(TRUTH, answer("Nine."))])

    assert list(changes(run, run)) == ["1 questions in both runs: 0 better, 0 worse, 0 other"]


def test_goals_are_those_of_the_set() -> None:
    right = [asked(TRUTH, answer("Nine.")), asked(NOTHING, answer("", status=Status.NOT_SHOWN))]

    assert goals_met(right)[1]
    assert not goals_met([*right, asked(TRUTH, answer("Ten."))])[1]
