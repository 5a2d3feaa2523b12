"""Fit the weights by which the built-in reader chooses a sentence, or none, and print how well they do on films
that had no part in it.

    python bench/fit_reader.py ../shared/data/dev ../shared/data/questions DRAWN2 DRAWN4 --library LIB \
        [--paraphrases ../shared/data/questions/paraphrases.json] [--write]

Of sets made to be judged by (``../shared/data/questions``, the paraphrases) only the tuning half is used; draw
films from even seeds. The model is a softmax over the candidates of a question and a null candidate; its
likelihood is maximized with Adam (Kingma and Ba 2015) and an L2 penalty. ``--write`` replaces
``video_vlm/models/builtin/evidence_weights.py``.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from question_sets import Item, folder_items, paraphrased_items
from tqdm import tqdm

from video_vlm import Settings, VideoQA
from video_vlm.errors import MediaError
from video_vlm.language.passages import Passages, read_passages
from video_vlm.language.query import read_query
from video_vlm.language.spelling import spelled
from video_vlm.models.builtin import evidence_weights
from video_vlm.models.builtin.evidence import FEATURES, Candidate, candidates_for
from video_vlm.models.builtin.evidence_model import EvidenceModel, feature_rows
from video_vlm.models.builtin.read import tellable
from video_vlm.models.onnx_text_encoder import OnnxTextEncoder
from video_vlm.protocols import TextEncoder, WordVectors
from video_vlm.settings import MeaningSettings

Rows = npt.NDArray[np.float64]
ANSWERABLE = frozenset({"text", "structure", "chapters"})
FOLDS, STEPS, RATE, L2 = 6, 600, 0.05, 0.003
FLOORS = (0.5, 0.6, 0.7, 0.8)


@dataclass(frozen=True)
class Example:
    """A question with its candidates: ``rows`` is ``(num_candidates, len(FEATURES))``, ``right`` says which of
    them hold the answer."""

    film: str
    rows: Rows
    right: npt.NDArray[np.bool_]
    answerable: bool


class Remembering(OnnxTextEncoder):
    """Encodes each text once in a run."""

    def __init__(self) -> None:
        super().__init__("minilm")
        self._known: dict[str, WordVectors] = {}

    def encode_words(self, text: str) -> WordVectors:
        if text not in self._known:
            self._known[text] = super().encode_words(text)
        return self._known[text]


def items_of(options: argparse.Namespace) -> list[Item]:
    """All questions to fit on."""
    items = [
        item
        for folder in options.folders
        for item in folder_items(folder)
        if item.goals != "fresh" or item in folder_items(folder, half="tune")
    ]
    if options.paraphrases:
        items += [
            item
            for item in paraphrased_items(options.paraphrases, options.folders, half="tune")
            if item.truth["wording"] == "other"
        ]
    return items


def examples_of(items: Iterable[Item], videos: VideoQA, encoder: TextEncoder | None) -> Iterator[Example]:
    """Each question with its candidates, once its film is read."""
    read: dict[Path, Passages | None] = {}
    for item in items:
        if item.video not in read:
            read[item.video] = _passages(item.video, videos)
        passages = read[item.video]
        if passages is not None:
            yield _example(item, replace(passages, encoder=encoder))


def _passages(video: Path, videos: VideoQA) -> Passages | None:
    try:
        videos.index(video)
    except MediaError as error:
        print(error, file=sys.stderr)
        return None
    return read_passages(videos.memory(video))


def _example(item: Item, passages: Passages) -> Example:
    query = read_query(spelled(item.truth["q"], passages))
    found = candidates_for(query, tellable(passages.all, passages), passages)
    answerable = item.truth["needs"] in ANSWERABLE
    start, end = item.truth["evidence"]
    right = [
        answerable
        and any(one.span.start < end and one.span.end > start for one in candidate.excerpt)
        and any(re.search(pattern, _said(candidate), re.I) for pattern in item.truth["accept"])
        for candidate in found
    ]
    return Example(str(item.video), feature_rows(found), np.array(right, bool), answerable)


def _said(candidate: Candidate) -> str:
    return " ".join(one.text for one in candidate.excerpt)


def fitted(examples: Sequence[Example]) -> EvidenceModel:
    """The weights under which the right candidates, or the null candidate, are likeliest."""
    examples = [one for one in examples if len(one.rows)]
    every = np.concatenate([one.rows for one in examples])
    mean, scale = every.mean(0), np.maximum(every.std(0), 1e-3)
    rows, there, target = _padded(examples, mean, scale)
    weights = np.zeros(len(FEATURES) + 1)
    first, second = np.zeros_like(weights), np.zeros_like(weights)
    for step in range(1, STEPS + 1):
        shares = _shares(rows, there, weights)
        wanted = shares * target
        wanted /= wanted.sum(1, keepdims=True)
        missing = (wanted - shares)[:, :-1] / len(examples)
        slope = np.append(np.einsum("qc,qcf->f", missing, rows) - L2 * weights[:-1], missing.sum())
        first, second = 0.9 * first + 0.1 * slope, 0.999 * second + 0.001 * slope**2
        weights += RATE * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
    return EvidenceModel(weights[:-1], mean, scale, float(weights[-1]))


def _padded(
    examples: Sequence[Example], mean: Rows, scale: Rows
) -> tuple[Rows, npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Rows ``(questions, candidates, features)``, which of them exist, and what should be chosen ``(questions,
    candidates + 1)``; the null candidate is the last."""
    most = max(len(one.rows) for one in examples)
    rows = np.zeros((len(examples), most, len(FEATURES)))
    there = np.zeros((len(examples), most), bool)
    target = np.zeros((len(examples), most + 1), bool)
    for place, one in enumerate(examples):
        rows[place, : len(one.rows)] = (one.rows - mean) / scale
        there[place, : len(one.rows)] = True
        target[place, : len(one.right)] = one.right
        target[place, -1] = not one.right.any()
    return rows, there, target


def _shares(rows: Rows, there: npt.NDArray[np.bool_], weights: Rows) -> Rows:
    scores = np.where(there, rows @ weights[:-1] + weights[-1], -np.inf)
    scores = np.column_stack([scores, np.zeros(len(rows))])
    shares = np.exp(scores - scores.max(1, keepdims=True))
    return np.asarray(shares / shares.sum(1, keepdims=True))


def report(examples: Sequence[Example]) -> str:
    """Cross-validated by film: the best sentence at several floors of probability."""
    films = sorted({one.film for one in examples})
    judged: list[tuple[float, bool, bool]] = []
    for fold in range(FOLDS):
        held = set(films[fold::FOLDS])
        model = fitted([one for one in examples if one.film not in held])
        judged += [_judged(one, model) for one in examples if one.film in held]
    num = sum(answerable for _, _, answerable in judged)
    lines = [f"{len(judged)} questions of {len(films)} films, {num} with an answer; by film in {FOLDS} folds"]
    for floor in FLOORS:
        given = [(right, answerable) for sure, right, answerable in judged if sure >= floor]
        right, wrong = sum(right for right, _ in given), sum(not right for right, _ in given)
        lines.append(f"  from {floor}: {right / num:.3f} right, {wrong / len(judged):.3f} wrong")
    return "\n".join(lines)


def _judged(one: Example, model: EvidenceModel) -> tuple[float, bool, bool]:
    if not len(one.rows):
        return 0.0, False, one.answerable
    shares = model.probabilities(one.rows)
    best = int(shares.argmax())
    return float(shares[best]), bool(one.right[best]), one.answerable


def source(models: dict[str, EvidenceModel]) -> str:
    """The module of the weights."""
    parts = [
        '"""Weights of the reader by feature: weight, mean and scale; and the bias. Written by'
        ' ``bench/fit_reader.py``."""\n\nfrom __future__ import annotations\n\nfrom typing import Final\n\n'
        f"__all__ = {sorted(models)!r}\n".replace("'", '"')
    ]
    for name, model in models.items():
        values = zip(FEATURES, model.weights, model.mean, model.scale, strict=True)
        rows = "".join(
            f'        "{one}": ({w:.3f}, {mean:.3f}, {scale:.3f}),\n' for one, w, mean, scale in values
        )
        parts.append(
            f"{name}: Final[tuple[dict[str, tuple[float, float, float]], float]] = (\n    {{\n{rows}    }},\n"
            f"    {model.bias:.3f},\n)\n"
        )
    return "\n".join(parts)


def main() -> int:
    """Fit with and without an encoder, print, and write if told."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--library", type=Path, required=True, help="where the films are read into")
    parser.add_argument("--paraphrases", type=Path)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    items, models = items_of(options), {}
    with VideoQA(options.library, settings=Settings(meaning=MeaningSettings("none"))) as videos:
        for name, encoder in (("WITH_ENCODER", Remembering()), ("WITH_WORDS", None)):
            waiting = tqdm(items, unit="question", disable=not sys.stderr.isatty())
            examples = list(examples_of(waiting, videos, encoder))
            print(f"{name}: {report(examples)}")
            models[name] = fitted(examples)
    if options.write:
        Path(evidence_weights.__file__).write_text(source(models), encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
