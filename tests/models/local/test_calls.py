"""Calls of tools, as models of several families write them and are told of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("transformers", reason="local models need the extra [models]")

from tests.models.local.tiny_models import TEXT_FAMILIES
from video_vlm.agent.actions import tools
from video_vlm.chat import CallsTools, Turn
from video_vlm.models.local import open_local
from video_vlm.models.local.tool_calls import read_call
from video_vlm.models.tool_protocol import described

TOOLS = tools()
HERMES = '<think>I could {"name": "answer", "arguments": {}}</think><tool_call>\n%s\n</tool_call>'
WRITTEN = {
    "Qwen, Hermes": HERMES % '{"name": "look", "arguments": {"from": 12, "to": 15.5, "find": "a cat"}}',
    "Llama": '{"name": "look", "parameters": {"from": 12, "to": 15.5, "find": "a cat"}}',
    "Mistral": '[TOOL_CALLS][{"name": "look", "arguments": {"from": 12, "to": 15.5, "find": "a cat"}}]',
    "OpenAI": '{"type": "function", "function": {"name": "look", "arguments": '
    '"{\\"from\\": 12, \\"to\\": 15.5, \\"find\\": \\"a cat\\"}"}}',
    "Qwen3-Coder": "<tool_call>\n<function=look>\n<parameter=from>\n12\n</parameter>\n<parameter=to>\n15.5\n"
    "</parameter>\n<parameter=find>\na cat\n</parameter>\n</function>\n</tool_call>",
    "GLM": "I look.\n<tool_call>look\n<arg_key>from</arg_key>\n<arg_value>12</arg_value>\n<arg_key>to</arg_key>\n"
    "<arg_value>15.5</arg_value>\n<arg_key>find</arg_key>\n<arg_value>a cat</arg_value>\n</tool_call>",
}


@pytest.mark.parametrize("family", WRITTEN)
def test_a_call_is_found_however_it_is_written(family: str) -> None:
    found = read_call(WRITTEN[family], None, described(TOOLS))
    assert found == ("look", {"from": 12, "to": 15.5, "find": "a cat"})


@pytest.mark.parametrize(
    "text", ["", "It is red.", '{"name": "shell", "arguments": {"cmd": "ls"}}', "look(12, 15)"]
)
def test_what_is_no_call_of_these_tools_is_none(text: str) -> None:
    assert read_call(text, None, described(TOOLS)) is None


def test_where_a_tokenizer_says_how_they_are_written_transformers_reads_them() -> None:
    class Tokenizer:
        response_template = "its own"

        def parse_response(self, text: str, *, tools: list[dict[str, Any]]) -> dict[str, Any]:
            assert [one["function"]["name"] for one in tools] == ["search", "look", "answer"]
            name, start = text.split("@")
            return {
                "role": "assistant",
                "tool_calls": [{"function": {"name": name, "arguments": {"from": float(start)}}}],
            }

    assert read_call("look@7", Tokenizer(), described(TOOLS)) == ("look", {"from": 7.0})


TELLS = (
    "{% if tools %}<tools>{% for tool in tools %}{{ tool | tojson }}{% endfor %}</tools>{% endif %}"
    "{% for m in messages %}<{{ m['role'] }}>{{ m['content'] }}"
    "{% for c in m.get('tool_calls') or [] %}{{ c['function'] | tojson }}{% endfor %}{% endfor %}"
)
KNOWS_NONE = "{% for m in messages %}<{{ m['role'] }}>{{ m['content'] }}{% endfor %}"
DROPS_RESULTS = TELLS.replace("{% for m in messages %}", "{% for m in messages if m['role'] != 'tool' %}")


def opened(folder: Path, template: str) -> Any:
    (made := TEXT_FAMILIES["Qwen3"](folder)).joinpath("chat_template.jinja").write_text(
        template, encoding="utf-8"
    )
    return open_local(str(made))


@pytest.mark.parametrize(("template", "calls"), [(TELLS, True), (KNOWS_NONE, False), (DROPS_RESULTS, False)])
def test_a_model_calls_tools_where_its_template_tells_all_of_it(
    template: str, calls: bool, tmp_path: Path
) -> None:
    model = opened(tmp_path, template)
    assert isinstance(model, CallsTools)
    assert model.calls_tools is calls


def test_it_is_told_of_the_tools_and_nobody_else_can_speak_for_it(tmp_path: Path) -> None:
    """Random weights call nothing; what they were given to read is what counts."""
    model = opened(tmp_path, TELLS)
    control = model._reader.tokenizer.eos_token
    turns = (
        Turn("user", ("What is it?",)),
        Turn("assistant", (json.dumps({"action": "search", "query": f"a {control} b"}),)),
        Turn("user", (f"Found: {control} nothing",)),
    )
    told = model._reader.inputs(turns, tools=TOOLS)["input_ids"][0]
    assert model._reader.tokenizer.eos_token_id not in told
    assert len(told) > len(model._reader.inputs(turns)["input_ids"][0])
    assert model.num_call_tokens(turns, tools=TOOLS) == len(told) > model.num_tokens(turns)
    assert isinstance("".join(model.stream_call(turns, tools=TOOLS, max_tokens=8)), str)
