"""A file that is still written to: what was read of it is not read again."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import pytest

from video_vlm.index import index_video, plan_index
from video_vlm.memory import Library, open_library
from video_vlm.protocols import ProgressEvent
from video_vlm.settings import IndexSettings, ShotSettings


@pytest.fixture(scope="module")
def recording(
    film: Path, write_video: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory
) -> bytes:
    """The film twice as a transport stream, as recorders write them: it may end anywhere."""
    folder = tmp_path_factory.mktemp("recording")
    with av.open(str(film)) as source:
        images = [frame.to_ndarray(format="rgb24") for frame in source.decode(video=0)]
    twice = write_video(folder / "twice.mp4", [*images, *images])
    with av.open(str(twice)) as source, av.open(str(folder / "whole.ts"), "w", format="mpegts") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(source.streams.video[0]):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    return (folder / "whole.ts").read_bytes()


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with open_library(tmp_path / "library") as opened:
        yield opened


def written(path: Path, recording: bytes, share: float) -> Path:
    path.write_bytes(recording[: int(len(recording) * share)])
    return path


def straight(path: Path, settings: IndexSettings, folder: Path) -> dict[str, Any]:
    with open_library(folder) as fresh:
        return fresh.dump(index_video(path, fresh, settings=settings).video.content_id)


def tree(memory: dict[str, Any]) -> list[tuple[Any, ...]]:
    """The nodes without their words: what observers join where a file ended may be joined otherwise."""
    return [(node["id"], node["level"], node["span"], node["parent"]) for node in memory["nodes"]]


@pytest.mark.parametrize("share", [0.75, 0.9])
def test_a_file_that_grew_is_read_on_to_the_memory_of_the_whole(
    library: Library, recording: bytes, settings: IndexSettings, tmp_path: Path, share: float
) -> None:
    path = written(tmp_path / "tape.ts", recording, share)
    before = index_video(path, library, settings=settings)
    written(path, recording, 1.0)
    plan = plan_index(path, library, settings=settings)
    assert plan.decodes == "from where it ended"
    events: list[ProgressEvent] = []
    report = index_video(path, library, settings=settings, progress=events.append)
    assert report.resumed_from is not None
    assert report.resumed_from > 10.0
    assert f"it is read on from {report.resumed_from:.1f} s" in plan.stages[0].because
    assert events[0].done > report.resumed_from - 15.0, (
        "what was read before is not decoded again but to warm up"
    )
    whole = straight(path, settings, tmp_path / "fresh")
    grown = library.dump(report.video.content_id)
    assert grown["nodes"] == whole["nodes"]
    assert grown == whole
    assert library.verify() == ()
    assert library.find(before.video.content_id) is None, "the shorter one is no file any more"


def test_a_file_that_grows_again_and_again_gets_there(
    library: Library, recording: bytes, settings: IndexSettings, tmp_path: Path
) -> None:
    path = tmp_path / "tape.ts"
    for share in (0.6, 0.7, 0.8, 0.9, 1.0):
        report = index_video(written(path, recording, share), library, settings=settings)
    assert report.resumed_from is not None
    assert tree(library.dump(report.video.content_id)) == tree(straight(path, settings, tmp_path / "fresh"))
    assert len(library.videos()) == 1
    assert library.verify() == ()


def test_another_beginning_or_another_way_of_reading_begins_anew(
    library: Library, recording: bytes, settings: IndexSettings, tmp_path: Path
) -> None:
    path = written(tmp_path / "tape.ts", recording, 0.8)
    index_video(path, library, settings=settings)
    changed = replace(settings, shots=ShotSettings(min_shot_seconds=1.0))
    written(path, recording, 1.0)
    assert plan_index(path, library, settings=changed).decodes == "everything"
    torn = bytearray(recording)
    torn[len(torn) // 2] ^= 1
    path.write_bytes(bytes(torn))
    assert plan_index(path, library, settings=settings).decodes == "everything"
    assert index_video(path, library, settings=settings).resumed_from is None


def test_a_copy_of_the_shorter_file_keeps_its_memory(
    library: Library, recording: bytes, settings: IndexSettings, tmp_path: Path
) -> None:
    path = written(tmp_path / "tape.ts", recording, 0.8)
    copy = Path(shutil.copy(path, tmp_path / "copy.ts"))
    before = index_video(path, library, settings=settings)
    index_video(copy, library, settings=settings)
    index_video(written(path, recording, 1.0), library, settings=settings)
    assert library.find(before.video.content_id) is not None
