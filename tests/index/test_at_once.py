"""Two indexers and eight readers on one library at once, each a process of its own."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from video_vlm.index import index_video
from video_vlm.memory import MemoryWriter, open_library
from video_vlm.settings import IndexSettings

NUM_READERS = 8

READER = """
    import sys
    import time
    from pathlib import Path
    from video_vlm.errors import NotIndexed
    from video_vlm.memory import open_library
    from video_vlm.records import Level

    folder, stop, read_only = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3] == "True"
    num_rounds = num_seen = 0
    while True:
        last = stop.exists()
        with open_library(folder, read_only=read_only) as library:
            for stored in library.videos():
                content_id = stored.video.content_id
                try:
                    memory = library.memory(content_id)
                    until = memory.stored.until_seconds or 0.0
                    segments = memory.nodes(Level.SEGMENT)
                    scenes = memory.nodes(Level.SCENE)
                except NotIndexed:  # replaced by the finished one since it was listed
                    continue
                assert max((one.span.end for one in segments), default=0.0) >= until, (segments, until)
                assert scenes or not memory.stored.complete, memory.stored
                assert not scenes or library.find(content_id).complete, scenes
                num_seen += 1
            library.search("ball")
        num_rounds += 1
        time.sleep(0.05)
        if last:
            break
    print(num_rounds, num_seen)
"""


def start(*arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.fixture(scope="module")
def films(
    film: Path, write_video: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory
) -> list[Path]:
    folder = tmp_path_factory.mktemp("films")
    colours = np.random.default_rng(0).integers(0, 255, (3, 48, 64, 3)).astype(np.uint8)
    return [film, *(write_video(folder / f"{place}.mp4", [one] * 40) for place, one in enumerate(colours))]


def dumps(folder: Path) -> dict[str, Any]:
    with open_library(folder) as library:
        assert library.verify() == ()
        return {one.video.content_id: library.dump(one.video.content_id) for one in library.videos()}


def test_two_indexers_and_eight_readers_see_whole_states_only(films: list[Path], tmp_path: Path) -> None:
    library, stop = tmp_path / "library", tmp_path / "stop"
    options = [
        "-m",
        "video_vlm.cli",
        "--set",
        "index.observers=subtitles,look",
        "--set",
        "index.frames.segment_seconds=2",
    ]
    with open_library(library):
        pass
    with ExitStack() as running:
        readers = [
            running.enter_context(start("-c", textwrap.dedent(READER), library, stop, number % 2 == 0))
            for number in range(NUM_READERS)
        ]
        orders = films, [films[0], *reversed(films[1:])]
        indexers = [
            running.enter_context(start(*options, "--library", library, "index", *order, "--jobs", 1))
            for order in orders
        ]
        said = [one.communicate() for one in indexers]
        stop.touch()
        read = [one.communicate() for one in readers]
    assert [one.returncode for one in indexers] == [0, 0], said
    assert [one.returncode for one in readers] == [0] * NUM_READERS, read
    for out, _ in read:
        num_rounds, num_seen = map(int, out.split())
        assert num_rounds > 1
        assert num_seen >= len(films)
    with start(*options, "--library", tmp_path / "alone", "index", *films, "--jobs", 1) as alone:
        alone.communicate()
    assert alone.returncode == 0
    assert dumps(library) == dumps(tmp_path / "alone")


def test_a_memory_that_another_process_finishes_just_before_this_one_begins_is_taken_as_it_is(
    film: Path, settings: IndexSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_library(tmp_path) as library:
        begin = library.build

        def overtaken(*arguments: Any, **options: Any) -> MemoryWriter:
            with open_library(tmp_path) as other:
                index_video(film, other, settings=settings)
            return begin(*arguments, **options)

        monkeypatch.setattr(library, "build", overtaken)
        report = index_video(film, library, settings=settings)
        assert report.reused
        assert library.verify() == ()
