"""What is asked of ten hours again and again is found without going through them."""

from __future__ import annotations

import random
from itertools import pairwise

from video_vlm.index.observation_index import ObservationIndex
from video_vlm.memory.tree import TreeRow, holder
from video_vlm.records import Level, Node, Observation, ObservationKind, Span


def test_what_overlaps_is_found_as_by_going_through_all() -> None:
    chance = random.Random(1)
    for _ in range(200):
        starts = [chance.randint(0, 20) for _ in range(chance.randint(0, 25))]
        spans = [Span(start, start + chance.choice([0, 0, 1, 2, 9])) for start in starts]
        given = [
            Observation(span, ObservationKind.LOOK, str(place), "look") for place, span in enumerate(spans)
        ]
        said = ObservationIndex(given)
        for _ in range(20):
            start = chance.randint(0, 22)
            asked = Span(start, start + chance.choice([0, 1, 3, 8]))
            assert said.overlapping(asked) == [one for one in given if one.span.overlaps(asked)]


def test_the_holder_is_found_as_by_going_through_all() -> None:
    chance = random.Random(2)
    for tidy in (True, False):
        edges = sorted(chance.sample(range(100), k=20))
        pairs = list(pairwise(edges))
        spans = [Span(start, end if tidy else end + chance.randint(0, 9)) for start, end in pairs]
        nodes = [Node(str(place), "film", Level.SCENE, span, None) for place, span in enumerate(spans)]
        row = TreeRow(nodes)
        for _ in range(300):
            start = chance.uniform(-5, 105)
            asked = Span(start, start + chance.choice([0.0, 0.5, 7.0]))
            assert row.holder(asked) == holder(nodes, asked)
        assert all(
            row.holder(Span(span.start, span.start)) == holder(nodes, Span(span.start, span.start))
            for span in spans
        )
    assert TreeRow([]).holder(Span(0, 1)) is None
