"""The one table of kinds of observations: whole, and obeyed by everybody who treats kinds differently."""

from __future__ import annotations

import ast

import pytest

from tests.project.package_files import ROOT, package_files
from video_vlm.language.quoting import quoted_words
from video_vlm.memory.summaries import summarize
from video_vlm.records import Level, Node, Observation, ObservationKind, Span
from video_vlm.records.observations import KINDS, NOT_MEASURED, SEEN, SPOKEN, TELLING, WRITTEN

SPAN = Span(9.0, 12.0)


def test_every_kind_has_an_entry() -> None:
    assert set(KINDS) == set(ObservationKind)


def test_the_sets_follow_from_the_table() -> None:
    assert SPOKEN | WRITTEN | SEEN == NOT_MEASURED
    assert TELLING <= NOT_MEASURED
    assert len(SPOKEN) + len(WRITTEN) + len(SEEN) == len(NOT_MEASURED)


@pytest.mark.parametrize("kind", ObservationKind)
def test_a_kind_is_cited_and_summarised_as_its_entry_says(kind: ObservationKind) -> None:
    traits = KINDS[kind]
    assert quoted_words(kind, SPAN, "the gate opens") == f"At 0:09 {traits.lead}: “the gate opens”"
    child = Node("a", "film", Level.SEGMENT, SPAN, None)
    (sentence,) = summarize([child], [Observation(SPAN, kind, "the gate opens", "a test")])
    assert sentence.text == traits.quoted.format("the gate opens")


@pytest.mark.parametrize("kind", sorted(SPOKEN | {ObservationKind.SCREEN_TEXT}))
def test_the_words_of_strangers_are_quoted(kind: ObservationKind) -> None:
    assert KINDS[kind].quoted.startswith("“{}”")


def test_no_other_table_of_kinds_is_kept_by_hand() -> None:
    """A set or a dict of two kinds and more anywhere else would fail silently when a kind is added."""
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in package_files()
        if path.parent.name not in {"records", "toy_llava"}
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Set | ast.Dict | ast.Tuple | ast.List) and _num_kinds(node) > 1
    ]
    assert found == []


def _num_kinds(node: ast.AST) -> int:
    values = getattr(node, "elts", None) or [key for key in getattr(node, "keys", []) if key]
    return sum(
        isinstance(one, ast.Attribute)
        and isinstance(one.value, ast.Name)
        and one.value.id == "ObservationKind"
        for one in values
    )
