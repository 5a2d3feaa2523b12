"""Long lists are searched in parts: nearly all of what is nearest is found, and never a vector that is not
there."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pytest

from video_vlm.memory import open_library
from video_vlm.memory.database import Database
from video_vlm.memory.index_file import IndexFile, UnusableIndex, check_index
from video_vlm.memory.ivf_index import LEAST_RECALL, build_exact, fill, train
from video_vlm.memory.vector_index import VectorIndex, register_encoder, to_blob
from video_vlm.protocols import TextEncoder

if TYPE_CHECKING:
    from tests.memory.conftest import Film

DIMENSION = 32
EXACT_UP_TO = 300
ROWS = "SELECT passage AS id, vector FROM vectors WHERE encoder = :encoder ORDER BY passage"


def drawn(number: int, *, seed: int) -> npt.NDArray[np.float32]:
    """Vectors of length one around some places."""
    chance = np.random.default_rng(seed)
    places = np.random.default_rng(0).standard_normal((40, DIMENSION))
    vectors = places[chance.integers(40, size=number)] + 0.7 * chance.standard_normal((number, DIMENSION))
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


@dataclass
class Shelf:
    """A list of vectors in a library, and the same in a dictionary."""

    database: Database
    path: Path
    known: dict[int, npt.NDArray[np.float32]] = field(default_factory=dict)
    last: int = 0

    def index(self, exact_up_to: int = EXACT_UP_TO) -> VectorIndex:
        return VectorIndex(self.database, self.path, "shelf", DIMENSION, rows=ROWS, exact_up_to=exact_up_to)

    def add(self, number: int, *, seed: int) -> None:
        with self.database.write() as connection:
            register_encoder(connection, "shelf", DIMENSION)
            connection.execute("INSERT OR IGNORE INTO videos VALUES ('film')")
            for vector in drawn(number, seed=seed):
                self.last += 1
                connection.execute(
                    "INSERT INTO passages (id, content_id, question, kind, start, end, text, source, "
                    "confidence)"
                    " VALUES (?, 'film', 'why?', 'caption', 0, 1, 'text', 'source', 1)",
                    (self.last,),
                )
                connection.execute("INSERT INTO vectors VALUES (?, 'shelf', ?)", (self.last, to_blob(vector)))
                self.known[self.last] = vector

    def drop(self, ids: list[int]) -> None:
        with self.database.write() as connection:
            connection.executemany("DELETE FROM passages WHERE id = ?", [(one,) for one in ids])
        for one in ids:
            del self.known[one]

    def nearest(self, query: npt.NDArray[np.float32], limit: int) -> list[float]:
        """The cosines of the exact search."""
        return sorted((float(vector @ query) for vector in self.known.values()), reverse=True)[:limit]

    def recall(self, index: VectorIndex, *, seed: int, limit: int = 10) -> float:
        """Of ten nearest, over sixty questions; whatever is given must be there, and be as near as it
        says."""
        shares = []
        for query in drawn(60, seed=seed):
            found = index.nearest(query, limit=limit)
            assert len(found) == min(limit, len(self.known))
            assert len({one for one, _ in found}) == len(found)
            for one, cosine in found:
                assert cosine == pytest.approx(float(self.known[one] @ query), abs=2e-3)
            worst = self.nearest(query, limit)[-1]
            shares.append(np.mean([cosine >= worst - 2e-3 for _, cosine in found]))
        return float(np.mean(shares))


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    database = Database(tmp_path / "library.sqlite3", read_only=False)
    yield Shelf(database, tmp_path / "vectors" / "list.faiss")
    database.close()


@pytest.mark.parametrize("number", [0, 1, 9, 299, 300, 301, 700, 2000])
def test_the_ten_nearest_are_found_at_any_length(shelf: Shelf, number: int) -> None:
    if number:
        shelf.add(number, seed=1)
    index = shelf.index()
    method = index.load()
    assert (method is None) == (number == 0)
    if method is not None:
        assert method.is_exact == (number <= EXACT_UP_TO)
        assert method.num_vectors == number
    assert shelf.recall(index, seed=2) >= (1.0 if number <= EXACT_UP_TO else LEAST_RECALL) if number else True
    assert len(index.nearest(drawn(1, seed=3)[0], limit=10_000)) <= number


def test_what_comes_and_goes_is_followed_whatever_the_order(shelf: Shelf) -> None:
    chance = random.Random(7)
    shelf.add(500, seed=1)
    index = shelf.index()
    for step in range(40):
        if chance.random() < 0.6:
            shelf.add(chance.choice([1, 3, 20, 120]), seed=100 + step)
        else:
            shelf.drop(
                chance.sample(sorted(shelf.known), k=min(chance.choice([1, 5, 60]), len(shelf.known) - 1))
            )
        if chance.random() < 0.3:
            index = shelf.index()  # as another process, which finds what is in the file
        exact = len(shelf.known) <= EXACT_UP_TO
        assert shelf.recall(index, seed=step) >= (1.0 if exact else LEAST_RECALL - 0.02)


def test_a_few_new_vectors_do_not_make_an_index_anew(shelf: Shelf) -> None:
    shelf.add(600, seed=1)
    shelf.index().load()
    before = shelf.path.read_bytes()
    shelf.add(20, seed=2)
    shelf.drop([5, 6, 601])
    [newest] = list(shelf.known.values())[-1:]
    for index in (shelf.index(), shelf.index()):
        assert index.nearest(newest, limit=1)[0][0] == shelf.last
        assert shelf.recall(index, seed=3) >= LEAST_RECALL - 0.02
    assert shelf.path.read_bytes() == before
    shelf.add(100, seed=4)
    assert shelf.recall(shelf.index(), seed=3) >= LEAST_RECALL
    assert shelf.path.read_bytes() != before


def test_an_index_of_another_history_is_never_caught_up(shelf: Shelf, tmp_path: Path) -> None:
    """A library brought back from a copy gives the same ids to other vectors."""
    shelf.add(500, seed=1)
    shelf.database.close()
    copy = (tmp_path / "library.sqlite3").read_bytes()
    shelf.database = Database(tmp_path / "library.sqlite3", read_only=False)
    shelf.add(50, seed=2)
    shelf.index().load()
    shelf.database.close()
    (tmp_path / "library.sqlite3").write_bytes(copy)
    back = Shelf(Database(tmp_path / "library.sqlite3", read_only=False), shelf.path, last=500)
    back.known = {one: vector for one, vector in shelf.known.items() if one <= 500}
    back.add(50, seed=3)
    assert back.recall(back.index(), seed=4) >= LEAST_RECALL
    [(one, cosine)] = back.index().nearest(back.known[550], limit=1)
    assert one == 550
    assert cosine == pytest.approx(1.0, abs=2e-3)
    back.database.close()


def test_a_filter_finds_all_that_it_lets_through(shelf: Shelf) -> None:
    shelf.add(1500, seed=1)
    index = shelf.index()
    assert index.load() is not None
    shelf.add(30, seed=2)
    chance = random.Random(3)
    for count in (1, 5, 12, 400):
        allowed = sorted(chance.sample(sorted(shelf.known), k=count))
        for query in drawn(10, seed=count):
            found = index.nearest(query, limit=10, allowed=np.array(allowed, np.int64))
            truth = sorted(((float(shelf.known[one] @ query), one) for one in allowed), reverse=True)[:10]
            assert [cosine for _, cosine in found] == pytest.approx([cosine for cosine, _ in truth], abs=2e-3)
            assert {one for one, _ in found} <= set(allowed)


def test_a_torn_list_is_found_out_when_it_is_looked_into(shelf: Shelf) -> None:
    shelf.add(900, seed=1)
    index = shelf.index()
    index.load()
    whole = shelf.path.read_bytes()
    chance = random.Random(5)
    for _ in range(40):
        torn = bytearray(whole)
        torn[chance.randrange(len(torn))] ^= 1 << chance.randrange(8)
        shelf.path.unlink()
        shelf.path.write_bytes(torn)
        with pytest.raises(UnusableIndex):
            check_index(shelf.path)
        assert shelf.recall(shelf.index(), seed=6) >= LEAST_RECALL
        assert check_index(shelf.path).method.num_vectors == 900
    for torn_end in (whole[:-1], whole[:100], b"", whole + b"\0"):
        shelf.path.unlink()
        shelf.path.write_bytes(torn_end)
        assert shelf.recall(shelf.index(), seed=6) >= LEAST_RECALL


def test_opening_reads_no_list(shelf: Shelf) -> None:
    shelf.add(900, seed=1)
    shelf.index().load()
    torn = bytearray(shelf.path.read_bytes())
    start = IndexFile(shelf.path).head_bytes
    torn[start : start + 4] = b"\xff\xff\xff\xff"
    shelf.path.unlink()
    shelf.path.write_bytes(torn)
    assert IndexFile(shelf.path).load().ntotal == 900, "the head is whole"
    with pytest.raises(UnusableIndex, match="list 0"):
        IndexFile(shelf.path).check()


def test_other_questions_take_as_many_lists_as_they_need() -> None:
    vectors = drawn(2000, seed=1)
    ids = np.arange(2000)
    strange = np.random.default_rng(2).standard_normal((64, DIMENSION)).astype(np.float32)
    strange /= np.linalg.norm(strange, axis=1, keepdims=True)
    methods = []
    for questions in (None, strange):
        trained = train(DIMENSION, ids, lambda some: vectors[some], questions=questions)
        index, method, known = fill(trained, [(ids[:900], vectors[:900]), (ids[900:], vectors[900:])])
        assert (index.ntotal, known.tolist()) == (2000, ids.tolist())
        assert method.recall >= LEAST_RECALL
        methods.append(method)
    assert methods[0].num_probed < methods[1].num_probed
    assert "approximate" in str(methods[0])
    assert str(build_exact(DIMENSION, [(ids, vectors)])[1]) == "2000 vectors, exact"


def test_a_library_says_how_it_is_searched(tmp_path: Path, film: Film, encoder: TextEncoder) -> None:
    with open_library(tmp_path, encoder=encoder, exact_up_to=5) as library:
        film.write(library)
        by_parts = library.search("alrm rinng bilding")
        [method] = library.vectors.load_indexes().values()
        [index] = library.facts().indexes
        assert not method.is_exact
        assert (index.method, index.is_current) == (method, True)
        assert library.verify() == ()
    with open_library(tmp_path, encoder=encoder) as library:
        exactly = library.search("alrm rinng bilding")
        assert [index.method.is_exact for index in library.facts().indexes] == [True]
    assert by_parts[0].text == exactly[0].text == film.lines[4]
