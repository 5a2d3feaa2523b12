"""Search by meaning; where there is a FAISS file it is only a copy of the vectors in the library."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pytest

from video_vlm.errors import LibraryError
from video_vlm.memory import Library, open_library
from video_vlm.memory.index_file import IndexHeader, UnusableIndex, read_index, write_index
from video_vlm.protocols import TextEncoder
from video_vlm.records import ObservationKind, Span

if TYPE_CHECKING:
    from tests.memory.conftest import Film, NewPlace

MISSPELT = "alrm rinng bilding"
"""No word of it is in the film; most of its letters are."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "library"


@pytest.fixture
def meaningful(new_place: NewPlace, encoder: TextEncoder) -> Iterator[Library]:
    with open_library(new_place("library"), encoder=encoder) as library:
        yield library


@pytest.fixture
def filed(folder: Path, encoder: TextEncoder) -> Iterator[Library]:
    """The same in a folder, with the FAISS files beside it."""
    with open_library(folder, encoder=encoder) as library:
        yield library


def index_file(folder: Path) -> Path:
    (path,) = (folder / "vectors").glob("*.faiss")
    return path


def best(library: Library, query: str = MISSPELT, **filters: Any) -> str:
    return library.search(query, **filters)[0].text


def test_meaning_finds_what_words_do_not(meaningful: Library, film: Film) -> None:
    film.write(meaningful)
    with open_library(meaningful.storage.place) as wordless:
        assert wordless.search(MISSPELT) == ()
    for hits in (meaningful.search(MISSPELT), meaningful.memory("film").search(MISSPELT)):
        assert hits[0].text == film.lines[4]
        assert hits[0].why.startswith("meaning #1 (0.")
    assert meaningful.search("alarm")[0].why.startswith("words #1, meaning #1")


def test_the_index_and_the_vectors_themselves_agree(meaningful: Library, film: Film) -> None:
    for number in range(3):
        replace(
            film, content_id=f"film-{number}", lines=tuple(f"{line} {number}" for line in film.lines)
        ).write(meaningful)
    everything = [f"film-{number}" for number in range(3)]
    for query in (MISSPELT, "newspapers", "orangse crates 2", "stranger"):
        for filters in ({}, {"span": Span(0, 25)}, {"kinds": [ObservationKind.SUBTITLE]}):
            by_index = meaningful.search(query, limit=20, **filters)
            by_reading = meaningful.search(query, limit=20, content_ids=everything, **filters)
            assert {(hit.text, hit.span) for hit in by_index} == {(hit.text, hit.span) for hit in by_reading}


def test_nonsense_is_near_nothing(meaningful: Library, film: Film) -> None:
    film.write(meaningful)
    assert meaningful.search("zzyzx qqfjq") == ()


def test_a_library_without_vectors_gets_them_later(
    library: Library, film: Film, encoder: TextEncoder
) -> None:
    film.write(library)
    assert library.vectors.embed() == 0
    with open_library(library.storage.place, encoder=encoder) as meaningful:
        assert meaningful.search(MISSPELT) == ()
        assert meaningful.vectors.embed("film") == len(film.lines) * 2 + 3
        assert meaningful.vectors.embed() == 0
        assert best(meaningful) == film.lines[4]


def test_embedding_goes_on_where_it_was_interrupted(
    library: Library, film: Film, encoder: TextEncoder
) -> None:
    class Tired:
        name, dimension, calls = encoder.name, encoder.dimension, 0

        def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
            self.calls += 1
            if self.calls == 2:
                raise KeyboardInterrupt
            return encoder.encode(texts)

    film = replace(film, lines=tuple(f"line number {number}" for number in range(50)))
    film.write(library)
    with open_library(library.storage.place, encoder=Tired()) as tired, pytest.raises(KeyboardInterrupt):
        tired.vectors.embed()
    with open_library(library.storage.place, encoder=encoder) as rested:
        assert 0 < rested.vectors.embed() < 125
        assert rested.verify() == ()


def test_two_encoders_are_never_compared(meaningful: Library, film: Film, encoder: TextEncoder) -> None:
    film.write(meaningful)
    with open_library(meaningful.storage.place, encoder=type(encoder)(dimension=64, name="other")) as other:  # type: ignore[call-arg]
        assert other.search(MISSPELT) == ()
        other.vectors.embed()
        assert best(other) == film.lines[4]
        assert best(meaningful) == film.lines[4]


def test_another_model_under_the_same_name_is_refused(
    meaningful: Library, film: Film, encoder: TextEncoder
) -> None:
    film.write(meaningful)
    namesake = type(encoder)(dimension=64)  # type: ignore[call-arg]
    with (
        open_library(meaningful.storage.place, encoder=namesake) as other,
        pytest.raises(LibraryError, match="another model"),
    ):
        other.search(MISSPELT)


def test_an_encoder_that_breaks_its_word_is_named(library: Library, film: Film) -> None:
    class Broken:
        name, dimension = "broken", 8

        def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
            return np.full((len(texts), 8), np.nan, np.float32)

    film.write(library)
    with (
        open_library(library.storage.place, encoder=Broken()) as broken,
        pytest.raises(ValueError, match="broken"),
    ):
        broken.vectors.embed()


def flip(whole: bytes, chance: random.Random) -> bytes:
    torn = bytearray(whole)
    torn[chance.randrange(len(torn))] ^= 1 << chance.randrange(8)
    return bytes(torn)


def test_a_damaged_index_is_found_out_and_made_again(
    filed: Library, film: Film, encoder: TextEncoder, folder: Path
) -> None:
    film.write(filed)
    assert best(filed) == film.lines[4]
    path = index_file(folder)
    whole = path.read_bytes()
    chance = random.Random(3)
    damaged = [flip(whole, chance) for _ in range(30)] + [whole[:50], whole[:-1], b"", whole + b"\0", b"\n\n"]
    for torn in damaged:
        path.write_bytes(torn)
        (problem,) = filed.verify()
        assert path.name in problem.where
        with open_library(folder, encoder=encoder) as fresh:
            assert best(fresh) == film.lines[4]
        assert path.read_bytes() == whole, "made again from SQLite"
    assert filed.verify() == ()


def test_a_stale_index_is_made_again(filed: Library, film: Film, encoder: TextEncoder, folder: Path) -> None:
    film.write(filed)
    assert best(filed) == film.lines[4]
    stale = index_file(folder).read_bytes()
    other = replace(film, content_id="other", lines=("A submarine dives.", "It comes up again."))
    other.write(filed)
    filed.remove("film")
    assert best(filed, "submareen") == "A submarine dives."
    index_file(folder).write_bytes(stale)
    with open_library(folder, encoder=encoder) as fresh:
        assert best(fresh, "submareen") == "A submarine dives."
        assert fresh.search(MISSPELT) == ()


def test_an_index_that_cannot_be_written_is_kept_in_memory(
    filed: Library, film: Film, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    film.write(filed)
    (folder / "vectors").write_text("a file where a folder should be")
    assert best(filed) == film.lines[4]
    assert "stays in memory" in caplog.text


def test_a_read_only_library_searches_by_meaning_and_writes_no_index(
    filed: Library, film: Film, encoder: TextEncoder, folder: Path
) -> None:
    film.write(filed)
    filed.close()
    with open_library(folder, read_only=True, encoder=encoder) as reader:
        assert best(reader) == film.lines[4]
    assert not (folder / "vectors").exists()


def test_a_failed_write_leaves_the_old_index_and_no_litter(tmp_path: Path) -> None:
    import faiss

    path = tmp_path / "index.faiss"
    header = IndexHeader("encoder", 4, "revision")
    write_index(path, faiss.IndexFlatIP(4), header)
    before = path.read_bytes()
    with pytest.raises(TypeError):
        write_index(path, faiss.IndexFlatIP(4), replace(header, revision=b"bytes"))  # type: ignore[arg-type]
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
    assert read_index(path, header).ntotal == 0
    with pytest.raises(UnusableIndex, match="wanted"):
        read_index(path, replace(header, revision="later"))


def test_a_vector_of_the_wrong_size_is_found(filed: Library, film: Film, folder: Path) -> None:
    film.write(filed)
    with closing(sqlite3.connect(folder / "library.sqlite3")) as connection, connection:
        connection.execute("UPDATE vectors SET vector = x'00' WHERE passage = 3")
    (problem,) = filed.verify()
    assert "1 have the wrong size" in problem.what
    with pytest.raises(LibraryError, match="verify the library"):
        filed.search(MISSPELT)
