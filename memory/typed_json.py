"""JSON as records, each field checked against the type its record declares: a column may be a stranger's."""

from __future__ import annotations

import json
import re
import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

__all__ = ["LARGEST_NUMBER", "clean", "from_json", "loads", "number"]

T = TypeVar("T")

LARGEST_NUMBER: Final = 1e15
"""The largest time in seconds, count or side in pixels; a float is exact up to there."""

_RATIO: Final = re.compile(r"\d{1,15}(/0*[1-9]\d{0,14})?", re.ASCII)

_WORDS: Final = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}


def from_json(kind: type[T], text: str) -> T:
    """``text`` as a ``kind``: a dataclass, ``tuple[...]``, or a type that their fields may have.

    Raises:
        ValueError: it is no JSON, or a value is not of its field's type, not finite, or above 1e15.
    """
    value: T = _read(kind, loads(text), "it")
    return value


def loads(text: str) -> Any:
    """The value of JSON text.

    Raises:
        ValueError: it is no JSON, or nested too deeply.
    """
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def clean(text: str) -> str:
    """Text that can be written as UTF-8: lone surrogates, which wrongly decoded files leave, become ``?``."""
    return text.encode("utf-8", "replace").decode() if not text.isascii() else text


def number(
    value: object, name: str, *, least: float = -LARGEST_NUMBER, most: float = LARGEST_NUMBER
) -> float:
    """A finite number in ``[least, most]``, as a float.

    Raises:
        ValueError: it is not; the message has ``name``.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not least <= value <= most:
        raise ValueError(f"{name} must be a number from {least:g} to {most:g}, got {_shown(value)}")
    return float(value)


def _read(kind: Any, value: Any, name: str) -> Any:
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        (one,) = (each for each in inner if each is not types.NoneType)
        return None if value is None else _read(one, value, name)
    if origin is Literal:
        if not isinstance(value, str) or value not in inner:
            raise ValueError(f"{name} must be {' or '.join(map(repr, inner))}, got {_shown(value)}")
        return value
    if origin is tuple:
        return _tuple(inner, value, name)
    if is_dataclass(kind) and isinstance(kind, type):
        return _record(kind, value, name)
    return _plain(kind, value, name)


def _tuple(inner: tuple[Any, ...], value: Any, name: str) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise ValueError(f"{name} must be a list, got {_shown(value)}")  # noqa: TRY004 - what JSON says, not a program
    kinds = [inner[0]] * len(value) if inner[1:] == (...,) else list(inner)
    if len(kinds) != len(value):
        raise ValueError(f"{name} must be a list of {len(kinds)}, got {_shown(value)}")
    return tuple(
        _read(kind, one, f"{name}[{place}]")
        for place, (kind, one) in enumerate(zip(kinds, value, strict=True))
    )


@lru_cache
def _hints(kind: type) -> Mapping[str, Any]:
    hints = get_type_hints(kind)
    return {one.name: hints[one.name] for one in fields(kind)}


def _record(kind: type, value: Any, name: str) -> Any:
    hints = _hints(kind)
    if not isinstance(value, dict):
        raise ValueError(f"{name} must be an object, got {_shown(value)}")  # noqa: TRY004 - what JSON says
    if unknown := sorted(value.keys() - hints.keys()):
        raise ValueError(f"{name} has an unknown field {_shown(unknown[0])}")
    return kind(**{key: _read(hints[key], one, key) for key, one in value.items()})


def _plain(kind: type, value: Any, name: str) -> Any:
    if kind is Path:
        return _path(value, name)
    if kind is Fraction:
        return _fraction(value, name)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(_plain(str, value, name))
    fits = type(value) is kind or (kind is float and type(value) is int)
    if not fits:
        raise ValueError(f"{name} must be {_WORDS[kind]}, got {_shown(value)}")
    if kind is float:
        return number(value, name)
    if kind is int:
        number(value, name)
    return clean(value) if kind is str else value


def _fraction(value: object, name: str) -> Fraction:
    if not isinstance(value, str) or not _RATIO.fullmatch(value):  # Fraction would compute 1e999999999.
        raise ValueError(f"{name} must be a fraction such as 1/90000, got {_shown(value)}")
    return Fraction(value)


def _path(value: object, name: str) -> Path:
    if not isinstance(value, str) or not value or "\0" in value:
        raise ValueError(f"{name} must be a path, got {_shown(value)}")
    return Path(value)


def _shown(value: object) -> str:
    if isinstance(value, int) and abs(value) > LARGEST_NUMBER:
        return "a huge number"
    if isinstance(value, (list, dict)):  # It may be nested too deeply for repr.
        return "a list" if isinstance(value, list) else "an object"
    text = ascii(value)
    return text if len(text) <= 60 else f"{text[:60]}…"
