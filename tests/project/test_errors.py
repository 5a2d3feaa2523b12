"""The error tree: every member says its line, on either side of a process border."""

from __future__ import annotations

import pickle

import pytest

from video_vlm import errors

MADE = [
    errors.UnreadableVideo("film.mp4", "it is broken; get it again"),
    errors.FileChanged("film.mp4", "it changed while it was read"),
    errors.ReaderLost("film.mp4", "its process was killed"),
    errors.UnknownName("decoder", "pyva", ["pyav", "decord"]),
    errors.MissingExtra("reading on-screen text", "senses"),
    errors.LibraryDamaged("torn"),
]


@pytest.mark.parametrize("error", MADE, ids=lambda error: type(error).__name__)
def test_an_error_crosses_to_another_process_whole(error: errors.VideoQAError) -> None:
    again = pickle.loads(pickle.dumps(error))

    assert type(again) is type(error)
    assert str(again) == str(error)
    assert vars(again) == vars(error)


def test_every_error_is_in_the_tree_that_the_module_draws() -> None:
    assert [name for name in errors.__all__ if name not in str(errors.__doc__)] == []
