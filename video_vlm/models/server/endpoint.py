"""The address of a server: its parts, its login, and the part that may be shown."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

from video_vlm.errors import ModelError
from video_vlm.redaction import keep_login, keep_secret, without_login

__all__ = ["Endpoint", "usable_key"]

_WRITE = "write http://HOST:PORT/v1, with https:// if it speaks that"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The address of a server. ``shown`` is the part up to and with ``/v1``, without name, password and
    query."""

    shown: str
    query: str = field(default="", repr=False)
    login: tuple[str, str] | None = field(default=None, repr=False)

    @classmethod
    def parse(cls, url: str) -> Endpoint:
        """Parses ``http://me:secret@host:8000/v1?api-version=1``; from then on its secrets are left out of
        messages.

        Raises:
            ModelError: it is no address of a server.
        """
        try:
            parts = urlsplit(url)
            parts.port  # noqa: B018 - ValueError where it is no number
            is_whole = (
                parts.scheme in ("http", "https") and parts.hostname and url.isprintable() and " " not in url
            )
        except ValueError:
            is_whole = False
        if not is_whole:
            raise ModelError(f"{without_login(url)} is no address of a server; {_WRITE}")
        user, at, host = parts.netloc.rpartition("@")
        name, _, password = map(unquote, user.partition(":"))
        keep_login(name, password)
        keep_secret(*(value for _, value in parse_qsl(parts.query)), *([name] if at and not password else []))
        shown = f"{parts.scheme}://{host}{parts.path.rstrip('/')}"
        return cls(shown, parts.query, (name, password) if at else None)

    def call(self, what: str) -> str:
        """The full address of one of the server's calls, e.g. ``chat/completions``."""
        return f"{self.shown}/{what}{'?' if self.query else ''}{self.query}"


def usable_key(key: str | None) -> str | None:
    """The key as it goes into a header, without white space around it; from then on it is left out of
    messages.

    Raises:
        ModelError: no server's key looks like that.
    """
    keep_secret(key)
    key = (key or "").strip()
    for place, letter in enumerate(key, start=1):
        if not "!" <= letter <= "~":
            raise ModelError(
                f"the server's key has {_kind(letter)} at place {place} of {len(key)}; "
                "set OPENAI_API_KEY again"
            )
    return key or None


def _kind(letter: str) -> str:
    if letter in "\r\n":
        return "a line break"
    if letter.isspace():
        return "white space"
    return "a letter outside ASCII" if letter.isprintable() else "a control character"
