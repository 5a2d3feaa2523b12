"""Questions about the whole, or about a stretch given outright: told from summaries and from what is said and
shown there."""

from __future__ import annotations

import re
from collections.abc import Sequence

from video_vlm.language.lexicon import RECORDING
from video_vlm.language.passages import Passage, Passages
from video_vlm.language.query import Query, Wanted
from video_vlm.language.time_operators import BEGINNING, ENDING, Window
from video_vlm.models.builtin.draft import Draft, draft, quoted_claim
from video_vlm.models.builtin.first_and_last import what_is_said
from video_vlm.protocols import VideoMemory
from video_vlm.records import Citation, Claim, Level, Node, Span, clock
from video_vlm.records.observations import KINDS, TELLING

__all__ = ["asks_for_summary", "find_overview", "find_within"]

_ABOUT = re.compile(
    rf"\b(?:what(?:'s| is| was)?\s+(?:(?:this|the|that)\s+{RECORDING}|this|it)\s+(?:all\s+)?about\W*$|summar(?:y|i[sz]e)\b"
    rf"|(?:describe|tell me about|overview of)\s+(?:this|the)\s+{RECORDING}|the\s+gist\b|in\s+a\s+nutshell"
    rf"|what\s+happens\s+in\s+(?:this|the)\s+{RECORDING}\b)|^\W*(?:tl;?dr|overview|gist|recap)\b",
    re.I,
)
_TRANSCRIPT = re.compile(
    r"^\W*(?:(?:show|give|print|list|read)\s+(?:me\s+)?)?(?:(?:a|the)\s+)?(?:(?:full|whole|complete)\s+)?(?:transcript|"
    r"everything|all)\b(?:\s+(?:of|for)\s+(?:this|the)\s+\w+|(?:\s+(?:that|what|of|it))*\s+(?:\w+\s+){0,2}?(?:said|says?|spoken))?"
    r"(?:\s+here|\s+please)?\W*$",
    re.I,
)
_MOST_CLAIMS = 6


def asks_for_summary(question: str) -> bool:
    """Whether a question is about the video as a whole: "tldr", "what is this film about?"."""
    return bool(_ABOUT.search(question))


def find_overview(query: Query, memory: VideoMemory, passages: Passages) -> Draft | None:
    """The summary of the video, each sentence with its own seconds; or all that is said, where that is asked
    for."""
    if _TRANSCRIPT.search(query.parsed.text) and passages.spoken:
        return draft(map(quoted_claim, passages.spoken), 1.0, "what is said")
    if not asks_for_summary(query.parsed.text):
        return None
    top = memory.nodes(Level.VIDEO)
    claims = [claim for node in top for claim in _told(node, memory)]
    return draft(claims[:_MOST_CLAIMS], 0.8, "summary") if claims else None


def _told(node: Node, memory: VideoMemory) -> list[Claim]:
    stretches = {child.id: child.span for child in (node, *_below(node, memory))}
    observed = {
        KINDS[one.kind].quoted.format(" ".join(one.text.split())): one
        for one in reversed(memory.observations(kinds=TELLING))
    }
    claims = []
    for sentence in node.summary:
        said = observed.get(sentence.text)
        cites = tuple(Citation(stretches[cited]) for cited in sentence.cites if cited in stretches)
        own = () if said is None else (Citation(said.span, said.text, said.kind),)
        claims.append(Claim(sentence.text, own or cites or (Citation(node.span),)))
    return claims


def _below(node: Node, memory: VideoMemory) -> list[Node]:
    return [
        memory_node
        for level in (Level.CHAPTER, Level.SCENE, Level.SEGMENT)
        for memory_node in memory.nodes(level, node.span)
    ]


def find_within(query: Query, passages: Passages, span: Span) -> Draft | None:
    """What is said and shown in a stretch the question gives: "at 12:30", "in the last minute", "at the
    start"."""
    if query.wanted not in {Wanted.EVENT, Wanted.WORDS, Wanted.ANY}:
        return None
    if any(term.weight >= 0.5 for term in query.terms) and query.wanted is not Wanted.WORDS:
        return None
    here = [passage for passage in _pool(query, passages) if passage.span.overlaps(span)]
    if not here:
        return None
    return draft(
        [quoted_claim(passage) for passage in _chosen(query, here)],
        0.75 if len(here) <= 4 else 0.6,
        f"between {clock(span.start)} and {clock(span.end)}",
    )


def _pool(query: Query, passages: Passages) -> Sequence[Passage]:
    if query.channel == "said":
        return what_is_said(query, passages)
    written = query.wanted is Wanted.WORDS or query.channel == "written"
    return passages.screen if written else passages.all


def _chosen(query: Query, here: Sequence[Passage]) -> Sequence[Passage]:
    if query.channel == "said":
        return _lines(query, here)
    window = query.parsed.operator.window
    return _rows_at_edge(window, here) if query.wanted is Wanted.WORDS else _spread(here)


def _lines(query: Query, here: Sequence[Passage]) -> Sequence[Passage]:
    """What is said at the end: the last lines; at the beginning, or after a time: the first."""
    window, extreme = query.parsed.operator.window, query.parsed.extreme
    most = 1 if extreme else _MOST_CLAIMS
    if extreme == "last" or window == ENDING:
        return here[-most:]
    goes_on = window is not None and window.end == 0.0 and (window.start or 0.0) > 0.0
    return here[:most] if extreme or window == BEGINNING or goes_on else _spread(here)


def _rows_at_edge(window: Window | None, here: Sequence[Passage]) -> Sequence[Passage]:
    """Asked for words at the end: the last ones there; at the beginning: the first."""
    if window and window.end_share == 1.0:
        latest = max(passage.span.end for passage in here)
        return [passage for passage in here if passage.span.end >= latest - 0.5][-3:]
    earliest = min(passage.span.start for passage in here)
    return [passage for passage in here if passage.span.start <= earliest + 0.5][:3]


def _spread(here: Sequence[Passage]) -> Sequence[Passage]:
    """A few of many, evenly over the time they take."""
    if len(here) <= _MOST_CLAIMS:
        return here
    step = (len(here) - 1) / (_MOST_CLAIMS - 1)
    return [here[round(index * step)] for index in range(_MOST_CLAIMS)]
