"""Ask every question of every ``*.qa.json`` below a folder and count what came back.

    python bench/answers.py ../shared/data/dev [--quick] [--show wrong|all] [--model NAME] [--keep-looks]

Ground truth is ``{"video": file, "questions": [{"q", "accept": [regex], "evidence": [s, s], "kind",
"needs"}]}``. An answer is *right* when one of ``accept`` matches its text and a cited span overlaps the
evidence. A question that the words and the timing of the video answer (needs text, structure, chapters)
should be right; one that needs eyes, or that nothing answers, should be declined. The last line holds the
headline figures against their goals; exit 1 on a miss. Each question is answered as if it were the first,
unless looks are kept.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from video_vlm import AskSettings, Settings, VideoQA
from video_vlm.errors import MediaError
from video_vlm.records import Answer, Span, Status

RIGHT, UNCITED, WRONG, ABSTAINED = "right", "right, wrong place", "wrong", "abstained"
VERDICTS = (RIGHT, UNCITED, WRONG, ABSTAINED)
READABLE = frozenset({"text", "structure", "chapters"})
GOALS = {"readable right": 0.80, "others abstained": 0.90, "wrong over all": 0.05}
AT_MOST = frozenset({"wrong over all"})
QUICK_SECONDS = 100.0


@dataclass(frozen=True)
class Asked:
    """One question, its answer and the verdict."""

    video: str
    truth: dict[str, Any]
    answer: Answer
    verdict: str

    @property
    def readable(self) -> bool:
        return self.truth["needs"] in READABLE


def judge(truth: dict[str, Any], answer: Answer) -> str:
    """What an answer is worth against the truth; see the module's docstring."""
    if answer.status is not Status.ANSWERED:
        return ABSTAINED
    if not any(re.search(pattern, answer.text, re.IGNORECASE) for pattern in truth["accept"]):
        return WRONG
    evidence = Span(*truth["evidence"])
    return RIGHT if any(cite.span.overlaps(evidence) for cite in answer.citations) else UNCITED


def ask_all(
    folder: Path, library: Path, *, model: str, quick: bool, keep_looks: bool
) -> tuple[list[Asked], list[tuple[float, float]]]:
    """Every question, and for each video the seconds of its first question and the median of the later
    ones."""
    asked: list[Asked] = []
    times: list[tuple[float, float]] = []
    settings = Settings(ask=AskSettings(keep_looks=keep_looks))
    with VideoQA(library, model=model, settings=settings) as videos:
        for path in tqdm(sorted(folder.rglob("*.qa.json")), unit="video", disable=not sys.stderr.isatty()):
            truth = json.loads(path.read_text(encoding="utf-8"))
            if quick and truth["duration_s"] > QUICK_SECONDS:
                continue
            spent = []
            for question in truth["questions"]:
                began = time.perf_counter()
                try:
                    answer = videos.ask(path.with_name(truth["video"]), question["q"])
                except MediaError as error:
                    print(error, file=sys.stderr)
                    break
                spent.append(time.perf_counter() - began)
                asked.append(Asked(truth["video"], question, answer, judge(question, answer)))
            if len(spent) > 1:
                times.append((spent[0], sorted(spent[1:])[len(spent[1:]) // 2]))
    return asked, times


def table(asked: list[Asked], key: str) -> str:
    """Verdicts by ``key`` of the ground truth, split by whether words and timing answer the question."""
    groups: dict[tuple[str, str], Counter[str]] = {}
    for one in asked:
        row = ("readable" if one.readable else "declinable", one.truth[key])
        groups.setdefault(row, Counter())[one.verdict] += 1
    lines = [f"{'':12}{key:16}" + "".join(f"{verdict:>20}" for verdict in VERDICTS)]
    for (part, name), counts in sorted(groups.items(), reverse=True):
        lines.append(f"{part:12}{name:16}" + "".join(f"{counts[verdict]:>20}" for verdict in VERDICTS))
    return "\n".join(lines)


def headline(asked: list[Asked]) -> dict[str, float]:
    """The shares that have goals."""
    readable = [one for one in asked if one.readable]
    others = [one for one in asked if not one.readable]
    return {
        "readable right": sum(one.verdict == RIGHT for one in readable) / max(len(readable), 1),
        "others abstained": sum(one.verdict == ABSTAINED for one in others) / max(len(others), 1),
        "wrong over all": sum(one.verdict == WRONG for one in asked) / max(len(asked), 1),
    }


def main() -> int:
    """Run, print, and say by the exit code whether every goal is met."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--quick", action="store_true", help=f"only videos of at most {QUICK_SECONDS:.0f} s")
    parser.add_argument("--library", type=Path, help="keep the memory here instead of in a temporary folder")
    parser.add_argument("--model", default="builtin")
    parser.add_argument(
        "--keep-looks", action="store_true", help="what one question looked at serves the next"
    )
    parser.add_argument(
        "--show", choices=("wrong", "all"), help="print the questions that went wrong, or all"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        asked, times = ask_all(
            options.folder,
            options.library or Path(temporary),
            model=options.model,
            quick=options.quick,
            keep_looks=options.keep_looks,
        )
    if not asked:
        print(f"no *.qa.json below {options.folder}", file=sys.stderr)
        return 1
    for one in asked:
        good = one.verdict == (RIGHT if one.readable else ABSTAINED)
        if options.show == "all" or (options.show == "wrong" and not good):
            print(
                f"{one.verdict:20}{one.truth['needs']:10}{one.video}: {one.truth['q']}\n    "
                f"{one.answer.text[:200]}"
            )
    print(table(asked, "kind"), "", table(asked, "needs"), "", sep="\n")
    ratios = sorted(later / first for first, later in times)
    ratio = ratios[len(ratios) // 2]
    print(f"{sum(one.answer.receipt.frames_decoded for one in asked)} pictures decoded to answer")
    print(f"a later question takes {ratio:.3f} of the first one's time (median of {len(ratios)} videos)")
    figures = headline(asked)
    met = {
        name: figures[name] < goal if name in AT_MOST else figures[name] >= goal
        for name, goal in GOALS.items()
    }
    parts = []
    for name, goal in GOALS.items():
        sign, verdict = "<" if name in AT_MOST else ">=", "met" if met[name] else "MISSED"
        parts.append(f"{name} {figures[name]:.3f} (goal {sign} {goal}: {verdict})")
    print("; ".join(parts))
    return 0 if all(met.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
