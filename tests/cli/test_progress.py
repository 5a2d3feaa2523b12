"""Progress is for a person who waits at a terminal, and for nobody else."""

from __future__ import annotations

import io
import json
from pathlib import Path

from video_vlm.cli.outcome import Outcome
from video_vlm.cli.progress import Bars, Nobody, progress_on
from video_vlm.cli.progress_lines import ProgressLines
from video_vlm.cli.rate_estimate import RateEstimate
from video_vlm.protocols import ProgressEvent


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
        assert isinstance(progress, Nobody)


def test_a_name_from_outside_cannot_drive_the_terminal() -> None:
    terminal = Terminal()

    with progress_on(terminal) as progress:
        progress(ProgressEvent("reading", 1.0, 90.0, what="\x1b]0;owned\x07.mp4"))

    assert "\x1b]0" not in terminal.getvalue()


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def reading(done: float, total: float | None = 90.0, *, path: str = "film.mp4") -> ProgressEvent:
    return ProgressEvent("index", done, total, what=path, path=Path(path))


def test_pace_says_how_much_is_done_how_fast_and_how_long_it_will_take() -> None:
    clock = Clock()
    pace = RateEstimate(clock)
    pace.note(reading(0.0))
    clock.seconds = 5.0
    pace.note(reading(60.0))

    assert (pace.speed, pace.eta_seconds) == (12.0, 2.5)
    assert str(pace) == "1:00 of 1:30, 12.0x, 0:02 left"


def test_what_an_earlier_run_had_done_is_not_taken_for_speed() -> None:
    clock = Clock()
    pace = RateEstimate(clock)
    pace.note(reading(0.0, None))
    clock.seconds = 3.0
    pace.note(reading(60.0))
    clock.seconds = 5.0
    pace.note(reading(80.0))

    assert (pace.speed, pace.eta_seconds) == (10.0, 1.0)


def test_pace_promises_nothing_where_nothing_is_known() -> None:
    pace = RateEstimate(Clock())
    pace.note(reading(0.0, None))

    assert (pace.speed, pace.eta_seconds, str(pace)) == (None, None, "0:00")


def test_files_side_by_side_have_a_bar_each_until_they_end() -> None:
    bars = Bars(Terminal())
    bars(reading(1.0, path="a.mp4"))
    bars(reading(1.0, path="b.mp4"))
    bars.ended(Outcome("a.mp4", error="broken"))
    bars(reading(2.0, path="c.mp4"))

    assert [(bar.path, bar.row) for bar in bars.bars.values()] == [(Path("b.mp4"), 1), (Path("c.mp4"), 0)]
    bars.close()


def test_a_bar_shows_seconds_of_video_and_how_fast_they_go_by() -> None:
    terminal = Terminal()

    with progress_on(terminal) as progress:
        for done in (0.0, 30.0, 60.0, 89.0):
            progress(reading(done))
        assert isinstance(progress, Bars)
        [bar] = progress.bars.values()
        bar.drawn.refresh()

    assert "1:29 of 1:30" in terminal.getvalue()
    assert "left" in terminal.getvalue()


def test_lines_are_json_for_each_start_progress_and_end() -> None:
    stream, clock = io.StringIO(), Clock()
    lines = ProgressLines(stream, now=clock)
    lines(reading(0.0, None))
    lines(reading(0.0))
    clock.seconds = 2.0
    lines(reading(45.0))
    lines.ended(Outcome("film.mp4", content_id="c0ffee", summary="1 scene"))
    lines.ended(Outcome("bad.mp4", error="broken"))

    assert [json.loads(line) for line in stream.getvalue().splitlines()] == [
        {"event": "start", "path": "film.mp4"},
        progress_line(0.0, speed=None, eta_seconds=None),
        progress_line(45.0, speed=22.5, eta_seconds=2.0),
        {"event": "done", "path": "film.mp4", "content_id": "c0ffee", "summary": "1 scene"},
        {"event": "failed", "path": "bad.mp4", "error": "broken"},
    ]


def progress_line(done: float, *, speed: float | None, eta_seconds: float | None) -> dict[str, object]:
    return {
        "event": "progress",
        "path": "film.mp4",
        "done_seconds": done,
        "total_seconds": 90.0,
        "speed": speed,
        "eta_seconds": eta_seconds,
    }


def test_lines_do_not_come_faster_than_can_be_read_but_the_last_one_always_does() -> None:
    stream, clock = io.StringIO(), Clock()
    lines = ProgressLines(stream, now=clock)
    for done in range(91):
        clock.seconds = done / 100
        lines(reading(float(done)))

    done_seconds = [json.loads(line).get("done_seconds") for line in stream.getvalue().splitlines()]
    assert done_seconds == [None, 0.0, 50.0, 90.0]
