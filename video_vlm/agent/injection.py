"""Finds words of a model that are not about the video: parts of the protocol, and what it was ordered to say.

A video may hold text that gives orders to the model that reads it. The model is told to ignore them, and may
follow them all the same. What it wrote then must not be found later as if it had been seen. So where text
from a video talks to a model, nothing that rests on the model's word alone is kept of that talk. The signs
are those of orders that are seen in the field, in a few languages; they cost a caption or a note when they
are wrong, never an answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from video_vlm.agent.escape import BEGIN, END
from video_vlm.chat import Turn
from video_vlm.language.query import terms
from video_vlm.language.word_forms import alike, stems
from video_vlm.models.tool_protocol import objects

__all__ = ["data_of", "gives_orders", "is_protocol", "is_said", "repeats", "without_thoughts"]

_THOUGHT: Final = re.compile(r"<think(?:ing)?>.*?(?:</think(?:ing)?>|\Z)", re.DOTALL | re.I)
_FENCED: Final = re.compile(r"```[\w-]*\n?.*?(?:```|\Z)", re.DOTALL)
_CALL_KEYS: Final = frozenset(
    {
        *(
            "action",
            "actions",
            "action_input",
            "arguments",
            "args",
            "claims",
            "command",
            "function",
            "function_call",
        ),
        *(
            "input",
            "parameters",
            "params",
            "recipient_name",
            "sentences",
            "shown",
            "tool",
            "tool_call",
            "tool_calls",
        ),
        *("tool_input", "tool_name", "tool_uses"),
    }
)
_TAG: Final = re.compile(
    r"[<‹](?:[|｜][\w.-]*(?:tool|function|python|call|channel|action)[\w.-]*[|｜][>›]"
    r"|/?\s*[\w:-]*(?:tool|function|invoke|action|call|parameter|arguments|data|observation|system|assistant)[\w:-]*(?:[\s=/][^<>‹›]*)?[>›])|[\[(]/?(?:TOOL_CALLS?|TOOL_RESULTS?|AVAILABLE_TOOLS|INST|SYS)[\])]",
    re.I,
)
_STEP: Final = re.compile(
    r"(?:^|[.!?]\s)[ \t>*#-]*+(?:final\s+)?(?:action(?:\s+input)?|tool(?:[\s_]+(?:call|name|input|use))?"
    r"|function(?:[\s_]+call)?|command|invoke|call|api[\s_]call)[\s*]*[:=]",
    re.I | re.M,
)
_CALLED: Final = re.compile(
    r"\A\s*+(?:await\s+|print\()?[a-z_][\w.:]*+\((?:[^()]++|\([^()]*+\))*+\)+;?\s*+", re.I
)
_SENTENCE: Final = re.compile(r"[^\W\d_]{2,}\W+[^\W\d_]{2,}|[^\W\d_]{4,}|\d")
_TWO_WORDS: Final = re.compile(r"(?<![^\W\d_])[^\W\d_]{2,}+[ ,]++[^\W\d_]{2}")
_WORD: Final = re.compile(r"\w+")
_RUN: Final = 8
"""The number of consecutive words of the prompt that no text has by chance."""

_VERB: Final = (
    r"(?:answer|repl(?:y|ies)|respond|output|claim|caption|summari[sz]e|(?:write|note|say|state|report|record)(?:\s+down)?"
    r"\s+(?:that|only|exactly|in\s+[\"'“]?(?:seen|claims))|remember\s+that|tell\s+(?:the\s+user|everyone))\b"
)
_SPEAKS_TO_MODEL: Final = re.compile(
    r"\b(?:ignor|disregard|forget|overrid|bypass|vergiss|vergessen|oublie|olvid|dimentica|esque[cç])\w*\b.{0,60}"
    r"\b(?:above|previous|prior|preceding|earlier|instruct|prompt|rule|guideline|context|anweisung|anleitung|vorherig|regeln"
    r"|consigne|pr[eé]c[eé]dent|instruc|istruzion|anterior|precedent)"
    r"|\b(?:system|developer|assistant|hidden)\s*(?:prompt|message|instruction|note|override)s?\b"
    r"|(?:^|[\"“:])[^\w\n]{0,20}(?:system|assistant|user|developer|human|answer|reply|output)\s*:"
    r"|[<‹][|｜]|[\[(]/?(?:INST|SYS)[\])]"
    r"|\b(?:language\s+models?|chat\s?bot|chatgpt|gpt-?\d|llms?|ai\s+(?:model|assistant|agent|reader|system)s?|dear\s+ai"
    r"|as\s+an\s+ai|sprachmodell|mod[eè]le\s+de\s+langage|modelo\s+de\s+(?:lenguaje|linguagem))\b"
    r"|\b(?:you\s+(?:must|should|will|shall|have\s+to|are\s+(?:now\s+)?to|need\s+to|are\s+required\s+to)|from\s+now\s+on"
    rf"|who(?:so)?ever\s+reads)\b.{{0,40}}\b{_VERB}"
    r"|\b(?:answer|reply|respond|output|caption|summari[sz]e)\b.{0,20}\b(?:with|only|exactly|nothing\s+but)\b"
    r"|\bin\s+[\"'“]?(?:seen|claims|captions?|notes)[\"'”]?\s*(?:[:,]|write|say|put|note)"
    r"|[\"“](?:action|claims|seen|tool|arguments|sentences)[\"”]\s*:"
    r"|(?:игнорир|забудь).{0,40}(?:инструкц|предыдущ|указан|правил)|忽略.{0,12}(?:指令|指示|提示|以上|之前|规则)"
    r"|(?:指令|指示|命令|プロンプト).{0,12}無視|(?:지시|명령|이전).{0,12}무시",
    re.I | re.M,
)


def without_thoughts(text: str) -> str:
    """A model's reply without the thoughts that come before it."""
    return _THOUGHT.sub(" ", text)


def is_protocol(text: str, told: Iterable[str] = ()) -> bool:
    """Whether a text is a tool call, an action or the prompt instead of something about a video.

    Args:
        text: What a model said.
        told: The rules it was given.
    """
    said = text.strip()
    outside = _FENCED.sub(" ", said)
    return (
        said.startswith(("{", "[{", "[[", '["'))
        or _TAG.search(said) is not None
        or _STEP.search(said) is not None
        or _CALLED.fullmatch(said) is not None
        or ("```" in said and (outside.rstrip().endswith(":") or not _SENTENCE.search(outside)))
        or (said.endswith("}") and not _TWO_WORDS.search(said[: said.find("{")]))
        or any(not _CALL_KEYS.isdisjoint(map(str.lower, found)) for found in objects(said))
        or not _runs(said).isdisjoint(run for one in told for run in _runs(one))
    )


def _runs(text: str) -> set[tuple[str, ...]]:
    words = _WORD.findall(text.lower())
    return {tuple(words[at : at + _RUN]) for at in range(len(words) - _RUN + 1)}


def gives_orders(text: str) -> bool:
    """Whether a text from a video addresses a model rather than people."""
    return _SPEAKS_TO_MODEL.search(text) is not None


def data_of(turns: Iterable[Turn]) -> Iterator[str]:
    """The blocks of data from the video in some turns, one by one, without the prompt around them."""
    for turn in turns:
        for part in turn.parts:
            if isinstance(part, str) and turn.role == "user":
                yield from _BLOCK.findall(part)


_BLOCK: Final = re.compile(f"{re.escape(BEGIN)}(.*?){re.escape(END)}", re.DOTALL)


def is_said(text: str, lines: Iterable[str], *, share: float = 0.5) -> bool:
    """Whether at least that share of what a text says, by the weight of its words, is in some lines."""
    wanted = terms(text)
    there = frozenset(stem for line in lines for stem in stems(line))
    weight = sum(term.weight for term in wanted)
    found = sum(term.weight * max((alike(term.stem, one) for one in there), default=0.0) for term in wanted)
    return bool(wanted) and found >= share * weight


def repeats(text: str, lines: Iterable[str]) -> bool:
    """Whether a text says nothing that one of the lines does not say."""
    return any(is_said(text, [line], share=0.75) for line in lines)
