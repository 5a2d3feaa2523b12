"""A process that writes a film's memory; run as a script by tests that kill it or race it.

Prints the number of segments that are surely on disk, a line each.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from video_vlm.errors import LibraryError
from video_vlm.memory import open_library

__all__ = ["start_writer"]


def start_writer(place: Path | str, content_id: str, num_lines: int) -> subprocess.Popen[str]:
    command = [sys.executable, __file__, str(place), content_id, str(num_lines)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def main(place: str, content_id: str, num_lines: str) -> None:
    from conftest import LINES, CharacterGrams, Film  # type: ignore[import-not-found]  # beside this script

    film = Film(
        content_id=content_id, lines=tuple(LINES[number % len(LINES)] for number in range(int(num_lines)))
    )
    with open_library(place, encoder=CharacterGrams(dimension=32)) as library:
        build = film.start(library)
        try:
            for until in range(1, len(film.lines) + 1):
                film.go_on(build, until=until)
                print(until, flush=True)  # noqa: T201 - the parent reads it
            film.finish(build)
        except LibraryError as error:
            if "complete already" not in str(error):
                raise
        library.vectors.embed(content_id)


if __name__ == "__main__":
    main(*sys.argv[1:])
