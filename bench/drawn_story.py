"""A drawn film as text: a scenario told in sentences, and every question of which it holds the answer."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from bench.drawn_grammar import Fact, Question, Register, Step, Steps
from bench.drawn_values import Deck, Exhausted, Value

__all__ = ["Asked", "Sentence", "Story", "tell"]

NOTHING = (
    "not (shown|said|stated|mentioned|given|visible|named|known|possible)|no (evidence|information|mention|such|"
    "one|speech|audio|sound|dialogue)|cannot|can't|unanswerable|does ?n.t (say|show|appear|tell|mention)|do not "
    "know|unknown|unclear|never"
)
SHORTEST = 25  # sentences
ANSWERABLE, DECLINED = 16, 4
MOST_OWN, MOST_OF_A_KIND, MOST_OF_A_FACT = 6, 3, 2
COURSES = frozenset({"before_after", "between", "order", "first_last"})
SLIPS = 0.22
LINKS = {
    "first": ("First {0}.", "To begin with, {0}.", "First of all {0}."),
    "middle": ("Then {0}.", "After that {0}.", "Next {0}.", "And then {0}."),
    "last": ("Finally {0}.", "Last of all {0}.", "And at the very end {0}."),
}
FRAMES = {
    "before_after": ("What happens right after {0}?", "What comes directly after {0}?", "And after {0}, what is next?"),
    "before": ("What comes directly before {0}?", "What happens just before {0}?"),
    "between": ("What comes between {0} and {1}?", "What happens between {0} and {1}?"),
    "order": ("Which comes first, {0} or {1}?", "Which happens earlier, {0} or {1}?"),
}  # fmt: skip
_STOP = frozenset(
    "what which when where whom whose does with from that this there they them have been were will would could "
    "should than then into your their about after before much many long often first last come comes happen "
    "happens right directly next between name called kind sort take takes used make made must also said".split()
)


@dataclass(frozen=True)
class Sentence:
    """A sentence of the film, and who says it where the film tells."""

    text: str
    speaker: str = ""

    def spoken(self, *, tagged: bool = True) -> str:
        """The sentence with its speaker, as a cue has it."""
        return f"{self.speaker.upper()}: {self.text}" if tagged and self.speaker else self.text


@dataclass(frozen=True)
class Asked:
    """A question with its answer, and the numbers of the sentences that hold it (none: nothing does)."""

    text: str
    answer: str
    accept: str
    kind: str
    evidence: tuple[int, ...]
    topic: int
    wording: str = ""


@dataclass
class Story:
    """The sentences of a film in order, and what is asked of it."""

    register: str
    sentences: list[Sentence] = field(default_factory=list)
    questions: list[Asked] = field(default_factory=list)
    num_dropped: int = 0


def tell(register: Register, chance: random.Random) -> Story:
    """A film of ``register``, drawn again where a pool runs out or too little was told."""
    while True:
        try:
            story = _Teller(register, chance).story()
        except Exhausted:
            continue
        if len(story.sentences) >= SHORTEST and len(story.questions) == ANSWERABLE + DECLINED:
            return story


class _Teller:
    def __init__(self, register: Register, chance: random.Random) -> None:
        self.register = register
        self.chance = chance
        self.deck = Deck(chance)
        self.film = self.deck.draw_all(register.lets)
        self.bare = not register.tags and chance.random() < 0.25
        self.told = Story(register.name)
        self.possible: list[Asked] = []
        self.nothing: list[Asked] = []

    def story(self) -> Story:
        self._narrate()
        sound = [one for one in self.possible if self._only_there(one)]
        self.told.num_dropped = len(self.possible) - len(sound)
        chosen = self._chosen(sound)
        self.told.questions = [self._slipped(one) for one in [*chosen, *self._declined()]]
        self.chance.shuffle(self.told.questions)
        return self.told

    # What is told.

    def _narrate(self) -> None:
        chance, register = self.chance, self.register
        facts = chance.sample(register.facts, min(len(register.facts) - 1, chance.randint(9, 11)))
        parts: list[Fact | Steps] = list(facts)
        if register.steps and chance.random() < 0.85:
            parts.insert(chance.randint(1, len(parts)), register.steps)
        chats = chance.sample(register.chat, min(len(register.chat), chance.randint(4, 6)))
        places = chance.sample(range(len(parts)), len(chats))
        self._say(chance.choice(register.opens), self.film)
        for topic, part in enumerate(parts):
            if isinstance(part, Fact):
                self._tell_fact(part, topic)
            else:
                self._tell_steps(part, topic)
            if topic in places:
                self._say(chats[places.index(topic)], self.film)
        self._say(chance.choice(register.closes), self.film)
        for question in register.unanswerable:
            self._ask_nothing(question, self.film, topic=-1)
        for fact in register.facts:
            if fact not in facts:
                self._ask_untold(fact)

    def _say(self, telling: str, values: Mapping[str, Value]) -> range:
        """Adds the sentences of a telling; gives their numbers."""
        began = len(self.told.sentences)
        parts = re.split(r"(?:^|\s)\{(\w+)\}: ", telling)
        speakers = ["", *(values[name].forms["first"].text for name in parts[1::2])]
        for speaker, text in zip(speakers, parts[::2], strict=True):
            for one in re.split(r"(?<=[.!?])\s+", self._fill(text, values).strip()):
                if one:
                    self.told.sentences.append(Sentence(self._written(one), speaker))
        return range(began, len(self.told.sentences))

    def _written(self, sentence: str) -> str:
        if self.bare:
            return re.sub(r"[.,;:!?](?=\s|$)", "", sentence).lower()
        return sentence[0].upper() + sentence[1:]

    def _fill(self, template: str, values: Mapping[str, Value], *, pattern: bool = False) -> str:
        """A template with its values; as patterns where it is one."""

        def value(match: re.Match[str]) -> str:
            name, _, form = match[1].partition(".")
            found = values[name] if name in values else self.deck.draw(match[1])
            if form:
                found = found.forms[form]
            return f"(?:{found.pattern})" if pattern else found.text

        if not pattern:
            template = re.sub(r"<([^<>]*)>", lambda match: self.chance.choice(match[1].split("|")), template)
        return re.sub(r"\{([A-Za-z_][^{}]*)\}", value, template)

    def _tell_fact(self, fact: Fact, topic: int) -> None:
        values = self.film | self.deck.draw_all(fact.lets)
        told = self._say(self.chance.choice(fact.tellings), values)
        for near in fact.near:
            self._say(near, values)
        for question in fact.questions:
            self._ask(question, values, told, topic)
        for question in fact.unanswerable:
            self._ask_nothing(question, values, topic)

    def _tell_steps(self, part: Steps, topic: int) -> None:
        steps = self.chance.sample(part.steps, 5)
        links = ("first", "middle", "middle", "middle", "last")
        told = [
            self._say(self.chance.choice(LINKS[link]).format(step.telling), self.film)[0]
            for step, link in zip(steps, links, strict=True)
        ]
        self._ask_steps(part, steps, told, topic)

    # What is asked.

    def _ask(self, question: Question, values: Mapping[str, Value], told: range, topic: int) -> None:
        accept = question.accept or " .*".join(re.findall(r"\{[^{}]+\}", question.answer))
        pattern = self._fill(accept, values, pattern=True).replace(" .*", r"[\s\S]*")
        answer = self._fill(question.answer, values)
        text = self._fill(question.text, values)
        self._add(Asked(text, answer, pattern, question.kind, tuple(told), topic))

    def _add(self, asked: Asked) -> None:
        """Keeps a question of which the telling holds the answer, with the sentences that do."""
        who = asked.kind == "who_says"
        said = {number: self.told.sentences[number].spoken(tagged=who) for number in asked.evidence}
        holds = tuple(number for number, text in said.items() if re.search(asked.accept, text, re.I))
        if not holds and not re.search(asked.accept, " ".join(said.values()), re.I):
            self.told.num_dropped += 1
            return
        whole = asked.kind == "order" or (who and self.register.tags)
        evidence = asked.evidence if whole or not holds else holds
        self.possible.append(
            replace(asked, evidence=evidence, text=_capital(asked.text), wording=self._wording(asked))
        )

    def _ask_steps(self, part: Steps, steps: list[Step], told: list[int], topic: int) -> None:
        chance = self.chance
        nouns = [chance.choice((step.noun, step.other)) for step in steps]

        def add(kind: str, text: str, *, held_by: tuple[int, ...], accept: str) -> None:
            evidence = tuple(told[number] for number in held_by)
            answer = ", ".join(
                steps[number].noun for number in (held_by if len(held_by) > 2 else held_by[:1])
            )
            self._add(Asked(text, answer, accept, kind, evidence, topic))

        for kind, place in (("first", 0), ("last", len(steps) - 1)):
            add("first_last", chance.choice(part.asked[kind]), held_by=(place,), accept=steps[place].accept)
        for place in range(1, len(steps) - 1):
            earlier, one, later = steps[place - 1 : place + 2]
            after = chance.choice(FRAMES["before_after"]).format(nouns[place - 1])
            before = chance.choice(FRAMES["before"]).format(nouns[place + 1])
            for text in (after, before):
                add("before_after", text, held_by=(place,), accept=one.accept)
            between = chance.choice(FRAMES["between"]).format(earlier.noun, later.noun)
            add("between", between, held_by=(place,), accept=one.accept)
            pair = [earlier, one] if chance.random() < 0.5 else [one, earlier]
            refused = rf"^(?![\s\S]*(?:{one.accept})[\s\S]*(?:{earlier.accept}))[\s\S]*(?:{earlier.accept})"
            text = chance.choice(FRAMES["order"]).format(*(step.noun for step in pair))
            add("order", text, held_by=(place - 1, place), accept=refused)
        everything = r"[\s\S]*".join(f"(?:{step.accept})" for step in steps)
        add("order", chance.choice(part.asked["order"]), held_by=tuple(range(len(steps))), accept=everything)

    def _ask_nothing(self, question: Question, values: Mapping[str, Value], topic: int) -> None:
        text = _capital(self._fill(question.text, values))
        answer = "unanswerable: the film does not say it"
        asked = Asked(text, answer, NOTHING, question.kind, (), topic)
        self.nothing.append(replace(asked, wording=self._wording(asked)))

    def _ask_untold(self, fact: Fact) -> None:
        """A question about something of which this film does not speak."""
        try:
            values = self.film | self.deck.draw_all(fact.lets)
        except Exhausted:
            return
        usual = [one for one in fact.questions if one.kind not in {"yes_no", "causal", "list", "who_says"}]
        if usual:
            question = self.chance.choice(usual)
            self._ask_nothing(Question("unanswerable", question.text), values, topic=-1)

    def _wording(self, asked: Asked) -> str:
        """``own`` where most of the question's words are said in its evidence, or in all the film."""
        numbers = asked.evidence or range(len(self.told.sentences))
        said = _stems(" ".join(self.told.sentences[number].text for number in numbers))
        words = _stems(asked.text)
        return "own" if len(words & said) >= 0.6 * len(words) else "other"

    # What is kept.

    def _only_there(self, asked: Asked) -> bool:
        """Whether no sentence but those of the evidence would pass for an answer."""
        others = (one for number, one in enumerate(self.told.sentences) if number not in asked.evidence)
        return not any(re.search(asked.accept, one.text, re.IGNORECASE) for one in others)

    def _chosen(self, sound: list[Asked]) -> list[Asked]:
        """Many kinds and facts, more than half in other words."""
        self.chance.shuffle(sound)
        sound.sort(key=lambda one: one.wording == "own")
        own = [one for one in sound if one.wording == "own"][:MOST_OWN]
        chosen: list[Asked] = []
        for strict in (True, False):
            for one in [*own, *(one for one in sound if one not in own)]:
                if (
                    len(chosen) < ANSWERABLE
                    and one not in chosen
                    and self._welcome(one, chosen, strict=strict)
                ):
                    chosen.append(one)
        return chosen

    def _welcome(self, one: Asked, chosen: list[Asked], *, strict: bool) -> bool:
        same = [other for other in chosen if other.topic == one.topic]
        if any(other.text == one.text for other in chosen):
            return False
        if not strict:
            return len(same) < MOST_OF_A_FACT + 1
        kinds = sum(other.kind == one.kind for other in chosen)
        few = len(same) < (2 * MOST_OF_A_FACT if one.kind in COURSES else MOST_OF_A_FACT)
        return few and kinds < MOST_OF_A_KIND and all(other.answer != one.answer for other in same)

    def _declined(self) -> list[Asked]:
        """Two about what the film speaks of, one false premise where there is one, the rest from afar."""
        self.chance.shuffle(self.nothing)
        near = [one for one in self.nothing if one.topic >= 0 and one.kind == "unanswerable"][:2]
        false = [one for one in self.nothing if one.kind == "false_premise"][:1]
        far = [one for one in self.nothing if one.topic < 0]
        return [*near, *false, *far][:DECLINED]

    def _slipped(self, asked: Asked) -> Asked:
        if self.chance.random() >= SLIPS:
            return asked
        return replace(asked, text=slip(asked.text, self.chance), wording=f"{asked.wording}, with slips")


def slip(text: str, chance: random.Random) -> str:
    """A question as typed in haste: small letters, no marks, and one or two words misspelt."""
    words = re.sub(r"[?,']", "", text).split()
    long = [place for place, word in enumerate(words) if len(word) > 4 and word.islower()]
    for place in chance.sample(long, min(len(long), chance.randint(1, 2))):
        word, cut = words[place], chance.randint(1, len(words[place]) - 3)
        swapped = word[:cut] + word[cut + 1] + word[cut] + word[cut + 2 :]
        words[place] = chance.choice(
            (swapped, word[:cut] + word[cut + 1 :], word[:cut] + word[cut] + word[cut:])
        )
    return " ".join(words).lower() + ("?" if chance.random() < 0.2 else "")


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def _stems(text: str) -> set[str]:
    return {word[:5] for word in re.findall(r"[a-z]{4,}", text.lower()) if word not in _STOP}
