"""``videoqa config``: every setting, its value, and its source."""

from __future__ import annotations

import re
from typing import Annotated, Any

import typer

from video_vlm.address import shown
from video_vlm.cli.session import Session
from video_vlm.cli.settings_sources import LIBRARY, fields_of
from video_vlm.cli.terminal import print_json, table, write
from video_vlm.settings import Settings

__all__ = ["show"]

SECRET = re.compile(r"(?i)(?<=://)([^/@:\s]*):[^/@\s]*(?=@)")
IN_QUERY = re.compile(r"(?i)([?&][a-z_-]*(?:key|token|secret|password|signature)=)[^&#\s]*")


def show(
    session: Session,
    origin: Annotated[
        bool, typer.Option("--origin", help="Say where each value comes from: which file, which variable.")
    ] = False,
) -> None:
    """Print every setting with its value.

    Passwords and keys in addresses are shown as ***.

    Examples:

    \b
      videoqa config show
      videoqa config show --origin
      videoqa config show --origin --json
    """
    values = values_of(session)
    origins = {key: session.configuration.origins.get(key, "default") for key in values}
    if session.json:
        told = {key: {"value": value, "origin": origins[key]} for key, value in values.items()}
        print_json(told if origin else values)
        return
    rows = [(key, in_a_cell(value), *([origins[key]] if origin else ())) for key, value in values.items()]
    write(table(rows, header=("key", "value", *(["from"] if origin else ()))))


def values_of(session: Session) -> dict[str, Any]:
    """Every setting by its key, without secrets."""
    from video_vlm.memory import default_library_folder

    place = session.configuration.library or default_library_folder()
    values: dict[str, Any] = {LIBRARY: redacted(shown(place))}
    for key, _ in fields_of(Settings):
        value: Any = session.configuration.settings
        for part in key.split("."):
            value = getattr(value, part)
        values[key] = redacted(value) if isinstance(value, str) else value
    return values


def redacted(text: str) -> str:
    """``text`` without the passwords and keys in addresses."""
    return IN_QUERY.sub(r"\1***", SECRET.sub(r"\1:***", text))


def in_a_cell(value: Any) -> str:
    return ",".join(value) if isinstance(value, tuple) else str(value)
