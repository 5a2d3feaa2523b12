"""The conversation with a model about one video: overview, search, look, …, answer.

It has few rounds; every step is on the receipt, and every claim cites its seconds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from video_vlm.agent.actions import SCHEMA, LookAction, Said, Say, SearchAction, read_action, tools
from video_vlm.agent.caption_windows import CaptionWindows, caption_windows
from video_vlm.agent.context_window import fit_context
from video_vlm.agent.escape import escape
from video_vlm.agent.injection import data_of, gives_orders, is_protocol, is_said, repeats, without_thoughts
from video_vlm.agent.prompt import TOLD, last_turn, opening, plain_opening, results, rules
from video_vlm.agent.shown_evidence import TOLERANCE_SECONDS, ShownEvidence, ShownItem
from video_vlm.agent.shown_frames import FrameLoader, in_whole
from video_vlm.chat import CallsTools, ChatModel, Tool, Turn
from video_vlm.language.operator_parser import parse
from video_vlm.protocols import Detector, VideoMemory
from video_vlm.records import Claim, Evidence, Frame, Observation, ObservationKind, Sample, Span, Step
from video_vlm.records.observations import NOT_MEASURED, SEEN
from video_vlm.retrieval import find_evidence
from video_vlm.text import without_hidden

__all__ = ["AgentLoop", "AgentSettings", "LoopOutcome", "Trace", "named_times"]

Trace = Callable[[Step], None]
"""Told of every step as it is done."""

_HITS = 8
_MOST_BOXES = 4
_SMALL_CONTEXT = 6000
"""Models with less room, in tokens, are given the fixed plan at once."""
_PLAIN_CONFIDENCE = 0.55
_LONGEST_MISREAD = 2000
"""Letters of a turn that could not be used, as the model is told it again."""
_YES_NO_OR_NUMBER = re.compile(r"\A\W*+(?:yes|no|\d)", re.I)
_NOT_SHOWN = re.compile(r"\bnot\s+shown\b", re.I)
_CLOCK = re.compile(
    r"(?<![\d.:])(?:(\d{1,2}):)?(\d{1,3}):(\d{2})(?![\d:])|(?<![\d.:])(\d{1,7}(?:\.\d{1,9})?)\s?(?:seconds?\b|s\b)"
)


@dataclass(frozen=True, slots=True)
class AgentSettings:
    """The limits of a conversation: rounds, and tokens of an answer."""

    max_rounds: int = 5
    answer_tokens: int = 1024


@dataclass(frozen=True, slots=True)
class LoopOutcome:
    """The result of a conversation. Without claims the answer was not shown.

    ``confidence`` is in [0, 1]; ``seen`` holds what the model noted of frames.
    """

    claims: tuple[Claim, ...]
    confidence: float
    steps: tuple[Step, ...]
    seen: tuple[Said, ...] = ()


@dataclass
class AgentLoop:
    """One question to one model about one video.

    Args:
        model: Who is asked.
        memory: What is known of the video.
        pictures: Where pictures come from; None where the file is gone or the model has no eyes.
        ledger: What was shown; filled here.
        settings: How long it may be.
        trace: Told of every step.
        detector: Finds what a phrase names in a frame; None for no detector.
    """

    model: ChatModel
    memory: VideoMemory
    pictures: FrameLoader | None
    ledger: ShownEvidence
    settings: AgentSettings = field(default_factory=AgentSettings)
    trace: Trace = lambda _: None
    detector: Detector | None = None

    def __post_init__(self) -> None:
        self._steps: list[Step] = []
        self._refused = False
        self._is_ordered = False
        self._calls = isinstance(self.model, CallsTools) and self.model.calls_tools
        self._tools = tools(detects=self._detects)

    def about(self, question: str, samples: Sequence[Sample] = ()) -> LoopOutcome:
        """Asks until there is an answer that may be given, or the rounds are used up.

        Args:
            question: What is asked.
            samples: The pictures that were planned for it.

        Raises:
            ModelError: the model cannot be reached, or has no room for the question.
        """
        question = without_hidden(question)
        parsed = parse(question)
        led = caption_windows(
            parsed, [_observed(one) for one in self.memory.observations(kinds=[ObservationKind.CAPTION])]
        )
        self.ledger.add(caption for one in led for caption in one.captions)
        found = self.ledger.add(self._searched(question, led))
        frames = self._planned(samples)
        if self.model.context_tokens < _SMALL_CONTEXT:
            return self._plainly(question, found, frames, led, strict=False)
        start = opening(
            question,
            parsed,
            self.memory,
            found,
            frames,
            led,
            num_rounds=self.settings.max_rounds,
            num_frames=self._num_left,
        )
        said = self._rounds([rules(calls=self._calls, detects=self._detects), start])
        return self._plainly(question, found, frames, led, strict=True) if said is None else said

    def _rounds(self, turns: list[Turn]) -> LoopOutcome | None:
        """None where the model does not keep to the protocol."""
        num_misread = 0
        for left in range(self.settings.max_rounds - 1, -1, -1):
            reply = self._action(turns)
            try:
                action = read_action(reply)
            except ValueError as error:
                num_misread += 1
                if num_misread > 1:
                    self._note("misread", f"twice: {error}; going on with the fixed plan")
                    return None
                turns.append(Turn("assistant", (reply[:_LONGEST_MISREAD],)))
                if self._calls:
                    self._in_words(turns, f"called no tool as it should: {error}")
                turns.append(Turn("user", (f"That could not be used: {error}. Reply with one JSON object.",)))
                continue
            turns.append(Turn("assistant", (reply,)))
            if isinstance(action, Say):
                refusal = self._refusal(action) if left else None
                if refusal is None:
                    return self._answered(action)
                turns.append(Turn("user", (refusal, *([last_turn()] if left == 1 else []))))
            else:
                turns.append(self._done(action, left))
        self._note("answer", f"none after {self.settings.max_rounds} turns")
        return LoopOutcome((), 0.0, tuple(self._steps))

    def _action(self, turns: list[Turn]) -> str:
        """What the model does in its turn: by a call, where it was taught to."""
        if self._calls and isinstance(self.model, CallsTools):
            sent = self._sent(turns, tools=self._tools)
            said = "".join(
                self.model.stream_call(sent, tools=self._tools, max_tokens=self.settings.answer_tokens)
            )
            if said or self.model.calls_tools:
                return said
            self._in_words(turns, "calls no tools")
        return self._reply(turns, follow=True)

    def _in_words(self, turns: list[Turn], why: str) -> None:
        """From here on it is said in words what may be done."""
        self._calls = False
        turns[0] = rules(detects=self._detects)
        self._note("tools", f"{self.model.name} {why}; going on in JSON")

    def _done(self, action: SearchAction | LookAction, left: int) -> Turn:
        """What an action brings, as the next turn."""
        if isinstance(action, SearchAction):
            hits = self.memory.search(action.query, span=action.span, limit=_HITS)
            found = self.ledger.add(map(_shown, filter(_has_words, hits)))
            self._note(
                "search", f"{escape(action.query, longest=80)!r}: {len(found)} new passages", span=action.span
            )
            return results("Search", found, (), num_rounds=left, num_frames=self._num_left)
        frames = () if self.pictures is None else self.pictures.close(action)
        heard = self.ledger.add((*map(_observed, self._words_at(action.span)), *self._found(action, frames)))
        where = "cropped, " if action.crop else ""
        self._note("look", f"{where}{_listed(frames)}", num_frames=len(frames), span=action.span)
        return results("Look", heard, frames, num_rounds=left, num_frames=self._num_left)

    @property
    def _detects(self) -> bool:
        return self.detector is not None and self.pictures is not None

    def _found(self, look: LookAction, frames: Sequence[Frame]) -> Iterator[ShownItem]:
        """Where in the pictures is what the model looks for."""
        if self.detector is None or not look.find:
            return
        num_found, phrase = 0, escape(look.find, longest=80)
        for frame in frames:
            for one in self.detector.detect(frame.image, look.find)[:_MOST_BOXES]:
                box = in_whole(one.box, look.crop)
                where = ", ".join(f"{edge:.2f}" for edge in box)
                moment = Span(frame.pts_seconds, frame.pts_seconds + self.ledger.step_seconds)
                yield ShownItem(moment, f"{phrase} at [{where}]", ObservationKind.OBJECT, box)
                num_found += 1
        self._note("detect", f"{phrase!r} by {self.detector.name}: {num_found} boxes")

    def _refusal(self, say: Say) -> str | None:
        """What the model is told, once, where it cites what it was not shown."""
        bad = [said for said in say.claims if self._claim(said) is None]
        if not bad or self._refused:
            return None
        self._refused = True
        why = "; ".join(
            f"{escape(said.text, longest=60)!r} at {', '.join(map(str, said.spans)) or 'no time'}"
            for said in bad
        )
        self._note("refused", f"cited what was not shown: {why}")
        return (
            f"Refused: nothing within {TOLERANCE_SECONDS:.0f} seconds of these times was shown to you: {why}. "
            'Cite times you were shown, look there first, or answer with "claims": [].'
        )

    def _answered(self, say: Say) -> LoopOutcome:
        """The claims that can be cited; the others are left out."""
        claims = tuple(claim for said in say.claims if (claim := self._claim(said)) is not None)
        if len(claims) < len(say.claims):
            self._note("dropped", f"{len(say.claims) - len(claims)} claims without evidence")
        self._note("answer", f"{len(claims)} claims, confidence {say.confidence:.2f}")
        seen = tuple(one for one in say.seen if self._is_seen(one))
        if len(seen) < len(say.seen):
            self._note("dropped", f"notes that no picture stands for: {len(say.seen) - len(seen)}")
        return LoopOutcome(claims, say.confidence if claims else 0.0, tuple(self._steps), seen)

    def _is_seen(self, note: Said) -> bool:
        """Whether a note is of pictures: not of words that are known anyway, and not what words in the video
        may have told the model to write."""
        near = [span.widen(TOLERANCE_SECONDS) for span in note.spans]
        return (
            bool(near)
            and all(any(span.overlaps(one) for one in self.ledger.frames) for span in near)
            and not self._is_ordered
            and not is_protocol(note.text, TOLD)
            and not repeats(
                note.text, (one.text for one in self.ledger.shown if one.text and one.kind not in SEEN)
            )
        )

    def _claim(self, said: Said) -> Claim | None:
        """With its citations; None where one of its times was not shown, it gives none, or it claims
        nothing."""
        if is_protocol(said.text, TOLD):
            return None
        cited = tuple(found for span in said.spans if (found := self.ledger.cite(span)) is not None)
        if not cited or len(cited) < len(said.spans):
            return None
        return Claim(escape(said.text), tuple(dict.fromkeys(cited)))

    def _plainly(
        self,
        question: str,
        found: Sequence[ShownItem],
        frames: Sequence[Frame],
        led: Sequence[CaptionWindows],
        *,
        strict: bool,
    ) -> LoopOutcome:
        """The fixed plan: retrieve, look, answer in a sentence. Without times in it, what was shown is cited.

        ``strict``: the model kept to no protocol, so that a sentence is heard only if it names a time it was
        shown, or has a word of what it was shown.
        """
        said = without_thoughts(self._reply(list(plain_opening(question, found, frames, led)), follow=False))
        reply = escape(said)
        named = [cited for span in named_times(reply) if (cited := self.ledger.cite(span))]
        if not reply or _NOT_SHOWN.search(reply) or not self.ledger.shown:
            return self._not_shown("not shown")
        if is_protocol(said, TOLD) or " ".join(said.split()).endswith(question):
            return self._not_shown("not shown: what the model said is no sentence about the video")
        if strict and not named and not self._has_ground(reply):
            return self._not_shown("not shown: the model named no time, and no word of what it was shown")
        if not named:
            self._note(
                "cite", "the model named no time that it was shown: the whole of what it was shown is cited"
            )
            named = [cited for one in self.ledger.shown if (cited := self.ledger.cite(one.span))]
        self._note("answer", f"in plain words: {len(named)} citation{'s' if len(named) > 1 else ''}")
        return LoopOutcome(
            (Claim(reply, tuple(dict.fromkeys(named))),), _PLAIN_CONFIDENCE, tuple(self._steps)
        )

    def _not_shown(self, why: str) -> LoopOutcome:
        self._note("answer", why)
        return LoopOutcome((), 0.0, tuple(self._steps))

    def _reply(self, turns: Sequence[Turn], *, follow: bool) -> str:
        sent = self._sent(turns)
        stream = self.model.stream(
            sent, max_tokens=self.settings.answer_tokens, schema=SCHEMA if follow else None
        )
        return "".join(stream)

    def _sent(self, turns: Sequence[Turn], *, tools: Sequence[Tool] = ()) -> tuple[Turn, ...]:
        """What there is room for; its pictures are on the receipt from then on."""
        sent = fit_context(turns, self.model, answer_tokens=self.settings.answer_tokens, tools=tools)
        self._is_ordered = self._is_ordered or any(map(gives_orders, data_of(sent)))
        self.ledger.add_frames(part for turn in sent for part in turn.parts if isinstance(part, Frame))
        return sent

    def _has_ground(self, reply: str) -> bool:
        """Whether a sentence may be about what was shown: pictures have no words to compare it with."""
        if self.ledger.frames or _YES_NO_OR_NUMBER.match(reply):
            return True
        return is_said(reply, (one.text for one in self.ledger.shown), share=0.2)

    def _searched(self, question: str, led: Sequence[CaptionWindows]) -> Iterator[ShownItem]:
        """What memory holds for the question, beside where its words of time lead."""
        hits = find_evidence(question, self.memory, limit=2 * _HITS)
        num_led = len({caption for one in led for caption in one.captions})
        where = (
            f"; {num_led} caption{'s' if num_led > 1 else ''} that its words of time lead to" if led else ""
        )
        self._note("search", f"the question: {len(hits)} passages{where}")
        found = [*map(_shown, filter(_has_words, hits))]
        for hit in hits[: _HITS // 2]:
            found += map(_observed, self._words_at(hit.span.widen(15.0), most=6))
        # Captions that are merely like the question would be taken for those it leads to.
        yield from (one for one in found if not led or one.kind is not ObservationKind.CAPTION)

    def _words_at(self, span: Span, *, most: int = 12) -> Sequence[Evidence]:
        said = self.memory.observations(span=span, kinds=NOT_MEASURED)
        return [Evidence(one.span, one.confidence, "there", one.text, one.kind) for one in said[:most]]

    def _planned(self, samples: Sequence[Sample]) -> tuple[Frame, ...]:
        if self.pictures is None or not samples:
            return ()
        frames = self.pictures.planned(samples[: self.model.max_images])
        self._note("look", f"planned: {_listed(frames)}", num_frames=len(frames))
        return frames

    @property
    def _num_left(self) -> int:
        return 0 if self.pictures is None else self.pictures.num_left

    def _note(self, action: str, detail: str, *, num_frames: int = 0, span: Span | None = None) -> None:
        self._steps.append(Step(action, detail, num_frames, span))
        self.trace(self._steps[-1])


def _has_words(hit: Evidence) -> bool:
    return bool(hit.text)


def _shown(hit: Evidence) -> ShownItem:
    return ShownItem(hit.span, hit.text, hit.kind)


def _observed(one: Evidence | Observation) -> ShownItem:
    return ShownItem(one.span, one.text, one.kind)


def named_times(text: str) -> Iterator[Span]:
    """The spans in seconds that a sentence names: ``at 12.5 s``, ``0:12`` and ``1:02:03``."""
    for hours, minutes, seconds, plain in _CLOCK.findall(text):
        at = float(plain) if plain else int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds)
        yield Span(at, at)


def _listed(frames: Sequence[Frame]) -> str:
    times = ", ".join(f"{frame.pts_seconds:.2f}" for frame in frames)
    return f"{len(frames)} picture{'s' if len(frames) > 1 else ''} at {times} s" if frames else "no picture"
