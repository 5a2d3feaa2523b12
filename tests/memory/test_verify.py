"""Every kind of damage has a name, and a sound library has no problem."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from video_vlm.memory import open_library

if TYPE_CHECKING:
    from tests.memory.conftest import Film


@pytest.mark.parametrize(
    ("damage", "what"),
    [
        ("UPDATE nodes SET parent = NULL WHERE level = 'scene' AND start = 0", "scene at 0:00–0:20 has no "
                                                                               "parent"),
        ("UPDATE nodes SET parent = 'nobody' WHERE level = 'frame' AND start = 0", "belongs to no row"),
        ("UPDATE nodes SET \"end\" = 12 WHERE level = 'frame' AND start = 5", "is not inside its segment"),
        ("UPDATE nodes SET start = 11 WHERE level = 'segment' AND start = 10", "segments leave a hole or "
                                                                               "overlap"),
        ("UPDATE nodes SET \"end\" = 70 WHERE level = 'video'", "chapters leave a hole or overlap"),
        ("DELETE FROM nodes WHERE level = 'video'", "0 nodes for the whole video"),
        ("UPDATE nodes SET summary = '[[\"x\", [\"nobody\"]]]' WHERE level = 'chapter'", "cites nobody"),
        ("UPDATE nodes SET summary = '[[\"x\", []]]' WHERE level = 'chapter'", "cannot be read"),
        ("UPDATE nodes SET summary = '{' WHERE level = 'chapter'", "cannot be read"),
        ("UPDATE nodes SET level = 'scene' WHERE level = 'chapter'", "hangs below a video"),
        ("DELETE FROM word_index_docsize WHERE id = 3", "1 passages missing"),
        ("DROP TRIGGER passage_deleted; DELETE FROM passages WHERE id = 3", "1 too many"),
        ("DROP TRIGGER passage_unchangeable; UPDATE passages SET text = 'other' WHERE id = 3", "does not match"),
    ],
)  # fmt: skip
def test_damage_is_named(tmp_path: Path, film: Film, damage: str, what: str) -> None:
    with open_library(tmp_path) as library:
        film.write(library)
        assert library.verify() == ()
        with closing(sqlite3.connect(tmp_path / "library.sqlite3")) as connection:
            connection.executescript(damage)
        problems = [str(problem) for problem in library.verify()]
        assert any(what in problem for problem in problems), problems
        assert not any("\n" in problem for problem in problems)


def test_a_full_text_index_out_of_step_is_rebuilt(tmp_path: Path, film: Film) -> None:
    with open_library(tmp_path) as library:
        film.write(library)
        with closing(sqlite3.connect(tmp_path / "library.sqlite3")) as connection:
            connection.executescript("DELETE FROM word_index_data WHERE id > 10")
        assert library.verify()
        library.rebuild_derived()
        assert library.verify() == ()
        assert library.search("alarm")[0].text == film.lines[4]
