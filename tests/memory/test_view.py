"""Walking the tree of one memory."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from video_vlm.errors import LibraryDamaged, LibraryError
from video_vlm.memory import Library, MemoryView, node_id, open_library
from video_vlm.memory.tree import gaps, level_above
from video_vlm.protocols import VideoMemory
from video_vlm.records import Level, Span

if TYPE_CHECKING:
    from tests.memory.conftest import Film


@pytest.fixture
def memory(library: Library, film: Film) -> MemoryView:
    film.write(library)
    return library.memory("film")


def test_a_view_is_a_video_memory(memory: MemoryView) -> None:
    seam: VideoMemory = memory
    assert seam.channels == ("subtitles", "look")


def test_before_and_after_are_nearest_first(memory: MemoryView) -> None:
    segments = memory.nodes(Level.SEGMENT)
    assert memory.neighbors(segments[2].id, "after") == (segments[3],)
    assert memory.neighbors(segments[2].id, "after", count=9) == segments[3:]
    assert memory.neighbors(segments[2].id, "before", count=2) == (segments[1], segments[0])
    assert memory.neighbors(segments[0].id, "before") == ()
    assert memory.neighbors(segments[-1].id, "after") == ()


def test_the_children_of_every_node_tile_it(memory: MemoryView) -> None:
    for level in (Level.VIDEO, Level.CHAPTER, Level.SCENE, Level.SEGMENT):
        for node in memory.nodes(level):
            children = memory.children(node.id)
            assert gaps([child.span for child in children], node.span) == ()
            assert {level_above(child.level) for child in children} == {level}
    assert memory.children(memory.frames()[0].id) == ()


def test_an_unknown_node_is_an_error_not_an_empty_answer(memory: MemoryView) -> None:
    for ask in (memory.node, memory.children, lambda node: memory.neighbors(node, "after")):
        with pytest.raises(LibraryError, match="no node 'nobody'"):
            ask("nobody")


def test_a_node_is_named_by_what_it_is() -> None:
    names = {
        node_id(content, level, span, recipe)
        for content in ("a", "b")
        for level in Level
        for span in (Span(0, 1), Span(0, 1.000001))
        for recipe in ("x", "y")
    }
    assert len(names) == 2 * 5 * 2 * 2
    assert node_id("a", Level.SCENE, Span(0, 1), "x") == node_id("a", Level.SCENE, Span(0.0, 1.0), "x")


def test_gaps_are_holes_and_overlaps() -> None:
    whole = Span(0, 6)
    assert gaps([Span(0, 2), Span(2, 6)], whole) == ()
    assert gaps([Span(0, 2), Span(2, 5)], whole) == (Span(5, 6),)
    assert gaps([Span(0, 3), Span(2, 6)], whole) == (Span(2, 3),)
    assert gaps([], whole) == (whole,)


@pytest.mark.parametrize(
    ("spoil", "read"),
    [
        ("UPDATE posters SET jpeg = 7", lambda library, frame: library.memory("film").poster(frame)),
        ("UPDATE posters SET jpeg = 'text'", lambda library, frame: library.memory("film").poster(frame)),
        ("UPDATE passages SET kind = 7 WHERE kind IS NOT NULL", lambda library, _: library.search("alarm")),
    ],
)
def test_what_stands_in_the_wrong_column_is_damage(
    tmp_path: Path, film: Film, spoil: str, read: Callable[[Library, str], object]
) -> None:
    with open_library(tmp_path) as library:
        film.write(library)
        frame = library.memory("film").frames()[0].id
    with closing(sqlite3.connect(tmp_path / "library.sqlite3")) as connection, connection:
        connection.execute(spoil)
    with (
        open_library(tmp_path, read_only=True) as library,
        pytest.raises(LibraryDamaged, match="cannot be read"),
    ):
        read(library, frame)
