"""What a question wants: a person, a year, a length, the next words, a reason; and which words must be found
for it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum

from video_vlm.language.lexicon import DIMENSIONS, IRREGULAR, LIGHT_WORDS, MEDIUM_WORDS, STOP_WORDS, UNITS
from video_vlm.language.operator_parser import parse
from video_vlm.language.quotation import quotations
from video_vlm.language.time_operators import ParsedQuestion
from video_vlm.language.word_forms import Word, stem, words
from video_vlm.text import as_seen

__all__ = ["TELLING_WEIGHT", "TEXTUAL_NOUNS", "Query", "Term", "Wanted", "read_query", "terms"]

TELLING_WEIGHT = 0.5
"""A term of this weight says what a question is about; lighter ones are in every question."""


class Wanted(StrEnum):
    """The type of a right answer."""

    PERSON = "person"
    NAME = "name"
    PLACE = "place"
    DATE = "date"
    YEAR = "year"
    NUMBER = "number"
    MEASURE = "measure"
    MONEY = "money"
    COLOUR = "colour"
    ADDRESS = "address"
    EMAIL = "email"
    PHONE = "phone"
    REASON = "reason"
    TITLE = "title"
    WORDS = "words"
    DEFINITION = "definition"
    EVENT = "event"
    YES_NO = "yes_no"
    THING = "thing"
    """A particular sort of thing, named by the question: "which valley"."""
    ANY = "any"


@dataclass(frozen=True, slots=True)
class Term:
    """A word the question hangs on. ``strict`` ones (names, numbers) admit no synonym."""

    stem: str
    weight: float
    strict: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """A question, read: its time operators, what it wants, and the terms to find.

    ``focus`` is the noun asked for ("which *valley*"); ``dimension`` the key of
    :data:`~video_vlm.language.lexicon.DIMENSIONS` for "how tall"; ``channel`` where the question
    itself says the answer is: ``said`` ("according to the song") or ``written`` ("on the last card").
    """

    parsed: ParsedQuestion
    wanted: Wanted
    terms: tuple[Term, ...]
    quotes: tuple[str, ...] = ()
    focus: str = ""
    dimension: str = ""
    channel: str = ""


_SAID = re.compile(
    r"\b(?:sa(?:y|ys|id|ying)|sings?|sang|sung|singing|tell|tells|told|speak\w*|spoken?|mention\w*|narrator|narration|"
    r"speaker|singer|song|lyrics?|dialogue|voice|voice-?over|subtitles?|call(?:s|ed)? "
    r"(?:him|her|it|them)self|shouts?|asks?|"
    r"explains?|heard?|hears?)\b",
    re.I,
)
_WRITTEN = re.compile(
    r"\b(?:cards?|slides?|captions?|written|writes?|wrote|printed|prints?|reads?|on[- ]screen|shown "
    r"on|displayed|text|credits?|"
    r"title|headline|heading|sign|label|spells?|spelled|typed?|listed|table|chart|notice|output|terminal|column|row|"
    r"web ?(?:address|site)|url|chapter)\b",
    re.I,
)
TEXTUAL_NOUNS = frozenset(
    "word words text line lines card caption title sentence phrase message sign slide heading headline lyric "
    "lyrics "
    "subtitle quote chapter row entry".split()
)
_LASTING = re.compile(
    r"\bhow\s+long\s+(?!is\b|are\b|was\b|were\b)\w+|"
    r"\bhow\s+long\s+(?:is|are|was|were)\b(?!.*\b(?:that|which|who)\b).*"
    rf"\b(?:\w{{2,}}ed|shut|gone|away|open|asleep|on|in(?!\s+{UNITS['length']}\b))\b",
    re.I,
)
"""How long somebody does, or something is done; "how long is the bridge" asks for metres."""
_EVENT = re.compile(
    r"^\W*+(?:and\s+|so\s+|then\s+)*what(?:'s|\s+is|\s+are|\s+was)?\s+(?:else\s+)?(?:happen\w*|shown|seen|next|going on|"
    r"comes?|came|follows?|followed|occurs?|occurred|there|on\s+(?:the\s+)?screen|visible|said|did\s+we\s+see|do\s+we\s+see|"
    r"can\s+(?:you|we)\s+see|(?:do|does|did)\s+(?:the\s+)?\w+(?:\s+\w+)?\s+do)\b",
    re.I,
)
_YES_NO = re.compile(
    r"^\W*+(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|should)\b(?!.*\b(?:what|which|who|when|where|why|how)\b)",
    re.I,
)
_NAME_OF = re.compile(r"\bnames?\b(?!\s+(?:of|for)\s+the\s+(?:file|table|chart|slide|chapter))", re.I)
_NO_APOSTROPHE = re.compile(r"^(\W*(?:what|where|who|when|how))s\b", re.I)
"""``whats the name`` is typed for ``what's the name``."""
_ACCORDING = re.compile(r"^\W*+according to [^,?]+,\s*|(?:,|(?<!\s))\s*according to [^,?]+(?=[,?]|$)", re.I)
_RULES: tuple[tuple[re.Pattern[str], Wanted], ...] = (
    (re.compile(r"\b(?:e-?mail)\b", re.I), Wanted.EMAIL),
    (re.compile(r"\b(?:phone|telephone|fax)\b", re.I), Wanted.PHONE),
    (re.compile(r"\b(?:web ?(?:address|site|page)|url|internet address|domain)\b", re.I), Wanted.ADDRESS),
    (re.compile(r"^\W*+(?:why\b|for (?:what|which) reason|what(?:'s| is| was| were)? the "
                r"(?:reason|cause)|what (?:caused|made|led)\b|how come\b)", re.I), Wanted.REASON),
    (re.compile(r"\b(?:what|which)(?:\s+\w+)?\s+colou?rs?\b", re.I), Wanted.COLOUR),
    (re.compile(r"\b(?:what|which)\s+(?:is\s+(?:the|his|her|its|their)\s+)?year\b", re.I), Wanted.YEAR),
    (re.compile(r"\b(?:what|which)\s+(?:(?:is|was)\s+the\s+)?(?:\w+\s+)?(?:date|day|month)\b", re.I), Wanted.DATE),
    (re.compile(r"\bhow much\b(?:\s+money\b)?.*\b(?:cost|price|pay|paid|spend|spent|earn\w*|bet|worth|money|budget|charge\w*|sell|sold)\b|\bhow much (?:is|are|was|were)\b|\bhow expensive\b|\bwhat\b.*\b(?:price|cost|budget)\b", re.I), Wanted.MONEY),
    (re.compile(r"^\W*+(?:in |from |of |for |about )?how many\b|\bhow "
                r"much\b|\b(?:what|which)\s+(?:is\s+the\s+|was\s+the\s+)?(?:\w+\s+)?(?:number|amount|percentage|score|temperature|quantity)\b", re.I), Wanted.NUMBER),
    (re.compile(r"\b(?:title|called|headline|heading)\b.{0,300}\b(?:film|movie|video|show|table|chart|slide|chapter|song|lecture|document|talk|episode)\b|\b(?:film|movie|video|table|chart|slide|lecture|documentary|episode)\b.{0,300}\b(?:called|titled|title|named)\b", re.I), Wanted.TITLE),
    (re.compile(r"^\W*+(?:(?:by|to|for|with|from|of|about) )?who(?:m|se)?\b", re.I), Wanted.PERSON),
    (re.compile(r"^\W*+where\b|\b(?:what|which)\s+(?:place|city|town|country|location|street|state|village)\b", re.I), Wanted.PLACE),
)  # fmt: skip


def read_query(question: str) -> Query:
    """Read a question. Its time operators are parsed first; what is wanted is read from what they leave."""
    question = _NO_APOSTROPHE.sub(r"\1's", " ".join(as_seen(question).split()))
    parsed = parse(_ACCORDING.sub("", question).strip() if _ACCORDING.search(question) else question)
    target = parsed.target
    quotes = quotations(target)
    focus = _focus(target)
    dimension = _dimension(target)
    wanted = _wanted(parsed, focus, dimension)
    return Query(
        parsed=parsed,
        wanted=wanted,
        terms=_query_terms(target, wanted, focus),
        quotes=quotes,
        focus=focus,
        dimension=dimension,
        channel=_channel(question),
    )


def terms(text: str) -> tuple[Term, ...]:
    """The words of a phrase that must be found, each with its weight; names and numbers weigh most."""
    found: dict[str, Term] = {}
    for position, word in enumerate(words(text)):
        plain = word.text.casefold().replace("’", "'").removesuffix("'s")
        if plain in STOP_WORDS or word.stem in _MEDIUM_STEMS:
            continue
        is_name = word.capitalised and position > 0
        weight = _weight(word, plain, is_name=is_name)
        known = found.get(word.stem)
        if known is None or known.weight < weight:
            found[word.stem] = Term(word.stem, weight, strict=is_name or word.text[:1].isdigit())
    return tuple(found.values())


def _weight(word: Word, plain: str, *, is_name: bool) -> float:
    if is_name or word.text[:1].isdigit():
        return 1.5
    if word.stem in _LIGHT_STEMS:
        return 0.3
    # Verbs are said in more ways than things are.
    return 0.6 if plain in IRREGULAR or (plain.endswith("ed") and len(plain) > 4) else 1.0


_MEDIUM_STEMS = frozenset(stem(word) for word in MEDIUM_WORDS)
_LIGHT_STEMS = frozenset(stem(word) for word in LIGHT_WORDS)


def _focus(target: str) -> str:
    """The noun right after which/what: ``"Which web address is shown?" -> "web address"``."""
    found = re.match(
        r"^\W*+what(?:'s|\s+is|\s+are|\s+was|\s+were)\s+(?:the|his|her|its|their|this|that)\s+"
        r"((?:[\w-]+\s+){0,2}?[\w-]+)\s*(?:$|\?|,|\b(?:of|for|in|on|at|to|from|with|that|which|who|called|according|used|shown)\b)",
        target,
        re.I,
    )
    if found and not found[1].endswith("ing"):
        return found[1].lower()
    found = re.search(
        r"\b(?:which|what)\s+(?:(?:kind|sort|type)s?\s+of\s+)?(?:one|other|\d+|two|three|four)?\s*"
        r"((?!(?:is|are|was|were|do|does|did|has|have|had|will|would|can|could|should|happen\w*|come\w*|kind|sort|type|"
        r"the|a|an|he|she|it|they|we|you|i|caused|made|else|goes|makes|follow\w*)\b)[\w-]+(?:\s+(?:address|number|name|office|tag))?)",
        target,
        re.I,
    )
    return found[1].lower() if found else ""


def _dimension(target: str) -> str:
    if _LASTING.search(target):
        return "lasting"
    found = re.search(rf"\bhow\s+({'|'.join(DIMENSIONS)})\b", target, re.I)
    if found:
        return found[1].lower()
    named = {
        "length": "long",
        "height": "tall",
        "width": "wide",
        "depth": "deep",
        "weight": "heavy",
        "speed": "fast",
        "age": "old",
    }
    found = re.search(
        rf"\bwhat(?:'s|\s+is|\s+was)\s+(?:the|his|her|its)\s+({'|'.join(named)})\b", target, re.I
    )
    return named[found[1].lower()] if found else ""


def _wanted(parsed: ParsedQuestion, focus: str, dimension: str) -> Wanted:
    target = parsed.target
    if dimension:
        return Wanted.MEASURE
    if re.match(r"^\W*+(?i:who)(?:'s|\s+is|\s+was)\s+(?:[A-Z][\w.]+\s*)+\?*$", target):
        return Wanted.DEFINITION
    if focus in TEXTUAL_NOUNS or re.search(
        r"\bwhat\b.*\b(?:written|printed|says?|said|reads?)\W*$", target, re.I
    ):
        return Wanted.TITLE if focus == "title" else Wanted.WORDS
    for pattern, wanted in _RULES:
        if pattern.search(target):
            return wanted
    if re.match(r"^\W*+(?:what|which)\b", target, re.I) and _NAME_OF.search(target):
        return Wanted.NAME
    if _EVENT.search(target):
        return Wanted.EVENT
    if _YES_NO.search(target):
        return Wanted.YES_NO
    return Wanted.THING if focus else Wanted.ANY


def _query_terms(target: str, wanted: Wanted, focus: str) -> tuple[Term, ...]:
    """The terms of the target less the words that only say what sort of answer is wanted."""
    typed = {
        Wanted.COLOUR: {"colour", "color", "colours", "colors"},
        Wanted.YEAR: {"year"},
        Wanted.DATE: {"date", "day", "month", "year"},
        Wanted.ADDRESS: {"web", "address", "site", "website", "url", "internet", "page", "domain"},
        Wanted.EMAIL: {"email", "mail", "address"},
        Wanted.PHONE: {"phone", "telephone", "fax", "number"},
        Wanted.NUMBER: {"number", "amount", "percentage"},
        Wanted.REASON: {"reason", "cause", "caused", "made", "led"},
        Wanted.NAME: {"name", "names", "two", "three", "four", "five"},
        Wanted.TITLE: {"title", "called", "named", "heading", "headline"},
        Wanted.PLACE: {"place", "city", "town", "country", "location"} - {focus},
    }.get(wanted, set())
    skip = {stem(word) for word in typed if word}
    light = {stem(word) for word in DIMENSIONS} if wanted is Wanted.MEASURE else set()
    kept = (term for term in terms(target) if term.stem not in skip)
    return tuple(replace(term, weight=0.3) if term.stem in light else term for term in kept)


def _channel(question: str) -> str:
    if re.search(
        r"\baccording to the (?:caption|card|slide|table|chart|sign|title|credits|label|screen|notice|last "
        r"card)",
        question,
        re.I,
    ):
        return "written"
    if _WRITTEN.search(question):
        return "written"
    return "said" if _SAID.search(question) else ""
