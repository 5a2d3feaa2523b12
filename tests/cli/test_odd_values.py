"""Whatever is typed where a number, a time, an address or a name belongs: an answer or one line, never a
surprise."""

from __future__ import annotations

import random
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import typer

from video_vlm.cli.app import app
from video_vlm.cli.settings_sources import known_keys

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cli.conftest import Videoqa

NUMBERS = (
    *(
        "nan",
        "inf",
        "-inf",
        "-1",
        "0",
        "-0",
        "1e999",
        "9e999",
        "1e-320",
        "0x10",
        "1_000",
        "٣",
        "½",
        "-1e308",
        "2147483648",
    ),
    *(
        "9" * 30,
        "9" * 400,
        "9" * 5_000,
        "-" + "9" * 400,
        "0." + "0" * 400 + "1",
        "1" + "0" * 18,
        "4294967295",
        "1e18",
    ),
)
TIMES = (
    "9e999",
    "-5",
    "1:99:99",
    "::",
    "1:2:3:4:5",
    "99999999999:00",
    "9" * 400 + ":00",
    "nan:nan",
    "0:00",
    "end",
    "-0:01",
)
ADDRESSES = (
    *(
        "postgresql://[bad/x",
        "postgresql://h:99999999/x",
        "postgresql://" + "a" * 300 + "/x",
        "postgresql://%zz",
        "postgres://",
    ),
    *(
        "http://[bad/v1",
        "http://127.0.0.1:99999999/v1",
        "http://",
        "https://\u202e:1/v1",
        "http://a b/v1",
        "hf:",
        "hf:..",
        "hf:[x",
    ),
    *("hf:" + "x" * 5_000, "http://127.0.0.1:9/v1", "server:", ":", "://"),
)
WORDS = (
    "",
    " ",
    "\x1b[31m",
    "\u202e",
    "x" * 5_000,
    "[" * 5_000,
    "{}",
    "-",
    "--",
    "no/such/file",
    "a\nb",
    "💣",
    "%s%n",
    "*",
)
EVERYTHING = (*NUMBERS, *TIMES, *ADDRESSES, *WORDS)
SURPRISE = ("this should not have happened", "Traceback")


def commands(group: Any, way: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, one in group.commands.items():
        if hasattr(one, "commands"):
            yield from commands(one, (*way, name))
        else:
            yield (*way, name), one


COMMANDS = dict(commands(typer.main.get_command(app)))


NUMERIC = {"N", "K", "X", "GB"}
"""How options that take a number are shown."""


def is_option(parameter: Any) -> bool:
    return str(parameter.param_type_name) == "option"


def fitting(luck: random.Random, parameter: Any) -> tuple[str, ...]:
    """Something that may be typed for an option or an argument, often of the sort that belongs there."""
    if is_option(parameter) and (parameter.is_flag or parameter.count):
        return ()
    if parameter.name == "settings":
        key = luck.choice([*known_keys(), "nothing.such", "ask", ""])
        return (f"{key}={luck.choice(EVERYTHING)}",)
    pool = NUMBERS if parameter.metavar in NUMERIC else EVERYTHING
    count = parameter.nargs if parameter.nargs > 0 else 1
    return tuple(luck.choice(pool if luck.random() < 0.8 else EVERYTHING) for _ in range(count))


def typed(luck: random.Random, command: Any, film: Path) -> list[str]:
    """Arguments as they belong, or one of them odd; and one or two odd options."""
    options = [one for one in command.params if is_option(one) and one.name != "help"]
    arguments = [one for one in command.params if not is_option(one)]
    line = []
    for option in luck.sample(options, min(len(options), luck.choice((1, 1, 2)))):
        line += [luck.choice(option.opts), *fitting(luck, option)]
    proper = {
        "video": str(film),
        "videos": str(film),
        "question": "What is said?",
        "query": "door",
        "name": "door",
    }
    odd = luck.choice(arguments) if arguments and luck.random() < 0.25 else None
    for argument in arguments:
        name = str(argument.name)
        line += fitting(luck, argument) if argument is odd else [proper.get(name, str(film))]
    return line


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("way", COMMANDS, ids=" ".join)
def test_nothing_that_is_typed_is_a_surprise(
    videoqa: Videoqa,
    shelf: Path,
    sample_film: Path,
    monkeypatch: pytest.MonkeyPatch,
    way: tuple[str, ...],
    seed: int,
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    shutil.copytree(shelf, "shelf")
    film = Path(shutil.copy(sample_film, "film.mp4"))
    luck = random.Random(f"{way} {seed}")
    line = typed(luck, COMMANDS[way], film)
    if "--library" not in line:
        line = ["--library", "shelf", *line]
    run = videoqa(*way, *line)
    shown = f"videoqa {' '.join(way)} {line!r:.300}\n{run.err:.600}"
    assert run.code in (0, 1, 2, 3), shown
    assert not any(one in run.err or one in run.out for one in SURPRISE), shown
    assert len(run.err) < 20_000, shown


def test_every_option_is_drawn_from() -> None:
    """That an option of a new command is tried too, and not passed over."""
    luck = random.Random(0)
    for way, command in COMMANDS.items():
        drawn: Any = {word for _ in range(400) for word in typed(luck, command, Path("film.mp4"))}
        for option in command.params:
            if is_option(option) and option.name != "help":
                assert drawn & set(option.opts), (way, option.name)
