"""Secrets of this process, kept out of everything that is printed, written or raised.

A secret is known where it was read: a key of a server, the password in an address, and whatever the
environment calls a key, a token, a password or a secret. Two things are done with a text:

- :func:`redacted` is for messages. It takes out every known secret, and what stands where a secret stands: the password
  of an address, the value of ``api_key=`` or behind ``Bearer``.
- :func:`without_secrets` is for data. It takes out known secrets that are no word of a language, and leaves the rest as
  it is. :func:`unsplit` is for what a server said: from it, long words go too if they are a secret of this
  process.

Both read through the ways in which text is escaped (JSON, Python's ``repr``, percent-encoding, HTML) and do
not mind capitals, so a secret that a server sends back as ``\\u0073k-...`` is found.
"""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final
from urllib.parse import unquote

__all__ = ["STAND_IN", "keep_login", "keep_secret", "redacted", "unsplit", "without_login", "without_secrets"]

STAND_IN: Final = "***"

_SHORTEST: Final = 3
"""Letters; anything shorter is no secret."""
_LONG: Final = 8
"""Letters from which on a secret is taken out of longer words, and of what a server says: shorter ones are
also words, and placeholders such as ``EMPTY`` that servers on one's own machine are given for a key."""
_NO_WORD: Final = re.compile(
    r"(?=.*[^\W\d_])(?=.*[\W\d_]).{4,}|.*[a-z].*[A-Z].*[a-z\d].{4,}|.{16,}", re.DOTALL
)
"""Secrets that are no word: letters and other signs, capitals in the middle, or too long for one."""

_NAMES: Final = re.compile(r"(?:^|_|PG)(?:API_?KEY|KEY|TOKEN|PASSWORD|PASSWD|PASSPHRASE|SECRET)$", re.I)
"""Of variables in the environment that hold a secret: ``OPENAI_API_KEY``, ``HF_TOKEN``, ``PGPASSWORD``."""

_ESCAPE: Final = re.compile(
    r"\\+u(?P<u>[0-9a-f]{4})|\\+x(?P<x>[0-9a-f]{2})|%(?:25)*(?P<percent>[0-9a-f]{2})"
    r"|&#x(?P<html>[0-9a-f]{1,6});|&#(?P<number>[0-9]{1,7});|\\+(?P<letter>[nrtbf\"'/\\])",
    re.I,
)
_BEGUN_ESCAPE: Final = re.compile(
    r"(?:(?<!\\)\\++(?:u[0-9a-f]{0,3}|x[0-9a-f]?)?|%(?:25)*[0-9a-f]?|&(?:#(?:x[0-9a-f]{0,6}|[0-9]{0,7}))?)\Z",
    re.I,
)
_LETTERS: Final = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
_LOWER: Final = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
"""ASCII alone: no letter becomes two."""

_END: Final = r"[^\s&#'\"<>;,)]+"
_IN_PLACE: Final = (
    # scheme://user:password@host, also where a password has an @ or a / that should have been
    # percent-encoded.
    (
        re.compile(r"\b((?!https?:)[a-z][a-z0-9+.-]{0,20}://[^\s:/?#@'\"<>]*):[^\s\"<>]*@", re.I),
        rf"\1:{STAND_IN}@",
    ),
    # To a web server a name alone may be a token; https://host:443/@name has none.
    (
        re.compile(r"\b(https?://)(?:[^\s/?#'\"<>]*:(?!\d+[/?#])[^\s\"<>]*|[^\s/?#'\"<>]*)@", re.I),
        rf"\1{STAND_IN}@",
    ),
    (
        re.compile(rf"\b((?:api[_-]?key|(?:access|auth)[_-]?token|(?:ssl)?password|passwd)=){_END}", re.I),
        rf"\1{STAND_IN}",
    ),
    (re.compile(rf"([?&](?:key|token|secret|sig|signature)=){_END}", re.I), rf"\1{STAND_IN}"),
    (re.compile(r"\b((?:Bearer|Basic)\s+)(?=\S*[\d_.=/+-])[^\s'\"<>,;)]{6,}", re.I), rf"\1{STAND_IN}"),
)
"""What stands where a secret stands, and what stands there instead."""

_known: set[str] = set()


def keep_secret(*values: str | None) -> None:
    """Keeps these values out of all messages from now on: as they are, percent-decoded, and line by line."""
    for value in filter(None, values):
        _known.update(
            part for form in (value, unquote(value)) for part in _forms(form) if len(part) >= _SHORTEST
        )


def keep_login(user: str, password: str) -> None:
    """A password, and the two as an ``Authorization`` header has them."""
    keep_secret(
        password, base64.b64encode(f"{user}:{password}".encode()).decode("ascii") if password else None
    )


def without_login(address: str) -> str:
    """What was given for an address and is none, as it may be told: without all that stands before its last
    @."""
    scheme, _, rest = address.rpartition("@")[0].partition("://")
    keep_secret(rest.partition(":")[2] or rest)
    return f"{scheme}://{STAND_IN}@{address.rpartition('@')[2]}" if rest else address


def redacted(text: str) -> str:
    """A message without the secrets of this process."""
    for pattern, instead in _IN_PLACE:
        text = pattern.sub(instead, text)
    return _without(text, _secrets(_SHORTEST))


def without_secrets(text: str) -> str:
    """Data without the secrets of this process that no language has for a word."""
    return _without(text, _secrets(_LONG, in_data=True))


def unsplit(pieces: Iterable[str]) -> Iterator[str]:
    """Pieces of what a server said, without secrets even where one goes over a border, and with whole
    letters.

    Halves of a surrogate pair are joined, and one alone becomes U+FFFD.
    """
    rest, secrets = "", _secrets(_LONG)
    for piece in pieces:
        joined = _pair.sub(
            lambda pair: pair[0].encode("utf-16", "surrogatepass").decode("utf-16"), rest + piece
        )
        rest = _without(joined, secrets)
        if (ready := len(rest) - _num_begun(rest, secrets)) > 0:
            yield _lone.sub("\ufffd", rest[:ready])
            rest = rest[ready:]
    if rest:
        yield _lone.sub("\ufffd", rest)


_lone: Final = re.compile("[\ud800-\udfff]")
_pair: Final = re.compile("[\ud800-\udbff][\udc00-\udfff]")


def _forms(value: str) -> Iterator[str]:
    yield value
    yield " ".join(value.split())
    yield from (part for part in value.split() if len(part) >= _LONG)
    if not value.isascii():
        # The bytes of its letters, one by one: so a byte string and percent-encoding show it.
        yield value.encode("utf-8", "replace").decode("latin-1")


def _secrets(shortest: int, *, in_data: bool = False) -> Sequence[str]:
    """Longest first: one may be part of another. What is no word may be shorter."""
    named = (value for name, value in os.environ.items() if len(value) >= _LONG and _NAMES.search(name))
    forms = {*_known, *(part for value in named for part in _forms(value) if len(part) >= _LONG)}
    wanted = (one for one in forms if _NO_WORD.match(one) or (len(one) >= shortest and not in_data))
    return sorted({one.translate(_LOWER) for one in wanted}, key=len, reverse=True)


def _without(text: str, secrets: Sequence[str]) -> str:
    if not secrets:
        return text
    found = sorted(
        (places[first], places[last])
        for plain, places in _readings(text)
        for secret in secrets
        for first, last in _places_of(secret, plain)
    )
    kept, end = [], 0
    for start, stop in found:
        if start >= end:
            kept += [text[end:start], STAND_IN]
        end = max(end, stop)
    return "".join([*kept, text[end:]])


def _places_of(secret: str, plain: str) -> Iterator[tuple[int, int]]:
    place = plain.find(secret)
    while place >= 0:
        end = place + len(secret)
        is_in_word = plain[max(place - 1, 0) : place].isalnum() or plain[end : end + 1].isalnum()
        if len(secret) >= _LONG or not is_in_word:
            yield place, end
        place = plain.find(secret, end)


def _readings(text: str) -> Iterator[tuple[str, Sequence[int]]]:
    """The text in small letters as it stands, and with escapes read where it has some; and where in it each
    letter begins, with its end behind that."""
    yield text.translate(_LOWER), range(len(text) + 1)
    letters: list[str] = []
    places: list[int] = []
    end = 0
    for escape in _ESCAPE.finditer(text):
        letters += [text[end : escape.start()], _letter(escape)]
        places += [*range(end, escape.start()), escape.start()]
        end = escape.end()
    if letters:
        yield "".join([*letters, text[end:]]).translate(_LOWER), [*places, *range(end, len(text) + 1)]


def _letter(escape: re.Match[str]) -> str:
    if letter := escape["letter"]:
        return _LETTERS.get(letter.lower(), letter)
    digits = escape["u"] or escape["x"] or escape["percent"] or escape["html"]
    code = int(digits, 16) if digits else int(escape["number"])
    return chr(code) if code < 0x110000 else "\ufffd"


def _num_begun(text: str, secrets: Sequence[str]) -> int:
    """How many letters at the end may be the beginning of a secret, of an escape, or of a pair."""
    longest = max(map(len, secrets), default=0)
    whole = _BEGUN_ESCAPE.sub("", text)
    begun = [len(text) - len(whole), int("\ud800" <= text[-1:] <= "\udbff")]
    for ended in {text, whole}:
        window = max(len(ended) - 12 * longest, 0)
        for plain, places in _readings(ended[window:]):
            lengths = range(min(longest - 1, len(plain)), 0, -1)
            length = next((one for one in lengths if any(key.startswith(plain[-one:]) for key in secrets)), 0)
            begun += [len(text) - window - places[len(plain) - length]] if length else []
    return max(begun)
