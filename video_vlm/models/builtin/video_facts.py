"""Questions about the video as a video: its length, shots, fades to black, camera."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from video_vlm.language.anchors import ORDINALS, reach
from video_vlm.language.lexicon import RECORDING, STOP_WORDS
from video_vlm.language.passages import Passages
from video_vlm.language.query import Query
from video_vlm.language.time_operators import OperatorKind
from video_vlm.language.word_forms import words
from video_vlm.memory.coverage import whole_span
from video_vlm.models.builtin.chapters import find_chapter, marked_chapters
from video_vlm.models.builtin.draft import Draft, draft
from video_vlm.protocols import VideoMemory
from video_vlm.records import Citation, Claim, Level, Observation, ObservationKind, Span, clock, whole_seconds

__all__ = ["find_structure"]

_DARK = re.compile(
    r"\b(?:picture|screen|image|video|film|it|frame)s?\s+(?:\w+\s+)?(?:go|goes|gone|turn|turns|fade|fades|become|becomes|is|get|gets|went)\s+(?:\w+\s+)?(?:to\s+)?(?:dark|black)\b|\bfades?\s+to\s+black\b|\bblack\s+(?:screen|frame|picture)s?\b",
    re.I,
)
_EDGE_SECONDS = 0.75
_MOST_TOLD = 12
_ENGLISH_SHARE = 0.25
"""Of its words, so many are among the commonest of English."""
_LEVELS = {"scene": Level.SCENE, "chapter": Level.CHAPTER}
_STARTS = {"cut": "at", "shot": "from", "scene": "starting at", "chapter": "starting at"}


def find_structure(query: Query, memory: VideoMemory, passages: Passages) -> Draft | None:
    """An answer out of the timing alone, for the few questions that ask for it."""
    text = query.parsed.text
    for pattern, answer in _QUESTIONS:
        if pattern.search(text):
            return answer(query, memory)
    if (found := find_chapter(query, memory, passages, whole_span(memory))) is not None:
        return found
    for pattern, parts in _PARTS:
        asked = pattern.search(query.parsed.target)
        span = reach(query, passages, whole_span(memory)) if asked else None
        if asked and span:
            return parts(asked, memory, span)
    return None


def _length(_query: Query, memory: VideoMemory) -> Draft | None:
    whole = whole_span(memory)
    seconds = whole.duration_seconds
    claim = Claim(f"It lasts {clock(seconds)} ({whole_seconds(seconds)} seconds).", (Citation(whole),))
    return draft([claim], 1.0, "length")


def _count(asked: re.Match[str], memory: VideoMemory, span: Span) -> Draft | None:
    what, parts = _named(asked["what"]), _parts(asked["what"], memory, span)
    if parts is None:
        return None
    starts = ", ".join(clock(part.span.start) for part in parts[:_MOST_TOLD])
    first = f"the first {_MOST_TOLD} " if len(parts) > _MOST_TOLD else ""
    many = f"{len(parts)} {what}{'s' if len(parts) != 1 else ''}"
    claim = Claim(
        f"{many}, {first}{_STARTS[what]} {starts}." if parts else f"{many}.", (Citation(span), *parts)
    )
    return draft([claim], 0.85, f"count of {what}s")


def _when(asked: re.Match[str], memory: VideoMemory, span: Span) -> Draft | None:
    """When the third scene begins, or when all of them do."""
    what, found = _named(asked["what"]), _parts(asked["what"], memory, span) or []
    place = ORDINALS[asked["which"].lower()] if asked["which"] else None
    parts = found if place is None else found[-1:] if place < 0 else found[place:][:1]
    if not 0 < len(parts) <= _MOST_TOLD:
        return _count(
            asked, memory, span
        )  # there is no fourth of three, and nobody reads three hundred lines
    claims = [Claim(f"At {clock(part.span.start)}: {_titled(what, part)}.", (part,)) for part in parts]
    return draft(claims, 0.85, f"times of {what}s")


def _titled(what: str, part: Citation) -> str:
    return f"the {what} “{part.quote}”" if what in _LEVELS and part.quote else f"a {what}"


def _parts(what: str, memory: VideoMemory, span: Span) -> list[Citation] | None:
    """What begins in a stretch; None where nobody looked for such parts. A shot begins with the video or with
    a cut."""
    name = _named(what)
    if name == "chapter" and (marked := marked_chapters(memory)):
        return [part for part in marked if span.start <= part.span.start < span.end]
    if name in _LEVELS:
        found = [Citation(node.span, node.title or "") for node in memory.nodes(_LEVELS[name])]
        return [part for part in found if span.start <= part.span.start < span.end] if found else None
    if "shots" not in memory.channels:
        return None
    cuts = [
        item for item in memory.observations(kinds=[ObservationKind.TRANSITION]) if item.source == "shots"
    ]
    changes = [_cite(item) for item in cuts if span.start <= item.span.end < span.end]
    first = Citation(Span(span.start, min([span.end, *(part.span.start for part in changes)])))
    return changes if name == "cut" else [first, *changes]


def _named(what: str) -> str:
    name = what.lower().removesuffix("s")
    return "cut" if name == "scene change" else name


def _tracks(memory: VideoMemory, span: Span) -> dict[str, list[Observation]]:
    """The cues that begin in a stretch, by their track."""
    tracks: dict[str, list[Observation]] = {}
    for cue in memory.observations(kinds=[ObservationKind.SUBTITLE]):
        if span.start <= cue.span.start < span.end:
            tracks.setdefault(cue.track, []).append(cue)
    return tracks


def _subtitles(_asked: re.Match[str], memory: VideoMemory, span: Span) -> Draft | None:
    tracks = _tracks(memory, span)
    claims = [
        Claim(f"{len(cues)} subtitles in {track}.", (_cite(cues[0]), _cite(cues[-1])))
        for track, cues in tracks.items()
    ]
    return draft(claims, 0.85, "count of subtitles") if claims else None


def _languages(_asked: re.Match[str], memory: VideoMemory, span: Span) -> Draft | None:
    """English is known by its commonest words; of another track its name is told."""
    claims = [
        Claim(
            f"{'English' if _is_english(cues) else 'Not English'}: the subtitles in {track}.",
            (_cite(cues[0]),),
        )
        for track, cues in _tracks(memory, span).items()
    ]
    return draft(claims, 0.85, "language of the subtitles") if claims else None


def _is_english(cues: Sequence[Observation]) -> bool:
    there = [word.text.casefold() for cue in cues for word in words(cue.text)]
    return sum(word in STOP_WORDS for word in there) > _ENGLISH_SHARE * len(there)


def _dark(query: Query, memory: VideoMemory) -> Draft | None:
    """The stretches of black; those at the very edges are not "between" anything."""
    dark = _transitions(memory, "black")
    whole = whole_span(memory)
    if query.parsed.operator.kind is OperatorKind.BETWEEN:
        dark = [
            span
            for span in dark
            if span.start > whole.start + _EDGE_SECONDS and span.end < whole.end - _EDGE_SECONDS
        ]
    if not dark:
        return None
    cites = tuple(Citation(span, "black", ObservationKind.TRANSITION) for span in dark)
    if query.parsed.asks_when and query.parsed.extreme:
        cites = cites[-1:] if query.parsed.extreme == "last" else cites[:1]
    where = ", ".join(str(cite.span) for cite in cites)
    times = {1: "Once", 2: "Twice"}.get(len(cites), f"{len(cites)} times")
    return draft(
        [Claim(f"{times} ({len(cites)}): the picture is black at {where}.", cites)],
        0.85,
        "stretches of black",
    )


def _transitions(memory: VideoMemory, word: str) -> list[Span]:
    found = memory.observations(kinds=[ObservationKind.TRANSITION])
    stretches = [item.span for item in found if re.search(rf"\b{word}\b", item.text)]
    return _merged(stretches)


def _merged(stretches: Sequence[Span]) -> list[Span]:
    """Stretches that touch, as one: fade to black, black, fade in."""
    joined: list[Span] = []
    for span in sorted(stretches):
        if joined and span.start <= joined[-1].end + 0.25:
            joined[-1] = joined[-1].cover(span)
        else:
            joined.append(span)
    return joined


def _camera(_query: Query, memory: VideoMemory) -> Draft | None:
    moves = [item for item in memory.observations(kinds=[ObservationKind.MOTION]) if "camera" in item.text]
    if not moves:
        return None
    claims = [Claim(f"At {clock(item.span.start)}: {item.text}.", (_cite(item),)) for item in moves[:8]]
    return draft(claims, 0.75, "camera")


def _cite(item: Observation) -> Citation:
    return Citation(item.span, item.text, item.kind)


_QUESTIONS: tuple[tuple[re.Pattern[str], Callable[[Query, VideoMemory], Draft | None]], ...] = (
    (_DARK, _dark),
    (re.compile(r"\bhow long (?:is|does|was|lasts?)\s+(?:the|this|that)\s+(?:whole |entire "
                rf")?{RECORDING}\b(?!\s+(?:show|about))|\b(?:length|duration) of (?:the|this) "
                rf"{RECORDING}\b", re.I), _length),
    (re.compile(r"\b(?:how|does|is|when|where|which "
                r"way)\b.*\bcamera\b.*\b(?:move|moves|moving|pan|pans|zooms?|tilts?|still|static)\b", re.I), _camera),
)  # fmt: skip

_PARTS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], VideoMemory, Span], Draft | None]], ...] = (
    (re.compile(r"\b(?:how many|number "
                r"of)\s+(?:different\s+|separate\s+)?(?P<what>shots|cuts|scene changes|scenes|chapters)\b", re.I), _count),
    (re.compile(r"\b(?:how many|number of)\s+(?:subtitles|captions|cues)\b", re.I), _subtitles),
    (re.compile(r"^\W*+(?:in\s+)?(?:what|which)\s+languages?\s+(?:is|are|was|were|do|does|have|has)\b\W*(?:(?:it|(?:the|this)\s+(?:\w+\s+)?(?:subtitles?|captions?|"
                rf"{RECORDING}))\b(?:\s+in)?|spoken(?:\s+(?:here|in\s+(?:this|the)\s+"
                rf"{RECORDING}))?)\W*$", re.I), _languages),
    (re.compile(r"^\W*+(?:when|at (?:what|which) "
                rf"(?:time|second)s?)\s+(?:is|are|do|does)\s+the\s+(?:(?P<which>{'|'.join(ORDINALS)})\s+)?(?P<what>shot|cut|scene change|scene|chapter)s?(?:\s+(?:begin|start|happen|occur|come)s?)?\W*$", re.I), _when),
)  # fmt: skip
