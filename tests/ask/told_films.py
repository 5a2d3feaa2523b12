"""Small films drawn from word lists, with questions whose right answer is known: one line of the film, or
none.

Each film tells a few events and a few names. It is asked for what it tells, for the same things with a verb
that it tells of something else or not at all, and for names in several wordings. Films of odd seeds are drawn
from other words and other sentences than films of even seeds.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tests.ask.spoken_film import SpokenFilm, said
from video_vlm.models.builtin import BuiltinAnswerer
from video_vlm.records import Answer, Status

__all__ = ["Asked", "ToldFilm", "draw_film", "is_right", "verdicts"]


@dataclass(frozen=True)
class Asked:
    """A question, what kind it is, and the second of the line that answers it; None where no line does."""

    kind: str
    text: str
    second: float | None
    words: str = ""


@dataclass(frozen=True)
class ToldFilm:
    lines: tuple[tuple[float, float, str], ...]
    questions: tuple[Asked, ...]

    def film(self) -> SpokenFilm:
        return SpokenFilm(*(said(*line) for line in self.lines), seconds=self.lines[-1][1] + 5)


@dataclass(frozen=True)
class _Words:
    things: tuple[str, ...]
    animals: tuple[tuple[str, str], ...]
    roles: tuple[str, ...]
    verbs: tuple[tuple[str, str, str], ...]
    """Base form, past, participle: each something else than the others, and not a synonym of them."""
    names: tuple[str, ...]
    people: tuple[str, ...]
    places: tuple[str, ...]
    numbers: tuple[str, ...]
    event: tuple[str, ...]
    deed: tuple[str, ...]
    named: tuple[str, ...]
    person: tuple[str, ...]
    fillers: tuple[str, ...]


_EVEN = _Words(
    things=("boat", "lighthouse", "windmill", "chapel", "tram", "statue", "orchard", "tunnel"),
    animals=(("goat", "goats"), ("horse", "horses"), ("parrot", "parrots"), ("donkey", "donkeys")),
    roles=("keeper", "captain", "teacher", "gardener", "blacksmith", "mayor"),
    verbs=(
        ("demolish", "demolished", "demolished"),
        ("paint", "painted", "painted"),
        ("sell", "sold", "sold"),
        ("steal", "stole", "stolen"),
        ("repair", "repaired", "repaired"),
        ("open", "opened", "opened"),
        ("sink", "sank", "sunk"),
        ("photograph", "photographed", "photographed"),
        ("flood", "flooded", "flooded"),
        ("weigh", "weighed", "weighed"),
    ),
    names=("Pepper", "Marigold", "Juniper", "Biscuit", "Thunder"),
    people=("Odile Ferrant", "Jonas Weil", "Petra Vance", "Tomas Berg"),
    places=("Lunna", "Ostrava", "Kelvara", "Brenn"),
    numbers=("nine", "twelve", "four", "thirty"),
    event=("The {thing} was {done} in {year}.", "In {year} the {thing} was {done}."),
    deed=(
        "The {role} {did} the {thing} near {place}.",
        "Near {place} the {role} {did} the {thing} on a Monday.",
    ),
    named=(
        "One {animal} was named {name}.",
        "Our {animal} is called {name}.",
        "They named the {animal} {name}.",
    ),
    person=("The {role} was {person}, a quiet man.", "{person} was the {role} here."),
    fillers=(
        "Welcome to our little tour.",
        "It rains here a good deal.",
        "That is all for today.",
        "Mind the step, please.",
    ),
)
_ODD = _Words(
    things=("ferry", "castle", "clock", "bakery", "canal", "piano", "barn", "telescope"),
    animals=(("sheep", "sheep"), ("cat", "cats"), ("falcon", "falcons"), ("pony", "ponies")),
    roles=("miller", "doctor", "sculptor", "pilot", "librarian", "fisherman"),
    verbs=(
        ("burn", "burnt", "burnt"),
        ("rename", "renamed", "renamed"),
        ("rent", "rented", "rented"),
        ("hide", "hid", "hidden"),
        ("measure", "measured", "measured"),
        ("close", "closed", "closed"),
        ("tow", "towed", "towed"),
        ("draw", "drew", "drawn"),
        ("freeze", "froze", "frozen"),
        ("inspect", "inspected", "inspected"),
    ),
    names=("Domino", "Ladybird", "Comet", "Hazel", "Rusty"),
    people=("Ines Calder", "Viktor Holm", "Mara Quist", "Abel Sorrento"),
    places=("Tirna", "Halvik", "Corran", "Mossley"),
    numbers=("seven", "fifteen", "three", "forty"),
    event=(
        "They say the {thing} was {done} in {year}.",
        "The old {thing} was {done} by {year}, after a long quarrel.",
    ),
    deed=(
        "At {place}, the {role} {did} the {thing} once.",
        "It was the {role} who {did} the {thing} at {place}.",
    ),
    named=(
        "The {animal} they called {name} slept by the stove.",
        "A {animal} called {name} lived next door.",
        "The {animal}'s name is {name}.",
    ),
    person=("{person}, the {role}, came every spring.", "The {role} is called {person}."),
    fillers=(
        "Good morning, everybody.",
        "Let us walk on.",
        "The wind is strong today.",
        "There is tea at the end.",
    ),
)


def draw_film(seed: int) -> ToldFilm:
    """The film of a seed, the same on every machine."""
    chance = random.Random(seed)
    words = _ODD if seed % 2 else _EVEN
    thing, other, third, bare = chance.sample(words.things, 4)
    role, doer, unnamed = chance.sample(words.roles, 3)
    (animal, animals), (quiet, quiets) = chance.sample(words.animals, 2)
    verbs = chance.sample(words.verbs, 5)
    name, person, place = chance.choice(words.names), chance.choice(words.people), chance.choice(words.places)
    years = chance.sample(range(1820, 2010), 3)
    number = chance.choice(words.numbers)
    told = {
        "event": chance.choice(words.event).format(thing=thing, done=verbs[0][2], year=years[0]),
        "other": chance.choice(words.event).format(thing=other, done=verbs[1][2], year=years[1]),
        "deed": chance.choice(words.deed).format(role=doer, did=verbs[2][1], thing=third, place=place),
        "bare": f"The {bare} stands behind the hill.",
        "pronoun": f"It was {verbs[3][2]} in {years[2]}.",
        "count": f"The {doer} kept {number} {quiets}.",
        "number": f"There were {number} {animals} in the yard.",
        "named": chance.choice(words.named).format(animal=animal, name=name),
        "person": chance.choice(words.person).format(role=role, person=person),
    }
    filler = chance.sample(words.fillers, 2)
    order = [*told, *filler]
    chance.shuffle(order)
    order.remove("pronoun")
    order.insert(order.index("bare") + 1, "pronoun")
    start, lines, second = chance.uniform(0.5, 4.0), [], {}
    for key in order:
        end = start + chance.uniform(2.0, 5.0)
        lines.append((round(start, 2), round(end, 2), told.get(key, key)))
        second[key] = round((start + end) / 2, 2)
        start = end + chance.uniform(0.2, 5.0)
    never = verbs[4]
    questions = [
        Asked("said", f"When was the {thing} {verbs[0][2]}?", second["event"]),
        Asked("said", f"When does the {doer} {verbs[2][0]} the {third}?", second["deed"]),
        Asked("said", f"when did the {doer} {verbs[2][0]} the {third}", second["deed"]),
        Asked("said", f"When was the {bare} {verbs[3][2]}?", second["pronoun"]),
        Asked("said", f"Who {verbs[2][1]} the {third}?", second["deed"]),
        Asked("said", f"Where was the {third} {verbs[2][2]}?", second["deed"]),
        Asked("said", f"How many {quiets} did the {doer} keep?", second["count"]),
        Asked("mention", f"When is the {thing} mentioned?", second["event"]),
        Asked("mention", f"when do they talk about the {third}", second["deed"]),
        Asked("never", f"When was the {thing} {never[2]}?", None),
        Asked("never", f"when is the {third} {never[2]}", None),
        Asked("never", f"When does the {doer} {never[0]} the {third}?", None),
        Asked("never", f"When did the {doer} {never[0]} the {quiets}?", None),
        Asked("never", f"Who {never[1]} the {thing}?", None),
        Asked("never", f"Where was the {third} {never[2]}?", None),
        Asked("never", f"How many {quiets} were {never[2]}?", None),
        Asked("never", f"Why was the {thing} {never[2]}?", None),
        Asked("elsewhere", f"When was the {thing} {verbs[1][2]}?", None),
        Asked("elsewhere", f"when was the {other} {verbs[0][2]}?", None),
        Asked("elsewhere", f"When did the {doer} {verbs[1][0]} the {third}?", None),
        Asked("elsewhere", f"Who {verbs[1][1]} the {third}?", None),
        Asked("name", f"What is the {animal} called?", second["named"], name),
        Asked("name", f"What is the name of the {animal}?", second["named"], name),
        Asked("name", f"What's the {animal}'s name?", second["named"], name),
        Asked("name", f"whats the {animal}s name", second["named"], name),
        Asked("name", f"What was the {animal} named?", second["named"], name),
        Asked("name", f"Who is the {role}?", second["person"], person),
        Asked("name", f"What is the {role}'s name?", second["person"], person),
        Asked("name", f"What is the {role} called?", second["person"], person),
        Asked("nameless", f"What is the {quiet} called?", None),
        Asked("nameless", f"What is the name of the {bare}?", None),
        Asked("nameless", f"What is the {unnamed}'s name?", None),
        Asked("nameless", f"Who is the {doer}?", None),
        Asked("nameless", f"What is the {third} called?", None),
    ]
    after = order[order.index("event") + 1 : order.index("event") + 2]
    if after:
        questions.append(
            Asked("anchor", f"What is said after the {thing} was {verbs[0][2]}?", second[after[0]])
        )
    questions.append(Asked("no anchor", f"What is said after the {thing} was {never[2]}?", None))
    return ToldFilm(tuple(lines), tuple(questions))


def is_right(asked: Asked, answer: Answer) -> bool:
    """The line that answers is cited and the words are told; or, where no line does, nothing is answered."""
    if asked.second is None:
        return answer.status is not Status.ANSWERED
    cited = any(cite.span.contains(asked.second) for cite in answer.citations)
    return answer.status is Status.ANSWERED and cited and asked.words in answer.text


def verdicts(seeds: Iterable[int]) -> Iterator[tuple[int, Asked, Answer, bool]]:
    reader = BuiltinAnswerer()
    for seed in seeds:
        told = draw_film(seed)
        film = told.film()
        for asked in told.questions:
            answer = reader.answer(asked.text, film)
            yield seed, asked, answer, is_right(asked, answer)


def shares(seeds: Iterable[int]) -> dict[str, tuple[int, int]]:
    """Right answers and all of each kind."""
    right, every = Counter[str](), Counter[str]()
    for _, asked, _, good in verdicts(seeds):
        right[asked.kind] += good
        every[asked.kind] += 1
    return {kind: (right[kind], every[kind]) for kind in every}
