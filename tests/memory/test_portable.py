"""One video's memory as a file: what comes back, and what is refused."""

from __future__ import annotations

import gzip
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from video_vlm.errors import LibraryDamaged, LibraryError, LibraryReadOnly, LibraryTooNew, NotIndexed
from video_vlm.memory import Library, StoredLook, open_library
from video_vlm.memory.migrations import FORMAT_VERSION
from video_vlm.memory.row_copy import ALL_TABLES, LEFT_BEHIND
from video_vlm.records import Observation, ObservationKind, Span

if TYPE_CHECKING:
    from tests.memory.conftest import CharacterGrams, Film, NewPlace

SEEN = Observation(Span(11, 12), ObservationKind.SCREEN_TEXT, "a cat crosses", "screen-text", 0.9)
LOOK = StoredLook("screen-text", "v1", "is there a cat?", "close look", 640, (Span(11, 12),), (SEEN,))


@pytest.fixture
def parcel(library: Library, film: Film, tmp_path: Path) -> Path:
    return packed(library, film, tmp_path)


@pytest.fixture
def sealed(folder_library: Library, film: Film, tmp_path: Path) -> Path:
    """The same from a folder: what is wrong with a file is found before any library is asked."""
    return packed(folder_library, film, tmp_path)


def packed(library: Library, film: Film, tmp_path: Path) -> Path:
    film.write(library)
    replace(film, content_id="other").write(library)
    library.looks.keep("film", [LOOK])
    library.export_memory("film", tmp_path / "film.videoqa")
    return tmp_path / "film.videoqa"


@pytest.fixture(params=["to a folder", "to postgres"])
def elsewhere(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Library]:
    place: Path | str = tmp_path / "elsewhere"
    if request.param == "to postgres":
        place = f"{request.getfixturevalue('postgres')}&schema=elsewhere"
    with open_library(place) as library:
        for stored in library.videos():
            library.remove(stored.video.content_id)
        yield library


@pytest.fixture
def target(tmp_path: Path) -> Iterator[Library]:
    with open_library(tmp_path / "elsewhere") as library:
        yield library


def test_a_memory_comes_back_whole_in_another_library(
    library: Library, elsewhere: Library, parcel: Path
) -> None:
    with elsewhere:
        assert elsewhere.import_memory(parcel).outcome == "added"
        assert elsewhere.dump("film") == library.dump("film")
        assert elsewhere.looks.of("film") == library.looks.of("film")
        assert elsewhere.search("alarm")[0].text == "The alarm rings through the building."
        assert elsewhere.search("cat")[0].text == "a cat crosses"
        assert elsewhere.memory("film").poster(elsewhere.memory("film").frames()[0].id) == b"jpeg 0.0"
        assert [one.video.content_id for one in elsewhere.videos()] == ["film"]
        assert elsewhere.verify() == ()


def test_importing_twice_changes_nothing(elsewhere: Library, parcel: Path) -> None:
    elsewhere.import_memory(parcel)
    before = (elsewhere.dump("film"), elsewhere.looks.of("film"))
    again = elsewhere.import_memory(parcel)
    assert (again.outcome, again.why, again.num_looks) == ("kept", "the same is there already", 0)
    assert (elsewhere.dump("film"), elsewhere.looks.of("film")) == before


def test_rows_of_others_are_not_mixed_up(elsewhere: Library, film: Film, parcel: Path) -> None:
    replace(film, content_id="third", lines=("A dog barks.", "The dog sleeps.")).write(elsewhere)
    before = elsewhere.dump("third")
    elsewhere.import_memory(parcel)
    assert elsewhere.dump("third") == before
    assert elsewhere.verify() == ()


def test_a_part_is_replaced_by_the_whole_and_not_the_other_way_round(
    elsewhere: Library, film: Film, parcel: Path, tmp_path: Path
) -> None:
    film.write(elsewhere, until=2)
    elsewhere.export_memory("film", tmp_path / "part.videoqa")
    assert elsewhere.import_memory(parcel).outcome == "replaced"
    assert elsewhere.memory("film").stored.complete
    assert elsewhere.import_memory(tmp_path / "part.videoqa").outcome == "kept"
    assert elsewhere.memory("film").stored.complete
    assert elsewhere.verify() == ()


def test_a_part_can_be_gone_on_with_elsewhere(
    library: Library, elsewhere: Library, film: Film, tmp_path: Path
) -> None:
    film.write(library, until=2)
    library.export_memory("film", tmp_path / "part.videoqa")
    elsewhere.import_memory(tmp_path / "part.videoqa")
    film.write(elsewhere)
    film.write(library)
    assert elsewhere.dump("film") == library.dump("film")


def test_the_fuller_memory_is_kept_and_looks_are_added_either_way(
    elsewhere: Library, film: Film, parcel: Path
) -> None:
    richer = replace(film, recipe="recipe-2")
    build = richer.start(elsewhere)
    richer.go_on(build)
    more = {"look": [*build.observations("look"), replace(SEEN, text="more was seen")]}
    build.finish(richer.upper(), more, video=film.video, damage=())
    imported = elsewhere.import_memory(parcel)
    assert (imported.outcome, imported.why, imported.num_looks) == (
        "kept",
        "what is there is as full or fuller",
        1,
    )
    assert elsewhere.memory("film").stored.recipe == "recipe-2"


def test_vectors_come_along_and_the_index_is_made_again(
    new_place: NewPlace, tmp_path: Path, film: Film, encoder: CharacterGrams
) -> None:
    with open_library(new_place("one"), encoder=encoder) as library:
        film.write(library)
        library.export_memory("film", tmp_path / "film.videoqa")
        found = library.search("newspapers")
    assert not list(tmp_path.glob("*.faiss"))
    with open_library(new_place("two")) as without:
        without.import_memory(tmp_path / "film.videoqa")
    with open_library(new_place("two"), encoder=encoder) as library:
        assert library.vectors.embed() == 0
        assert library.search("newspapers") == found
        assert library.verify() == ()


def test_vectors_of_another_size_are_made_again(
    new_place: NewPlace, tmp_path: Path, film: Film, encoder: CharacterGrams
) -> None:
    with open_library(new_place("one"), encoder=encoder) as library:
        film.write(library)
        library.export_memory("film", tmp_path / "film.videoqa")
    other = type(encoder)(dimension=32)
    with open_library(new_place("two"), encoder=other) as library:
        replace(film, content_id="second").write(library)
        library.import_memory(tmp_path / "film.videoqa")
        assert library.search("newspapers", content_ids=["film"])
        assert library.verify() == ()


def test_the_file_says_nothing_of_where_the_video_lay(library: Library, film: Film, tmp_path: Path) -> None:
    folder = tmp_path / "secret-folder"
    folder.mkdir()
    (folder / "film.mp4").write_bytes(b"film")
    build = library.build(
        replace(film.video, path=folder / "film.mp4"), film.recipe, channels=["subtitles"], missing=[]
    )
    film.go_on(build)
    build.finish(film.upper(), {}, video=replace(film.video, path=folder / "film.mp4"), damage=())
    library.files.remember(folder / "film.mp4", "film")
    library.export_memory("film", tmp_path / "film.videoqa")
    assert b"secret-folder" not in (tmp_path / "film.videoqa").read_bytes()


def test_every_table_travels_or_is_left_behind_on_purpose(folder_library: Library, film: Film) -> None:
    film.write(folder_library)
    with closing(sqlite3.connect(folder_library.storage.layout.database)) as connection:
        tables = {
            row[0]
            for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            if not row[0].startswith(("sqlite_", "word_index_"))
        }
    assert tables == {table.name for table in ALL_TABLES} | LEFT_BEHIND


Spoil = Callable[[sqlite3.Connection], object]


def spoiled(parcel: Path, spoil: Spoil) -> Path:
    with closing(sqlite3.connect(parcel, isolation_level=None)) as connection:
        spoil(connection)
    return parcel


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (
            lambda c: c.execute("UPDATE nodes SET title = 'changed' WHERE level = 'scene'"),
            "checksum does not fit",
        ),
        (lambda c: c.execute("UPDATE posters SET jpeg = x'00'"), "checksum does not fit"),
        (lambda c: c.execute("UPDATE seal SET content_id = 'another'"), "checksum does not fit"),
        (lambda c: c.execute("DELETE FROM seal"), "damaged"),
        (lambda c: c.execute("DROP TABLE seal"), "holds tables"),
        (lambda c: c.execute("CREATE TABLE more (x)"), "holds tables"),
        (
            lambda c: c.execute("CREATE TRIGGER evil AFTER INSERT ON nodes BEGIN DELETE FROM videos; END"),
            "holds tables",
        ),
        (
            lambda c: (
                c.execute("ALTER TABLE nodes RENAME TO old"),
                c.execute("CREATE VIEW nodes AS SELECT * FROM old"),
            ),
            "holds tables",
        ),
        (lambda c: c.execute("PRAGMA application_id = 1"), "no memory that videoqa exported"),
    ],
)
def test_what_is_not_as_it_was_exported_is_refused(
    target: Library, sealed: Path, spoil: Spoil, said: str
) -> None:
    with pytest.raises(LibraryDamaged, match=said) as caught:
        target.import_memory(spoiled(sealed, spoil))
    assert "\n" not in str(caught.value)
    assert str(sealed) in str(caught.value)
    assert target.videos() == ()


@pytest.mark.parametrize(
    "spoil",
    [
        "UPDATE nodes SET coverage = 'much'",
        "UPDATE nodes SET summary = '{'",
        "UPDATE nodes SET summary = replace(hex(zeroblob(100000)), '0', '[')",
        "UPDATE nodes SET \"end\" = 5000 WHERE level = 'frame'",
        "UPDATE passages SET kind = 'rumour' WHERE node IS NULL AND memory IS NOT NULL",
        "UPDATE memories SET video = '[]'",
        "UPDATE memories SET video = replace(video, 'film.mp4', '/etc/passwd')",
        "UPDATE looks SET max_side = 'large'",
    ],
)
def test_even_with_a_right_checksum_every_value_is_judged(target: Library, sealed: Path, spoil: str) -> None:
    def forge(connection: sqlite3.Connection) -> None:
        from video_vlm.memory.row_copy import checksum

        connection.execute("PRAGMA ignore_check_constraints = ON")
        connection.execute(spoil)
        memory = connection.execute("SELECT id FROM memories").fetchone()[0]
        connection.execute(
            "UPDATE seal SET checksum = ?", (checksum(connection, content_id="film", memory=memory),)
        )

    with pytest.raises(LibraryDamaged) as caught:
        target.import_memory(spoiled(sealed, forge))
    assert "\n" not in str(caught.value)
    assert target.videos() == ()


@pytest.mark.parametrize("at", [0.0, 0.1, 0.5, 0.9])
def test_a_torn_file_is_refused(target: Library, sealed: Path, at: float) -> None:
    whole = sealed.read_bytes()
    sealed.write_bytes(whole[: int(len(whole) * at)])
    with pytest.raises(LibraryError) as caught:
        target.import_memory(sealed)
    assert "\n" not in str(caught.value)
    assert target.videos() == ()


def test_bytes_turned_over_anywhere_never_get_in_unnoticed(
    target: Library, folder_library: Library, sealed: Path
) -> None:
    whole = sealed.read_bytes()
    for place in range(100, len(whole), 997):
        sealed.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        try:
            target.import_memory(sealed)
        except LibraryError:
            continue
        assert target.dump("film") == folder_library.dump("film")
        target.remove("film")


def test_a_file_of_a_later_format_is_refused_with_what_to_type(target: Library, sealed: Path) -> None:
    spoiled(sealed, lambda c: c.execute(f"PRAGMA user_version = {FORMAT_VERSION + 1}"))
    with pytest.raises(LibraryTooNew, match="pip install --upgrade"):
        target.import_memory(sealed)


def test_other_files_are_refused(target: Library, folder_library: Library, tmp_path: Path) -> None:
    (tmp_path / "diary").write_text("dear diary")
    for path in (tmp_path / "diary", tmp_path / "nothing", folder_library.storage.layout.database):
        with pytest.raises(LibraryError, match=str(path)):
            target.import_memory(path)


def test_export_leaves_nothing_half_written(library: Library, film: Film, tmp_path: Path) -> None:
    film.write(library)
    with pytest.raises(NotIndexed):
        library.export_memory("nobody", tmp_path / "out")
    with pytest.raises(LibraryError, match="cannot be written"):
        library.export_memory("film", tmp_path / "no-folder" / "out")
    assert [path.name for path in tmp_path.iterdir() if path.name != "library"] == []


def test_read_only_libraries_export_and_do_not_import(parcel: Path, library: Library, tmp_path: Path) -> None:
    with open_library(library.storage.place, read_only=True) as reading:
        reading.export_memory("film", tmp_path / "again.videoqa")
        with pytest.raises(LibraryReadOnly):
            reading.import_memory(parcel)
    assert (tmp_path / "again.videoqa").read_bytes() == parcel.read_bytes()


def test_a_library_copied_elsewhere_opens_there(folder_library: Library, film: Film, tmp_path: Path) -> None:
    film.write(folder_library)
    before = folder_library.dump("film")
    folder_library.close()
    shutil.copytree(folder_library.storage.folder, tmp_path / "copy")
    shutil.rmtree(folder_library.storage.folder)
    with open_library(tmp_path / "copy") as copied:
        assert copied.dump("film") == before
        assert copied.search("alarm")
        assert copied.verify() == ()


@pytest.mark.parametrize("version", range(2, FORMAT_VERSION))
def test_a_file_that_an_earlier_format_exported_is_taken_in(
    version: int, library: Library, elsewhere: Library, film: Film, tmp_path: Path
) -> None:
    """``formats/export-N.videoqa.gz`` is the film and one look, as the last code of format N exported them.
    The first exporter wrote format 2: of format 1 there are no such files."""
    packed = Path(__file__).parent / "formats" / f"export-{version}.videoqa.gz"
    parcel = tmp_path / "film.videoqa"
    parcel.write_bytes(gzip.decompress(packed.read_bytes()))
    assert elsewhere.import_memory(parcel).outcome == "added"
    film.write(library)
    assert elsewhere.dump("film") == library.dump("film")
    (look,) = elsewhere.looks.of("film")
    assert look.question == "what is on the windowsill?"
    assert elsewhere.search("windowsill")[0].text == "a cat on the windowsill"
    assert elsewhere.verify() == ()


def test_a_file_of_an_earlier_format_that_was_changed_is_refused(elsewhere: Library, tmp_path: Path) -> None:
    for version in range(2, FORMAT_VERSION):
        packed = Path(__file__).parent / "formats" / f"export-{version}.videoqa.gz"
        whole = gzip.decompress(packed.read_bytes())
        assert b"alarm rings" in whole
        parcel = tmp_path / "film.videoqa"
        parcel.write_bytes(whole.replace(b"alarm rings", b"alarm sings"))
        with pytest.raises(LibraryDamaged, match=str(parcel)):
            elsewhere.import_memory(parcel)
    assert elsewhere.videos() == ()
