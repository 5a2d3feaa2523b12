"""Every pattern of the package takes time in proportion to its text, whatever a stranger writes.

Patterns are found in the source (every literal given to ``re``) and in loaded modules (those put together
there), and fed long runs of the characters that stand in them: one, two in turn, and a run broken off at its
end.
"""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import time
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from random import Random
from re import _parser  # type: ignore[attr-defined]
from typing import Any

import pytest

from tests.project.package_files import ROOT, package_files

CALLS = frozenset({"compile", "sub", "subn", "match", "search", "fullmatch", "findall", "finditer", "split"})
LONG, QUESTION = 6_000, 1_000
MOST_PAIRS = 16
"""Of the characters that stand in a pattern so many pairs are tried, and of its words, drawn by its text."""
MOST_RATIO = 10.0
"""Four times the text: four times the time, or sixteen where it grows with the square."""
MOST_RATIO_OF_QUESTIONS = 30.0
"""A question ends after some thousand letters: its patterns may take the square of them, not the cube."""
QUESTIONS = (
    *(f"language/{name}.py" for name in ("operator_parser", "query")),
    *(f"models/builtin/{name}.py" for name in ("added_rows", "order_of_two", "video_facts", "when")),
)
"""Where nothing is read but questions."""
OTHERS = ("perception/subtitle", "media/embedded_subtitles")
"""Tried by tests of their own, whole."""
ELSEWHERE = ("encoder", "toy_llava", "world")
"""Rooms that read nothing of strangers."""


def sources() -> Iterator[Path]:
    for path in package_files():
        name = path.relative_to(ROOT).as_posix()
        if not name.startswith((*ELSEWHERE, *OTHERS)):
            yield path


def written(path: Path) -> Iterator[tuple[str, int]]:
    """The literal patterns of a module, with their flags."""
    node: Any
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        is_call = (
            isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CALLS
        )
        if not (
            is_call and isinstance(node.func.value, ast.Name) and node.func.value.id == "re" and node.args
        ):
            continue
        if isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str):
            given = (*node.args, *(keyword.value for keyword in node.keywords))
            names = {one.attr for each in given for one in ast.walk(each) if isinstance(one, ast.Attribute)}
            flags = sum({getattr(re, name) for name in names if name in re.RegexFlag.__members__})
            yield node.args[0].value, int(flags)


def inside(value: object, depth: int = 0) -> Iterator[re.Pattern[str]]:
    if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
        yield value
    elif isinstance(value, dict) and depth < 3:
        for one in (*value.keys(), *value.values()):
            yield from inside(one, depth + 1)
    elif isinstance(value, (list, tuple, set, frozenset)) and depth < 3:
        for one in value:
            yield from inside(one, depth + 1)
    elif hasattr(value, "__dataclass_fields__") and not isinstance(value, type) and depth < 3:
        for name in value.__dataclass_fields__:
            yield from inside(getattr(value, name, None), depth + 1)


def loaded() -> Iterator[tuple[str, re.Pattern[str]]]:
    for info in pkgutil.walk_packages([str(ROOT)], "video_vlm."):
        name = info.name.partition(".")[2].replace(".", "/")
        if name.startswith((*ELSEWHERE, *OTHERS)) or info.name.endswith("__main__"):
            continue
        try:
            module = importlib.import_module(info.name)
        except Exception:  # what needs an extra that is not here is read as source alone
            continue
        for value in list(vars(module).values()):
            for pattern in inside(value):
                yield f"{name}.py", pattern


def every_pattern() -> dict[str, re.Pattern[str]]:
    found = {}
    for path in sources():
        for text, flags in written(path):
            found[f"{path.relative_to(ROOT).as_posix()}: {text}"] = re.compile(text, flags)
    for name, pattern in loaded():
        found.setdefault(f"{name}: {pattern.pattern}", pattern)
    seen: dict[tuple[str, int], str] = {}
    for name, pattern in found.items():
        seen.setdefault((pattern.pattern, pattern.flags), name)
    return {name: re.compile(*key) for key, name in seen.items()}


SAMPLES = {
    "CATEGORY_DIGIT": "7", "CATEGORY_WORD": "w", "CATEGORY_SPACE": " ", "CATEGORY_NOT_DIGIT": "x",
    "CATEGORY_NOT_WORD": "-", "CATEGORY_NOT_SPACE": "x",
}  # fmt: skip


def letters_in(pattern: re.Pattern[str]) -> list[str]:
    """One character for each class and literal that stands in a pattern, and some that stand in none."""
    found: dict[str, None] = {}

    def walk(node: object) -> None:
        if isinstance(node, _parser.SubPattern):
            for one in node:
                walk(one)
        elif isinstance(node, (tuple, list)):
            head = node[0] if node else None
            name = str(head)
            if name in ("LITERAL", "NOT_LITERAL") and isinstance(node[1], int):
                found.setdefault(chr(node[1]))
            elif name == "RANGE":
                found.setdefault(chr(node[1][0]))
                found.setdefault(chr(node[1][1]))
            elif name == "CATEGORY":
                found.setdefault(SAMPLES.get(str(node[1]), "x"))
            else:
                for one in node:
                    walk(one)

    walk(_parser.parse(pattern.pattern, pattern.flags & ~re.UNICODE))
    for extra in (" ", "x", "7", "\n"):
        found.setdefault(extra)
    return list(found)


def words_in(pattern: re.Pattern[str]) -> list[str]:
    """Runs of literals, as they stand in the pattern: what begins a match again and again."""
    return list(dict.fromkeys(re.findall(r"[A-Za-z]{2,12}", pattern.pattern)))[:12]


def texts(pattern: re.Pattern[str]) -> Iterator[str]:
    """What is repeated, and what the run ends with."""
    letters = letters_in(pattern)
    letters = letters if len(letters) <= 9 else letters[:5] + letters[-4:]
    pairs = [a + b for a, b in product(letters, letters) if a != b]
    words = [f"{word}{joint}" for word in words_in(pattern) for joint in ("", " ", "7", " 7 ")]
    draw = Random(ascii(pattern.pattern))
    yield from letters
    yield from draw.sample(pairs, min(MOST_PAIRS, len(pairs)))
    yield from draw.sample(words, min(MOST_PAIRS, len(words)))


def seconds(work: Callable[[str], object], text: str) -> float:
    begin = time.thread_time()
    work(text)
    return time.thread_time() - begin


def ratio(work: Callable[[str], object], before: str, after: str) -> float:
    """How many times longer a text takes, by the best of five of each. They take turns: whoever shares the
    core may halve its speed for a while."""
    times = [(seconds(work, before), seconds(work, after)) for _ in range(5)]
    return min(last for _, last in times) / max(min(first for first, _ in times), 0.0005)


def is_slow(pattern: re.Pattern[str], unit: str, *, long: int = LONG, most: float = MOST_RATIO) -> bool:
    """Whether all matches in a text take more than in proportion to it."""

    def all_matches(text: str) -> int:
        return sum(1 for _ in pattern.finditer(text))

    def text(length: int) -> str:
        return unit * (length // len(unit)) + "\x00"

    # The third power would take an hour of a long text: it is told by a short one.
    if any(all(seconds(all_matches, text(long // part)) > 0.3 for _ in range(2)) for part in (64, 32, 16, 4)):
        return True
    if any(seconds(all_matches, text(long)) < 0.012 for _ in range(2)):
        return False
    # Once more with longer ones, so that a busy machine is not taken for a slow pattern.
    return all(ratio(all_matches, text(times * long // 4), text(times * long)) >= most for times in (1, 2))


PATTERNS = every_pattern()


def test_the_patterns_are_found() -> None:
    assert len(PATTERNS) > 100
    assert sum("operator_parser" in name for name in PATTERNS) > 5


@pytest.mark.parametrize("name", PATTERNS)
def test_a_pattern_takes_time_in_proportion_to_its_text(name: str) -> None:
    long, most = (QUESTION, MOST_RATIO_OF_QUESTIONS) if name.startswith(QUESTIONS) else (LONG, MOST_RATIO)
    slow = [unit for unit in texts(PATTERNS[name]) if is_slow(PATTERNS[name], unit, long=long, most=most)]
    assert slow == [], f"{name} on {slow[:5]!r}"


@pytest.mark.parametrize(
    ("pattern", "unit"),
    [
        (r"\s+$", " "),
        (r"<[^>]*>", "<"),
        (r"[\w.]+@\w", "w"),
        (r"\W*(?:so|thus)\b", "-"),
        (r"\W+(?:[\w'-]+\W+)?of", "-"),
    ],
)
def test_slow_patterns_are_told(pattern: str, unit: str) -> None:
    assert is_slow(re.compile(pattern), unit)
