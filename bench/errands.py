"""What the survival bench has done in processes of its own: a film indexed, looks written back, a library
repaired.

An errand says on a pipe what is on the disk, as soon as it is, with the number of writes so far; and it may
be told to die, or to meet a failing disk, at a write. Going on after that is the same errand again.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from faults import Faults, Kind

from video_vlm.errors import VideoQAError
from video_vlm.index import index_video
from video_vlm.memory import Library, MemoryWriter, StoredLook, open_library, repair_library
from video_vlm.records import Observation, ObservationKind, Span
from video_vlm.settings import FrameSettings, IndexSettings

__all__ = ["NUM_LOOKS", "REFUSED", "Grams", "Trouble", "do_index", "do_repair", "everything"]

NUM_LOOKS = 4
REFUSED = 7
"""The exit code of an errand that met an error, and said so in one line."""

SETTINGS = IndexSettings(
    observers=("chapters", "subtitles", "look", "motion"), frames=FrameSettings(segment_seconds=2.0)
)


class Grams:
    """A text encoder that needs no weights: hashed counts of letters, three at a time."""

    name, dimension = "letters", 32

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        rows = np.full((len(texts), self.dimension), 1e-3, np.float32)
        for row, text in zip(rows, texts, strict=True):
            letters = " ".join(re.findall(r"[^\W_]+", text.lower()))
            for start in range(len(letters) - 2):
                row[hashlib.sha256(letters[start : start + 3].encode()).digest()[0] % self.dimension] += 1
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        return rows


@dataclass(frozen=True)
class Trouble:
    """At which write of SQLite's what happens; a full disk stays full."""

    at: int
    kind: Kind


def look(number: int) -> StoredLook:
    """The ``number``-th thing a question made us look at."""
    span = Span(number + 0.25, number + 0.75)
    seen = Observation(span, ObservationKind.SCREEN_TEXT, f"sign number {number}", "screen-text", 0.9)
    return StoredLook(
        "screen-text", "v1", f"what does sign {number} say?", "close look", 320, (span,), (seen,)
    )


def everything(folder: Path) -> tuple[int, dict[str, Any], list[Any]]:
    """How many problems a library has, and what it holds: its one video, and its looks but for when they were
    kept."""
    with open_library(folder, encoder=Grams()) as library:
        problems = len(library.verify())
        [stored] = library.videos()
        content_id = stored.video.content_id
        looks = [(one.question, one.frames, one.observations) for one in library.looks.of(content_id)]
        found = [(one.text, one.span) for one in library.search("sign number", limit=5)]
        return problems, library.dump(content_id), [looks, found]


def do_index(video: Path, folder: Path, pipe: Connection, trouble: Trouble | None) -> None:
    """Index a film, keep some looks, search; goes on where an earlier errand stopped."""

    def errand(say: Callable[[str], None]) -> None:
        _say_when_written(say)
        with open_library(folder, encoder=Grams()) as library:
            report = index_video(video, library, settings=SETTINGS, threads=1)
            say("finished")
            _keep_looks(library, report.video.content_id, say)
            library.search("sign number")
            say("searched")

    _run(errand, pipe, trouble)


def do_repair(folder: Path, pipe: Connection, trouble: Trouble | None) -> None:
    """Repair a library."""

    def errand(say: Callable[[str], None]) -> None:
        repair_library(folder)
        say("repaired")

    _run(errand, pipe, trouble)


def _keep_looks(library: Library, content_id: str, say: Callable[[str], None]) -> None:
    known = {one.question for one in library.looks.of(content_id)}
    for number in range(NUM_LOOKS):
        if look(number).question not in known:
            library.looks.keep(content_id, [look(number)])
        say("look")


def _say_when_written(say: Callable[[str], None]) -> None:
    put = MemoryWriter.put_segment

    def put_and_say(self: MemoryWriter, *arguments: Any, **named: Any) -> None:
        put(self, *arguments, **named)
        say("segment")

    MemoryWriter.put_segment = put_and_say  # type: ignore[method-assign]


def _run(errand: Callable[[Callable[[str], None]], None], pipe: Connection, trouble: Trouble | None) -> None:
    made = Faults()
    made.install()
    if trouble is not None:
        made.arm(trouble.at, trouble.kind, stays=trouble.kind == "ENOSPC")
    try:
        errand(lambda text: _tell(pipe, f"{text} {made.count}"))
    except VideoQAError as error:
        _tell(pipe, f"refused {' '.join(str(error).split(chr(10)))}")
        os._exit(REFUSED)
    made.disarm()
    _tell(pipe, f"writes {made.count}")
    os._exit(0)


def _tell(pipe: Connection, text: str) -> None:
    pipe.send_bytes(text.encode())
