"""Where a library is: a folder, or a PostgreSQL server; and what to do with an address given for a file."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, parse_qsl, unquote, urlencode, urlsplit, urlunsplit

from video_vlm.errors import LibraryError
from video_vlm.redaction import keep_secret, without_login

__all__ = ["DEFAULT_SCHEMA", "Address", "is_address", "not_a_file", "shown"]

_SCHEMES: Final = ("postgresql://", "postgres://")

DEFAULT_SCHEMA: Final = "videoqa"

_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")

_SHOWN: Final = 200

_SECRETS: Final = ("password", "sslpassword")


_URL = re.compile(r"\A(?P<scheme>[a-z][a-z0-9+.-]+):(?P<slashes>/*)(?P<rest>.*)", re.IGNORECASE | re.DOTALL)
_WITHOUT_SLASHES: Final = ("acestream", "blob", "data", "ed2k", "magnet", "urn", "ytdl", "ytsearch")
_STREAMED: Final = (
    "mms",
    "mmsh",
    "mmst",
    "rist",
    "rtmp",
    "rtmps",
    "rtp",
    "rtsp",
    "rtsps",
    "srt",
    "udp",
    "webrtc",
)
_HOST = re.compile(
    r"\A(?:www\.\S+|(?:localhost|\d{1,3}(?:\.\d{1,3}){3}|(?:[a-z0-9-]+\.)+[a-z]{2,24})(?::\d{1,5})?/\S*)",
    re.IGNORECASE,
)


def not_a_file(text: str) -> str | None:
    """What to do with an address that was given for a file; None for what may be the name of a file.

    A scheme has two letters at least, so ``C:\\film.mp4`` is a name. One slash behind it is enough: that is
    what ``Path`` leaves of two.

    >>> not_a_file("https://example.org/film")
    'this is an address, not a file: download it first (with yt-dlp, say), then give the file'
    """
    text = text.strip()
    if text == "-":
        return "standard input is not read: write it to a file, then give that"
    found = _URL.fullmatch(text)
    if found and (found["slashes"] or found["scheme"].lower() in _WITHOUT_SLASHES):
        return _advice(found["scheme"].lower(), found["rest"])
    if _HOST.fullmatch(text):
        return "there is no such file; if this is a web address, download it first (with yt-dlp, say)"
    return None


def _advice(scheme: str, rest: str) -> str:
    if scheme == "file":
        from urllib.request import url2pathname

        # file:///film and file://localhost/film, or what Path makes of them.
        path = url2pathname(unquote(f"/{rest.removeprefix('localhost/')}"))
        return f"this is an address, not a file: the file it means is {path}, give that"
    how = "record it first (with ffmpeg, say)"
    if scheme not in _STREAMED:
        how = "download it first (with yt-dlp, say)"
    return f"this is an address, not a file: {how}, then give the file"


def is_address(place: Path | str) -> bool:
    """Whether ``place`` names a library in PostgreSQL and not a folder."""
    return isinstance(place, str) and place.startswith(_SCHEMES)


def shown(place: Path | str) -> str:
    """A place as it may be printed: an absolute folder, or an address without its password."""
    if isinstance(place, str) and is_address(place):
        return Address.parse(place).shown
    return str(Path(place).absolute())


@dataclass(frozen=True, slots=True)
class Address:
    """A library in PostgreSQL.

    ``url`` is what libpq takes (everything it knows may stand in it, or in ``PGHOST``, ``PGPASSWORD``,
    ``~/.pgpass``
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
        parts = _split(text)
        asked = parse_qsl(parts.query, keep_blank_values=True)
        schema = dict(asked).get("schema", DEFAULT_SCHEMA)
        if not _NAME.fullmatch(schema):
            raise LibraryError(
                f"schema={schema[:_SHOWN]!r} names no schema: lower-case letters, digits and _ will do"
            )
        rest = [(name, value) for name, value in asked if name != "schema"]
        open_query = [(name, "***" if name in _SECRETS else value) for name, value in asked]
        user, at, host = parts.netloc.rpartition("@")
        keep_secret(user.partition(":")[2], *(value for name, value in asked if name in _SECRETS))
        netloc = f"{user.partition(':')[0]}{':***' if user.partition(':')[2] else ''}{at}{host}"
        return cls(
            urlunsplit(parts._replace(query=urlencode(rest))),
            schema,
            urlunsplit(parts._replace(netloc=netloc, query=urlencode(open_query, safe="/*"))),
        )


def _split(text: str) -> SplitResult:
    try:
        parts = urlsplit(text)
        _ = parts.port  # read only now: it may be no number
    except ValueError as error:
        raise LibraryError(
            f"{without_login(text)[:_SHOWN]} is no address of a library ({error}): write "
            "postgresql://USER@HOST/DATABASE"
        ) from error
    return parts
