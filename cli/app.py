"""The ``videoqa`` command: the list of commands, and the options before them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

import typer

from video_vlm.cli import (
    ask,
    config,
    doctor,
    entities,
    export,
    index,
    library,
    library_transfer,
    looks,
    models,
    plan,
    repair,
    scenes,
    search,
    show,
    summarize,
    train,
    transcript,
)
from video_vlm.cli.exit_codes import ExitCode
from video_vlm.cli.failures import complain
from video_vlm.cli.session import command, remember_options
from video_vlm.cli.terminal import drop, open_missing_streams
from video_vlm.errors import OutputError

__all__ = [
    "COMMANDS",
    "CONFIG_COMMANDS",
    "LIBRARY_COMMANDS",
    "MODEL_COMMANDS",
    "TRAIN_COMMANDS",
    "app",
    "main",
]

COMMANDS: dict[str, Callable[..., int | None]] = {
    "ask": ask.ask,
    "plan": plan.plan,
    "index": index.index,
    "search": search.search,
    "scenes": scenes.scenes,
    "transcript": transcript.transcript,
    "entities": entities.entities,
    "show": show.show,
    "export": export.export,
    "summarize": summarize.summarize,
    "doctor": doctor.doctor,
}
LIBRARY_COMMANDS: dict[str, Callable[..., int | None]] = {
    "list": library.list_videos,
    "info": library.info,
    "remove": library.remove,
    "looks": looks.looks,
    "forget-looks": looks.forget_looks,
    "export": library_transfer.export,
    "import": library_transfer.take_in,
    "verify": library.verify,
    "repair": repair.repair,
    "where": library.where,
}
MODEL_COMMANDS: dict[str, Callable[..., int | None]] = {
    "list": models.list_models,
    "check": models.check,
    "pull": models.pull,
}
CONFIG_COMMANDS: dict[str, Callable[..., int | None]] = {
    "show": config.show,
}
TRAIN_COMMANDS: dict[str, Callable[..., int | None]] = {
    "encoder": train.encoder,
    "language": train.language,
}

OPTIONS: dict[str, Any] = {
    "no_args_is_help": True,
    "add_completion": False,
    "rich_markup_mode": None,
    "pretty_exceptions_enable": False,
    "pretty_exceptions_show_locals": False,
    "context_settings": {"help_option_names": ["-h", "--help"]},
}


def build() -> typer.Typer:
    top = typer.Typer(name="videoqa", **OPTIONS)
    top.callback()(remember_options())
    for name, function in COMMANDS.items():
        top.command(name)(command(function))
    top.add_typer(
        group(LIBRARY_COMMANDS), name="library", help=f"What is remembered: {', '.join(LIBRARY_COMMANDS)}."
    )
    top.add_typer(group(MODEL_COMMANDS), name="models", help=f"Language models: {', '.join(MODEL_COMMANDS)}.")
    top.add_typer(group(CONFIG_COMMANDS), name="config", help=f"Settings: {', '.join(CONFIG_COMMANDS)}.")
    top.add_typer(
        group(TRAIN_COMMANDS), name="train", help=f"Learn from videos: {', '.join(TRAIN_COMMANDS)}."
    )
    return top


def group(commands: dict[str, Callable[..., int | None]]) -> typer.Typer:
    made = typer.Typer(**OPTIONS)
    for name, function in commands.items():
        made.command(name)(command(function))
    # With a single command Typer would leave its name out.
    made.callback()(lambda: None)
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Run ``videoqa`` with ``arguments`` (default: those of the process); return its exit code."""
    open_missing_streams()
    for stream in (sys.stdout, sys.stderr):
        # A letter that the terminal cannot write (in a file name from another system, a dash in an old code
        # page) is escaped instead of raising an error.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        app(args=None if arguments is None else list(arguments), prog_name="videoqa")
    except SystemExit as stop:
        if isinstance(stop.__context__, BrokenPipeError):  # the reader of the help was closed
            drop(sys.stdout)
            return ExitCode.OK
        return stop.code if isinstance(stop.code, int) else ExitCode.OK
    except KeyboardInterrupt:
        complain("interrupted")
        return ExitCode.INTERRUPTED
    except (OSError, OutputError) as error:
        # From printing the help and the version, before a command runs.
        drop(sys.stdout)
        complain(f"standard output cannot be written: {error}" if isinstance(error, OSError) else str(error))
        return ExitCode.FAILED
    return ExitCode.OK


app = build()
