"""What ``import video_vlm`` promises, pinned: a change here is a change for users."""

from __future__ import annotations

import pytest

import video_vlm

PROMISED = """
    Answer AskSettings Citation Claim Evidence IndexOutcome IndexReport IndexSettings Level Node Observation Settings
    Span Status Video VideoQA VideoQAError content_id index_video open_library open_video probe
"""


def test_the_public_names_are_these() -> None:
    assert video_vlm.__all__ == PROMISED.split()


@pytest.mark.parametrize("name", PROMISED.split())
def test_every_public_name_can_be_had_and_says_what_it_is(name: str) -> None:
    assert getattr(video_vlm, name).__doc__


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'VideoAQ'"):
        _ = video_vlm.VideoAQ


def test_public_names_are_found_by_completion() -> None:
    assert set(PROMISED.split()) <= set(dir(video_vlm))
