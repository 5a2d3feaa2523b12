# ruff: noqa: SIM905 - lists of words are read better as text
"""Scripts of lines, some said twice on purpose, and the ways in which subtitle files show them.

A world is drawn by a seed: what is said and when. Each of :data:`STYLES` writes it down as some tool does.
Whatever the style, the lines that come out must be those of the script.
"""

from __future__ import annotations

import html
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

__all__ = [
    "STYLES",
    "Line",
    "Written",
    "draw_script",
    "draw_unspaced_script",
    "hard_of_hearing",
    "letters",
    "word_by_word",
]

_NAMES: Final = (
    "Marigold Pepper Olive Juniper Bastian Corvina Dorothea Emmerich Falstaff Griselda Halvard Isolde".split()
)
_THINGS: Final = (
    "harbour lighthouse goat bakery lantern orchard violin compass meadow chimney saddle thimble kettle "
    "barley ferry "
    "quarry willow anchor beacon cellar drizzle ember furnace glacier hammock"
).split()
_DOES: Final = (
    "kept found painted carried borrowed forgot mended counted measured followed buried remembered".split()
)
_HOW: Final = (
    "slowly",
    "before dawn",
    "in the rain",
    "on a Tuesday",
    "without a word",
    "behind the barn",
    "for nine years",
)
_SHORT: Final = ("Yes.", "No.", "No. No. No.", "Of course.", "Why not?", "I know.")


@dataclass(frozen=True)
class Line:
    """One line said: its words, and from when to when. ``pieces`` are the words where no blanks tell them
    apart."""

    text: str
    start: float
    end: float
    pieces: tuple[str, ...] = ()

    @property
    def words(self) -> list[str]:
        return list(self.pieces) or self.text.split()

    @property
    def blank(self) -> str:
        return "" if self.pieces else " "


@dataclass(frozen=True)
class Written:
    """A subtitle file: its ending and its text."""

    suffix: str
    text: str


def letters(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())


def draw_script(seed: int, *, punctuated: bool = True) -> list[Line]:
    """Lines apart by pauses of a third of a second to some seconds, each long enough to be said. Some are
    said again at once, some as a refrain, and some are short."""
    chance = random.Random(f"script {seed}")
    texts: list[str] = []
    while len(texts) < chance.randint(6, 14):
        text = chance.choice(_SHORT) if chance.random() < 0.15 else _sentence(chance)
        again = chance.random()
        texts += (
            [text, text]
            if again < 0.12 and text not in texts[-1:]
            else [text]
            if text not in texts[-2:]
            else []
        )
        if again > 0.88 and len(texts) > 2:
            texts.append(texts[chance.randrange(len(texts) - 2)])
        while texts[-3:] == [texts[-1]] * 3:  # three rows of one text look like two
            texts.pop()
    if not punctuated:
        texts = [text.rstrip(".?!").replace(".", "").lower() for text in texts]
    lines, at = [], round(chance.uniform(0.5, 3.0), 2)
    for text in texts:
        end = round(at + len(text) / chance.uniform(8.0, 14.0) + 0.3, 2)
        lines.append(Line(text, at, end))
        at = round(end + chance.choice((0.35, 0.5, 1.0, 2.5)), 2)
    return lines


def _sentence(chance: random.Random) -> str:
    name, does, thing, how = (chance.choice(some) for some in (_NAMES, _DOES, _THINGS, _HOW))
    return f"{name} {does} the {thing} {how}{chance.choice('...?!')}"


_UNSPACED: Final = {
    "ja": (
        "マリゴールド ペッパー 船長 灯台 山羊 パン屋".split(),
        "は が を の も".split(),
        "見た 運んだ 忘れました 数えている".split(),
    ),
    "zh": (
        "船长 灯塔 山羊 面包店 万寿菊 胡椒".split(),
        "在 把 和 的 又".split(),
        "看见了 带走了 忘记了 数过".split(),
    ),
    "th": (
        "กัปตัน ประภาคาร แพะ ร้านขนม ดาวเรือง".split(),
        "ที่ และ กับ ของ".split(),
        "เห็นแล้ว ลืมไป นับอยู่ พาไป".split(),
    ),
}


def draw_unspaced_script(seed: int, language: str) -> list[Line]:
    """Lines in which no blanks stand between words, nor full stops behind them; no two of them begin
    alike."""
    chance = random.Random(f"{language} {seed}")
    things, joints, does = _UNSPACED[language]
    lines, at = [], 1.0
    for first in chance.sample(things, len(things)):
        pieces = (
            first,
            chance.choice(joints),
            chance.choice(things),
            chance.choice(joints),
            chance.choice(does),
        )
        end = round(at + len("".join(pieces)) / chance.uniform(4.0, 7.0) + 0.3, 2)
        lines.append(Line("".join(pieces), at, end, pieces))
        at = round(end + chance.choice((0.35, 0.8, 1.5)), 2)
    return lines


def _clock(seconds: float, mark: str = ",") -> str:
    whole = round(seconds * 1000)
    return f"{whole // 3_600_000:02}:{whole // 60_000 % 60:02}:{whole // 1000 % 60:02}{mark}{whole % 1000:03}"


_Cues = Sequence[tuple[float, float, str]]


def _srt(cues: _Cues, *, between: str = "\n", ending: str = "\n") -> Written:
    blocks = (
        f"{n}\n{_clock(start)} --> {_clock(end)}\n{text}\n" for n, (start, end, text) in enumerate(cues, 1)
    )
    return Written(".srt", between.join(blocks).replace("\n", ending))


def _vtt(cues: _Cues) -> Written:
    blocks = (
        f"{_clock(start, '.')} --> {_clock(end, '.')} align:start\n{text}\n" for start, end, text in cues
    )
    return Written(".vtt", "WEBVTT\nKind: captions\n\n" + "\n".join(blocks))


def _ass(cues: _Cues, *, more: Sequence[str] = ()) -> Written:
    head = "[Script Info]\nScriptType: v4.00+\n\n[Events]\nFormat: Layer, Start, End, Style, Name, Effect, Text\n"
    events = (
        f"Dialogue: 0,{_clock(start, '.')[1:-1]},{_clock(end, '.')[1:-1]},Main,,,{text}"
        for start, end, text in cues
    )
    return Written(".ass", head + "\n".join([*events, *more]) + "\n")


def _plain(lines: Sequence[Line]) -> _Cues:
    return [(line.start, line.end, line.text) for line in lines]


def _until_next(lines: Sequence[Line]) -> Iterator[tuple[Line, float]]:
    """Each line, and when the next one begins."""
    yield from zip(lines, [*(line.start for line in lines[1:]), lines[-1].end], strict=True)


def _rolling(lines: Sequence[Line], chance: random.Random, *, depth: int = 2, joint: str = "\n") -> _Cues:
    """Every cue the last lines; with or without the blink of ten milliseconds at which the top one goes."""
    cues: list[tuple[float, float, str]] = []
    blinks = chance.random() < 0.5
    for number, (line, until) in enumerate(_until_next(lines)):
        shown = joint.join(one.text for one in lines[max(0, number - depth + 1) : number + 1])
        cues.append((line.start, until - 0.01 if blinks else until, shown))
        if blinks:
            left = joint.join(one.text for one in lines[max(0, number - depth + 2) : number + 1])
            cues.append((until - 0.01, until, left))
    return cues


def _word_times(line: Line) -> Iterator[tuple[float, float, int]]:
    """When each word is said, in proportion to its length."""
    total, at = sum(len(word) for word in line.words), line.start
    for place, word in enumerate(line.words):
        end = at + (line.end - line.start) * len(word) / total
        yield round(at, 3), round(end, 3), place
        at = end


def _rolling_vtt(lines: Sequence[Line], chance: random.Random) -> Written:
    """With the times of words, as the automatic captions of a large site have them."""
    cues: list[tuple[float, float, str]] = []
    for (line, until), before in zip(_until_next(lines), [None, *lines], strict=False):
        timed = [
            word if not place else f"<{_clock(at, '.')}><c>{line.blank}{word}</c>"
            for (at, _, place), word in zip(_word_times(line), line.words, strict=True)
        ]
        cues.append((line.start, until - 0.01, f"{before.text if before else ' '}\n{''.join(timed)}"))
        cues.append((until - 0.01, until, f"{line.text}\n "))
    return _vtt(cues)


def _highlight(lines: Sequence[Line], chance: random.Random) -> _Cues:
    """The whole line for each word, that word marked; sometimes the line without a mark in between."""
    opened, closed = chance.choice((("<u>", "</u>"), ("<b>", "</b>"), ('<font color="#00ff00">', "</font>")))
    rests = chance.random() < 0.5
    cues: list[tuple[float, float, str]] = []
    for line in lines:
        for at, end, place in _word_times(line):
            marked = [
                f"{opened}{word}{closed}" if number == place else word
                for number, word in enumerate(line.words)
            ]
            cues.append((at, end - 0.02 if rests else end, line.blank.join(marked)))
            if rests:
                cues.append((end - 0.02, end, line.text))
    return cues


def _growing(lines: Sequence[Line], chance: random.Random) -> _Cues:
    """One word more with each cue."""
    return [
        (at, end, line.blank.join(line.words[: place + 1]))
        for line in lines
        for at, end, place in _word_times(line)
    ]


def _frames(lines: Sequence[Line], chance: random.Random) -> Written:
    """Typeset picture by picture, moving."""
    rate = chance.choice((0.04, 1 / 24, 0.05, 0.1))
    cues: list[tuple[float, float, str]] = []
    for line in lines:
        count = max(2, round((line.end - line.start) / rate))
        edges = [line.start + (line.end - line.start) * place / count for place in range(count + 1)]
        cues += [
            (a, b, rf"{{\pos({100 + place},50)}}{line.text}") for place, (a, b) in enumerate(pairwise(edges))
        ]
    return _ass(cues)


def _layers(lines: Sequence[Line], chance: random.Random) -> Written:
    """A shadow, a border and the text: three events at once. Comments, notes and events of no length
    between."""
    cues = [
        (line.start, line.end, f"{{{note}}}{line.text}")
        for line in lines
        for note in (r"\blur3", r"\bord2", "a note")
    ]
    never = [f"Comment: 0,{_clock(1, '.')[1:-1]},{_clock(3, '.')[1:-1]},Main,,,Never on screen"]
    never += [
        f"Dialogue: 0,{_clock(line.start, '.')[1:-1]},{_clock(line.start, '.')[1:-1]},Main,,,Nor this"
        for line in lines
    ]
    return _ass(cues, more=never)


def _marked(lines: Sequence[Line], chance: random.Random) -> Written:
    """With characters inside that no screen shows, also before numbers and times."""

    def hide(text: str) -> str:
        hidden = "\u00ad\u200b\u2060\u200e\u200f\u202a\u202c\ufeff"
        return "".join(letter + chance.choice(hidden) if chance.random() < 0.3 else letter for letter in text)

    blocks = (
        f"\u200e{n}\n\u200e{_clock(line.start)} --> {_clock(line.end)}\n\u202b{hide(line.text)}\u202c\n"
        for n, line in enumerate(lines, 1)
    )
    return Written(".srt", "\n".join(blocks))


def _microdvd(lines: Sequence[Line], chance: random.Random) -> Written:
    rate = chance.choice((23.976, 25.0, 29.97))
    cues = (f"{{{round(line.start * rate)}}}{{{round(line.end * rate)}}}{{y:i}}{line.text}" for line in lines)
    return Written(".sub", "\n".join([f"{{1}}{{1}}{rate}", *cues]))


def _sbv(lines: Sequence[Line], chance: random.Random) -> Written:
    return Written(
        ".sbv",
        "\n\n".join(f"{_clock(one.start, '.')[1:]},{_clock(one.end, '.')[1:]}\n{one.text}" for one in lines),
    )


def _lrc(lines: Sequence[Line], chance: random.Random) -> Written:
    def stamp(at: float) -> str:
        return f"[{int(at // 60):02}:{at % 60:05.2f}]"

    timed = (f"{stamp(line.start)}{line.text}\n{stamp(line.end)}" for line in lines)
    return Written(".lrc", "[ar:Nobody]\n[offset:0]\n" + "\n".join(timed))


def _sami(lines: Sequence[Line], chance: random.Random) -> Written:
    said = (
        f"<SYNC Start={round(line.start * 1000)}><P Class=ENCC>{html.escape(line.text)}\n"
        f"<SYNC Start={round(line.end * 1000)}><P Class=ENCC>&nbsp;\n"
        for line in lines
    )
    return Written(".smi", "<SAMI><HEAD><TITLE>t</TITLE></HEAD><BODY>\n" + "".join(said) + "</BODY></SAMI>")


def _ttml(lines: Sequence[Line], chance: random.Random) -> Written:
    name = chance.choice(("http://www.w3.org/ns/ttml", "http://www.w3.org/2006/10/ttaf1"))
    form = chance.choice(("clock", "frames", "ticks", "seconds"))

    def time(at: float) -> str:
        frames = f"{_clock(at, ':')[:8]}:{int(at * 25) % 25:02}"
        return {
            "clock": _clock(at, "."),
            "frames": frames,
            "ticks": f"{round(at * 10_000_000)}t",
            "seconds": f"{at:.3f}s",
        }[form]

    said = "".join(
        f'<p begin="{time(one.start)}" end="{time(one.end)}"><span>{html.escape(one.words[0])}</span><br/>'
        f"{html.escape(' '.join(one.words[1:]))}</p>"
        for one in lines
    )
    head = f'<tt xmlns="{name}" xmlns:ttp="{name}#parameter" ttp:frameRate="25" ttp:tickRate="10000000">'
    return Written(
        ".ttml", f'<?xml version="1.0" encoding="utf-8"?>{head}<head/><body><div>{said}</div></body></tt>'
    )


def _split(lines: Sequence[Line], chance: random.Random) -> Written:
    """Over two lines of a cue each."""
    cues = []
    for line in lines:
        place = chance.randint(0, len(line.words) - 1)
        cues.append(
            (line.start, line.end, f"{' '.join(line.words[:place])}\n{' '.join(line.words[place:])}".strip())
        )
    return _srt(cues, ending=chance.choice(("\n", "\r\n", "\r")))


def _full_width(lines: Sequence[Line], chance: random.Random) -> Written:
    text = _srt(_plain(lines)).text
    return Written(
        ".srt",
        "".join(row.replace(":", "：") if "-->" in row else row for row in text.splitlines(keepends=True)),
    )


def _typed(lines: Sequence[Line], chance: random.Random) -> Written:
    """Letter by letter at first, then whole."""
    cues: list[tuple[float, float, str]] = []
    for line in lines:
        places = range(1, len(line.text))
        step = min(0.04, (line.end - line.start) / 2 / len(line.text))
        cues += [
            (line.start + step * (n - 1), line.start + step * n, line.text[:n])
            for n in places
            if line.text[n - 1] != " "
        ]
        cues.append((line.start + step * len(places), line.end, line.text))
    return _ass([(round(a, 2), round(b, 2), text) for a, b, text in cues if round(a, 2) < round(b, 2)])


Style = Callable[[Sequence[Line], random.Random], Written]

STYLES: Final[dict[str, Style]] = {
    "plain srt": lambda lines, _: _srt(_plain(lines)),
    "lines over two rows": _split,
    "glued srt": lambda lines, _: _srt(_plain(lines), between=""),
    "full-width times": _full_width,
    "hidden marks": _marked,
    "rolling srt": lambda lines, chance: _srt(_rolling(lines, chance)),
    "rolling srt, three rows": lambda lines, chance: _srt(_rolling(lines, chance, depth=3)),
    "rolling srt, rows joined": lambda lines, chance: _srt(_rolling(lines, chance, joint=" ")),
    "rolling vtt": lambda lines, chance: _vtt(_rolling(lines, chance)),
    "rolling vtt, word times": _rolling_vtt,
    "highlighted word": lambda lines, chance: _srt(_highlight(lines, chance)),
    "highlighted word, vtt": lambda lines, chance: _vtt(_highlight(lines, chance)),
    "a word more each": lambda lines, chance: _srt(_growing(lines, chance)),
    "ass by the frame": _frames,
    "ass in layers": _layers,
    "ass, typed": _typed,
    "microdvd": _microdvd,
    "sbv": _sbv,
    "lrc": _lrc,
    "sami": _sami,
    "ttml": _ttml,
}
"""How a script is written down, by name."""


def word_by_word(lines: Sequence[Line]) -> Written:
    """A cue for each word."""
    return _srt([(at, end, line.words[place]) for line in lines for at, end, place in _word_times(line)])


def hard_of_hearing(lines: Sequence[Line], seed: int) -> list[Line]:
    """The same lines with sounds and speakers, some over two cues, a little earlier or later; and sounds
    alone."""
    chance = random.Random(f"hearing {seed}")
    told: list[Line] = []
    for line in lines:
        shift = chance.uniform(-0.1, 0.1)
        before = chance.choice(("", "", "[sighs] ", "GUIDE: ", "MAN 2: ", "(softly) ", "- "))
        middle = (line.start + line.end) / 2
        if len(line.words) > 4 and chance.random() < 0.25:
            told.append(Line(before + " ".join(line.words[:3]), line.start + shift, middle))
            told.append(Line(" ".join(line.words[3:]), middle, line.end + shift))
        else:
            told.append(Line(before + line.text, line.start + shift, line.end + shift))
    told.append(Line("[bell rings]", lines[-1].end + 5.0, lines[-1].end + 6.0))
    return told
