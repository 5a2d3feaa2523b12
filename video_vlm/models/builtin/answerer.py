"""The built-in answerer: no weights, no network. It reads, counts and times; it does not see, and it does not
guess.

It answers from words (subtitles, speech, screen text, chapter titles) and from structure (shots, fades,
times). What would need seeing an object or an action is declined, with the nearest moments.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from video_vlm.errors import QuestionError
from video_vlm.language.anchors import region, sent
from video_vlm.language.lexicon import STOP_WORDS
from video_vlm.language.matching import best_matches
from video_vlm.language.passages import Passage, Passages, read_passages
from video_vlm.language.premise import is_done_in
from video_vlm.language.query import Query, Wanted, read_query, terms
from video_vlm.language.quoting import quoted_words
from video_vlm.language.spelling import spelled
from video_vlm.language.time_operators import WHOLE, OperatorKind, TimeOperator, Window
from video_vlm.language.verbs import deeds
from video_vlm.language.word_forms import readings, words
from video_vlm.memory.coverage import coverage_of, whole_span
from video_vlm.models.builtin.added_rows import find_added
from video_vlm.models.builtin.draft import Draft
from video_vlm.models.builtin.facts import find_fact, find_reason, find_title, in_channel
from video_vlm.models.builtin.first_and_last import find_at_edge, find_mention_at_edge
from video_vlm.models.builtin.naming import find_name, name_asked
from video_vlm.models.builtin.order_of_two import find_gap, find_order, find_whether
from video_vlm.models.builtin.overview import find_overview, find_within
from video_vlm.models.builtin.read import SENTENCE, find_sentence, tellable
from video_vlm.models.builtin.screen_tables import find_extreme
from video_vlm.models.builtin.sequence import find_beside, find_in_order_of_time
from video_vlm.models.builtin.two_questions import both_answers, split_question
from video_vlm.models.builtin.video_facts import find_structure
from video_vlm.models.builtin.when import (
    asks_for_date,
    asks_for_mentions,
    count_times,
    find_duration,
    find_talk,
    find_when,
)
from video_vlm.protocols import Look, VideoMemory, WordEncoder
from video_vlm.records import Answer, Citation, Receipt, Span, Status, Step, clock
from video_vlm.records.observations import SPOKEN

__all__ = ["BuiltinAnswerer"]

_TEXTUAL = frozenset(
    {
        Wanted.NAME,
        Wanted.ADDRESS,
        Wanted.EMAIL,
        Wanted.PHONE,
        Wanted.YEAR,
        Wanted.DATE,
        Wanted.MONEY,
        Wanted.TITLE,
    }
    | {Wanted.WORDS, Wanted.DEFINITION}
)
_OVER_CUES = frozenset({Wanted.MONEY, Wanted.MEASURE, Wanted.NUMBER, Wanted.YEAR, Wanted.DATE})
"""Values that may stand over the border of two captions."""
_SURE, _SURE_BY_RULE = 0.5, 0.8
_SENTENCE_MARGIN = 0.1
_NEAR = 0.35
"""From here on what may answer is shown as the nearest, though not given as the answer."""
_FEW_WORDS, _COMMON, _STRANGE = 3, 2, 0.4
"""Of so many words, a question of which so few are common in English and so many none is in another language."""
_NO_EYES = "no model that sees objects and actions"


class BuiltinAnswerer:
    """Answers out of what a video says, shows in writing, and does in time.

    Args:
        min_confidence: Below this, in ``[0, 1]``, no answer is given.
    """

    name = "builtin"

    def __init__(self, *, min_confidence: float = 0.5) -> None:
        self.min_confidence = min_confidence

    def answer(self, question: str, memory: VideoMemory, look: Look | None = None) -> Answer:  # noqa: ARG002
        """Answer, or say that it is not shown or that it takes eyes.

        It does not look by itself: whoever asks looks for it, and what was seen then stands in ``memory``.

        Raises:
            QuestionError: the question is empty.
        """
        if not question.strip():
            raise QuestionError(
                'the question is empty: ask something, e.g. "what happens after the lamp goes out?"'
            )
        if parts := split_question(question):
            return both_answers(question, [self._answer(part, memory) for part in parts])
        return self._answer(question, memory)

    def _answer(self, question: str, memory: VideoMemory) -> Answer:
        passages = read_passages(memory, question)
        query = read_query(spelled(question, passages))
        drafts = list(_drafts(query, memory, passages))
        best = max(drafts, key=lambda found: found.confidence, default=None)
        steps = (
            Step("read", _read(passages)),
            Step("parse", _parsed(query)),
            *(Step("find", f"{found.reason}: {found.confidence:.2f}") for found in drafts),
        )
        if best is not None and best.confidence >= self.min_confidence + _margin(best):
            return self._answered(question, memory, best, steps)
        if best is not None and best.confidence >= _NEAR and isinstance(memory.encoder, WordEncoder):
            return self._unsure(question, memory, best, steps)
        return self._abstained(question, query, memory, passages, steps)

    def _answered(self, question: str, memory: VideoMemory, best: Draft, steps: tuple[Step, ...]) -> Answer:
        return Answer(
            question=question,
            text=best.text,
            status=Status.ANSWERED,
            confidence=round(best.confidence, 2),
            claims=best.claims,
            coverage=coverage_of(memory, missing=(_NO_EYES,)),
            receipt=Receipt(self.name, steps),
            content_id=memory.video.content_id,
            path=str(memory.video.path),
        )

    def _unsure(self, question: str, memory: VideoMemory, best: Draft, steps: tuple[Step, ...]) -> Answer:
        """The nearest there is, quoted and not claimed."""
        quotes = [cite for claim in best.claims for cite in claim.citations]
        told = " ".join(quoted_words(cite.kind, cite.span, cite.quote) for cite in quotes[:2])
        return Answer(
            question=question,
            text=f"I am not sure that this answers it. {told}",
            status=Status.UNSURE,
            confidence=round(best.confidence, 2),
            claims=(),
            coverage=coverage_of(memory, missing=(_NO_EYES,)),
            receipt=Receipt(self.name, steps),
            nearest=tuple(quotes),
            content_id=memory.video.content_id,
            path=str(memory.video.path),
        )

    def _abstained(
        self, question: str, query: Query, memory: VideoMemory, passages: Passages, steps: tuple[Step, ...]
    ) -> Answer:
        status = _why_not(query)
        channels = _channels_in_words(memory)
        untold = [
            deed
            for deed in deeds(query.parsed.target)
            if not any(is_done_in(one, [deed]) for one in passages.spoken)
        ]
        says = f"says “{untold[0]}”" if untold and passages.spoken else "answers this"
        beyond = _beyond(query, memory)
        text = {
            Status.NOT_SHOWN: f"Not shown: nothing in {channels} {says}.",
            Status.NEEDS_EYES: f"I cannot tell: nothing in {channels} {says}, and the built-in reader does "
            "not see "
            "objects or actions.",
        }[status]
        return Answer(
            question=question,
            text=beyond or text,
            status=Status.NOT_SHOWN if beyond else status,
            confidence=0.0,
            claims=(),
            coverage=coverage_of(memory, missing=(_NO_EYES,)),
            receipt=Receipt(self.name, steps),
            nearest=_nearest(query, passages),
            content_id=memory.video.content_id,
            path=str(memory.video.path),
            advice=_earlier(memory) if beyond else _in_english(question, passages),
        )


def _margin(best: Draft) -> float:
    """A sentence found in other words is given from a little more on: where it is not, it is shown as unsure."""
    return _SENTENCE_MARGIN if best.reason.startswith(SENTENCE) else 0.0


def _drafts(query: Query, memory: VideoMemory, passages: Passages) -> Iterator[Draft]:
    """Every answer that can be put together; the surest is given. What fits exactly is asked first and
    alone."""
    whole = whole_span(memory)
    if query.parsed.operator.away:
        yield from _away(query, memory, passages, whole)
        return
    finders: Sequence[Callable[[], Draft | None]] = (
        lambda: find_overview(query, memory, passages),
        lambda: find_structure(query, memory, passages),
        lambda: find_talk(query, passages),
        lambda: find_order(query, passages),
        lambda: find_whether(query, passages),
        lambda: find_gap(query, passages),
        lambda: find_at_edge(query, passages),
    )
    for find in finders:
        found = find()
        if found:
            yield found
            return
    parsed = query.parsed
    if parsed.asks_when or parsed.asks_count:
        there = sent(query, passages, whole)
        if there and parsed.asks_count and not asks_for_mentions(query):
            yield from _one(find_sentence(query, tellable(there.all, there), there))
        if there:
            yield from _one(find_when(query, there) if parsed.asks_when else count_times(query, there))
        return
    if parsed.asks_duration:
        yield from _one(find_duration(query, passages))
    if query.wanted is Wanted.TITLE:
        yield from _one(find_title(query, passages, memory.video.title or ""))
        return
    if query.wanted is Wanted.WORDS and parsed.operator.kind is OperatorKind.NONE:
        yield from _one(_words_of_chapter(query, passages))
    if parsed.operator.kind is OperatorKind.NONE:
        yield from _one(find_extreme(query, passages))
        yield from _one(find_mention_at_edge(query, passages))
        yield from _read_in(query, passages.all, passages)
        if query.wanted in _OVER_CUES:
            yield from _one(_stated(query, passages.runs, passages))
        return
    added = find_added(query, passages, memory)
    yield from _one(added) if added else _moved(query, passages, whole)


def _away(query: Query, memory: VideoMemory, passages: Passages, whole: Span) -> Iterator[Draft]:
    """So many seconds from an anchor: what is asked of that stretch."""
    for anchor, span in region(query, passages, whole)[:1]:
        if not span.overlaps(whole):
            return
        window = Window(max(span.start - whole.start, 0.0), max(span.end - whole.start, 1e-3))
        there = replace(query.parsed, operator=TimeOperator(OperatorKind.WITHIN, window=window))
        sure = anchor.coverage**0.5 if anchor else 1.0
        for found in _drafts(replace(query, parsed=there), memory, passages):
            yield replace(found, confidence=found.confidence * sure)


def _moved(query: Query, passages: Passages, whole: Span) -> Iterator[Draft]:
    telling = any(term.weight >= 0.5 for term in query.terms)
    if telling or query.wanted not in {Wanted.EVENT, Wanted.WORDS, Wanted.ANY}:
        yield from _one(find_in_order_of_time(query, passages, whole, _surest))
    if query.wanted in {Wanted.EVENT, Wanted.WORDS} or (query.wanted is Wanted.ANY and not telling):
        if query.wanted is not Wanted.EVENT or not telling or _anchor_is_chapter(query, passages, whole):
            yield from _one(find_beside(query, passages))
        for _, span in region(query, passages, whole)[:1]:
            if query.parsed.operator.kind in {OperatorKind.WITHIN, OperatorKind.DURING, OperatorKind.BETWEEN}:
                yield from _one(find_within(query, passages, span))


def _words_of_chapter(query: Query, passages: Passages) -> Draft | None:
    """What is written in the chapter the question names: the last of it, when the most is there."""
    named = [item for item in best_matches(query.terms, passages.chapters, passages) if item.direct >= 0.4]
    ended = replace(query.parsed.operator, kind=OperatorKind.WITHIN, window=WHOLE)
    within = replace(query, parsed=replace(query.parsed, operator=ended))
    return find_within(within, passages, named[0].passage.span) if named else None


def _anchor_is_chapter(query: Query, passages: Passages, whole: Span) -> bool:
    found = region(query, passages, whole)
    return bool(found and found[0][0] and found[0][0].passage in passages.chapters)


def _read_in(query: Query, pool: Sequence[Passage], passages: Passages) -> Iterator[Draft]:
    """What is stated in the words of the question; where nothing surely is, the sentence that answers it.

    Beside one that compares meanings the rules are asked for what they are sure of.
    """
    stated = _stated(query, pool, passages)
    spoken = stated is not None and any(
        one.kind in SPOKEN for claim in stated.claims for one in claim.citations
    )
    floor = _SURE_BY_RULE if spoken and isinstance(passages.encoder, WordEncoder) else _SURE
    if stated is not None and (stated.confidence >= floor or floor == _SURE):
        yield stated
    if stated is None or stated.confidence < floor:
        yield from _one(find_sentence(query, tellable(pool, passages), passages))


def _surest(query: Query, pool: Sequence[Passage], passages: Passages) -> Draft | None:
    return max(_read_in(query, pool, passages), key=lambda found: found.confidence, default=None)


def _stated(query: Query, pool: Sequence[Passage], passages: Passages) -> Draft | None:
    asked = name_asked(query)
    named = find_name(asked, in_channel(query, pool), passages) if asked else None
    if asked and (named or not asked.is_who):
        return named
    if asked:  # credits: a role on one row, who had it on the next
        pool = [passage for passage in pool if not passage.is_spoken]
    find = find_reason if query.wanted is Wanted.REASON else find_fact
    return find(query, pool, passages)


def _one(found: Draft | None) -> Iterator[Draft]:
    if found:
        yield found


def _why_not(query: Query) -> Status:
    """Words that are nowhere, and dates of what was, are not shown; anything else somebody might still
    see."""
    if query.wanted in _TEXTUAL or query.channel or asks_for_date(query):
        return Status.NOT_SHOWN
    return Status.NEEDS_EYES


def _beyond(query: Query, memory: VideoMemory) -> str:
    """That a time that is asked for is after the end, if it is."""
    window, whole = query.parsed.operator.window, whole_span(memory)
    if window is None or window.start is None or window.start <= whole.duration_seconds:
        return ""
    return f"Not shown: {clock(window.start)} is after the end of the video, which lasts {clock(whole.duration_seconds)}."


def _earlier(memory: VideoMemory) -> str:
    return f"ask of a time before {clock(whole_span(memory).duration_seconds)}"


def _in_english(question: str, passages: Passages) -> str | None:
    """What to do about a question that is not in English."""
    asked = [word.text.casefold() for word in words(question) if word.text.isalpha()]
    common = sum(word in STOP_WORDS for word in asked)
    known = passages.vocabulary.written
    strange = [word for word in asked if word not in STOP_WORDS and word not in known and not readings(word)]
    if len(asked) < _FEW_WORDS or common >= _COMMON or len(strange) <= _STRANGE * len(asked):
        return None
    return "questions are read in English: ask it in English"


def _nearest(query: Query, passages: Passages) -> tuple[Citation, ...]:
    wanted = query.terms + tuple(term for anchor in query.parsed.operator.anchors for term in terms(anchor))
    matches = [item for item in best_matches(wanted, passages.all, passages) if item.direct >= 0.2]
    return tuple(item.passage.cite() for item in matches[:3])


_CHANNEL_WORDS = {
    "subtitles": "the subtitles",
    "screen-text": "the on-screen text",
    "chapters": "the chapter titles",
    "speech": "the speech",
}


def _channels_in_words(memory: VideoMemory) -> str:
    """What was read, in words; a channel that found nothing is not named."""
    there = [_CHANNEL_WORDS[name] for name in memory.channels if name in _CHANNEL_WORDS]
    return _listed([*there, "the timing of the pictures"])


def _listed(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} or {parts[-1]}"


def _read(passages: Passages) -> str:
    captions = f", {len(passages.seen)} captions" if passages.seen else ""
    return f"{len(passages.spoken)} spoken, {len(passages.written)} written passages{captions}"


def _parsed(query: Query) -> str:
    operator = query.parsed.operator
    anchors = f" {' / '.join(operator.anchors)!r}" if operator.anchors else ""
    return f"wants {query.wanted}; {operator.kind}{anchors}; target {query.parsed.target!r}"
