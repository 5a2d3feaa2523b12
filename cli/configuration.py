"""Where every setting of one run comes from: merged once, here.

    command line
      > VIDEOQA_* in the environment
      > videoqa.toml in the current folder
      > videoqa.toml of the user, or the file that VIDEOQA_CONFIG names
      > the defaults of video_vlm.settings

Keys are the paths of the settings (``ask.model``, ``index.shots.detector``) plus ``library``, the
folder the memory is kept in, or the address of a PostgreSQL server. In a file they are tables, in the
environment ``VIDEOQA_ASK_MODEL``.
A key nobody knows is an error: a misspelt setting that is ignored costs more than one refused.
"""

from __future__ import annotations

import difflib
import tomllib
import types
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, is_dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from video_vlm.address import is_address
from video_vlm.errors import SettingsError
from video_vlm.settings import Settings

__all__ = ["PREFIX", "PROJECT_FILE", "Configuration", "configure", "known_keys", "parse_assignments", "user_file"]

PREFIX = "VIDEOQA_"
CONFIG_VARIABLE = f"{PREFIX}CONFIG"
PROJECT_FILE = Path("videoqa.toml")
LIBRARY = "library"
TRUTH = {"true": True, "1": True, "false": False, "0": False}

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Configuration:
    """What one run goes by.

    Args:
        settings: All settings, merged.
        library: The folder of the library, or ``postgresql://...``; None for the platform's data folder.
        origins: For each key that is not at its default, where it was set.
    """

    settings: Settings
    library: Path | str | None
    origins: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Source:
    """One place settings come from: its name for messages, its values by dotted key, and the folder its
    relative paths are relative to (None: the current one)."""

    name: str
    values: Mapping[str, Any]
    folder: Path | None = None


def configure(
    *,
    command_line: Mapping[str, Any],
    environment: Mapping[str, str],
    project_file: Path | None = None,
    user_file: Path | None = None,
) -> Configuration:
    """Merge everything into one :class:`Configuration`.

    Args:
        command_line: Values by dotted key; None means not given.
        environment: Usually ``os.environ``; only ``VIDEOQA_*`` is looked at.
        project_file: A TOML file, or None; one that is not there is as good as none.
        user_file: Likewise.

    Raises:
        SettingsError: a key that does not exist, a value that does not fit, a file that cannot be read.
    """
    known = known_keys()
    merged: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for source in (
        *(from_file(path) for path in (user_file, project_file) if path is not None and path.is_file()),
        from_environment(environment, known),
        Source("the command line", {key: value for key, value in command_line.items() if value is not None}),
    ):
        for key, value in source.values.items():
            check_known(key, known, where=source.name)
            merged[key] = located(value, source) if key == LIBRARY else fit(value, known[key], key, source.name)
            origins[key] = source.name
    library = merged.pop(LIBRARY, None)
    return Configuration(settings=build(Settings, merged), library=library, origins=origins)


def known_keys() -> dict[str, Any]:
    """Every key and the type of its value."""
    return {LIBRARY: Path, **dict(leaves(Settings))}


def leaves(record: type, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, kind in get_type_hints(record).items():
        if is_dataclass(kind) and isinstance(kind, type):
            yield from leaves(kind, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", kind


def build(record: type[T], values: Mapping[str, Any], prefix: str = "") -> T:
    """``record`` with its defaults, except where ``values`` has something for ``prefix + field``."""
    given: dict[str, Any] = {}
    for name, kind in get_type_hints(record).items():
        key = f"{prefix}{name}"
        if is_dataclass(kind) and isinstance(kind, type):
            given[name] = build(kind, values, f"{key}.")
        elif key in values:
            given[name] = values[key]
    return record(**given)


def parse_assignments(assignments: Sequence[str]) -> dict[str, str]:
    """``["ask.model=builtin"]`` as a mapping.

    Raises:
        SettingsError: one of them is not ``KEY=VALUE``.
    """
    pairs = [assignment.partition("=") for assignment in assignments]
    for key, equals, value in pairs:
        if not (key and equals):
            raise SettingsError(f"--set takes KEY=VALUE, e.g. ask.min_confidence=0.6, got {key + equals + value!r}")
    return {key.strip(): value.strip() for key, _, value in pairs}


def from_file(path: Path) -> Source:
    try:
        with path.open("rb") as file:
            data = tomllib.load(file)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{path}: cannot be read as TOML: {error}") from error
    return Source(str(path), dict(flattened(data)), folder=path.absolute().parent)


def flattened(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from flattened(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def from_environment(environment: Mapping[str, str], known: Mapping[str, Any]) -> Source:
    variables = {PREFIX + key.replace(".", "_").upper(): key for key in known}
    ours = {
        name: value
        for name, value in environment.items()
        if name.startswith(PREFIX) and value and name != CONFIG_VARIABLE
    }
    for name in ours:
        check_known(name, variables, where="the environment")
    return Source("the environment", {variables[name]: value for name, value in ours.items()})


def check_known(key: str, known: Mapping[str, Any], *, where: str) -> None:
    if key not in known:
        close = difflib.get_close_matches(key, known, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"known: {', '.join(sorted(known))}"
        raise SettingsError(f"{where}: no setting is named {key!r}; {hint}")


def located(value: Any, source: Source) -> Path | str:
    if not isinstance(value, (str, Path)) or not str(value):
        raise SettingsError(f"{source.name}: library must be a folder or postgresql://..., got {value!r}")
    if is_address(value):
        return str(value)
    return (source.folder or Path()) / Path(value).expanduser()


def fit(value: Any, kind: Any, key: str, where: str) -> Any:
    """``value`` as ``kind``; text is read as what it stands for, so that ``"0.6"`` from a shell is a number.

    Raises:
        SettingsError: it does not fit.
    """
    try:
        return converted(value, kind)
    except (KeyError, TypeError, ValueError) as error:
        raise SettingsError(f"{where}: {key} must be {in_words(kind)}, got {value!r}") from error


def converted(value: Any, kind: Any) -> Any:
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Literal:
        return arguments[arguments.index(value)]  # ValueError where it is none of them
    if origin in (Union, types.UnionType):
        optional = [argument for argument in arguments if argument is not type(None)]
        return None if value == "none" else converted(value, optional[0])
    if origin is tuple:
        parts = [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value
        return tuple(converted(part, arguments[0]) for part in parts)
    if isinstance(value, str):
        return TRUTH[value.lower()] if kind is bool else kind(value)
    if type(value) is not kind and not (kind is float and type(value) is int):
        raise TypeError(f"{value!r} is not of type {kind.__name__}")
    return kind(value)


def in_words(kind: Any) -> str:
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Literal:
        return " or ".join(repr(argument) for argument in arguments)
    if origin is tuple:
        return "a list of words"
    names = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}
    return names.get(kind, str(kind))


def user_file(environment: Mapping[str, str]) -> Path:
    """The user's own ``videoqa.toml``, there or not; ``VIDEOQA_CONFIG`` names another, which must be there.

    Raises:
        SettingsError: ``VIDEOQA_CONFIG`` names no file.
    """
    if named := environment.get(CONFIG_VARIABLE):
        if not Path(named).is_file():
            raise SettingsError(f"the environment: {CONFIG_VARIABLE}={named}: no such file")
        return Path(named)
    from platformdirs import user_config_path

    return user_config_path("videoqa", appauthor=False) / PROJECT_FILE
