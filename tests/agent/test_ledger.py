"""What was shown can be cited, and nothing else."""

from __future__ import annotations

import pytest

from video_vlm.agent.shown_evidence import ShownEvidence, ShownItem
from video_vlm.records import Citation, ObservationKind, Span

SUBTITLE = ObservationKind.SUBTITLE


@pytest.fixture
def ledger() -> ShownEvidence:
    ledger = ShownEvidence(step_seconds=0.5)
    ledger.add(
        [
            ShownItem(Span(10, 13), "The lamp goes out.", SUBTITLE),
            ShownItem(Span(40, 40.5)),
            ShownItem(Span(42, 42.5)),
        ]
    )
    return ledger


def test_words_are_quoted_where_they_were_said(ledger: ShownEvidence) -> None:
    assert ledger.cite(Span(11, 12)) == Citation(Span(11, 12), "The lamp goes out.", SUBTITLE)


def test_a_moment_is_cited_as_the_stretch_of_what_was_shown_then(ledger: ShownEvidence) -> None:
    assert ledger.cite(Span(12, 12)) == Citation(Span(10, 13), "The lamp goes out.", SUBTITLE)
    assert ledger.cite(Span(41.5, 41.5)) == Citation(Span(42, 42.5))


def test_a_stretch_between_pictures_needs_both_its_ends_shown(ledger: ShownEvidence) -> None:
    assert ledger.cite(Span(40, 42)) == Citation(Span(40, 42))
    assert ledger.cite(Span(40, 60)) is None
    assert ledger.cite(Span(20, 42)) is None


@pytest.mark.parametrize(("seconds", "may"), [(7.9, False), (8.0, True), (15.0, True), (15.1, False)])
def test_two_seconds_off_is_the_limit(ledger: ShownEvidence, seconds: float, may: bool) -> None:
    assert (ledger.cite(Span(seconds, seconds)) is not None) is may


def test_nothing_shown_nothing_cited() -> None:
    assert ShownEvidence(step_seconds=1.0).cite(Span(0, 0)) is None


def test_nothing_is_held_twice(ledger: ShownEvidence) -> None:
    assert ledger.add([ShownItem(Span(40, 40.5)), ShownItem(Span(50, 51))]) == (ShownItem(Span(50, 51)),)
