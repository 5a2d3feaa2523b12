"""The library as a whole: what goes in comes out, once, and only for the video it belongs to."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from video_vlm.errors import LibraryDamaged, LibraryError, LibraryReadOnly, NotIndexed
from video_vlm.memory import Library, MemoryCheckpoint, StoredFrame, StoredLook, StoredVideo, open_library
from video_vlm.memory.database import Database
from video_vlm.records import Damage, Level, Observation, ObservationKind, Span

if TYPE_CHECKING:
    from tests.memory.conftest import Film, NewPlace


def a_look(*seen: Observation, looked_at: str = "") -> StoredLook:
    """One picture shown to a model."""
    return StoredLook(
        "some-model", "version 1", "is there a cat?", "a close look", 640, (Span(11, 12),), seen, looked_at
    )


def test_a_finished_memory_gives_back_what_was_written(library: Library, film: Film) -> None:
    film.write(library)
    memory = library.memory("film")
    assert memory.video == film.video
    assert memory.stored == StoredVideo(
        video=film.video,
        complete=True,
        until_seconds=60.0,
        recipe="recipe-1",
        channels=("subtitles", "look"),
        missing=("nothing that hears",),
        damage=(Damage(Span(3, 4), "a torn picture"),),
        indexed_at=memory.stored.indexed_at,
    )
    scene = memory.nodes(Level.SCENE)[1]
    assert scene in film.upper()
    assert memory.nodes(Level.SEGMENT)[2] == replace(film.segment(2), parent=scene.id)
    assert memory.frames()[4:6] == tuple(frame.node for frame in film.frames(2))
    assert memory.poster(memory.frames()[4].id) == b"jpeg 20.0"
    assert memory.observations(kinds=[ObservationKind.LOOK]) == tuple(
        film.looked(number) for number in range(6)
    )
    assert library.verify() == ()


def test_an_unfinished_memory_is_readable_as_far_as_it_goes(library: Library, film: Film) -> None:
    film.write(library, until=2)
    stored = library.find("film")
    assert stored is not None
    assert (stored.complete, stored.until_seconds) == (False, 20.0)
    assert len(library.memory("film").nodes(Level.SEGMENT)) == 2
    assert library.verify() == ()


def test_a_resumed_build_equals_a_straight_one(new_place: NewPlace, film: Film) -> None:
    with open_library(new_place("straight")) as straight, open_library(new_place("broken")) as broken:
        film.write(straight)
        for until in (1, 1, 4):
            film.write(broken, until=until)
        film.write(broken)
        assert broken.dump("film") == straight.dump("film")
        assert broken.memory("film").observations() == straight.memory("film").observations()


def test_a_dump_is_plain_json_and_knows_neither_place_nor_time(
    library: Library, film: Film, tmp_path: Path
) -> None:
    film.write(library)
    before = json.dumps(library.dump("film"), sort_keys=True)
    (tmp_path / "moved.mp4").touch()
    library.files.remember(tmp_path / "moved.mp4", "film")
    assert json.dumps(library.dump("film"), sort_keys=True) == before


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=4))
def test_any_text_comes_back_as_it_went_in(library: Library, film: Film, texts: list[str]) -> None:
    library.remove("film")
    replace(film, lines=tuple(texts)).write(library)
    subtitles = library.memory("film").observations(kinds=[ObservationKind.SUBTITLE])
    assert [one.text for one in subtitles] == texts
    assert library.verify() == ()


def test_a_file_name_that_is_no_text_is_kept(library: Library, film: Film, tmp_path: Path) -> None:
    path = Path("caf\udce9.mp4")  # What Python makes of a Latin-1 name on a UTF-8 system.
    library.build(replace(film.video, path=path), "recipe-1", channels=[], missing=[])
    assert library.memory("film").video.path == path


def test_a_complete_memory_has_nothing_left_to_do(library: Library, film: Film) -> None:
    film.write(library)
    build = film.start(library)
    assert build.complete
    with pytest.raises(LibraryError, match="complete already"):
        film.put(build, 0)
    assert library.verify() == ()


def test_the_old_memory_is_read_until_the_new_one_is_finished(library: Library, film: Film) -> None:
    film.write(library)
    other = replace(film, recipe="recipe-2", lines=tuple(line.upper() for line in film.lines))
    build = other.write(library, until=3)
    assert build.checkpoint is not None
    assert library.memory("film").stored.recipe == "recipe-1"
    assert [hit.text for hit in library.search("newspaper")] == [film.lines[0]]
    before = library.memory("film")
    other.write(library)
    assert library.memory("film").stored.recipe == "recipe-2"
    assert [hit.text for hit in library.search("newspaper")] == [other.lines[0]]
    with pytest.raises(NotIndexed, match="replaced"):
        before.nodes(Level.SCENE)
    assert library.verify() == ()


def test_an_unfinished_build_under_other_settings_is_dropped(library: Library, film: Film) -> None:
    old = film.write(library, until=3)
    new = replace(film, recipe="recipe-2").start(library)
    assert new.segments() == ()
    with pytest.raises(LibraryError, match="open it again"):
        film.put(old, 3)


def test_putting_a_segment_twice_leaves_it_once(library: Library, film: Film) -> None:
    build = film.write(library, until=2)
    film.put(build, 1)
    assert len(build.segments()) == 2
    assert len(build.frames(film.segment(1).id)) == 2
    assert build.poster(build.frames(film.segment(1).id)[0].id) == b"jpeg 10.0"
    assert build.observations("look") == (film.looked(0), film.looked(1))


def test_a_failing_write_leaves_nothing_behind(library: Library, film: Film) -> None:
    build = film.write(library, until=1)
    before = library.dump("film")
    stranger = replace(film.frames(1)[1].node, content_id="another")
    with pytest.raises(ValueError, match="another"):
        build.put_segment(
            film.segment(1), [film.frames(1)[0], StoredFrame(stranger, b"")], {}, MemoryCheckpoint(20.0)
        )
    assert library.dump("film") == before


def test_a_segment_outside_every_scene_is_refused(library: Library, film: Film) -> None:
    build = film.write(library, until=6)
    with pytest.raises(ValueError, match="none of the 2 scenes"):
        build.finish(film.upper()[:-1], {}, video=film.video, damage=[])
    assert not build.complete


def test_videos_do_not_mix(library: Library, film: Film) -> None:
    other = replace(film, content_id="other", lines=("A dog barks.", "The dog sleeps."))
    film.write(library)
    other.write(library)
    assert [stored.video.content_id for stored in library.videos()] == ["film", "other"]
    texts = {observation.text for observation in library.memory("other").observations()}
    assert texts == {"A dog barks.", "The dog sleeps.", "mostly red", "mostly green"}
    assert {hit.content_id for hit in library.memory("film").search("dog sleeps asleep")} == {"film"}


def test_a_removed_video_leaves_no_trace(library: Library, film: Film, tmp_path: Path) -> None:
    film.write(library)
    library.looks.keep("film", [a_look(film.looked(0))])
    (tmp_path / "film.mp4").write_bytes(b"film")
    library.files.remember(tmp_path / "film.mp4", "film")
    assert library.remove("film")
    assert not library.remove("film")
    assert library.find("film") is None
    assert library.files.find(tmp_path / "film.mp4") is None
    assert library.search("guard") == ()
    with pytest.raises(NotIndexed, match="index it first"):
        library.memory("film")
    assert library.verify() == ()


def test_what_a_question_made_us_see_is_kept_beside_what_observers_saw(library: Library, film: Film) -> None:
    film.write(library)
    before = library.memory("film").observations()
    seen = Observation(Span(11, 12), ObservationKind.CAPTION, "a cat on the windowsill", "some-model", 0.7)
    assert library.looks.keep("film", [a_look(seen)]) == 1
    assert library.looks.keep("film", [a_look(seen, seen)]) == 0
    assert library.memory("film").observations() == before
    kept, again = library.looks.of("film")
    assert kept == a_look(seen, looked_at=kept.looked_at)
    assert again == a_look(looked_at=again.looked_at)
    assert library.search("cat")[0].text == "a cat on the windowsill"
    replace(film, recipe="recipe-2").write(library)
    assert library.memory("film").looks() == (kept, again), "a rebuild keeps what was learned"
    assert library.verify() == ()


def test_what_observers_say_already_is_not_said_again_by_a_look(library: Library, film: Film) -> None:
    film.write(library)
    part = replace(film.looked(0), span=Span(2, 3))
    longer = replace(film.looked(0), span=Span(2, 13))
    assert library.looks.keep("film", [a_look(part, longer)]) == 1
    assert library.looks.of("film")[0].observations == (longer,)


def test_looks_are_forgotten_and_nothing_else(library: Library, film: Film) -> None:
    film.write(library)
    before = library.dump("film")
    library.looks.keep("film", [a_look(Observation(Span(1, 2), ObservationKind.CAPTION, "a cat", "look"))])
    assert library.looks.forget("film") == 1
    assert library.looks.forget("film") == 0
    assert (library.looks.of("film"), library.search("cat")) == ((), ())
    assert library.dump("film") == before
    assert library.verify() == ()


def test_a_rebuild_drops_the_looks_of_an_observer_that_would_now_see_otherwise(
    library: Library, film: Film
) -> None:
    film.write(library)
    mine, others = a_look(), replace(a_look(), observer="another")
    library.looks.keep("film", [mine, others])
    again = replace(film, recipe="recipe-2")
    build = again.start(library)
    again.go_on(build)
    assert len(library.looks.of("film")) == 2
    build.finish(again.upper(), {}, video=film.video, damage=(), digests={"some-model": "version 2"})
    assert [look.observer for look in library.looks.of("film")] == ["another"]


def test_a_look_without_a_picture_is_none() -> None:
    with pytest.raises(ValueError, match="needs a picture"):
        replace(a_look(), frames=())


def test_writing_back_to_an_unknown_video_is_refused(library: Library, film: Film) -> None:
    with pytest.raises(NotIndexed):
        library.looks.keep("nobody", [a_look()])
    with pytest.raises(NotIndexed):
        library.looks.of("nobody")


def test_an_unchanged_file_is_known_and_a_changed_one_is_not(library: Library, tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(b"one")
    assert library.files.content_id(path) is None
    library.files.remember(path, "content-1")
    assert library.files.content_id(path) == "content-1"
    path.write_bytes(b"three")
    assert library.files.content_id(path) is None


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps no time of the last change to a file's record")
def test_a_file_rewritten_under_its_old_date_is_not_known(library: Library, tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(b"one")
    stat = path.stat()
    library.files.remember(path, "content-1")
    path.write_bytes(b"two")
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert library.files.content_id(path) is None


def test_a_moved_file_keeps_its_memory_and_is_listed_where_it_is_now(
    library: Library, film: Film, tmp_path: Path
) -> None:
    film.write(library)
    moved = tmp_path / "elsewhere" / "renamed.mp4"
    moved.parent.mkdir()
    moved.write_bytes(b"film")
    library.files.remember(moved, "film")
    assert library.files.find(moved) == library.find("film")
    assert library.memory("film").video.path == moved


def test_a_read_only_library_reads_and_refuses_to_write(
    new_place: NewPlace, tmp_path: Path, film: Film
) -> None:
    with open_library(new_place("library")) as library:
        film.write(library)
    with open_library(new_place("library"), read_only=True) as library:
        assert library.storage.read_only
        assert library.search("alarm")[0].text == film.lines[4]
        assert library.verify() == ()
        for write in (
            lambda: film.start(library),
            lambda: library.remove("film"),
            lambda: library.files.remember(tmp_path, "film"),
            lambda: library.looks.keep("film", [a_look()]),
            lambda: library.looks.forget("film"),
        ):
            with pytest.raises(LibraryReadOnly):
                write()


def test_reading_only_where_there_is_no_library_makes_none(new_place: NewPlace) -> None:
    for _ in range(2):
        with pytest.raises(LibraryError, match="no library here"):
            open_library(new_place("nothing"), read_only=True)
    assert not Path(str(new_place("nothing"))).exists()


def test_a_folder_that_is_a_file_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(LibraryError) as caught:
        open_library(tmp_path / "file")
    assert "\n" not in str(caught.value)


def test_a_file_of_another_kind_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "library.sqlite3"
    path.write_bytes(b"dear diary " * 1000)
    for read_only in (False, True):
        with pytest.raises(LibraryDamaged, match="not a whole library"):
            open_library(tmp_path, read_only=read_only)
    assert path.read_bytes() == b"dear diary " * 1000


def test_a_library_keeps_fewer_of_its_pages_in_memory_while_a_film_is_written_and_as_many_again_after(
    tmp_path: Path,
) -> None:
    database = Database(tmp_path / "library.sqlite3", read_only=False)

    def kibibytes() -> int:
        with database.read() as connection:
            return -int(connection.execute("PRAGMA cache_size").fetchone()[0])

    before = kibibytes()
    with database.sparing():
        assert kibibytes() < before / 10
    assert kibibytes() == before
    database.close()
