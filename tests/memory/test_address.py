"""Whatever is typed as the address of a library: an address, or one line that names it and no password."""

from __future__ import annotations

import random

import pytest

from video_vlm.address import Address
from video_vlm.errors import LibraryError

PIECES = (
    "[",
    "]",
    "@",
    ":",
    "/",
    "?",
    "&",
    "=",
    "%",
    "#",
    "%zz",
    "99999999",
    "host",
    "[::1]",
    "\x00",
    "\u202e",
    "é",
    " ",
    "schema=a;b",
)


@pytest.mark.parametrize("seed", range(300))
def test_an_address_is_read_or_refused_in_one_line(seed: int) -> None:
    luck = random.Random(seed)
    text = "postgresql://" + "".join(luck.choice(PIECES) for _ in range(luck.randrange(12)))
    try:
        said = Address.parse(text).shown
    except LibraryError as error:
        said = str(error)
    assert said.startswith(("postgresql:", "schema="))
    assert "\n" not in said
    assert len(said) < 500


@pytest.mark.parametrize("rest", ["[bad/x", "h:99999999/x", "h:port/x", "h/x?schema=A;B"])
def test_what_is_refused_is_refused_without_the_password(rest: str) -> None:
    with pytest.raises(LibraryError) as caught:
        Address.parse(f"postgresql://me:hidden@{rest}")
    assert "hidden" not in str(caught.value)
