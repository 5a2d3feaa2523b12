"""Repair keeps what is whole, names what is lost, and never passes on a row that is not as it was written."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.memory.write_film import start_writer
from video_vlm.errors import LibraryDamaged, LibraryError, LibraryTooNew
from video_vlm.memory import Repaired, StoredLook, open_library, repair_library
from video_vlm.memory.migrations import FORMAT_VERSION
from video_vlm.records import Level, Observation, ObservationKind, Span

if TYPE_CHECKING:
    from tests.memory.conftest import Film

NAMES = tuple(f"film-{number}" for number in range(8))
UNFINISHED = "unfinished"
PAGE = 4096


def look_at(name: str) -> StoredLook:
    seen = Observation(Span(11, 12), ObservationKind.SCREEN_TEXT, f"a cat crosses {name}", "screen-text", 0.9)
    return StoredLook(
        "screen-text", "v1", f"is there a cat in {name}?", "close look", 640, (Span(11, 12),), (seen,)
    )


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight films with a look each, and one that is not finished; some fifty pages."""
    from tests.memory.conftest import Film

    folder = tmp_path_factory.mktemp("written")
    with open_library(folder) as library:
        for name in NAMES:
            lines = tuple(f"{line} {name}" for line in Film().lines)
            replace(Film(), content_id=name, lines=lines).write(library)
            library.looks.keep(name, [look_at(name)])
        replace(Film(), content_id=UNFINISHED).write(library, until=3)
    return folder


Holdings = dict[str, tuple[dict[str, Any], tuple[StoredLook, ...]]]


def holdings(folder: Path) -> Holdings:
    """All that a sound library holds."""
    with open_library(folder) as library:
        assert library.verify() == ()
        ids = [stored.video.content_id for stored in library.videos()]
        return {one: (library.dump(one), library.looks.of(one)) for one in ids}


@pytest.fixture(scope="module")
def truth(written: Path) -> Holdings:
    return holdings(written)


@pytest.fixture
def damaged(written: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "damaged"
    folder.mkdir()
    shutil.copy(written / "library.sqlite3", folder)
    return folder


def overwrite(folder: Path, place: int, what: bytes) -> None:
    with (folder / "library.sqlite3").open("r+b") as file:
        file.seek(place)
        file.write(what)


def check(folder: Path, truth: Holdings) -> Repaired | None:
    """Repairs, and compares what is there afterwards with what was written; None where nothing could be
    read."""
    try:
        made = repair_library(folder)
    except LibraryDamaged as error:
        assert "\n" not in str(error)  # noqa: PT017 - either outcome will do
        return None
    found = holdings(folder)
    for content_id, (dump, looks) in found.items():
        assert dump == truth[content_id][0]
        assert set(looks) <= set(truth[content_id][1])
    assert {one.video.content_id for one in made.kept} == set(found)
    if made.damaged is not None:
        assert made.damaged.exists()
        assert truth.keys() - found.keys() <= {one.content_id for one in made.lost} | unheard_of(made)
        with open_library(folder) as library:
            assert len(library.search("newspaper", limit=50)) >= sum(name in found for name in NAMES)
    return made


def unheard_of(made: Repaired) -> set[str]:
    """Videos of which no row could be read at all cannot be named."""
    return set() if made.kept or made.lost else {*NAMES, UNFINISHED}


def test_a_library_that_is_whole_is_left_alone(damaged: Path) -> None:
    before = (damaged / "library.sqlite3").read_bytes()
    made = repair_library(damaged)
    assert (made.damaged, made.rebuilt, made.lost) == (None, False, ())
    assert len(made.kept) == len(NAMES) + 1
    assert (damaged / "library.sqlite3").read_bytes() == before
    assert [path.name for path in damaged.iterdir()] == ["library.sqlite3"]


def test_a_letter_turned_over_costs_its_video_alone(damaged: Path, truth: Holdings) -> None:
    whole = (damaged / "library.sqlite3").read_bytes()
    overwrite(damaged, whole.index(b"steel door. film-3"), b"stale")
    with open_library(damaged) as library:
        assert any("checksum" in problem.what for problem in library.verify())
        assert all("videoqa library repair" in problem.remedy for problem in library.verify())
    made = check(damaged, truth)
    assert made is not None
    assert [one.content_id for one in made.lost] == ["film-3"]
    assert len(made.kept) == len(NAMES)
    assert made.num_looks == len(NAMES)
    with open_library(damaged) as library:
        assert "cat" in library.search("cat film-3")[0].text


def test_the_damaged_file_is_kept_as_it_was(damaged: Path) -> None:
    overwrite(damaged, 20 * PAGE, b"\xff" * PAGE)
    before = (damaged / "library.sqlite3").read_bytes()
    made = repair_library(damaged)
    assert made.damaged is not None
    assert made.damaged.read_bytes() == before
    assert sorted(path.name for path in damaged.iterdir()) == sorted(["library.sqlite3", made.damaged.name])


def flipped(folder: Path, chance: random.Random) -> None:
    size = (folder / "library.sqlite3").stat().st_size
    for _ in range(chance.randrange(1, 6)):
        overwrite(folder, chance.randrange(size - 8), chance.randbytes(chance.randrange(1, 9)))


def page_lost(folder: Path, chance: random.Random) -> None:
    num_pages = (folder / "library.sqlite3").stat().st_size // PAGE
    fill = chance.choice([b"\0" * PAGE, chance.randbytes(PAGE)])
    overwrite(folder, chance.randrange(num_pages) * PAGE, fill)


def pages_swapped(folder: Path, chance: random.Random) -> None:
    """Whole pages in each other's place: nothing on either is broken."""
    whole = (folder / "library.sqlite3").read_bytes()
    one, other = (PAGE * chance.randrange(len(whole) // PAGE) for _ in range(2))
    overwrite(folder, one, whole[other : other + PAGE])
    overwrite(folder, other, whole[one : one + PAGE])


def cut_short(folder: Path, chance: random.Random) -> None:
    path = folder / "library.sqlite3"
    whole = path.read_bytes()
    path.write_bytes(whole[: chance.randrange(len(whole))])


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("damage", [flipped, page_lost, pages_swapped, cut_short])
def test_whatever_is_damaged_no_wrong_row_is_kept(
    damaged: Path, truth: Holdings, damage: Callable[[Path, random.Random], None], seed: int
) -> None:
    damage(damaged, random.Random(seed))
    check(damaged, truth)


def test_every_page_may_break_and_most_videos_are_kept(damaged: Path, written: Path, truth: Holdings) -> None:
    whole = (written / "library.sqlite3").read_bytes()
    kept = []
    for start in range(0, len(whole), PAGE):
        shutil.rmtree(damaged)
        damaged.mkdir()
        (damaged / "library.sqlite3").write_bytes(whole[:start] + b"\xa5" * PAGE + whole[start + PAGE :])
        made = check(damaged, truth)
        kept.append(0 if made is None else len(made.kept))
    assert sum(kept) / len(kept) > 0.6 * len(truth), kept
    assert sorted(kept)[len(kept) // 10] > 0, kept


def test_damage_to_the_first_page_loses_nothing(damaged: Path, truth: Holdings) -> None:
    for place, num_bytes in ((0, 16), (0, 100), (100, 8), (0, PAGE)):
        overwrite(damaged, place, b"\xff" * num_bytes)
        made = check(damaged, truth)
        assert made is not None
        assert made.lost == ()
        assert len(made.kept) == len(truth)


def test_a_journal_that_is_lost_or_torn_costs_what_it_held(tmp_path: Path, film: Film) -> None:
    folder = tmp_path / "killed"
    with start_writer(folder, "film", 150) as writer:
        assert writer.stdout is not None
        for _ in range(60):
            writer.stdout.readline()
        writer.kill()
    journal = folder / "library.sqlite3-wal"
    assert journal.stat().st_size > 0
    whole = journal.read_bytes()
    for torn in (None, whole[: len(whole) // 2], whole[: len(whole) // 2] + b"\xff" * 5000, whole):
        again = tmp_path / "again"
        shutil.rmtree(again, ignore_errors=True)
        again.mkdir()
        shutil.copy(folder / "library.sqlite3", again)
        if torn is not None:
            (again / journal.name).write_bytes(torn)
        try:
            repair_library(again)
        except LibraryDamaged:
            assert torn is None
            continue
        with open_library(again) as library:
            assert library.verify() == ()
            for stored in library.videos():
                segments = library.memory("film").nodes(Level.SEGMENT)
                assert [one.span.end for one in segments][-1:] == [stored.until_seconds]
            if torn == whole:
                assert len(library.memory("film").nodes(Level.SEGMENT)) >= 60


def test_what_is_derived_is_made_again_in_place(damaged: Path, truth: Holdings) -> None:
    with closing(sqlite3.connect(damaged / "library.sqlite3")) as connection:
        connection.executescript("DELETE FROM word_index_data WHERE id > 10")
    made = repair_library(damaged)
    assert (made.damaged, made.rebuilt, len(made.kept)) == (None, True, len(truth))
    assert holdings(damaged) == truth
    with open_library(damaged) as library:
        assert library.search("newspaper")


@pytest.mark.parametrize("version", range(1, 4))
def test_memories_without_checksums_are_judged_by_their_structure(version: int, tmp_path: Path) -> None:
    import gzip

    packed = (Path(__file__).parent / "formats" / f"format-{version}.sqlite3.gz").read_bytes()
    folder = tmp_path / "old"
    folder.mkdir()
    whole = gzip.decompress(packed)
    (folder / "library.sqlite3").write_bytes(whole)
    # A page of the full-text index: the library can be opened no more, yet nothing that counts is lost.
    with closing(sqlite3.connect(folder / "library.sqlite3")) as connection:
        (page,) = connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'files_by_content'"
        ).fetchone()
    overwrite(folder, (page - 1) * PAGE, b"\xff" * PAGE)
    made = repair_library(folder)
    assert made.unproven == ("film",)
    assert made.lost == ()
    with open_library(folder) as library:
        assert library.verify() == ()
        assert len(library.memory("film").nodes(Level.SEGMENT)) == 6
        assert library.search("alarm")


def test_another_programs_file_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "library.sqlite3"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE bookmarks (url TEXT)")
    for content in (path.read_bytes(), b"a diary, and no database at all" * 1000):
        path.write_bytes(content)
        with pytest.raises(LibraryDamaged, match="nothing in it can be read"):
            repair_library(tmp_path)
        assert path.read_bytes() == content
        assert [one.name for one in tmp_path.iterdir()] == ["library.sqlite3"]


def test_a_later_format_is_not_repaired(damaged: Path) -> None:
    with closing(sqlite3.connect(damaged / "library.sqlite3")) as connection:
        connection.execute(f"PRAGMA user_version = {FORMAT_VERSION + 1}")
    with pytest.raises(LibraryTooNew, match="pip install --upgrade"):
        repair_library(damaged)


def test_a_library_in_use_is_not_repaired(tmp_path: Path) -> None:
    with start_writer(tmp_path / "busy", "film", 10_000) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        with pytest.raises(LibraryError, match="in use by another process"):
            repair_library(tmp_path / "busy")
        writer.kill()


def test_where_there_is_no_library_nothing_is_made(tmp_path: Path) -> None:
    with pytest.raises(LibraryError, match="no library here"):
        repair_library(tmp_path)
    assert list(tmp_path.iterdir()) == []
