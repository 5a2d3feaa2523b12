"""What answers are worth: verdicts, tables of them, calibration, goals, and what changed between two runs."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.question_sets import Item
from video_vlm.records import Answer, Span, Status

__all__ = [
    "Asked",
    "calibration",
    "changes",
    "goals_met",
    "judge",
    "rows",
    "sets",
    "table",
    "write_json",
]

RIGHT, UNCITED, WRONG, ABSTAINED = "right", "right, wrong place", "wrong", "abstained"
VERDICTS = (RIGHT, UNCITED, WRONG, ABSTAINED)
READABLE = frozenset({"text", "structure", "chapters"})
SHARES = ("readable right", "others abstained", "wrong over all")
AT_MOST = frozenset({"wrong over all"})
GOALS = {
    "development": {"readable right": 0.80, "others abstained": 0.90, "wrong over all": 0.05},
    "fresh": {"readable right": 0.65, "others abstained": 0.90, "wrong over all": 0.06},
    "paraphrases": {"readable right": 0.70},
    "drawn": {"readable right": 0.75, "others abstained": 0.90, "wrong over all": 0.06},
}
NUM_BINS = 10
LIKELY = (0.75, 0.85)  # answers of this confidence should be right as often


@dataclass(frozen=True)
class Asked:
    """One question, its answer and the verdict."""

    item: Item
    answer: Answer
    verdict: str
    seconds: float = 0.0

    @property
    def truth(self) -> dict[str, Any]:
        return self.item.truth

    @property
    def readable(self) -> bool:
        return self.truth["needs"] in READABLE

    @property
    def good(self) -> bool:
        return self.verdict == (RIGHT if self.readable else ABSTAINED)


def judge(truth: dict[str, Any], answer: Answer) -> str:
    """What an answer is worth against the truth; see the docstring of ``bench/answers.py``."""
    if answer.status is not Status.ANSWERED:
        return ABSTAINED
    if truth["needs"] == "nothing":
        return WRONG  # "never" in a quoted line is no confession
    if not any(re.search(pattern, answer.text, re.IGNORECASE) for pattern in truth["accept"]):
        return WRONG
    evidence = Span(*truth["evidence"])
    return RIGHT if any(cite.span.overlaps(evidence) for cite in answer.citations) else UNCITED


def table(asked: list[Asked], key: str) -> str:
    """Verdicts by ``key`` of the ground truth, split by whether words and timing answer the question."""
    groups: dict[tuple[str, str], Counter[str]] = {}
    for one in asked:
        row = ("readable" if one.readable else "declinable", one.truth.get(key, "-"))
        groups.setdefault(row, Counter())[one.verdict] += 1
    lines = [f"{'':12}{key:18}" + "".join(f"{verdict:>20}" for verdict in VERDICTS)]
    for (part, name), counts in sorted(groups.items(), reverse=True):
        lines.append(f"{part:12}{name:18}" + "".join(f"{counts[verdict]:>20}" for verdict in VERDICTS))
    return "\n".join(lines)


def headline(asked: list[Asked]) -> dict[str, float]:
    """The shares that have goals; one of no questions is left out."""
    readable = [one for one in asked if one.readable]
    others = [one for one in asked if not one.readable]
    counted: list[tuple[str, list[Asked], Callable[[Asked], bool]]] = [
        ("readable right", readable, lambda one: one.verdict == RIGHT),
        ("others abstained", others, lambda one: one.verdict == ABSTAINED),
        ("wrong over all", asked, lambda one: one.verdict == WRONG),
    ]
    return {name: sum(map(holds, among)) / len(among) for name, among, holds in counted if among}


def by_set(asked: list[Asked]) -> dict[str, list[Asked]]:
    """The questions of each set, in the order in which the sets came."""
    found: dict[str, list[Asked]] = {}
    for one in asked:
        found.setdefault(one.item.part, []).append(one)
    return found


def sets(asked: list[Asked]) -> str:
    """A row for each set."""
    lines = [f"{'set':28}{'questions':>10}" + "".join(f"{name:>20}" for name in SHARES)]
    for name, among in by_set(asked).items():
        shares = headline(among)
        cells = (f"{shares[share]:>20.3f}" if share in shares else f"{'-':>20}" for share in SHARES)
        lines.append(f"{name:28}{len(among):>10}" + "".join(cells))
    return "\n".join(lines)


def goals_met(asked: list[Asked]) -> tuple[list[str], bool]:
    """A line for each set with its shares against its goals, and whether all are met."""
    lines, all_met = [], True
    for name, among in by_set(asked).items():
        shares, parts = headline(among), []
        for share, goal in GOALS[among[0].item.goals].items():
            if share in shares:
                met = shares[share] < goal if share in AT_MOST else shares[share] >= goal
                sign, verdict = "<" if share in AT_MOST else ">=", "met" if met else "MISSED"
                parts.append(f"{share} {shares[share]:.3f} (goal {sign} {goal}: {verdict})")
                all_met = all_met and met
        lines.append(f"{name}: " + "; ".join(parts))
    return lines, all_met


def calibration(asked: list[Asked]) -> str:
    """How often answers of each confidence are right, and the expected calibration error over ten bins."""
    answered = [one for one in asked if one.verdict != ABSTAINED]
    if not answered:
        return "nothing was answered"
    bins: dict[int, list[Asked]] = {}
    for one in answered:
        bins.setdefault(min(int(one.answer.confidence * NUM_BINS), NUM_BINS - 1), []).append(one)
    lines, error = [f"{'confidence':14}{'answers':>10}{'mean':>10}{'right':>10}"], 0.0
    for place, among in sorted(bins.items()):
        mean = sum(one.answer.confidence for one in among) / len(among)
        right = _right(among)
        error += len(among) / len(answered) * abs(right - mean)
        lines.append(
            f"{place / NUM_BINS:.1f}-{(place + 1) / NUM_BINS:<10.1f}{len(among):>10}{mean:>10.2f}{right:>10.2f}"
        )
    low, high = LIKELY
    likely = [one for one in answered if low <= one.answer.confidence <= high]
    share = f"{_right(likely):.2f} of {len(likely)}" if likely else "none"
    lines += [f"expected calibration error {error:.3f}", f"right at {low}-{high}: {share}"]
    return "\n".join(lines)


def _right(among: list[Asked]) -> float:
    return sum(one.verdict == RIGHT for one in among) / len(among)


def rows(asked: list[Asked]) -> list[dict[str, Any]]:
    """Every question with its verdict, for a file that a later run is compared with."""
    return [
        {
            "set": one.item.part,
            "video": one.item.video.name,
            **{key: one.truth.get(key) for key in ("q", "a", "kind", "needs", "wording")},
            "verdict": one.verdict,
            "good": one.good,
            "confidence": one.answer.confidence,
            "status": one.answer.status.value,
            "text": one.answer.text,
            "cited": [[cite.span.start, cite.span.end] for cite in one.answer.citations],
        }
        for one in asked
    ]


def write_json(asked: list[Asked], path: Path) -> None:
    """The rows as JSON."""
    path.write_text(json.dumps(rows(asked), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def changes(before: list[dict[str, Any]], now: list[dict[str, Any]]) -> Iterator[str]:
    """A line for each question whose verdict is another than before, the worse ones first, and a count."""

    def key(row: dict[str, Any]) -> tuple[str, str, str]:
        return row["set"], row["video"], row["q"]

    old = {key(row): row for row in before}
    both = [(old[key(row)], row) for row in now if key(row) in old]
    changed = [(was, row) for was, row in both if was["verdict"] != row["verdict"]]
    for was, row in sorted(changed, key=lambda pair: pair[1]["good"] - pair[0]["good"]):
        sign = {-1: "worse", 0: "other", 1: "better"}[row["good"] - was["good"]]
        yield f"{sign:7}{was['verdict']} -> {row['verdict']}  {row['video']}: {row['q']}\n    {row['text'][:160]}"
    better = sum(row["good"] > was["good"] for was, row in changed)
    worse = sum(row["good"] < was["good"] for was, row in changed)
    yield f"{len(both)} questions in both runs: {better} better, {worse} worse, {len(changed) - better - worse} other"
    if len(both) < len(now):
        yield f"{len(now) - len(both)} questions were not asked before"
