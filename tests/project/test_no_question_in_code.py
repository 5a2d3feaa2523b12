"""The reader knows English, and none of the questions that it is measured by.

Every content word of the questions and answers in sight is looked for, as an exact word, in the built-in reader's
code, data and docstrings. A word that is one in 100,000 of English or commoner (Zipf value 4 by ``wordfreq``) is
English, not a question: so are the numbers to sixty, the months, the colours of a house and the verbs of saying.
The rarer words that any reader may know are named below.
"""

from __future__ import annotations

import calendar
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import ImageColor

from bench.drawn_values import words
from tests.conftest import SHARED

COMMON_ZIPF = 4.0  # ten in a million words
ROOMS = ("models/builtin", "language")
QUESTION_FILES = ("*.qa.json", "questions.json", "paraphrases.json")
MEASURES = (
    "kilometre kilometres centimetre centimetres millimetre millimetres metres litre litres grams kilogram kilograms "
    "tonnes ounces euros dollars pence cents percent celsius fahrenheit"
)
OF_FILMS = (
    "subtitle subtitles caption captions transcript timestamp timestamps chapters slides viewer narrator"
)
OF_THE_WEB = "url www com org net edu"
OF_TYPING = "whats hows wheres whos tldr"


def allowed() -> set[str]:
    """Rarer words that a reader of any film may know: numbers, dates, colours, measures, films, typing."""
    numbers = {part for number in range(100) for part in words(number).split("-")}
    dates = {name.lower() for name in (*calendar.day_name, *calendar.month_name)}
    listed = {word for text in (MEASURES, OF_FILMS, OF_THE_WEB, OF_TYPING) for word in text.split()}
    return numbers | dates | set(ImageColor.colormap) | listed


def tokens(text: str) -> set[str]:
    """Words of three letters and more, in small letters: ``before_after``, ``isn't`` and ``goat's`` give
    before, after, isn't and goat."""
    apart = re.sub(r"([a-z])([A-Z])", r"\1 \2", text.replace("’", "'"))
    found = re.findall(r"[a-z]+(?:'[a-z]+)?", apart.lower())
    return {word for word in (one.removesuffix("'s") for one in found) if len(word) >= 3}


def texts(data: Any) -> Iterator[str]:
    """What is asked, and what is right where something is, in any of the three kinds of files."""
    for entry in data["questions"] if isinstance(data, dict) else data:
        yield entry.get("q") or entry["ask"]
        yield from entry.get("paraphrases", ())
        if entry.get("needs") != "nothing":
            yield str(entry.get("a", ""))


def question_words(folder: Path) -> dict[str, str]:
    """Each word of the questions below ``folder``, with a file that has it."""
    found: dict[str, str] = {}
    for pattern in QUESTION_FILES:
        for path in sorted(folder.rglob(pattern)):
            for text in texts(json.loads(path.read_text(encoding="utf-8"))):
                found |= {word: path.name for word in tokens(text) if word not in found}
    return found


def reader_words(root: Path) -> dict[str, str]:
    """Each word of the reader's code and data, with a file that has it."""
    found: dict[str, str] = {}
    for room in ROOMS:
        for path in sorted((root / "video_vlm" / room).rglob("*")):
            if path.is_file() and path.suffix not in {".pyc", ".safetensors"}:
                text = path.read_text(encoding="utf-8", errors="replace")
                found |= {word: f"{room}/{path.name}" for word in tokens(text) if word not in found}
    return found


def telling(asked: dict[str, str], known: dict[str, str]) -> list[str]:
    """The words of questions that the reader has and English hardly: ``word: the reader's file, the question's``."""
    wordfreq = pytest.importorskip("wordfreq", reason="wordfreq is in the extra dev, which is not installed")
    free = allowed()
    return sorted(
        f"{word}: {known[word]}, {path}"
        for word, path in asked.items()
        if word in known and word not in free and wordfreq.zipf_frequency(word, "en") < COMMON_ZIPF
    )


@pytest.fixture(scope="module")
def shared_questions() -> Path:
    folder = SHARED / "data"
    if not any(folder.rglob("*.qa.json")):
        pytest.skip(f"no questions at {folder} (set VIDEO_VLM_SHARED)")
    return folder


def test_a_word_of_a_question_is_found_in_code_data_and_docstrings(tmp_path: Path) -> None:
    asked = {"questions": [{"q": "Who fed the axolotl's newts?", "a": "Ferdinanda", "needs": "text"}]}
    (tmp_path / "pond.qa.json").write_text(json.dumps(asked), encoding="utf-8")
    for room in ROOMS:
        (tmp_path / "video_vlm" / room).mkdir(parents=True)
    (tmp_path / "video_vlm" / ROOMS[0] / "reader.py").write_text('"""Of newts."""\nAXOLOTL_FOOD = 1\n')
    (tmp_path / "video_vlm" / ROOMS[1] / "names.txt").write_text("Ferdinanda\n")

    assert telling(question_words(tmp_path), reader_words(tmp_path)) == [
        "axolotl: models/builtin/reader.py, pond.qa.json",
        "ferdinanda: language/names.txt, pond.qa.json",
        "newts: models/builtin/reader.py, pond.qa.json",
    ]


@pytest.mark.parametrize(
    "word", ["eleven", "nineteen", "september", "violet", "teal", "litres", "mentioned", "how"]
)
def test_general_english_is_not_a_question(word: str) -> None:
    assert telling({word: "a question"}, {word: "the reader"}) == []


def test_no_question_of_this_repository_is_in_the_reader(root: Path) -> None:
    bundled = {
        word: name
        for part in ("bench", "docs", "examples", "tests")
        for word, name in question_words(root / part).items()
    }

    assert telling(bundled, reader_words(root)) == []


def test_no_shared_question_is_in_the_reader(root: Path, shared_questions: Path) -> None:
    assert telling(question_words(shared_questions), reader_words(root)) == []
