"""Sets of questions with known answers: a folder's ``*.qa.json``, or the paraphrases of a list."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["HALVES", "Item", "folder_items", "half_of", "paraphrased_items"]

HALVES = ("tune", "judge")
QUICK_SECONDS = 100.0


@dataclass(frozen=True)
class Item:
    """A question of a video; ``truth`` has ``q``, ``accept``, ``evidence``, ``kind`` and ``needs``."""

    part: str
    video: Path
    truth: dict[str, Any]
    goals: str = "development"


def folder_items(folder: Path, *, quick: bool = False, half: str | None = None) -> list[Item]:
    """Every question of every ``*.qa.json`` below a folder.

    Of the films in order of their names, even places (0, 2, ...) are to tune on, odd ones to judge by.
    """
    items = []
    for place, path in enumerate(sorted(folder.rglob("*.qa.json"))):
        film = json.loads(path.read_text(encoding="utf-8"))
        if (quick and film["duration_s"] > QUICK_SECONDS) or half == HALVES[1 - place % 2]:
            continue
        items += [
            Item(folder.resolve().name, path.with_name(film["video"]), truth, _goals(film))
            for truth in film["questions"]
        ]
    return items


def _goals(film: dict[str, Any]) -> str:
    if "drawn_films" in film.get("licence", ""):
        return "drawn"
    return "fresh" if any("wording" in one for one in film["questions"]) else "development"


def half_of(question: str) -> str:
    """The half of a question by the hash of its words, for lists that ask many of one film."""
    return HALVES[hashlib.sha256(question.encode()).digest()[0] % 2]


def paraphrased_items(path: Path, folders: list[Path], *, half: str | None = None) -> list[Item]:
    """The questions of a list in their own words (one set) and in others (another), over the videos of ``folders``.

    A question and its paraphrases are in the same half.

    Raises:
        FileNotFoundError: a video is in none of the folders.
    """
    listed = json.loads(path.read_text(encoding="utf-8"))
    return [
        item
        for entry in listed
        if half in {None, half_of(entry["q"])}
        for item in _entry_items(entry, path.stem, _found(entry["video"], folders))
    ]


def _entry_items(entry: dict[str, Any], name: str, video: Path) -> Iterator[Item]:
    yield Item(f"{name}, own words", video, {**entry, "wording": "own"}, "development")
    for question in entry["paraphrases"]:
        yield Item(name, video, {**entry, "q": question, "wording": "other"}, "paraphrases")


def _found(name: str, folders: list[Path]) -> Path:
    for folder in folders:
        for path in sorted(folder.rglob(name)):
            return path
    raise FileNotFoundError(f"{name} is in none of {', '.join(map(str, folders))}")
