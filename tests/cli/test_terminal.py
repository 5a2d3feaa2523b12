"""What strangers wrote into a video is shown by the terminal, never obeyed."""

from __future__ import annotations

import io
import json

import pytest

from video_vlm.cli.terminal import dim, fitted, one_line, print_json, table, visible


class Terminal(io.StringIO):
    """Text output that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("\x1b[2Jgone", "␛[2Jgone"),
        ("\x1b]0;title\x07", "␛]0;title␇"),
        ("\x9b31mred", "�31mred"),
        ("back\x08space\x7f", "back␈space␡"),
        ("over\u202etxt.exe", "over�txt.exe"),
        ("rewritten\rline", "rewritten␍line"),
        ("tab\tand\nline", "tab\tand\nline"),
        ("naïve 視頻 файл – “ok”", "naïve 視頻 файл – “ok”"),
    ],
)
def test_control_characters_become_visible_and_all_other_text_stays(written: str, shown: str) -> None:
    assert visible(written) == shown


def test_one_line_is_one_line() -> None:
    assert one_line(" two\n lines\tand \x1b") == "two lines and ␛"


def test_json_comes_back_unchanged_and_holds_nothing_a_terminal_acts_on(
    capsys: pytest.CaptureFixture[str],
) -> None:
    written = "\x1b[31m \x9b5n \u202e naïve 視頻"

    print_json({"text": written})

    printed = capsys.readouterr().out
    assert json.loads(printed) == {"text": written}
    assert visible(printed) == printed


def test_columns_line_up_under_wide_letters() -> None:
    assert table([("視頻", "a"), ("x", "b")], header=("name", "what")).splitlines() == [
        "name  what",
        "視頻  a",
        "x     b",
    ]


def test_a_long_line_is_cut_to_the_terminal_and_whole_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "10")

    assert fitted("0123456789", file=Terminal()) == "0123456789"
    assert fitted("0123456789A", file=Terminal()) == "012345678…"
    assert fitted("視頻視頻視頻", file=Terminal()) == "視頻視頻…"
    assert fitted("0123456789A", file=io.StringIO()) == "0123456789A"


def test_text_is_set_back_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")

    assert dim("aside", file=Terminal()) == "\x1b[2maside\x1b[0m"
    assert dim("aside", file=io.StringIO()) == "aside"


def test_no_color_is_honoured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    assert dim("aside", file=Terminal()) == "aside"
