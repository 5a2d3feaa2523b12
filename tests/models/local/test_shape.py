"""JSON by a schema, from a model that would rather write anything else."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from video_vlm.agent.actions import SCHEMA, read_action
from video_vlm.chat import Turn
from video_vlm.models.local import open_local
from video_vlm.models.local.json_constraint import JsonAutomaton, JsonConstraint

Saved = Callable[[str], Path]

PERSON = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "age": {"type": "integer"},
        "tall": {"type": "boolean"},
        "at": {"type": "array", "items": {"type": "number"}},
        "kind": {"enum": ["a", "b"]},
    },
    "required": ["name"],
}


def reads(schema: dict[str, Any], text: str) -> bool | None:
    """True for a whole value, None for the beginning of one, False for neither."""
    automaton = JsonAutomaton(schema)
    states = automaton.start
    for letter in text:
        states = automaton.after(states, letter)
        if not states:
            return False
    return automaton.is_whole(states) or None


@pytest.mark.parametrize(
    "text",
    [
        '{"name":"Ada"}',
        '{ "name" : "" }',
        '{"name":"A \\"b\\" \\\\ c","age":-7}',
        '{"name":"x","age":0,"tall":false,"at":[],"kind":"b"}',
        '{"name":"x","at":[1, 2.5,-0.125 ]}',
        '{"name":"ünï☃"}',
    ],
)
def test_what_the_schema_allows(text: str) -> None:
    assert reads(PERSON, text) is True
    assert isinstance(json.loads(text), dict)
    assert all(reads(PERSON, text[:length]) is None for length in range(len(text)))


@pytest.mark.parametrize(
    "text",
    [
        "[",
        " {",
        '{"age"',
        '{"name":1',
        '{"name":"x"}}',
        '{"name":"x","kind":"c',
        '{"name":"x","age":01',
        '{"name":"x","age":1.5',
        '{"name":"x","tall":True',
        '{"name":"line\nbreak',
        '{"name":"\\x',
        '{"name":"x","at":[,',
        '{"name":"x","at":[1,]',
        '{"name":"x","tall":true,"age"',
    ],
)
def test_what_it_does_not(text: str) -> None:
    assert reads(PERSON, text) is False


def test_actions_of_a_talk_are_allowed() -> None:
    for text in (
        '{"action": "search", "query": "the lamp", "from": 0, "to": 12.5}',
        '{"action": "look", "from": 23, "to": 25, "frames": 3, "crop": [0, 0, 0.5, 1]}',
        '{"action": "answer", "claims": [{"text": "It goes out.", "at": [[23, 26], [30]]}], "confidence": '
        "0.9}",
    ):
        assert reads(dict(SCHEMA), text) is True
        read_action(text)


@pytest.mark.parametrize("schema", [{"type": "null"}, {"type": "object", "properties": {}}, {}])
def test_a_schema_that_is_not_understood_is_said_to_be(schema: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"not understood|required"):
        JsonAutomaton(schema)


class TestTokens:
    """Tokens as a byte-level tokenizer has them: some write several letters, some a part of one."""

    @pytest.fixture
    def tokenizer(self, saved: Saved) -> Any:
        import transformers

        return transformers.AutoTokenizer.from_pretrained(saved("Qwen3"))

    def play(self, tokenizer: Any, wants: str, schema: dict[str, Any] | None = None) -> str:
        """What comes out where the model wants to write ``wants``, a byte at a time, and then its favourite
        byte."""
        import torch

        shape = JsonConstraint(tokenizer, {"type": "string"} if schema is None else schema)
        wish = tokenizer.encode(wants, add_special_tokens=False)
        written: list[int] = []
        for place in range(600):
            scores = torch.linspace(1, 0, len(tokenizer)).unsqueeze(0)
            if place < len(wish):
                scores[0, wish[place]] = 2.0
            token = int(shape(torch.tensor([written]), scores).argmax())
            if token == tokenizer.eos_token_id:
                break
            written.append(token)
        return str(tokenizer.decode(written))

    def test_what_fits_is_written_as_wanted(self, tokenizer: Any) -> None:
        assert self.play(tokenizer, '"a ünï☃ day"') == '"a ünï☃ day"'

    def test_what_does_not_fit_gives_way_to_the_likeliest_that_does(self, tokenizer: Any) -> None:
        said = self.play(tokenizer, "Sure! Here is the JSON", dict(SCHEMA))
        assert json.loads(said)["action"] in {"search", "look", "answer"}

    def test_a_string_ends(self, tokenizer: Any) -> None:
        said = self.play(tokenizer, '"' + 1000 * "a")
        assert said == f'"{400 * "a"}"'


def test_random_models_write_json(saved: Saved) -> None:
    """Whatever the weights, the answer is an action, or the beginning of one where the tokens are spent."""
    import torch
    import transformers

    tokenizer = transformers.AutoTokenizer.from_pretrained(saved("Qwen3"))
    inputs = tokenizer("Say something.", return_tensors="pt")
    for seed in range(3):
        torch.manual_seed(seed)
        model = transformers.AutoModelForCausalLM.from_config(
            transformers.AutoConfig.from_pretrained(saved("Qwen3"))
        ).eval()
        with torch.inference_mode():
            out = model.generate(
                **inputs,
                max_new_tokens=96,
                do_sample=False,
                logits_processor=[JsonConstraint(tokenizer, SCHEMA)],
            )
        said = tokenizer.decode(out[0, inputs["input_ids"].shape[1] :], skip_special_tokens=True)
        assert reads(dict(SCHEMA), said.replace("\N{REPLACEMENT CHARACTER}", "x")) is not False


@pytest.mark.parametrize("family", ["Qwen3", "Gemma 3"])
def test_a_local_model_is_held_to_the_schema(saved: Saved, family: str) -> None:
    """And to nothing where none is given."""
    model = open_local(str(saved(family)))
    turns = (Turn("user", ("What happens?",)),)
    said = "".join(model.stream(turns, max_tokens=64, schema=SCHEMA))
    assert said.startswith("{")
    assert reads(dict(SCHEMA), said.replace("\N{REPLACEMENT CHARACTER}", "x")) is not False
    assert not "".join(model.stream(turns, max_tokens=8)).startswith('{"action"')
