"""No secret is printed, however it was read, written or cut."""

from __future__ import annotations

import json
import logging
import os
import random
import re
import string
import subprocess
import sys
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from video_vlm.address import Address
from video_vlm.cli.failures import complain, guarded
from video_vlm.cli.session import OneLineHandler
from video_vlm.cli.terminal import print_json, write
from video_vlm.errors import LibraryError, ModelError, UnreadableVideo, VideoQAError
from video_vlm.models.server import open_server
from video_vlm.models.server.endpoint import Endpoint, usable_key
from video_vlm.redaction import STAND_IN, keep_secret, redacted, unsplit, without_secrets

KEYS = st.text(string.ascii_letters + string.digits + "-_.~+/=", min_size=8, max_size=60).filter(
    lambda key: (
        len(set(key.lower())) > 3 and not key.isalpha() and not key.isdigit() and any(map(str.isalpha, key))
    )
)
PASSWORDS = st.text(
    string.ascii_letters + string.digits + "-_!$&*+;:/@?# äß漢\\'", min_size=8, max_size=30
).filter(
    # 81/x is a port and a path: nobody can tell.
    lambda word: len(set(word.strip())) > 5 and not re.search(r"\s", word) and not re.match(r"\d+[/?#]", word)
)
Escape = Callable[[str], str]


def escaped(text: str, how: random.Random) -> str:
    """The text with some of its letters written in one of the ways in which text is escaped."""
    ways: list[Escape] = [
        lambda letter: letter,
        lambda letter: letter.upper() if how.random() < 0.5 else letter.lower(),
        lambda letter: f"\\u{ord(letter):04x}",
        lambda letter: f"\\u{ord(letter):04X}",
        lambda letter: f"\\\\u{ord(letter):04x}",
        lambda letter: f"&#{ord(letter)};",
        lambda letter: f"%{ord(letter):02X}",
        lambda letter: f"\\x{ord(letter):02x}",
    ]
    return "".join(how.choice(ways[: 1 + how.randrange(len(ways))])(letter) for letter in text)


@given(KEYS, st.randoms(use_true_random=False))
def test_an_escaped_secret_is_found(key: str, how: random.Random) -> None:
    keep_secret(key)
    text = f"The key {escaped(key, how)}, he said."
    assert without_secrets(text) == f"The key {STAND_IN}, he said."
    assert redacted(text) == f"The key {STAND_IN}, he said."


@given(KEYS, st.randoms(use_true_random=False), st.integers(1, 9))
def test_a_secret_is_found_over_the_borders_of_pieces(key: str, how: random.Random, longest: int) -> None:
    keep_secret(key)
    text, pieces = f"A {escaped(key, how)} b {escaped(key, how)}", []
    while text:
        size = how.randint(1, longest)
        pieces.append(text[:size])
        text = text[size:]
    assert "".join(unsplit(pieces)) == f"A {STAND_IN} b {STAND_IN}"


@given(st.lists(st.text(max_size=12), max_size=8))
def test_pieces_without_a_secret_are_the_same_text(pieces: list[str]) -> None:
    keep_secret("sk-field-secret")
    assert "".join(unsplit(pieces)) == "".join(pieces)


def test_pieces_are_not_held_back_without_a_reason() -> None:
    keep_secret("sk-field-secret")
    assert list(unsplit(["A red ", "star.", " s", "un"])) == ["A red ", "star.", " ", "sun"]


def test_halves_of_a_letter_are_joined_and_one_alone_is_shown_as_broken() -> None:
    assert "".join(unsplit(["a \ud83d", "\ude00 \ud800", "b\udfff"])) == "a \U0001f600 \ufffdb\ufffd"


@given(PASSWORDS, st.sampled_from(["http", "https", "postgresql", "postgres"]), st.booleans())
def test_the_password_of_an_address_is_in_no_message(password: str, scheme: str, is_encoded: bool) -> None:
    written = quote(password, safe="") if is_encoded else password
    address = f"{scheme}://me:{written}@host:81/v1"
    for text in (
        f"{address} broke off",
        f"got {address!r}",
        json.dumps({"at": address}),
        str(LibraryError(address)),
    ):
        said = redacted(text)
        assert written not in said
        assert password not in said
        assert "@host:81/v1" in said


@given(PASSWORDS, st.booleans())
def test_a_password_is_known_once_its_address_was_read(password: str, is_server: bool) -> None:
    written = quote(password, safe="")
    if is_server:
        endpoint = Endpoint.parse(f"http://me:{written}@host:81/v1")
        assert (endpoint.shown, endpoint.login) == ("http://host:81/v1", ("me", password))
        assert written not in repr(endpoint)
    else:
        assert f":{written}@" not in Address.parse(f"postgresql://me:{written}@host/db?sslpassword=x").shown
    for text in (f"password authentication failed for {password}", f"{written} is wrong"):
        assert STAND_IN in redacted(text)
        assert password not in redacted(text)


@pytest.mark.parametrize(
    "open_it", [Endpoint.parse, Address.parse, open_server, lambda target: open_server(f"m@{target}")]
)
@pytest.mark.parametrize("scheme", ["http", "https", "postgresql", "ftp"])
@given(
    PASSWORDS,
    st.sampled_from([" ", "\n", "\t", "\x00", "[", "]", "\u200b", "/", "?", "#", ":"]),
    st.integers(0, 30),
)
def test_an_address_that_is_none_is_refused_without_its_password(
    open_it: Callable[[str], object], scheme: str, password: str, odd: str, at: int
) -> None:
    password = password[: at % len(password)] + odd + password[at % len(password) :]
    try:
        open_it(f"{scheme}://me:{password}@[host/v1")
    except VideoQAError as error:
        said = str(error)
    else:
        return
    assert password not in said
    assert " ".join(password.split()) not in said


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("http://host/v1?api_key=abc&x=1 failed", "http://host/v1?api_key=***&x=1 failed"),
        ("sends on to https://x/y?token=abcd#z", "sends on to https://x/y?token=***#z"),
        ("host=db password=hunter2 dbname=x", "host=db password=*** dbname=x"),
        ("Authorization: Bearer abc.def-1", "Authorization: Bearer ***"),
        ("authorization: bearer ABC123DEF", "authorization: bearer ***"),
        ("https://ghp_token@host/x", "https://***@host/x"),
    ],
)
def test_what_stands_where_a_secret_stands_is_one(text: str, shown: str) -> None:
    assert redacted(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "openai:qwen@http://127.0.0.1:8000/v1",
        "postgresql://me@host/films",
        "--set takes KEY=VALUE, e.g. ask.min_confidence=0.6",
        "http://host:8000/@user/x",
        "the bearer of bad news",
        "film.mp4: no video stream",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redacted(text) == text


def test_a_word_that_is_a_secret_is_left_in_what_a_film_says() -> None:
    keep_secret("lighthouse")
    assert without_secrets("The lighthouse keeper.") == "The lighthouse keeper."
    assert redacted("no such user: lighthouse") == "no such user: ***"
    assert "".join(unsplit(["Your key is light", "house."])) == "Your key is ***."


def test_a_short_key_is_known_where_it_stands_alone() -> None:
    keep_secret("sk-x")
    assert without_secrets("sk-x desk-xylophone") == "*** desk-xylophone"
    assert "".join(unsplit(["a sk", "-x b desk-x", "y"])) == "a *** b desk-xy"


def test_a_placeholder_for_a_key_is_a_word_in_an_answer() -> None:
    """Servers on one's own machine are given any key: EMPTY, none."""
    usable_key("EMPTY")
    assert without_secrets("The box is EMPTY.") == "The box is EMPTY."
    assert redacted("no such key: EMPTY; emptyness") == "no such key: ***; emptyness"


@pytest.mark.parametrize(
    "name", ["OPENAI_API_KEY", "HF_TOKEN", "PGPASSWORD", "SOME_SECRET", "my_api_key", "A_PASSPHRASE"]
)
def test_the_environment_s_secrets_are_known(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "mJ4-secret-value")
    assert redacted("a mJ4-secret-value b") == without_secrets("a mJ4-secret-value b") == "a *** b"


def test_other_variables_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSH_ASKPASS", "/usr/bin/ssh-askpass")
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", "/home/me/.ray/auth_token")
    assert (
        redacted("/usr/bin/ssh-askpass /home/me/.ray/auth_token")
        == "/usr/bin/ssh-askpass /home/me/.ray/auth_token"
    )


@given(KEYS, st.integers(0, 60), st.sampled_from("\n\r\t \x00\x7fäß漢\U0001f600\u200b\ud800"))
def test_a_key_that_is_none_is_refused_without_a_word_of_it(key: str, at: int, odd: str) -> None:
    at = 1 + at % (len(key) - 1)
    broken = key[:at] + odd + key[at:]
    with pytest.raises(
        ModelError, match=r"the server's key has .* at place \d+ of \d+; set OPENAI_API_KEY again"
    ) as caught:
        usable_key(broken)
    assert broken not in str(caught.value)
    assert max(key[:at], key[at:], key=len) not in str(caught.value)
    # Foreign libraries show what they were given as bytes or by repr.
    for form in (repr(broken), json.dumps(broken), repr(broken.encode("utf-8", "replace"))):
        assert broken.encode("utf-8", "replace").decode() not in redacted(f"Illegal header value {form}")


@given(KEYS, st.sampled_from(["\n", "\r\n", " ", "\t", ""]))
def test_white_space_around_a_key_is_left_out(key: str, space: str) -> None:
    assert usable_key(f"{space}{key}{space}") == key


def test_no_key_is_none() -> None:
    assert (usable_key(None), usable_key(""), usable_key(" \n")) == (None, None, None)


class TestWhereMessagesLeave:
    KEY = "sk-1234-abcd-5678"

    @pytest.fixture(autouse=True)
    def known(self) -> None:
        keep_secret(self.KEY)

    def test_errors(self) -> None:
        assert str(UnreadableVideo(f"{self.KEY}.mp4", "no video")) == "***.mp4: no video"

    def test_complaints(self, capsys: pytest.CaptureFixture[str]) -> None:
        complain(f"Illegal header value b'Bearer {self.KEY}'")
        assert capsys.readouterr().err == "videoqa: Illegal header value b'Bearer ***'\n"

    def test_tracebacks(self, capsys: pytest.CaptureFixture[str]) -> None:
        def fails() -> int:
            raise RuntimeError(self.KEY) from ValueError(f"Illegal header value b'Bearer {self.KEY}'")

        guarded(fails, verbosity=2)
        said = capsys.readouterr().err
        assert "Traceback (most recent call last)" in said
        assert self.KEY not in said

    def test_log_records(self, capsys: pytest.CaptureFixture[str]) -> None:
        record = logging.LogRecord("video_vlm", logging.WARNING, "", 0, "no %s", ({"key": self.KEY},), None)
        OneLineHandler().emit(record)
        assert capsys.readouterr().err == "warning: no {'key': '***'}\n"

    def test_output_and_json(self, capsys: pytest.CaptureFixture[str]) -> None:
        write(f"answered by m with {self.KEY}")
        print_json({"model": f"m {self.KEY}"})
        first, *rest = capsys.readouterr().out.splitlines()
        assert first == "answered by m with ***"
        assert json.loads("".join(rest)) == {"model": "m ***"}

    def test_what_nobody_caught(self) -> None:
        """An error of ours that ends somebody's own program."""
        script = "from video_vlm.models.server import open_server; open_server('m@http://h/v1')"
        environment = {**os.environ, "OPENAI_API_KEY": f"{self.KEY}\nx"}
        done = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=False, env=environment
        )
        assert "ModelError: the server's key has a line break at place" in done.stderr
        assert self.KEY not in done.stderr
