"""Constrained decoding: at each step the likeliest token that can still become JSON of a schema.

The schema becomes a finite automaton over letters, walked as a set of states, so that a letter costs the same
however long the answer is. After Willard and Louf, "Efficient Guided Generation for Large Language Models"
(2023), without their index over the vocabulary: where the likeliest token is taken each time, a handful of
candidates decides.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

__all__ = ["JsonAutomaton", "JsonConstraint"]

_LONGEST_STRING: Final = 400
"""In letters and parts of letters; a weak model would else never close one."""

_FIRST, _MORE = 32, 2048
"""How many of the likeliest tokens are tried, and how many where none of them fits."""

_DIGITS: Final = frozenset("0123456789")
_MARKED: Final = frozenset('"\\') | {chr(code) for code in (*range(32), 127)}
"""What does not stand for itself in a string."""

States = frozenset[int]
Letters = Callable[[str], bool]


class JsonAutomaton:
    """What a schema allows, letter by letter: keys in the order in which it names them, those required first.

    Args:
        schema: Of objects, arrays, strings, numbers, integers, booleans and enumerations.

    Raises:
        ValueError: it uses anything else.
    """

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._steps: list[list[tuple[Letters, int]]] = []
        self._free: list[list[int]] = []
        self._in_string: set[int] = set()
        self._known: dict[tuple[States, str], States] = {}
        begin = self._state()
        self._end = self._value(begin, schema)
        self.start = self._closed([begin])

    def after(self, states: States, letter: str) -> States:
        """The states after one more letter; none if the letter is not allowed there."""
        found = self._known.get((states, letter))
        if found is None:
            found = self._closed([to for one in states for allows, to in self._steps[one] if allows(letter)])
            self._known[states, letter] = found
        return found

    def is_whole(self, states: States) -> bool:
        """Whether the text that led to these states is complete JSON."""
        return self._end in states

    def is_in_string(self, states: States) -> bool:
        """Whether these states are inside a string, where any letter may follow."""
        return not self._in_string.isdisjoint(states)

    def _closed(self, states: Sequence[int]) -> States:
        found, left = set(states), list(states)
        while left:
            new = [to for to in self._free[left.pop()] if to not in found]
            found.update(new)
            left += new
        return frozenset(found)

    def _state(self) -> int:
        self._steps.append([])
        self._free.append([])
        return len(self._steps) - 1

    def _letter(self, at: int, allows: Letters, to: int | None = None) -> int:
        to = self._state() if to is None else to
        self._steps[at].append((allows, to))
        return to

    def _text(self, at: int, text: str) -> int:
        for letter in text:
            at = self._letter(at, letter.__eq__)
        return at

    def _space(self, at: int) -> int:
        """One, or none."""
        to = self._text(at, " ")
        self._free[at].append(to)
        return to

    def _between(self, at: int, mark: str) -> int:
        return self._space(self._text(self._space(at), mark))

    def _value(self, at: int, schema: Mapping[str, Any]) -> int:
        if "enum" in schema:
            return self._any(at, [json.dumps(one) for one in schema["enum"]])
        match schema.get("type"):
            case "object":
                return self._object(at, schema)
            case "array":
                return self._array(at, schema["items"])
            case "string":
                return self._string(at)
            case "number":
                return self._number(at, fraction=True)
            case "integer":
                return self._number(at, fraction=False)
            case "boolean":
                return self._any(at, ["true", "false"])
        raise ValueError(f"a schema of {schema.get('type')!r} is not understood")

    def _any(self, at: int, texts: Sequence[str]) -> int:
        end = self._state()
        for text in texts:
            self._free[self._text(at, text)].append(end)
        return end

    def _object(self, at: int, schema: Mapping[str, Any]) -> int:
        required = list(schema.get("required", ()))
        if not required:
            raise ValueError("an object needs a key that is required")
        at = self._text(at, "{")
        for place, name in enumerate(
            [*required, *(one for one in schema["properties"] if one not in required)]
        ):
            before = at
            at = self._between(at, ",") if place else self._space(at)
            at = self._value(self._between(self._text(at, json.dumps(name)), ":"), schema["properties"][name])
            if name not in required:
                self._free[before].append(at)
        return self._text(self._space(at), "}")

    def _array(self, at: int, items: Mapping[str, Any]) -> int:
        opened, begin = self._space(self._text(at, "[")), self._state()
        self._free[opened].append(begin)
        end = self._value(begin, items)
        self._free[self._between(end, ",")].append(begin)
        close = self._text(self._space(end), "]")
        self._letter(opened, "]".__eq__, close)
        return close

    def _string(self, at: int) -> int:
        inside = self._text(at, '"')
        self._in_string.add(inside)
        self._letter(inside, lambda letter: letter not in _MARKED, inside)
        self._letter(self._text(inside, "\\"), frozenset('"\\/bfnrt').__contains__, inside)
        return self._text(inside, '"')

    def _number(self, at: int, *, fraction: bool) -> int:
        signed = self._text(at, "-")
        self._free[at].append(signed)
        end = self._state()
        self._free[self._text(signed, "0")].append(end)
        whole = self._letter(signed, frozenset("123456789").__contains__)
        for _ in range(6):
            self._free[whole].append(end)
            whole = self._letter(whole, _DIGITS.__contains__)
        self._free[whole].append(end)
        if not fraction:
            return end
        some, last = self._text(end, "."), self._state()
        self._free[end].append(last)
        for _ in range(3):
            some = self._letter(some, _DIGITS.__contains__)
            self._free[some].append(last)
        return last


class JsonConstraint:
    """A logits processor for one answer: everything but the likeliest fitting token is ruled out.

    Args:
        tokenizer: Of the model.
        schema: What the answer has to be.

    Raises:
        ValueError: the schema is not understood.
    """

    def __init__(self, tokenizer: Any, schema: Mapping[str, Any]) -> None:
        self._tokenizer = tokenizer
        self._automaton = JsonAutomaton(schema)
        self._end = int(tokenizer.eos_token_id)
        self._states = self._automaton.start
        self._string_length = 0
        self._anchor = tokenizer.encode("a", add_special_tokens=False)
        self._anchored = len(self._decoded(self._anchor))
        self._spelled: dict[int, str] = {}

    def __call__(self, tokens: Any, scores: Any) -> Any:  # noqa: ARG002 - what was written is known
        """``tokens`` ``(1, length)``, ``scores`` ``(1, vocabulary)``: the scores with one finite number
        left."""
        import torch

        shaped = torch.full_like(scores, float("-inf"))
        shaped[0, self._choose(scores[0])] = 0.0
        return shaped

    def _choose(self, scores: Any) -> int:
        if self._automaton.is_whole(self._states):
            return self._end
        tried = 0
        for number in (_FIRST, _MORE, len(scores)):
            candidates = scores.topk(min(number, len(scores))).indices.tolist()
            for token in candidates[tried:]:
                if token != self._end and self._takes(self._spelling(token)):
                    return int(token)
            tried = len(candidates)
        return self._end

    def _takes(self, letters: str) -> bool:
        """Go on by them, if they are allowed here. Parts of a letter may only stand in a string."""
        states, length = self._states, self._string_length
        for letter in letters:
            inside = self._automaton.is_in_string(states)
            states = self._automaton.after(states, letter)
            length = length + 1 if inside and self._automaton.is_in_string(states) else 0
            if not states or length > _LONGEST_STRING:
                return False
        self._states, self._string_length = states, length
        return bool(letters)

    def _spelling(self, token: int) -> str:
        """What a token writes behind others; a part of a letter as a replacement character."""
        if token not in self._spelled:
            self._spelled[token] = self._decoded([*self._anchor, token])[self._anchored :]
        return self._spelled[token]

    def _decoded(self, tokens: list[int]) -> str:
        text: str = self._tokenizer.decode(
            tokens, skip_special_tokens=True, clean_up_tokenization_spaces=False
        )
        return text
