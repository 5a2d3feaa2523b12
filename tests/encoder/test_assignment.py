from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from video_vlm.encoder.assignment import Assignment, identity, merge, merged_size, merged_span, unmerge


@st.composite
def assignments(draw: st.DrawFn) -> Assignment:
    """Any table in which nobody is left out and no merged token is empty."""
    batch, merged = draw(st.integers(1, 3)), draw(st.integers(1, 5))
    tokens = draw(st.integers(merged, 12))
    rows = [
        draw(
            st.permutations(
                [*range(merged), *(draw(st.integers(0, merged - 1)) for _ in range(tokens - merged))]
            )
        )
        for _ in range(batch)
    ]
    return Assignment(torch.tensor(rows), merged)


def some_values(assignment: Assignment) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(*assignment.owner.shape, 4, generator=generator)


def sizes(assignment: Assignment) -> Tensor:
    return torch.ones(assignment.owner.shape)


@given(assignments())
@settings(max_examples=40)
def test_sizes_add_up_to_the_tokens_that_went_in(assignment: Assignment) -> None:
    merged = merged_size(sizes(assignment), assignment)

    assert (merged >= 1).all()
    assert (merged.sum(dim=1) == assignment.owner.shape[1]).all()


@given(assignments())
@settings(max_examples=40)
def test_merging_keeps_the_weighted_sum(assignment: Assignment) -> None:
    values = some_values(assignment)

    merged = merge(values, assignment, size=sizes(assignment))

    weighted = merged * merged_size(sizes(assignment), assignment)[..., None]
    assert torch.allclose(weighted.sum(dim=1), values.sum(dim=1), atol=1e-4)


@given(assignments())
@settings(max_examples=40)
def test_merging_what_was_unmerged_changes_nothing(assignment: Assignment) -> None:
    merged = merge(some_values(assignment), assignment, size=sizes(assignment))

    again = merge(unmerge(merged, assignment), assignment, size=sizes(assignment))

    assert torch.allclose(again, merged, atol=1e-5)


@given(assignments(), st.randoms())
@settings(max_examples=30)
def test_the_order_of_batch_items_does_not_matter(assignment: Assignment, chance: st.DataObject) -> None:
    order = list(range(len(assignment.owner)))
    chance.shuffle(order)  # type: ignore[attr-defined]
    values = some_values(assignment)

    turned = merge(
        values[order], Assignment(assignment.owner[order], assignment.num_merged), size=sizes(assignment)
    )

    assert torch.equal(turned, merge(values, assignment, size=sizes(assignment))[order])


def test_with_everyone_staying_merging_and_undoing_are_nothing() -> None:
    stay = identity(2, 5)
    values = some_values(stay)

    assert torch.equal(merge(values, stay, size=sizes(stay)), values)
    assert torch.equal(unmerge(values, stay), values)


def test_every_token_can_be_traced_to_where_it_came_from() -> None:
    first = Assignment(torch.tensor([[0, 0, 1, 2]]), 3)
    second = Assignment(torch.tensor([[1, 0, 1]]), 2)

    both = first.then(second)

    assert both.sources(0, 0).tolist() == [2]
    assert both.sources(0, 1).tolist() == [0, 1, 3]


def test_a_merged_span_covers_what_went_together() -> None:
    start, end = torch.tensor([[0.0, 1.0, 2.0]]), torch.tensor([[1.0, 2.0, 5.0]])

    spans = merged_span(start, end, Assignment(torch.tensor([[1, 0, 1]]), 2))

    assert [span.tolist() for span in spans] == [[[1.0, 0.0]], [[2.0, 5.0]]]


def test_a_mean_of_many_does_not_drift_in_half_precision() -> None:
    values = torch.full((1, 4096, 1), 0.1, dtype=torch.float16)

    (merged,) = merge(
        values, Assignment(torch.zeros(1, 4096, dtype=torch.int64), 1), size=torch.ones(1, 4096)
    )

    assert merged.dtype == torch.float16
    assert torch.equal(merged[0], values[0, 0])


def test_an_assignment_into_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="into 1 or more"):
        Assignment(torch.zeros(1, 3, dtype=torch.int64), 0)
