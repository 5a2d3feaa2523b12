"""Progress is for a person who waits at a terminal, and for nobody else."""

from __future__ import annotations

import io

from video_vlm.cli.progress import progress_on
from video_vlm.protocols import ProgressEvent, silent


class Terminal(io.StringIO):
    """Text output that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_a_terminal_is_shown_the_stage_and_how_far_it_is() -> None:
    terminal = Terminal()

    with progress_on(terminal) as progress:
        progress(ProgressEvent("reading", 0.0, 90.0, what="film.mp4"))
        progress(ProgressEvent("reading", 45.0, 90.0, what="film.mp4"))

    assert "reading film.mp4" in terminal.getvalue()


def test_a_stage_of_unknown_length_is_shown_too() -> None:
    terminal = Terminal()

    with progress_on(terminal) as progress:
        progress(ProgressEvent("reading", 3.0, None))

    assert "reading" in terminal.getvalue()


def test_nothing_is_shown_where_there_is_no_terminal() -> None:
    pipe = io.StringIO()

    with progress_on(pipe) as progress:
        progress(ProgressEvent("reading", 1.0, 90.0))

    assert pipe.getvalue() == ""


def test_nothing_is_shown_when_quiet() -> None:
    with progress_on(Terminal(), quiet=True) as progress:
        assert progress is silent


def test_a_name_from_outside_cannot_drive_the_terminal() -> None:
    terminal = Terminal()

    with progress_on(terminal) as progress:
        progress(ProgressEvent("reading", 1.0, 90.0, what="\x1b]0;owned\x07.mp4"))

    assert "\x1b]0" not in terminal.getvalue()
