"""Time operators: the words of a question that move in time, parsed instead of embedded.

"What does the guard do after the lamp goes out?" asks for *what the guard does* and moves there from
*the lamp goes out*. The anchor is searched by itself; the operator then says which side of it counts.

    >>> parsed = parse("What does the guard do right after the lamp goes out?")
    >>> parsed.target
    'What does the guard do?'
    >>> parsed.operator
    TimeOperator(kind=<OperatorKind.AFTER: 'after'>, anchors=('the lamp goes out',), adjacent=True, ...)
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from video_vlm.errors import QuestionError
from video_vlm.language.clock_times import CLOCK_TIME, NUMBER, parse_clock, parse_length
from video_vlm.language.lexicon import RECORDING
from video_vlm.language.quotation import QUOTATION
from video_vlm.language.time_operators import (
    BEGINNING,
    ENDING,
    WHOLE,
    Away,
    OperatorKind,
    ParsedQuestion,
    TimeOperator,
    Window,
)

__all__ = ["MOST_LETTERS", "parse"]

MOST_LETTERS: Final = 4_000
"""Of a question."""

_ADJACENT = r"(?:(?P<adjacent>right|directly|immediately|just|straight|shortly|soon)\s+)?"
_AWAY = (
    r"(?:(?P<throughout>(?:(?:in|within|during|over)\s+)(?:(?:the|about)\s+)?(?:(?:first|next|last)\s+)?)?"
    rf"(?:(?P<number>{NUMBER})\s*|(?(throughout)|(?!)))(?P<unit>seconds?|secs?|s|minutes?|mins?|min|hours?)\s+|"
    r"(?P<few>a\s+few|some|several|a\s+couple\s+of|a)\s+(?:seconds|moments?)\s+)?"
)
_TAIL = r"(?P<anchor>[^,?;]+?)\s*(?=[,?;]|$)"
_OF_IT = rf"(?:\s+of\s+(?:the\s+)?{RECORDING})?"
_BEGINNING = rf"the\s+(?:very\s+)?(?:beginning|start|opening){_OF_IT}|(?:the|this)\s+{RECORDING}\s+(?:start|begin|open)\w*"
_END = (
    rf"the\s+(?:very\s+)?(?:end|ending|close){_OF_IT}|"
    rf"(?:the|this)\s+{RECORDING}\s+(?:(?:end|finish|close|stop)\w*|is\s+over)"
)
# Words that take "after" or "before" without any time in them.
_IDIOMS = re.compile(
    r"\b(?:(?:look|name|tak|model)\w*\s+after|(?:one|day|time)\s+after\s+(?:another|the\s+other|day|time)|after\s+all|(?:ever|never)\s+before|before\s+long)\b",
    re.I,
)
_AUXILIARY = r"(?:is|are|was|were|do|does|did|will|would|can|could|has|have|had)\b"
_WHEN = re.compile(
    r"^\W*+(?:when\b|(?:at|from|around|about)?\s*(?:about|around)?\s*(?:what|which)\s+"
    r"(?:time|second|minute|moment|timestamp|point)s?\b(?!\s+(?:is|was)\s+(?:it|shown|written|displayed|on)\b)|how\s+(?:far|long|many\s+(?:seconds|minutes))\s+in(?:to)?\b)",
    re.I,
)
_DURATION = re.compile(r"\b(?:how\s+long|for\s+how\s+(?:long|many\s+(?:seconds|minutes|hours)))\b", re.I)
_COUNT = re.compile(r"\b(?:how\s+(?:often|many\s+(?:\w+\s+)?times?)|number\s+of\s+times)\b", re.I)
_EXTREME = re.compile(r"\b(?:(first|earliest)|(last|final|latest))\b(?!\s+(?:name|few)\b)", re.I)


def parse(question: str) -> ParsedQuestion:
    """Take a question apart into what is asked and how it moves in time.

    Quoted phrases are never split: ``after "before the dawn"`` has one anchor.

    Raises:
        QuestionError: it is longer than anybody asks: what reads it may take the square of its length.
    """
    if len(question) > MOST_LETTERS:
        raise QuestionError(
            f"the question has {len(question):,} letters: ask one of at most {MOST_LETTERS:,}"
        )
    kept: list[str] = []
    text = QUOTATION.sub(lambda found: _keep(found, kept), question.strip())
    masked = _IDIOMS.sub(
        lambda found: found[0].replace("after", "aft\0er").replace("before", "bef\0ore"), text
    )
    target, operator = _find_operator(masked)
    asks_when = bool(_WHEN.search(target))
    extreme = _EXTREME.search(target)
    restore = _restorer(kept)
    return ParsedQuestion(
        text=question.strip(),
        target=restore(target),
        operator=replace(operator, anchors=tuple(restore(anchor) for anchor in operator.anchors)),
        asks_when=asks_when,
        asks_duration=bool(_DURATION.search(target)) and not asks_when,
        asks_count=bool(_COUNT.search(target)),
        extreme=None if not extreme else "first" if extreme[1] else "last",
    )


def _keep(found: re.Match[str], kept: list[str]) -> str:
    kept.append(found[0])
    return f"\1{len(kept) - 1}\1"


def _restorer(kept: list[str]) -> Callable[[str], str]:
    def restore(text: str) -> str:
        text = text.replace("\0", "").strip()
        return re.sub("\1(\\d+)\1", lambda found: kept[int(found[1])], text)

    return restore


def _find_operator(text: str) -> tuple[str, TimeOperator]:
    for find in (_within, _between, _after_or_before, _during, _next):
        found = find(text)
        if found:
            return found
    return text, TimeOperator(OperatorKind.NONE)


def _cut_out(text: str, found: re.Match[str]) -> str:
    """The text without what was found, with the comma or gap it leaves closed."""
    rest = f"{text[: found.start()].rstrip()} {text[found.end() :].lstrip()}".strip()
    rest = re.sub(r"^[\s,;:]+", "", rest)
    return re.sub(r"(?<!\s)\s+([,;])", r"\1", re.sub(r"(?<![\s,])[\s,]+([?.!])", r"\1", rest))


def _within(text: str) -> tuple[str, TimeOperator] | None:
    for pattern, window in _WINDOWS:
        found = pattern.search(text)
        if found:
            return _cut_out(text, found), TimeOperator(OperatorKind.WITHIN, window=window(found))
    return None


def _between(text: str) -> tuple[str, TimeOperator] | None:
    found = re.search(rf"\bbetween\s+(?P<first>[^,?;]+?)\s+and\s+{_TAIL}", text, re.I)
    # "the difference between A and B" compares; it does not move in time.
    if not found or re.search(
        r"\b(?:difference|relation\w*|conversation|distance|fight|choose)\W*$", text[: found.start()], re.I
    ):
        return None
    return _cut_out(text, found), TimeOperator(OperatorKind.BETWEEN, (found["first"], found["anchor"]))


def _after_or_before(text: str) -> tuple[str, TimeOperator] | None:
    words = r"(?P<word>after|once|following|since|before|until|till|prior\s+to|preceding)"
    pattern = rf"(?:{_ADJACENT}|\b{_AWAY})(?<![\w-]){words}\s+(?!when\b)(?:that\s+)?{_TAIL}"
    for found in re.finditer(pattern, text, re.I):
        word = found["word"].lower()
        if word in {"once", "following", "preceding"} and found.start() > 0:
            continue  # only as the opening of a clause are these about time
        kind = OperatorKind.AFTER if word in {"after", "once", "following", "since"} else OperatorKind.BEFORE
        anchor = found["anchor"].strip()
        away = _far(found) if found["unit"] else None
        lasting = word in {"since", "until", "till"} or bool(_COUNT.search(text))
        edge = _at_edge(kind, anchor, lasting=lasting, away=away)
        return _cut_out(text, found), edge or _moved(
            kind, anchor, adjacent=bool(found["adjacent"] or found["few"]), away=away
        )
    return None


def _far(found: re.Match[str]) -> Away:
    return Away(parse_length(found["number"] or "1", found["unit"]), bool(found["throughout"]))


def _at_edge(kind: OperatorKind, anchor: str, *, lasting: bool, away: Away | None) -> TimeOperator | None:
    """Before the end and after the beginning: those are at the edges of the video, whatever else is called an
    end."""
    edge, window = (_END, ENDING) if kind is OperatorKind.BEFORE else (_BEGINNING, BEGINNING)
    if not re.fullmatch(edge, anchor, re.I):
        return None
    if away:
        window = _stretch(kind, 0.0, away)
    elif lasting:
        window = WHOLE
    return TimeOperator(OperatorKind.WITHIN, window=window)


def _moved(kind: OperatorKind, anchor: str, *, adjacent: bool, away: Away | None) -> TimeOperator:
    """After or before an anchor; where the anchor is itself a time, the stretch on that side of it."""
    if not re.fullmatch(CLOCK_TIME, anchor, re.I):
        return TimeOperator(kind, (anchor,), adjacent, away=away)
    seconds = parse_clock(anchor)
    if away:
        return TimeOperator(OperatorKind.WITHIN, window=_stretch(kind, seconds, away))
    window = Window(seconds, 0.0) if kind is OperatorKind.AFTER else Window(0.0, max(seconds, 1e-3))
    return TimeOperator(OperatorKind.WITHIN, window=window)


def _stretch(kind: OperatorKind, seconds: float, away: Away) -> Window:
    """So far after or before a time; 0 is the beginning for what comes after, and the end for what comes
    before."""
    there = seconds + (away.seconds if kind is OperatorKind.AFTER else -away.seconds)
    there = max(there, 0.0) if seconds else there
    if not away.throughout:
        return Window(there, there + 1.0)
    return Window(seconds, there) if kind is OperatorKind.AFTER else Window(there, seconds)


# "When X, what ...?" and "What ... when X?" hang on X; "When does X ...?" asks for the time.
_HANGS_ON = (
    rf"\b(?:during|while|whilst)\s+{_TAIL}",
    rf"^\W*when\s+(?!{_AUXILIARY})(?P<anchor>[^,?]+),\s*(?=\w)",
    rf"(?<=\w)(?<!^by)(?<!^since)(?<!^until)(?<!^till)(?<!^from)\s+(?:when|as\s+soon\s+as)\s+{_TAIL}",
)
"""Not "By when must they ...?", which asks for the time too."""


def _during(text: str) -> tuple[str, TimeOperator] | None:
    found = next((found for pattern in _HANGS_ON if (found := re.search(pattern, text, re.I))), None)
    if not found:
        return None
    return _cut_out(text, found), TimeOperator(OperatorKind.DURING, (found["anchor"].strip(),))


def _next(text: str) -> tuple[str, TimeOperator] | None:
    found = re.search(r"\b(?:next|afterwards?|then)\b\s*(?=[?.!]|$)", text, re.I)
    if not found:
        return None
    return _cut_out(text, found), TimeOperator(OperatorKind.NEXT, adjacent=True)


def _at(found: re.Match[str]) -> Window:
    seconds = parse_clock(found["moment"])
    return Window(seconds, seconds + 1.0)


def _from_to(found: re.Match[str]) -> Window:
    return Window(parse_clock(found["low"]), parse_clock(found["high"]))


def _edge(found: re.Match[str]) -> Window:
    seconds = parse_length(found["number"] or "1", found["unit"])
    return Window(0.0, seconds) if found["edge"].lower() in {"first", "opening"} else Window(-seconds, 0.0)


def _ending(found: re.Match[str]) -> Window:
    return ENDING if found["end"] else BEGINNING


def _middle(_found: re.Match[str]) -> Window:
    return Window(start_share=0.45, end_share=0.55)


def _part(found: re.Match[str]) -> Window:
    """A half, a third or a quarter: the first, the last, or one of those between."""
    parts = {"half": 2, "third": 3, "quarter": 4}[found["part"].lower()]
    which = {"first": 0, "opening": 0, "second": 1, "middle": 1, "third": 2}.get(
        found["which"].lower(), parts - 1
    )
    which = min(which, parts - 1)
    return Window(start_share=which / parts, end_share=(which + 1) / parts)


_WINDOWS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Window]], ...] = (
    (
        re.compile(
            rf"\b(?:between|from)\s+(?P<low>{CLOCK_TIME})\s+(?:and|to|until|till)\s+(?P<high>{CLOCK_TIME})",
            re.I,
        ),
        _from_to,
    ),
    (
        re.compile(
            rf"\b(?:in|during|within|over|for)\s+the\s+(?P<edge>first|opening|last|final|closing)\s+"
            rf"(?:(?P<number>{NUMBER})\s+)?(?P<unit>seconds?|minutes?|hours?)\b{_OF_IT}(?!\s+(?:after|before)\b)",
            re.I,
        ),
        _edge,
    ),
    (re.compile(rf"\b(?:(?:at|around|about|near)\s+)?the\s+(?P<moment>{CLOCK_TIME})[\s-]+mark\b", re.I), _at),
    (
        re.compile(
            rf"(?:\b(?:at|around|about)\s+)?\b(?P<moment>{CLOCK_TIME})\s+in"
            rf"(?:to\s+(?:the|this|it)\b(?:\s+{RECORDING})?|(?=\W*$|,))",
            re.I,
        ),
        _at,
    ),
    (re.compile(rf"\b(?:at|around|about|near)\s+(?:about\s+|around\s+)?(?P<moment>{CLOCK_TIME})", re.I), _at),
    (
        re.compile(
            rf"\b(?:at|in|near|towards?)\s+the\s+(?:very\s+)?(?:(?P<end>end|ending|close)|beginning|start|opening)"
            rf"\b{_OF_IT}(?!\s+(?:of|credits?|titles?|card)\b)",
            re.I,
        ),
        _ending,
    ),
    (
        re.compile(rf"\b(?:in|near|around|about|at)\s+the\s+(?:very\s+)?middle\b{_OF_IT}(?!\s+of\b)", re.I),
        _middle,
    ),
    (
        re.compile(
            r"\b(?:at\s+the\s+)?(?:half-?way|mid-?way)\b(?:\s+(?:through|into|point)\b)?"
            rf"(?:\s+(?:the|this)\s+{RECORDING})?",
            re.I,
        ),
        _middle,
    ),
    (
        re.compile(
            r"\b(?:in|during|within|over|for)\s+the\s+(?P<which>first|opening|second|middle|third|last|final)\s+"
            rf"(?P<part>half|third|quarter)\b{_OF_IT}(?!\s+of\b)",
            re.I,
        ),
        _part,
    ),
)
