"""The command line as a whole: options before and after the command, help, streams, and how it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.conftest import Videoqa
from video_vlm.cli.app import COMMANDS, CONFIG_COMMANDS, LIBRARY_COMMANDS

ALL_COMMANDS = [
    *([name] for name in COMMANDS),
    *(["library", name] for name in LIBRARY_COMMANDS),
    *(["config", name] for name in CONFIG_COMMANDS),
]

VIDEOQA = [sys.executable, "-m", "video_vlm.cli"]


def test_a_question_without_a_video_is_a_mistake_in_usage(videoqa: Videoqa) -> None:
    run = videoqa("ask", "a")

    assert (run.code, run.out) == (2, "")
    assert "ask takes a video and a question" in run.err


@pytest.mark.parametrize(
    "arguments", [[], ["library"], ["bogus"], ["ask"], ["ask", "a", "b", "--frob"], ["show"]]
)
def test_what_cannot_be_understood_is_a_mistake_in_usage(videoqa: Videoqa, arguments: list[str]) -> None:
    run = videoqa(*arguments)

    assert (run.code, run.out) == (2, "")
    assert "Usage: videoqa" in run.err


@pytest.mark.parametrize("command", ALL_COMMANDS, ids=" ".join)
def test_every_command_explains_itself_with_examples_that_name_it(
    videoqa: Videoqa, command: list[str]
) -> None:
    run = videoqa(*command, "--help")

    assert run.code == 0
    examples = [line.strip() for line in run.out.partition("Examples:")[2].splitlines()]
    assert [line for line in examples if line.startswith(" ".join(["videoqa", *command]))]
    assert videoqa(*command, "-h").out == run.out


@pytest.mark.parametrize("command", ALL_COMMANDS, ids=" ".join)
def test_every_command_takes_the_shared_options_after_its_name_too(
    videoqa: Videoqa, command: list[str]
) -> None:
    shared = {"--library", "--set", "--json", "--quiet", "--verbose"}

    assert {option for option in shared if option in videoqa(*command, "--help").out} == shared


def test_options_mean_the_same_before_and_after_the_command(videoqa: Videoqa) -> None:
    before = videoqa("--library", "shelf", "--json", "library", "where")
    after = videoqa("library", "where", "--library", "shelf", "--json")

    assert before == after
    assert "shelf" in before.out


def test_what_is_typed_after_the_command_overrules_what_is_typed_before_it(videoqa: Videoqa) -> None:
    run = videoqa("--library", "first", "library", "where", "--library", "second")

    assert run.out == f"{Path('second').absolute()}\n"


def test_the_users_file_and_the_environment_name_the_library_and_the_file_in_the_folder_does_not(
    videoqa: Videoqa, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("videoqa.toml").write_text("library = 'from-folder'\n", encoding="utf-8")
    by_default = videoqa("library", "where")
    monkeypatch.setenv("VIDEOQA_CONFIG", "videoqa.toml")
    from_own_file = videoqa("library", "where")
    monkeypatch.setenv("VIDEOQA_LIBRARY", "from-environment")
    from_environment = videoqa("library", "where")

    names = [Path(run.out.strip()).name for run in (by_default, from_own_file, from_environment)]
    assert names == ["library", "from-folder", "from-environment"]
    assert by_default.err.startswith("warning: ./videoqa.toml: library left out")
    assert by_default.err.count("\n") == 1
    assert from_own_file.err == from_environment.err == ""


def test_what_the_file_in_the_folder_decides_is_said_unless_quiet(videoqa: Videoqa) -> None:
    Path("videoqa.toml").write_text(
        "[ask]\nmin_confidence = 0.4\nmodel = 'http://x'\n[index]\nspeed = 'fast'\n"
    )

    said = videoqa("library", "where").err.splitlines()
    assert said[0] == "settings of ./videoqa.toml are used: ask.min_confidence, index.speed"
    assert [line.split(" left out")[0] for line in said[1:]] == ["warning: ./videoqa.toml: ask.model"]
    assert videoqa("library", "where", "-q").err == ""


def test_the_file_that_videoqa_config_names_must_be_there(
    videoqa: Videoqa, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIDEOQA_CONFIG", "gone.toml")

    run = videoqa("library", "where")

    assert (run.code, run.err) == (2, "videoqa: the environment: VIDEOQA_CONFIG=gone.toml: no such file\n")


def test_a_setting_that_does_not_exist_is_a_mistake_in_usage(videoqa: Videoqa) -> None:
    run = videoqa("library", "list", "--set", "ask.modle=builtin", "--library", "new")

    assert run.code == 2
    assert (
        run.err == "videoqa: the command line: no setting is named 'ask.modle'; did you mean 'ask.model'?\n"
    )


def test_the_version_is_printed(videoqa: Videoqa) -> None:
    assert videoqa("--version").out.startswith("videoqa ")


def test_doctor_names_what_is_not_at_its_default_and_who_set_it(
    videoqa: Videoqa, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIDEOQA_ASK_MIN_CONFIDENCE", "0.7")

    lines = videoqa("doctor").out.splitlines()

    assert [line.split() for line in lines if line.startswith("ask.")] == [
        ["ask.min_confidence", "set", "in", "the", "environment", "(VIDEOQA_ASK_MIN_CONFIDENCE)"]
    ]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGPIPE to be told by")
def test_a_reader_that_goes_away_is_no_failure(shelf: Path, sample_film: Path) -> None:
    command = [*VIDEOQA, "show", str(sample_film), "--library", str(shelf), "--depth", "frame", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        complaint = process.stderr.read()

    assert (process.returncode, complaint) == (0, b"")


def _hear_ctrl_c() -> None:
    """A test run in the background of a shell inherits an ignored Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.skipif(
    signal.getsignal(signal.SIGINT) is signal.SIG_IGN,
    reason="this shell ignores Ctrl-C, and so do its children",
)
@pytest.mark.skipif(os.name == "nt", reason="Windows sends Ctrl-C to the whole console, this test too")
def test_ctrl_c_ends_with_one_line_and_a_library_that_verifies_and_goes_on(
    videoqa: Videoqa, sample_film: Path, tmp_path: Path
) -> None:
    library = tmp_path / "library"
    films = [tmp_path / f"{number}.mp4" for number in range(12)]  # far more than half a second's work
    for number, film in enumerate(films):
        film.write_bytes(sample_film.read_bytes() + bytes([number]))
    command = [*VIDEOQA, "index", *map(str, films), "--library", str(library)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=_hear_ctrl_c
    ) as process:
        deadline = time.monotonic() + 60
        while (
            not (library / "library.sqlite3").exists()
            and process.poll() is None
            and time.monotonic() < deadline
        ):
            time.sleep(0.01)
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)

    assert (process.returncode, err) == (130, "videoqa: interrupted; what was finished is kept\n")
    assert videoqa("library", "verify", "--library", library).code == 0
    assert videoqa("index", sample_film, "--library", library, "--set", "index.observers=subtitles").code == 0


def test_text_from_a_video_cannot_drive_the_terminal(
    videoqa: Videoqa, own_shelf: Path, sample_film: Path
) -> None:
    film = Path("film.mp4")
    film.write_bytes(sample_film.read_bytes())
    cue = "1\n00:00:02,000 --> 00:00:05,000\nThe \x1b]0;owned\x07\x1b[2Jzeppelin\u202e lands.\n"
    film.with_suffix(".srt").write_text(cue, encoding="utf-8")

    printed = [
        videoqa("index", film),
        videoqa("ask", film, "What is said at 0:03?"),
        videoqa("transcript", film),
        videoqa("search", "2Jzeppelin"),
        videoqa("search", "2Jzeppelin", "--json"),
        videoqa("show", film, "--depth", "frame"),
        videoqa("scenes", film, "--format", "csv"),
    ]

    assert any("zeppelin" in run.out for run in printed)
    assert not [
        character for run in printed for character in run.out + run.err if character in "\x1b\x07\u202e"
    ]
