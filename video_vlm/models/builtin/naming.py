"""What something or somebody is called: the name that a passage gives to the very thing that is asked for.

"What is the mule called?" is answered by "One mule was named Clover." and not by a line about six mules.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from video_vlm.language.lexicon import STOP_WORDS
from video_vlm.language.passages import Passage, Passages
from video_vlm.language.premise import sentences
from video_vlm.language.query import TELLING_WEIGHT, Query, Term, terms
from video_vlm.language.verbs import deeds
from video_vlm.language.word_forms import alike, words
from video_vlm.models.builtin.draft import Draft, draft, quoted_claim
from video_vlm.models.builtin.values import labelled_by

__all__ = ["NameAsked", "find_name", "name_asked"]

_SURE, _BY_PRONOUN = 0.9, 0.8
_MOST_NAMES = 6
_ALIKE = 0.7
_OF = r"(?P<of>[^?.!]+?)"
_IS = r"(?:['’]?s|\s+(?:is|are|was|were))"
_CALLED = r"(?:called|named|christened|nicknamed|dubbed|baptised|baptized|known\s+as)"
_QUESTIONS = tuple(
    re.compile(pattern, re.I)
    for pattern in (
        rf"^\W*(?:what|how){_IS}\s+{_OF}\s+(?:\w+ly\s+)?{_CALLED}\W*$",
        rf"\bnames?\s+(?:of|for)\s+{_OF}\W*$",
        rf"^\W*(?:(?:by|under)\s+)?(?:what|which)\s+name\s+(?:do|does|did|has|have|had|was|were|is|are)\s+{_OF}"
        r"(?:\s+(?:have|bear|carry|get|given|known|called|go(?:\s+by)?))?\W*$",
        rf"^\W*what\s+(?:do|does|did)\s+.+?\s+(?:call|name)\s+{_OF}\W*$",
        rf"(?:^\W*what{_IS}|\b(?:tell|give)\s+(?:me|us))\s+{_OF}(?:'s|’s|s'|s’)?\s+names?\W*$",
    )
)
_WHO = re.compile(rf"^\W*who{_IS}\s+(?P<of>(?:the|a|an|his|her|its|their|our|your)\s+[^?.!]+?)\W*$", re.I)
_ARTICLE = r"(?:the|a|an|one|another|this|that|our|my|your|his|her|its|their)"
_PROPER = r"[A-Z][\w’'-]{0,40}(?:\s+(?:(?:of|de|la|van|von|der|the)\s+)*[A-Z][\w’'-]{0,40}){0,3}"
_NAME = rf"[\"“]?(?P<name>(?:[Tt]he\s+)?{_PROPER})"
_ANY_NAME = r"(?P<name>(?:the\s+)?[\w’'-]{1,40})"
"""Where captions know no capitals: one word."""
_TO_BE = r"(?:is|are|was|were|be|been|being|'s|’s|got|gets)"
_GIVERS = r"(?:they|we|i|you|he|she|people|everyone|everybody|who)"


@dataclass(frozen=True, slots=True)
class NameAsked:
    """Whose name a question asks for: the noun by its stem, and the other terms that say which one."""

    head: str
    others: tuple[Term, ...]
    is_who: bool = False
    is_many: bool = False


def name_asked(query: Query) -> NameAsked | None:
    """Whose name is asked for; None where no name is, or that of the video or of a part of it."""
    text = query.parsed.target
    found = next((match for pattern in _QUESTIONS if (match := pattern.search(text))), None)
    who = None if found else _WHO.search(text)
    phrase = (found or who or {"of": ""})["of"]
    if not phrase or query.quotes or deeds(f"- {phrase}"):
        return None
    wanted = [term for term in terms(f"- {phrase}") if term.weight >= TELLING_WEIGHT]
    direct = [term for term in terms(f"- {_HANGING.split(phrase)[0]}") if term.weight >= TELLING_WEIGHT]
    if not direct:
        return None
    head = direct[-1].stem
    others = tuple(term for term in wanted if term.stem != head)
    return NameAsked(head, others, who is not None, bool(_MANY.search(text)))


_MANY = re.compile(r"^\W*(?:what|who|how)\s+(?:are|were)\b|\bnames\b(?=\s+(?:of|for)\b)|\bnames\W*$", re.I)
_HANGING = re.compile(r"(?<!\s)\s++(?:of|in|on|at|from|with|near|by|behind|for)\s+", re.I)


def find_name(asked: NameAsked, pool: Sequence[Passage], passages: Passages) -> Draft | None:
    """The name that a label, or a sentence that names, gives to what is asked for; the surest, then the
    first.

    Where several are asked for, "the mules", all that are as sure.
    """
    drafts: dict[str, Draft] = {}
    for passage in pool:
        for name, sure in _names(asked, passage):
            found = draft([quoted_claim(passage, name)], sure * _known_as(asked, passage, passages), "name")
            known = drafts.get(name)
            drafts[name] = found if known is None or found.confidence > known.confidence else known
    best = max(drafts.values(), key=lambda found: found.confidence, default=None)
    if best is None or not asked.is_many:
        return best
    alike_sure = [found for found in drafts.values() if found.confidence >= best.confidence - 0.1]
    return draft(
        [claim for found in alike_sure for claim in found.claims][:_MOST_NAMES], best.confidence, "names"
    )


def _known_as(asked: NameAsked, passage: Passage, passages: Passages) -> float:
    """Half as sure where "the miller's" is nowhere about "the mule"."""
    near = passage.stems | passage.context | passage.referents | passages.topic
    return (
        1.0 if all(any(alike(term.stem, other) >= _ALIKE for other in near) for term in asked.others) else 0.5
    )


def _names(asked: NameAsked, passage: Passage) -> Iterator[tuple[str, float]]:
    label = labelled_by(passage, [asked.head])
    if label.fit >= _ALIKE and len(label.text) <= 40 and not any(map(str.isdigit, label.text)):
        yield label.text, _SURE * label.fit
    if not any(alike(asked.head, other) >= _ALIKE for other in passage.stems | passage.referents):
        return
    plain = passage.text == passage.text.casefold()
    for sentence in sentences(passage):
        for pattern, sure in _PLAIN if plain else _NAMINGS:
            for found in pattern.finditer(sentence.text):
                name = _trimmed(found["name"])
                if name and _is_of(asked, found, sentence):
                    yield name, sure


def _is_of(asked: NameAsked, found: re.Match[str], passage: Passage) -> bool:
    """Whether what is named is what is asked for: its noun, or a pronoun behind a line that has it."""
    parts = found.groupdict()
    of = words(parts.get("of") or "")
    if of and of[-1].text.casefold() in _PRONOUNS:
        return any(alike(asked.head, other) >= _ALIKE for other in passage.referents)
    nouns = [word.stem for word in of if word.text.casefold() not in STOP_WORDS]
    return bool(nouns) and alike(asked.head, nouns[-1]) >= _ALIKE


_PRONOUNS = frozenset("it he she they him her them its his their who".split())


def _trimmed(name: str) -> str:
    """Without what begins the next clause; nothing where it is no name at all."""
    parts = name.split()
    while parts and parts[-1].casefold() in STOP_WORDS:
        parts.pop()
    first = re.split("['’]", parts[0])[0].casefold() if parts else ""
    return " ".join(parts) if first and (first == "the" or first not in STOP_WORDS) else ""


def _compiled(name: str, *, capitals: bool) -> tuple[tuple[re.Pattern[str], float], ...]:
    """Sentences that name, with what is named as ``of`` and the name as ``name``."""
    noun = r"[\w’'-]{1,40}"
    one = rf"(?P<of>{noun})"
    called = rf"(?:{_CALLED}|(?:go|goes|went)\s+by\s+(?:the\s+name\s+of)?)"
    told = [
        # One mule was named Clover; a mule called Clover; the mule of the miller, who is called Clover
        rf"\b(?!(?i:{_GIVERS}|it|one|two|three|some|many|most|each|another|none|both|all)\b){one}(?:\s+(?:of|from|in|at|with|on|by)\s+(?:{_ARTICLE}\s+)?{noun})?,?(?:\s+(?:who|that|which))?(?:\s+{_TO_BE})?"
        rf"(?:\s+(?:\w+ly|also|now|once|then|just|always|later|first))?\s+{called}\s+{name}",
        # It is called Clover
        rf"\b(?P<of>[Ii]t|[Hh]e|[Ss]he|[Tt]hey|[Tt]his|[Tt]hat)(?:['’]s|['’]re|\s+{_TO_BE})(?:\s+\w+ly)?\s+{called}\s+{name}",
        # They named the mule Clover
        rf"\b(?:call|calls|called|name|names|named|christened|nicknamed|dubbed)\s+(?P<of>{_ARTICLE}\s+(?:{noun}\s+){{0,2}}?{noun})\s+{name}",
        # We called it Clover
        rf"\b(?:call|calls|called|name|names|named|christened|nicknamed|dubbed)\s+(?P<of>it|him|her|them)\s+{name}",
        # The mule they called Clover
        rf"\b{one},?(?:\s+(?:that|which|whom))?\s+{_GIVERS}\s+(?:(?:\w+ly|always|just|all|once)\s+)?(?:call|calls|called|name|named)\s+{name}",
        # The mule's name is Clover; its name is Clover
        rf"\b(?P<of>(?:{noun})?(?:[Ii]ts|[Hh]is|[Hh]er|[Tt]heir|(?<=\w)(?:'s|’s|s'|s’)))\s+names?\s+(?:is|was|are|were)\s+{name}",
        # The name of the mule is Clover; the mule has the name Clover
        rf"\bnames?\s+of\s+(?P<of>(?:{noun}\s+){{0,3}}{noun})\s+(?:is|was|are|were)\s+{name}",
        rf"\b{one}\s+(?:has|had|bears|bore|carries|carried|got|gets)\s+(?:the|its|his|her|their)\s+name\s+(?:of\s+)?{name}",
    ]
    sure = [(pattern, _SURE) for pattern in told]
    if capitals:
        sure += [
            # the mule, Clover; the potter Nora Vance
            (rf"\b(?i:{_ARTICLE})\s+(?:[a-z][\w’'-]{{0,40}}\s+){{0,2}}(?P<of>[a-z][\w’'-]{{0,40}}),?\s+{name}(?=\W*$|[,;:.!?]|\s+[a-z])", _BY_PRONOUN),
            # Clover the mule; Nora Lind, the first potter
            (rf"{name},?\s+{_ARTICLE}\s+(?P<of>(?:[a-z][\w’'-]{{0,40}}\s+){{0,2}}?[a-z][\w’'-]{{0,40}})(?=\W*$|[,;:.!?]|\s+(?:who|is|was|of|in|at|from|here|had|has|and|with|for)\b)", _BY_PRONOUN),
            # Nora Vance was the potter; the potter is Nora Vance
            (rf"{name}\s+(?:is|was|became)\s+{_ARTICLE}\s+(?P<of>(?:[a-z][\w’'-]{{0,40}}\s+){{0,2}}?[a-z][\w’'-]{{0,40}})(?=\W*$|[,;:.!?]|\s+(?:who|of|in|at|from|here|then|and|with|for|on)\b)", _SURE),
            (rf"(?i:\b{_ARTICLE})\s+(?:[a-z][\w’'-]{{0,40}}\s+){{0,2}}?(?P<of>[a-z][\w’'-]{{0,40}})(?:\s+(?:of|here|at|in)(?:\s+(?:{_ARTICLE}\s+)?{noun})?)?\s+(?:is|was)\s+(?:of\s+course\s+)?{name}(?!\s+[a-z]+(?:ed|ing)\b)", _SURE),
        ]  # fmt: skip
    return tuple((re.compile(pattern), sureness) for pattern, sureness in sure)


_NAMINGS = _compiled(_NAME, capitals=True)
_PLAIN = _compiled(_ANY_NAME, capitals=False)
