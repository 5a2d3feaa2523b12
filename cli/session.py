"""Options and session shared by all commands.

A command is a plain function of a :class:`Session` and its own arguments. :func:`command` adds the shared
options, so that ``videoqa --library D ask ...`` and ``videoqa ask ... --library D`` are the same, and turns
its errors into one line and an exit code.
"""

from __future__ import annotations

import inspect
import logging
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

import video_vlm
from video_vlm.cli.failures import guarded
from video_vlm.cli.progress import Reporter, progress_on
from video_vlm.cli.settings_sources import (
    CONFIG_VARIABLE,
    PROJECT_FILE,
    Configuration,
    configure,
    parse_assignments,
    user_file,
)
from video_vlm.cli.terminal import one_line, write
from video_vlm.redaction import redacted

if TYPE_CHECKING:
    from video_vlm.library import VideoQA

__all__ = [
    "Common",
    "JobsOption",
    "MemoryOption",
    "OverwriteOption",
    "Session",
    "Speed",
    "SpeedOption",
    "command",
    "common_options",
    "remember_options",
]


class Speed(StrEnum):
    """How a video is read."""

    FULL = "full"
    FAST = "fast"
    WORDS = "words"


JobsOption = Annotated[
    int | None,
    typer.Option(
        "--jobs", metavar="N", min=1, help="Files read side by side; else one for each core, up to 8."
    ),
]
MemoryOption = Annotated[
    float | None,
    typer.Option(
        "--memory", metavar="GB", min=0.1, help="Read fewer side by side than would take more memory."
    ),
]
SpeedOption = Annotated[
    Speed | None,
    typer.Option(
        "--speed",
        help="full: every picture; fast: keyframes and what is in doubt between them;"
        " words: no picture, but what is said in words [default: full].",
        show_default=False,
    ),
]
"""An option of every command that may read a video."""

OverwriteOption = Annotated[
    bool,
    typer.Option(
        "--overwrite",
        help="Replace a file that is there, whoever wrote it;"
        " never a video, its subtitles, or a library's file.",
    ),
]
"""An option of every command that writes a file for the user."""


@dataclass(frozen=True, slots=True)
class Common:
    """The shared options as they were typed."""

    library: str | None = None
    settings: tuple[str, ...] = ()
    json: bool = False
    quiet: bool = False
    verbose: int = 0

    def then(self, later: Common) -> Common:
        """These options, replaced or extended by those typed after the command."""
        return Common(
            library=later.library or self.library,
            settings=self.settings + later.settings,
            json=self.json or later.json,
            quiet=self.quiet or later.quiet,
            verbose=self.verbose + later.verbose,
        )


def common_options(
    library: Annotated[
        str | None,
        typer.Option(
            metavar="DIR",
            help="Folder the memory is kept in, or postgresql://... [env: VIDEOQA_LIBRARY].",
            show_default=False,
        ),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Any setting, e.g. ask.min_confidence=0.6."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no warnings.")] = False,
    verbose: Annotated[
        int,
        typer.Option(
            "--verbose", "-v", count=True, help="Say more; twice: tracebacks too.", show_default=False
        ),
    ] = 0,
) -> Common:
    """The options every command takes."""
    return Common(library=library, settings=tuple(settings or ()), json=json, quiet=quiet, verbose=verbose)


def print_version(wanted: bool) -> None:
    if wanted:
        write(f"videoqa {video_vlm.__version__}")
        raise typer.Exit


VERSION = inspect.Parameter(
    "version",
    inspect.Parameter.KEYWORD_ONLY,
    default=False,
    annotation=Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=print_version, is_eager=True)
    ],
)


@dataclass(frozen=True, slots=True)
class Session:
    """The merged configuration of one run, and how to print."""

    configuration: Configuration
    json: bool = False
    quiet: bool = False

    @contextmanager
    def open(
        self, *, reporter: Reporter | None = None, speed: Speed | None = None, **asked: Any
    ) -> Iterator[VideoQA]:
        """Open the library.

        Args:
            reporter: Receives the progress; bars on the terminal if None.
            speed: How videos are read, if it was typed.
            asked: Settings under ``ask`` that were typed as options; None where they were not.
        """
        from video_vlm.library import VideoQA

        settings = self.configuration.settings
        typed = {name: value for name, value in asked.items() if value is not None}
        settings = replace(settings, ask=replace(settings.ask, **typed))
        with (
            progress_on(quiet=self.quiet) if reporter is None else nullcontext(reporter) as progress,
            VideoQA(
                self.configuration.library,
                settings=settings,
                speed=speed.value if speed else None,
                progress=progress,
            ) as videos,
        ):
            yield videos


def start(common: Common) -> Session:
    """Merge the configuration and set up logging.

    Raises:
        SettingsError: an unknown key, a value of the wrong type or range, a file that cannot be read.
    """
    log_to_stderr(common)
    configuration = configure(
        command_line={**parse_assignments(common.settings), "library": common.library},
        environment=os.environ,
        project_file=PROJECT_FILE,
        user_file=user_file(os.environ),
    )
    if not common.quiet:
        tell_of_the_folder(configuration)
    return Session(configuration, json=common.json, quiet=common.quiet)


def tell_of_the_folder(configuration: Configuration) -> None:
    """Print which settings of the current folder's file are used, and which are left out."""
    if configuration.shared:
        write(f"settings of ./{PROJECT_FILE} are used: {', '.join(configuration.shared)}", file=sys.stderr)
    if configuration.left_out:
        write(
            f"warning: ./{PROJECT_FILE}: {', '.join(configuration.left_out)} left out:"
            " the folder may be a stranger's;"
            f" set it in {user_file(os.environ)}, in the environment or with --set, or say"
            f" {CONFIG_VARIABLE}={PROJECT_FILE} if the file is yours",
            file=sys.stderr,
        )


SHARED = tuple(inspect.signature(common_options, eval_str=True).parameters.values())


def command(function: Callable[..., int | None]) -> Callable[..., None]:
    """A Typer command for ``function(session, ...)`` that also takes the shared options, and exits with its
    code."""

    def run(context: typer.Context, **given: Any) -> None:
        typed = common_options(**{parameter.name: given.pop(parameter.name) for parameter in SHARED})
        common = (context.obj or Common()).then(typed)
        raise typer.Exit(guarded(lambda: function(start(common), **given), verbosity=common.verbose))

    own = list(inspect.signature(function, eval_str=True).parameters.values())[1:]
    return with_parameters(run, [*own, *SHARED], like=function)


def remember_options() -> Callable[..., None]:
    """The callback before all commands: it keeps the options typed before the command for
    :func:`command`."""

    def before(context: typer.Context, **given: Any) -> None:
        """Ask questions of long videos; the answers say at which second they are seen."""
        del given[VERSION.name]
        context.obj = common_options(**given)

    return with_parameters(before, [VERSION, *SHARED], like=before)


def with_parameters(
    run: Callable[..., None], parameters: Sequence[inspect.Parameter], *, like: Callable[..., Any]
) -> Callable[..., None]:
    """``run`` as Typer should see it: a context, then ``parameters``, named and described as ``like``."""
    context = inspect.Parameter("context", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)
    shown = [context, *(parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in parameters)]
    run.__signature__ = inspect.Signature(shown)  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in shown}
    run.__doc__, run.__name__ = like.__doc__, like.__name__
    return run


class OneLineHandler(logging.Handler):
    """Log records on stderr, one line each, without keys and passwords, and without repetitions."""

    def __init__(self) -> None:
        super().__init__()
        self.said: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        line = f"{record.levelname.lower()}: {one_line(redacted(self.format(record)))}"
        if line not in self.said:
            self.said.add(line)
            write(line, file=sys.stderr)


def log_to_stderr(common: Common) -> None:
    levels = {0: logging.WARNING, 1: logging.INFO}
    logger = logging.getLogger("video_vlm")
    logger.handlers = [OneLineHandler()]
    logger.setLevel(logging.ERROR if common.quiet else levels.get(common.verbose, logging.DEBUG))
