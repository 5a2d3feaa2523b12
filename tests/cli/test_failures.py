"""Whatever goes wrong is one line on stderr and a code from the table."""

from __future__ import annotations

import pytest

from video_vlm.cli.exit_codes import ExitCode
from video_vlm.cli.failures import guarded
from video_vlm.errors import QuestionError, SettingsError, UnknownName, UnreadableVideo


def raising(error: BaseException) -> int:
    raise error


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (UnreadableVideo("a.mp4", "no video stream"), ExitCode.FAILED, "videoqa: a.mp4: no video stream"),
        (SettingsError("no such setting"), ExitCode.USAGE, "videoqa: no such setting"),
        (QuestionError("the question is empty"), ExitCode.USAGE, "videoqa: the question is empty"),
        (UnknownName("model", "x", ["y"]), ExitCode.USAGE, "videoqa: no model named 'x'. Known: y"),
        (
            OSError(28, "No space left on device", "disk"),
            ExitCode.FAILED,
            "videoqa: disk: No space left on device",
        ),
        (KeyboardInterrupt(), ExitCode.INTERRUPTED, "videoqa: interrupted; what was finished is kept"),
        (UnreadableVideo("a\x1b[2J.mp4", "two\nlines"), ExitCode.FAILED, "videoqa: a␛[2J.mp4: two lines"),
    ],
)
def test_an_error_is_one_line_and_a_code(
    error: BaseException, code: ExitCode, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert guarded(lambda: raising(error)) == code

    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", f"{line}\n")


def test_a_mistake_of_ours_is_named_as_one_and_says_how_to_see_more(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert guarded(lambda: raising(ZeroDivisionError("division by zero"))) == ExitCode.FAILED

    (line,) = capsys.readouterr().err.splitlines()
    assert "should not have happened: ZeroDivisionError: division by zero (add -vv" in line


def test_the_traceback_is_shown_when_asked_for_twice(capsys: pytest.CaptureFixture[str]) -> None:
    guarded(lambda: raising(UnreadableVideo("a.mp4", "no video stream")), verbosity=2)

    assert "Traceback (most recent call last)" in capsys.readouterr().err


def test_no_code_means_it_worked() -> None:
    assert guarded(lambda: None) == ExitCode.OK
