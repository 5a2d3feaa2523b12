"""Whether a question finds the seconds it is about: recall@1, @5, @10 and MRR by list, fused, and with parts
left out.

    python bench/retrieval.py ../shared/data/dev [--quick] [--library DIR] [--encoder none|auto|onnx:NAME|FOLDER]
    [--show KIND]

Every question of every ``*.qa.json`` below a folder is put to its video (``bench/answers.py`` says how they
look). A passage is *right* if it shares at least half of the shorter of the two with the evidence and is no
longer than 15 s or twice the evidence: who is led there sees it. Left out are questions that nothing in the
video answers, and those whose evidence is more than half of the video, where there is nothing to find. Every
list that exists here is tried alone on the same road as all of them fused: BM25 (``words``), the sentence
encoder (``meaning``) and the image-text tower (``sight``), where there are any. ``chance`` are the passages
of the video in random order. The last line says whether fused is at least as good as the best single list on
every kind, in every measure; exit 1 where it is not. With --quick, where a kind is a handful of questions,
what one question is worth is let pass.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from video_vlm import Settings, VideoQA
from video_vlm.memory import Library, MemoryView, Ranking
from video_vlm.models.text_encoder import find_text_encoder
from video_vlm.protocols import TextEncoder
from video_vlm.records import Evidence, Span
from video_vlm.retrieval import find_evidence
from video_vlm.settings import IndexSettings, MeaningSettings

MOMENT_SECONDS = 15.0
DEPTH = 10
CUTS = (1, 5, 10)
HELD = ("recall@1", "recall@5", "recall@10", "MRR")
ALL_KINDS = "all"
READABLE = "readable"
QUICK_SECONDS = 100.0
QUICK_OBSERVERS = ("chapters", "subtitles", "look", "motion")
SHUFFLES = 50


@dataclass(frozen=True)
class Question:
    """A question, where its answer is, and in which video."""

    content_id: str
    text: str
    kind: str
    readable: bool
    evidence: Span


@dataclass(frozen=True)
class Road:
    """One way from a question to evidence."""

    ranking: Ranking = field(default_factory=Ranking)
    in_time: bool = True
    expanded: bool = True

    def find(self, question: Question, library: Library) -> tuple[Evidence, ...]:
        """The evidence, best first."""

        def search(words: str, span: Span | None, limit: int) -> tuple[Evidence, ...]:
            where = (question.content_id,)
            return library.search(words, content_ids=where, span=span, limit=limit, ranking=self.ranking)

        memory = library.memory(question.content_id)
        return find_evidence(
            question.text, memory, limit=DEPTH, search=search, in_time=self.in_time, expanded=self.expanded
        )


class Remembering:
    """A sentence encoder that encodes nothing twice: every way puts the same questions."""

    def __init__(self, encoder: TextEncoder) -> None:
        self.name, self.dimension = encoder.name, encoder.dimension
        self._encoder = encoder
        self._known: dict[str, npt.NDArray[np.float32]] = {}

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """As the encoder does."""
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        if new:
            self._known.update(zip(new, self._encoder.encode(new), strict=True))
        return np.stack([self._known[text] for text in texts])


ABLATIONS: Mapping[str, Road] = {
    "fused": Road(),
    "- time filters": Road(in_time=False),
    "- expansion": Road(expanded=False),
    "- diversity": Road(Ranking(diverse=False)),
    "- all of these": Road(Ranking(diverse=False), in_time=False, expanded=False),
}


def is_right(found: Span, evidence: Span) -> bool:
    """Whether who is led to a passage sees the evidence."""
    shared = found.overlap(evidence)
    if shared is None or found.duration_seconds > max(MOMENT_SECONDS, 2 * evidence.duration_seconds):
        return False
    return shared.duration_seconds >= 0.5 * min(found.duration_seconds, evidence.duration_seconds)


def place(found: Sequence[Span], evidence: Span) -> int | None:
    """The rank, from 1, of the first right passage."""
    return next((rank for rank, span in enumerate(found, start=1) if is_right(span, evidence)), None)


def figures(places: Sequence[int | None]) -> dict[str, float]:
    """Recall at each cut, and the mean reciprocal rank within ten."""
    count = max(len(places), 1)
    recalls = {f"recall@{cut}": sum(one is not None and one <= cut for one in places) / count for cut in CUTS}
    return recalls | {"MRR": sum(1 / one for one in places if one is not None) / count}


def by_kind(questions: Sequence[Question], places: Sequence[int | None]) -> dict[str, dict[str, float]]:
    """Figures of each kind of question, and of all."""
    kinds = sorted({question.kind for question in questions})
    rows = {
        kind: figures([place for one, place in zip(questions, places, strict=True) if one.kind == kind])
        for kind in kinds
    }
    readable = [place for one, place in zip(questions, places, strict=True) if one.readable]
    return rows | {READABLE: figures(readable), ALL_KINDS: figures(places)}


def chance(questions: Sequence[Question], library: Library) -> dict[str, dict[str, float]]:
    """What the passages of a video give in random order, the mean of many."""
    shuffled = random.Random(7)
    rounds = [
        by_kind(
            questions,
            [place(_shuffled(library.memory(one.content_id), shuffled), one.evidence) for one in questions],
        )
        for _ in range(SHUFFLES)
    ]
    return {
        kind: {name: sum(one[kind][name] for one in rounds) / SHUFFLES for name in rounds[0][kind]}
        for kind in rounds[0]
    }


def _shuffled(memory: MemoryView, shuffled: random.Random) -> list[Span]:
    spans = [one.span for one in memory.observations()]
    return shuffled.sample(spans, min(DEPTH, len(spans)))


def questions_of(folder: Path, videos: VideoQA, *, quick: bool) -> Iterator[Question]:
    """Those that can be found, of videos that can be read."""
    paths = sorted(folder.rglob("*.qa.json"))
    truths = [(path, json.loads(path.read_text(encoding="utf-8"))) for path in paths]
    truths = [(path, truth) for path, truth in truths if not quick or truth["duration_s"] <= QUICK_SECONDS]
    files = [path.with_name(truth["video"]) for path, truth in truths]
    read = {outcome.path: outcome.report for outcome in videos.index_many(files)}
    videos.library.vectors.embed()
    for file, (_, truth) in zip(files, truths, strict=True):
        report = read[file]
        if report is None:
            print(f"{file.name}: cannot be read, left out", file=sys.stderr)
            continue
        for one in truth["questions"]:
            evidence = Span(*one["evidence"])
            if one["needs"] != "nothing" and evidence.duration_seconds <= truth["duration_s"] / 2:
                yield Question(
                    report.video.content_id, one["q"], one["kind"], one["needs"] != "eyes", evidence
                )


def table(rows: Mapping[str, Mapping[str, Mapping[str, float]]], measures: Sequence[str]) -> str:
    """A block a measure: a line a way, a column a kind."""
    kinds = list(next(iter(rows.values())))
    lines = []
    for measure in measures:
        lines.append(f"{measure:16}" + "".join(f"{kind:>13}" for kind in kinds))
        lines += [
            f"{name:16}" + "".join(f"{row[kind][measure]:13.2f}" for kind in kinds)
            for name, row in rows.items()
        ]
        lines.append("")
    return "\n".join(lines)


def misses(
    alone: Mapping[str, Mapping[str, Mapping[str, float]]],
    fused: Mapping[str, Mapping[str, float]],
    *,
    allowed: Mapping[str, float],
) -> list[str]:
    """Where a single list beats all of them together by more than is ``allowed`` on that kind."""
    return [
        f"{kind} {measure}: {name} {row[kind][measure]:.2f}, fused {fused[kind][measure]:.2f}"
        for name, row in alone.items()
        for kind in fused
        for measure in HELD
        if row[kind][measure] > fused[kind][measure] + allowed[kind] + 1e-9
    ]


def worth_of_one(questions: Sequence[Question]) -> dict[str, float]:
    """What one question is worth in the figures of each kind."""
    counts = Counter(question.kind for question in questions)
    counts[READABLE], counts[ALL_KINDS] = sum(question.readable for question in questions), len(questions)
    return {kind: 1 / max(count, 1) for kind, count in counts.items()}


def encoder_of(name: str) -> Remembering | None:
    """The sentence encoder to use: none, whichever is on this machine, or that of a folder."""
    if name == "none":
        return None
    encoder = find_text_encoder(MeaningSettings(name))
    return None if encoder is None else Remembering(encoder)


def main() -> int:
    """Run, print, and say by the exit code whether the goal is met."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument(
        "--quick", action="store_true", help=f"videos of at most {QUICK_SECONDS:.0f} s, no screen text"
    )
    parser.add_argument("--library", type=Path, help="keep the memory here instead of in a temporary folder")
    parser.add_argument(
        "--encoder", default="auto", help="as meaning.model: none, auto, onnx:NAME or a folder"
    )
    parser.add_argument(
        "--show", metavar="KIND", help="print the places of each question of a kind, or of 'all'"
    )
    options = parser.parse_args()
    observers = QUICK_OBSERVERS if options.quick else IndexSettings().observers
    settings = Settings(index=IndexSettings(observers=observers))
    with (
        tempfile.TemporaryDirectory() as temporary,
        VideoQA(
            options.library or Path(temporary), settings=settings, encoder=encoder_of(options.encoder)
        ) as videos,
    ):
        questions = list(questions_of(options.folder, videos, quick=options.quick))
        if not questions:
            print(f"no question to find below {options.folder}", file=sys.stderr)
            return 1
        return measure(questions, videos.library, show=options.show, lenient=options.quick)


def measure(questions: Sequence[Question], library: Library, *, show: str | None, lenient: bool) -> int:
    """The tables and the headline."""
    vectors = library.vectors
    lists = ["words", *(["meaning"] if vectors.texts else []), *(["sight"] if vectors.sight else [])]
    roads = {**{name: Road(Ranking(lists=frozenset({name}))) for name in lists}, **ABLATIONS}
    places = {
        name: [place([hit.span for hit in road.find(one, library)], one.evidence) for one in questions]
        for name, road in roads.items()
    }
    for number, one in enumerate(questions):
        if show in (one.kind, ALL_KINDS):
            print(one.kind, one.text, {name: places[name][number] for name in (*lists, "fused")})
    rows = {
        "chance": chance(questions, library),
        **{name: by_kind(questions, found) for name, found in places.items()},
    }
    counts = {
        kind: sum(one.kind == kind for one in questions) for kind in sorted({one.kind for one in questions})
    }
    print(f"{len(questions)} questions: " + ", ".join(f"{kind} {count}" for kind, count in counts.items()))
    print(
        f"lists: {', '.join(lists)}", "", table(rows, (*(f"recall@{cut}" for cut in CUTS), "MRR")), sep="\n"
    )
    one = worth_of_one(questions)
    allowed = one if lenient else dict.fromkeys(one, 0.0)
    missed = misses({name: rows[name] for name in lists}, rows["fused"], allowed=allowed)
    for line in missed:
        print(f"better alone: {line}")
    over_all = rows["fused"][ALL_KINDS]
    told = ", ".join(f"{name} {value:.2f}" for name, value in over_all.items())
    said = "met" if not missed else "MISSED"
    least = "no more than one question behind" if lenient else "at least as good as"
    print(f"fused: {told}; {least} the best of {len(lists)} lists on every kind (goal: all): {said}")
    return 0 if not missed else 1


if __name__ == "__main__":
    sys.exit(main())
