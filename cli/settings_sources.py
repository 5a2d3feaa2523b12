"""The sources of all settings of one run, and merging them.

    command line
      > VIDEOQA_* in the environment
      > videoqa.toml in the current folder
      > videoqa.toml of the user, or the file that VIDEOQA_CONFIG names
      > the defaults of video_vlm.settings

Keys are the paths of the settings (``ask.model``, ``index.shots.detector``) plus ``library``, the
folder the memory is kept in, or the address of a PostgreSQL server. In a file they are tables, in the
environment ``VIDEOQA_ASK_MODEL``.
An unknown key is an error: a misspelt setting must not be ignored.

The current folder may be a stranger's. Of the file in it only settings count that are declared ``shared``;
those that name a model, a server, a library or a plugin are left out with a warning, unless that file is the
user's own.
"""

from __future__ import annotations

import difflib
import tomllib
import types
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import Field, dataclass, field, fields, is_dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from video_vlm.address import is_address
from video_vlm.errors import SettingsError
from video_vlm.settings import Settings, Trust, trust_of

__all__ = [
    "CONFIG_VARIABLE",
    "PREFIX",
    "PROJECT_FILE",
    "Configuration",
    "configure",
    "fields_of",
    "known_keys",
    "parse_assignments",
    "protected_keys",
    "user_file",
]

PREFIX = "VIDEOQA_"
CONFIG_VARIABLE = f"{PREFIX}CONFIG"
PROJECT_FILE = Path("videoqa.toml")
LIBRARY = "library"
LONGEST_FILE = 1_000_000
LONGEST_SHOWN = 200
LARGEST_NUMBER = 1_000_000_000
"""The largest number that a setting may have."""

TRUTH = {"true": True, "1": True, "false": False, "0": False}

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Configuration:
    """The configuration of one run.

    Args:
        settings: All settings, merged.
        library: The folder of the library, or ``postgresql://...``; None for the platform's data folder.
        origins: Where each key was set that is not at its default.
        shared: The keys taken from the file of the current folder.
        left_out: The keys in that file that only the user may set.
    """

    settings: Settings
    library: Path | str | None
    origins: Mapping[str, str]
    shared: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """One source of settings: its name for messages, its values by dotted key, and the folder of its relative
    paths (None: the current one). ``by_key`` has the names of single keys' sources, where they differ."""

    name: str
    values: Mapping[str, Any]
    folder: Path | None = None
    by_key: Mapping[str, str] = field(default_factory=dict)

    def without(self, keys: Collection[str]) -> Source:
        return replace(self, values={key: value for key, value in self.values.items() if key not in keys})


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
        environment: Usually ``os.environ``; only ``VIDEOQA_*`` is read.
        project_file: The TOML file of the current folder; None or a missing file: no settings.
        user_file: The user's own TOML file; likewise.

    Raises:
        SettingsError: an unknown key, a value of the wrong type or range, a file that cannot be read.
    """
    known = known_keys()
    own_file = from_file(user_file, known) if user_file is not None and user_file.is_file() else None
    beside = from_file(project_file, known) if project_file is not None and project_file.is_file() else None
    left_out: tuple[str, ...] = ()
    if is_same_file(project_file, user_file):
        beside = None
    elif beside is not None:
        left_out = tuple(key for key in beside.values if key in protected_keys())
        beside = beside.without(left_out)
    merged: dict[str, Any] = {}
    origins: dict[str, str] = {}
    typed = {key: value for key, value in command_line.items() if value is not None}
    places = (own_file, beside, from_environment(environment, known), Source("the command line", typed))
    for source in (one for one in places if one is not None):
        for key, value in source.values.items():
            check_known(key, known, where=source.name)
            is_place = key == LIBRARY
            merged[key] = located(value, source) if is_place else fit(value, known[key], key, source.name)
            origins[key] = source.by_key.get(key, source.name)
    library = merged.pop(LIBRARY, None)
    shared = tuple(key for key, where in origins.items() if beside is not None and where == beside.name)
    return Configuration(build(Settings, merged), library, origins, shared, left_out)


def is_same_file(one: Path | None, other: Path | None) -> bool:
    return one is not None and other is not None and one.is_file() and other.is_file() and one.samefile(other)


def protected_keys() -> frozenset[str]:
    """The keys that are not declared ``shared``: only the user's own file, the environment and the command
    line may set them."""
    protected = (key for key, one in fields_of(Settings) if trust_of(one) is not Trust.SHARED)
    return frozenset({LIBRARY, *protected})


def known_keys() -> dict[str, Any]:
    """Every key and the type of its value."""
    return {LIBRARY: Path, **dict(leaves(Settings))}


def fields_of(record: type, prefix: str = "") -> Iterator[tuple[str, Field[Any]]]:
    """Every setting: its key, and its field in the dataclass."""
    kinds = get_type_hints(record)
    for one in fields(record):
        if is_dataclass(kind := kinds[one.name]) and isinstance(kind, type):
            yield from fields_of(kind, f"{prefix}{one.name}.")
        else:
            yield f"{prefix}{one.name}", one


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
            raise SettingsError(
                f"--set takes KEY=VALUE, e.g. ask.min_confidence=0.6, got {key + equals + value!r}"
            )
    return {key.strip(): value.strip() for key, _, value in pairs}


def from_file(path: Path, known: Mapping[str, Any]) -> Source:
    try:
        with path.open("rb") as file:
            text = file.read(LONGEST_FILE + 1)
        if len(text) > LONGEST_FILE:
            raise SettingsError(f"{path}: longer than {LONGEST_FILE:,} bytes: these are no settings")
        values = dict(flattened(tomllib.loads(text.decode())))
    except RecursionError as error:
        raise SettingsError(f"{path}: cannot be read as TOML: it is nested too deeply") from error
    except (OSError, ValueError) as error:  # Numbers of thousands of digits are no TOML error
        raise SettingsError(f"{path}: cannot be read as TOML: {in_short(error)}") from error
    for key in values:
        check_known(key, known, where=str(path))
    return Source(str(path), values, folder=path.absolute().parent)


def shown_value(value: object) -> str:
    return in_short(repr(value)) if not isinstance(value, int) else in_short(value)


def in_short(value: object) -> str:
    """The text of a value, cut at 200 letters."""
    try:
        text = str(value)
    except ValueError:  # a number of more digits than Python writes
        return "a number of thousands of digits"
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


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
    return Source(
        "the environment",
        {variables[name]: value for name, value in ours.items()},
        by_key={variables[name]: f"the environment ({name})" for name in ours},
    )


def check_known(key: str, known: Mapping[str, Any], *, where: str) -> None:
    if key not in known:
        close = difflib.get_close_matches(key, known, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"known: {', '.join(sorted(known))}"
        raise SettingsError(f"{where}: no setting is named {in_short(key)!r}; {hint}")


def located(value: Any, source: Source) -> Path | str:
    if not isinstance(value, (str, Path)) or not str(value):
        raise SettingsError(
            f"{source.name}: library must be a folder or postgresql://..., got {shown_value(value)}"
        )
    if is_address(value):
        return str(value)
    return (source.folder or Path()) / Path(value).expanduser()


def fit(value: Any, kind: Any, key: str, where: str) -> Any:
    """``value`` as ``kind``; text is converted, so that ``"0.6"`` from a shell is a number.

    Raises:
        SettingsError: it is of the wrong type or out of range.
    """
    try:
        return converted(value, kind)
    except (KeyError, TypeError, ValueError) as error:
        raise SettingsError(f"{where}: {key} must be {in_words(kind)}, got {shown_value(value)}") from error


def converted(value: Any, kind: Any) -> Any:
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Literal:
        return arguments[arguments.index(value)]  # ValueError where it is none of them
    if origin in (Union, types.UnionType):
        optional = [argument for argument in arguments if argument is not type(None)]
        return None if value == "none" else converted(value, optional[0])
    if origin is tuple:
        if isinstance(value, str):
            value = [part.strip() for part in value.split(",") if part.strip()]
        return tuple(converted(part, arguments[0]) for part in value)
    if isinstance(value, str):
        value = TRUTH[value.lower()] if kind is bool else kind(value)
    if type(value) is not kind and not (kind is float and type(value) is int):
        raise TypeError(f"not of type {kind.__name__}")
    if isinstance(value, (int, float)) and not -LARGEST_NUMBER <= value <= LARGEST_NUMBER:
        raise ValueError(
            f"no number that a setting may have: it is not between {-LARGEST_NUMBER} and {LARGEST_NUMBER}"
        )
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
    """The path of the user's own ``videoqa.toml``, which may be missing, or of the file in
    ``VIDEOQA_CONFIG``.

    Raises:
        SettingsError: ``VIDEOQA_CONFIG`` names no file.
    """
    if named := environment.get(CONFIG_VARIABLE):
        if not Path(named).is_file():
            raise SettingsError(f"the environment: {CONFIG_VARIABLE}={named}: no such file")
        return Path(named)
    from platformdirs import user_config_path

    return user_config_path("videoqa", appauthor=False) / PROJECT_FILE
