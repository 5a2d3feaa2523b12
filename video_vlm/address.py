"""Where a library is: a folder, or a PostgreSQL server."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from video_vlm.errors import LibraryError

__all__ = ["DEFAULT_SCHEMA", "Address", "is_address", "shown"]

_SCHEMES: Final = ("postgresql://", "postgres://")

DEFAULT_SCHEMA: Final = "videoqa"

_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")

_SHOWN: Final = 200

_SECRETS: Final = ("password", "sslpassword")


def is_address(place: Path | str) -> bool:
    """Whether this names a library in PostgreSQL, rather than a folder."""
    return isinstance(place, str) and place.startswith(_SCHEMES)


def shown(place: Path | str) -> str:
    """A place as it may be printed: a folder in full, an address without its password."""
    return Address.parse(place).shown if isinstance(place, str) and is_address(place) else str(Path(place).absolute())


def _without_secrets(text: str) -> str:
    """Of what cannot be taken apart: the beginning, and nothing between the first colon and an @."""
    return re.sub(r"(?<=://)([^:@/]*):[^@]*@", r"\1:***@", text.partition("?")[0])[:_SHOWN]


@dataclass(frozen=True, slots=True)
class Address:
    """A library in PostgreSQL.

    ``url`` is what libpq takes (everything it knows may stand in it, or in ``PGHOST``, ``PGPASSWORD``, ``~/.pgpass``
    ...), ``schema`` the schema the library's tables are in, ``shown`` the whole without passwords.
    """

    url: str
    schema: str
    shown: str

    @classmethod
    def parse(cls, text: str) -> Address:
        """``postgresql://me:secret@host/films?schema=tapes`` -> the same without ``schema``, and ``tapes``.

        Raises:
            LibraryError: it is no address, or the schema's name is none.
        """
        try:
            parts = urlsplit(text)
            asked = parse_qsl(parts.query, keep_blank_values=True)
            _ = parts.port  # read only now: it may be no number
        except ValueError as error:
            raise LibraryError(
                f"{_without_secrets(text)} is no address of a library ({error}): write postgresql://USER@HOST/DATABASE"
            ) from error
        schema = dict(asked).get("schema", DEFAULT_SCHEMA)
        if not _NAME.fullmatch(schema):
            raise LibraryError(f"schema={schema[:_SHOWN]!r} names no schema: lower-case letters, digits and _ will do")
        rest = [(name, value) for name, value in asked if name != "schema"]
        open_query = [(name, "***" if name in _SECRETS else value) for name, value in asked]
        user, at, host = parts.netloc.rpartition("@")
        netloc = f"{user.partition(':')[0]}{':***' if user.partition(':')[2] else ''}{at}{host}"
        return cls(
            urlunsplit(parts._replace(query=urlencode(rest))),
            schema,
            urlunsplit(parts._replace(netloc=netloc, query=urlencode(open_query, safe="/*"))),
        )
