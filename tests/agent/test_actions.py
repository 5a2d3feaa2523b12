"""A model's words read as one action, whatever stands around it."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from video_vlm.agent.actions import LookAction, Said, Say, SearchAction, read_action, tools
from video_vlm.records import Span


@pytest.mark.parametrize(
    ("text", "action"),
    [
        ('{"action": "search", "query": "red car"}', SearchAction("red car")),
        ('{"action": "search", "query": "car", "from": 10, "to": "0:20"}', SearchAction("car", Span(10, 20))),
        ('Sure!\n```json\n{"action": "look", "from": 3, "to": 5, "frames": 8}\n```', LookAction(Span(3, 5), 8)),
        ('{"action": "look", "from": 9, "to": 4}', LookAction(Span(4, 9))),
        ('{"action": "look", "from": 9}', LookAction(Span(9, 9))),
        ('{"action": "look", "from": 1, "to": 2, "crop": [0, 0, 0.5, 1]}', LookAction(Span(1, 2), 4, (0, 0, 0.5, 1))),
        ('{"action": "answer", "claims": []}', Say(())),
        ('{"claims": [{"text": "It rains.", "at": [[3, 4], 7]}], "confidence": 2}',
         Say((Said("It rains.", (Span(3, 4), Span(7, 7))),), 1.0)),
        ('{"action": "answer", "claims": [{"text": "a", "at": "<12.5>"}]}', Say((Said("a", (Span(12.5, 12.5),)),))),
        ('<think>{"action": "search", "query": "x"}</think>{"action": "answer", "claims": []}', Say(())),
        ('{broken {"action": "answer", "claims": []}', Say(())),
    ],
)  # fmt: skip
def test_an_action_is_read(text: str, action: object) -> None:
    assert read_action(text) == action


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("It rains.", "no JSON object"),
        ('{"action": "dance"}', '"action" must be'),
        ('{"action": "search"}', "needs a"),
        ('{"action": "look", "from": "soon", "to": 3}', "not a time in seconds: 'soon'"),
        ('{"action": "look", "from": NaN, "to": 3}', "not a time"),
        ('{"action": "look", "from": 1, "to": 3, "crop": [0, 0, 0, 1]}', '"crop" must leave something'),
        ('{"action": "answer", "claims": "It rains."}', "must be a list"),
        ('{"action": "answer", "claims": ["It rains."]}', "each claim needs"),
        ('{"action": "answer", "claims": [{"text": "It', "no JSON object"),
    ],
)
def test_what_is_no_action_is_said_to_the_model(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        read_action(text)


@given(
    st.text()
    | st.recursive(st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)).map(str)
)
def test_no_text_breaks_the_reader(text: str) -> None:
    with suppress(ValueError):
        assert isinstance(read_action(text), SearchAction | LookAction | Say)


def test_only_who_has_a_finder_is_offered_to_find() -> None:
    def offered(*, detects: bool) -> set[str]:
        (look,) = (tool for tool in tools(detects=detects) if tool.name == "look")
        return set(look.parameters["properties"])

    assert offered(detects=True) - offered(detects=False) == {"find"}
