"""What pictures look like, in the store: kept by tower, pooled upwards, searched exactly, found beside
words."""

from __future__ import annotations

import gzip
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pytest

from tests.towers import PAINTS, ColourTower, unit
from video_vlm.errors import LibraryError, LibraryReadOnly
from video_vlm.memory import Library, MemoryCheckpoint, SegmentVisuals, open_library
from video_vlm.memory.migrations import FORMAT_VERSION
from video_vlm.records import Image, Level, ObservationKind, Span

if TYPE_CHECKING:
    from tests.memory.conftest import Film, NewPlace


def frame(colour: str) -> Image:
    return np.full((4, 6, 3), PAINTS[colour], np.uint8)


SHOWN = ("red", "red", "green", "grey", "blue", "blue", "red", "green", "grey", "grey", "green", "green")
"""The colours of the film's frames, two a segment, five seconds each."""


def write_seen(film: Film, library: Library, *, tower: ColourTower | None = None, until: int = 6) -> None:
    build = film.start(library)
    build.begin({"subtitles": [film.said(number) for number in range(6)]})
    for number in range(until):
        shown = [frame(colour) for colour in SHOWN[2 * number : 2 * number + 2]]
        sights = None if tower is None else SegmentVisuals(tower.name, tower.encode_images(shown))
        segment = film.segment(number)
        checkpoint = MemoryCheckpoint(segment.span.end, str(number + 1))
        build.put_segment(
            segment, film.frames(number), {"look": [film.looked(number)]}, checkpoint, sights=sights
        )
    if until == 6:
        film.finish(build)


@pytest.fixture
def tower() -> ColourTower:
    return ColourTower()


@pytest.fixture
def seen(new_place: NewPlace, film: Film, tower: ColourTower) -> Iterator[Library]:
    with open_library(new_place("library"), sight=tower) as library:
        write_seen(film, library, tower=tower)
        yield library


@pytest.fixture
def seen_in_folder(tmp_path: Path, film: Film, tower: ColourTower) -> Iterator[Library]:
    with open_library(tmp_path / "library", sight=tower) as library:
        write_seen(film, library, tower=tower)
        yield library


def vector(library: Library, node: str, tower: str = "colours") -> npt.NDArray[np.float32]:
    return np.frombuffer(library.memory("film").sights(node)[tower], np.float32)


def test_a_segment_is_the_mean_of_its_frames_and_a_scene_of_its_segments(seen: Library) -> None:
    memory = seen.memory("film")
    scene = memory.nodes(Level.SCENE)[0]
    segments = memory.children(scene.id)
    frames = [frame for segment in segments for frame in memory.children(segment.id)]

    assert np.allclose(vector(seen, segments[0].id), unit([(255, 0, 0)], 3)[0], atol=1e-5)
    mean = np.mean([vector(seen, frame.id) for frame in frames], axis=0)
    assert np.allclose(vector(seen, scene.id), mean / np.linalg.norm(mean), atol=1e-6)
    assert all(
        memory.sights(node.id) == {} for node in (*memory.nodes(Level.CHAPTER), *memory.nodes(Level.VIDEO))
    )


def test_frames_count_by_how_long_they_stand_for(new_place: NewPlace, film: Film, tower: ColourTower) -> None:
    from video_vlm.memory import StoredFrame

    with open_library(new_place("library"), sight=tower) as library:
        build = film.start(library)
        segment = film.segment(0)
        spans = (Span(0.0, 9.0), Span(9.0, 10.0))
        frames = [StoredFrame(film.node(Level.FRAME, span, segment.id), b"", span.start) for span in spans]
        vectors = np.eye(3, dtype=np.float32)[:2]
        build.put_segment(
            segment, frames, {}, MemoryCheckpoint(10.0), sights=SegmentVisuals("colours", vectors)
        )
        assert np.allclose(vector(library, segment.id), np.array([9, 1, 0]) / np.hypot(9, 1), atol=1e-6)


def test_words_find_moments_by_sight_with_their_seconds(seen: Library) -> None:
    best = seen.search("blue")[0]
    assert (best.span, best.found_by, best.text, best.kind) == (Span(20.0, 25.0), ("sight",), "", None)
    assert best.why == "sight #1 (1.00)"


def test_a_picture_finds_its_like(seen: Library) -> None:
    found = seen.search("", like=frame("blue"))
    assert found[0].span in (Span(20.0, 25.0), Span(25.0, 30.0))
    assert found[0].why == "like #1 (1.00)"
    assert len({one.span.start // 10 for one in found}) == len(found) == 6, "one moment a segment"


def test_what_is_said_and_seen_at_a_moment_is_one_result_of_both(seen: Library) -> None:
    best = seen.search("grey alarm")[0]
    assert best.text == "The alarm rings through the building."
    assert best.found_by[0] == "words"
    both = [
        one for one in seen.search("grey alarm garden") if "sight" in one.found_by and "words" in one.found_by
    ]
    assert both
    assert all(one.text for one in both)


def test_who_asks_for_a_kind_of_observation_gets_no_sights(seen: Library) -> None:
    assert seen.search("blue", kinds=[ObservationKind.SUBTITLE]) == ()


def test_answerers_are_given_words_only(seen: Library) -> None:
    assert seen.memory("film").search("blue") == ()


@pytest.mark.parametrize("span", [None, Span(30.0, 60.0)])
def test_the_index_and_the_vectors_themselves_agree(seen: Library, span: Span | None) -> None:
    by_index = seen.search("red", span=span, limit=20)
    by_reading = seen.search("red", span=span, content_ids=["film"], limit=20)
    assert by_index == by_reading
    assert all(span is None or one.span.overlaps(span) for one in by_index)


def test_each_level_has_an_index_of_its_own(seen_in_folder: Library) -> None:
    assert seen_in_folder.search("red")
    files = seen_in_folder.storage.layout.vectors.glob("sight-*.faiss")
    assert {path.name.split("-")[1] for path in files} == {"frame", "segment", "scene"}


def test_a_derived_index_is_made_again_when_it_is_gone_or_behind(seen: Library, tower: ColourTower) -> None:
    before = seen.search("red")
    seen.rebuild_derived()
    assert seen.search("red") == before
    (unseen,) = [one for one in _as_if_unseen(seen) if one.seconds[0] < 5]
    seen.vectors.put_visuals(
        "film", unseen, SegmentVisuals(tower.name, tower.encode_images([frame("blue")] * 2))
    )
    assert seen.search("blue")[0].span.start in (0.0, 5.0, 20.0)
    assert seen.verify() == ()


def _as_if_unseen(library: Library):  # type: ignore[no-untyped-def]
    with open_library(library.storage.place, sight=ColourTower("another")) as other:
        return other.vectors.nodes_without("film")


def test_vectors_of_two_towers_are_never_mixed(seen: Library) -> None:
    other = ColourTower("others", dimension=8)
    with open_library(seen.storage.place, sight=other) as library:
        assert library.search("blue") == ()
        assert library.vectors.num_frames("film") == 0
        assert len(library.vectors.nodes_without("film")) == 6
    assert seen.search("blue")


def test_another_tower_under_the_same_name_is_refused(seen: Library) -> None:
    with (
        open_library(seen.storage.place, sight=ColourTower(dimension=8)) as library,
        pytest.raises(LibraryError, match="name"),
    ):
        library.search("blue")


def test_a_memory_is_seen_later_and_is_then_the_same(new_place: NewPlace, film: Film, seen: Library) -> None:
    tower = ColourTower()
    with open_library(new_place("later"), sight=tower) as library:
        write_seen(film, library)
        assert library.search("blue") == ()
        for number, one in enumerate(library.vectors.nodes_without("film")):
            shown = [frame(colour) for colour in SHOWN[2 * number : 2 * number + 2]]
            library.vectors.put_visuals("film", one, SegmentVisuals(tower.name, tower.encode_images(shown)))
        assert library.vectors.nodes_without("film") == ()
        assert library.dump("film") == seen.dump("film")


def test_segments_and_their_sights_are_written_together(
    new_place: NewPlace, film: Film, tower: ColourTower
) -> None:
    with open_library(new_place("library"), sight=tower) as library:
        build = film.start(library)
        wrong = SegmentVisuals(tower.name, tower.encode_images([frame("red")]))
        with pytest.raises(ValueError, match="1 vectors for 2 frames"):
            build.put_segment(film.segment(0), film.frames(0), {}, MemoryCheckpoint(10.0), sights=wrong)
        assert build.segments() == ()
        assert build.checkpoint is None


def test_vectors_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="not finite"):
        SegmentVisuals("broken", np.full((1, 3), np.nan, np.float32))


def test_forgetting_a_video_forgets_what_it_looks_like(seen: Library) -> None:
    seen.remove("film")
    assert seen.search("blue") == ()
    assert seen.verify() == ()


def test_a_sight_of_the_wrong_size_is_found(seen_in_folder: Library) -> None:
    with (
        closing(sqlite3.connect(seen_in_folder.storage.folder / "library.sqlite3")) as connection,
        connection,
    ):
        connection.execute("UPDATE sights SET vector = x'00' WHERE id = 1")
    assert any("1 have the wrong size" in problem.what for problem in seen_in_folder.verify())


def test_frames_say_how_near_they_are_to_words_in_order_of_time(seen: Library) -> None:
    near = seen.memory("film").frames_like("green")
    assert [span.start for span, _ in near] == [5.0 * number for number in range(12)]
    assert [round(cosine) for _, cosine in near] == [
        {"green": 1, "grey": 1}.get(colour, 0) for colour in SHOWN
    ]


@pytest.fixture
def old_library(tmp_path: Path) -> Path:
    """A library as the version before wrote it: format 1, with vectors of a text encoder."""
    folder = tmp_path / "old"
    folder.mkdir()
    packed = (Path(__file__).parent / "formats" / "format-1-with-vectors.sqlite3.gz").read_bytes()
    (folder / "library.sqlite3").write_bytes(gzip.decompress(packed))
    return folder


def test_a_library_of_format_1_opens_with_all_it_held(
    old_library: Path, film: Film, library: Library
) -> None:
    film.write(library)
    with pytest.raises(LibraryReadOnly, match="format 1"):
        open_library(old_library, read_only=True)
    with open_library(old_library) as old:
        assert old.dump("film") == library.dump("film")
        assert old.search("alarm")[0].text == film.lines[4]
        assert old.verify() == ()
    with closing(sqlite3.connect(old_library / "library.sqlite3")) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (FORMAT_VERSION,)
        assert connection.execute("SELECT count(*) FROM vectors").fetchone() == (15,)


def test_a_memory_of_format_1_is_seen_in_the_middles_of_its_stretches(
    old_library: Path, tower: ColourTower
) -> None:
    with open_library(old_library, sight=tower) as old:
        assert [one.seconds for one in old.vectors.nodes_without("film")][:2] == [(2.5, 7.5), (12.5, 17.5)]
