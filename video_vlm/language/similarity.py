"""How near a text is to a question: as a whole, and word by word.

Whole sentences are compared by their vectors (bi-encoder, Reimers and Gurevych 2019). Word by word each telling
word of the question is held to the word of the text that is nearest to it (MaxSim, Khattab and Zaharia 2020,
ColBERT): that shows the word for which nothing stands. Without an encoder only the words themselves are compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from video_vlm.language.query import Term
from video_vlm.language.word_forms import alike, stem, words
from video_vlm.media.cpu_count import num_cores
from video_vlm.protocols import TextEncoder, WordEncoder, WordVectors

__all__ = ["Similarity"]

_LEAST_WEIGHT: Final = 0.3
_MAX_THREADS: Final = 4


class Similarity:
    """A question, compared with many texts. Each text is encoded once.

    Args:
        question: Its words.
        terms: Those of its words that tell something.
        encoder: Compares meanings; None, or one that does not tell words apart, for words alone.
    """

    def __init__(self, question: str, terms: Sequence[Term], encoder: TextEncoder | None) -> None:
        self.question = question
        self._terms = {term.stem: term for term in terms if term.weight >= _LEAST_WEIGHT}
        self._encoder = encoder if isinstance(encoder, WordEncoder) else None
        self._encoded: dict[str, WordVectors] = {}

    @property
    def is_by_words(self) -> bool:
        """Whether nothing but the words is compared."""
        return self._encoder is None

    def read(self, texts: Iterable[str]) -> None:
        """Encode texts that will be asked for, several at the same time."""
        if self._encoder is None:
            return
        new = [text for text in dict.fromkeys(texts) if text not in self._encoded]
        with ThreadPoolExecutor(min(_MAX_THREADS, num_cores()), "reader") as threads:
            self._encoded.update(zip(new, threads.map(self._encoder.encode_words, new), strict=True))

    def meaning(self, text: str) -> float:
        """Cosine of question and text, in ``[-1, 1]``; 0 without an encoder."""
        asked, there = self._encode(self.question), self._encode(text)
        return 0.0 if asked is None or there is None else float(asked.whole @ there.whole)

    def support(self, text: str) -> dict[str, float]:
        """For each telling word of the question, by its stem, how near the nearest word of a text is, in
        ``[0, 1]``: the same word, or one that means the same here. Names and numbers admit no other, and a
        word of the text that is itself in the question stands for no other of its words."""
        told = words(text)
        there = self._encode(text)
        taken = {word.start: word.stem for word in told if word.stem in self._terms}
        found = {}
        for term in self._terms.values():
            same = max((alike(term.stem, word.stem) for word in told), default=0.0)
            vector = None if term.strict or same == 1.0 else self._vectors.get(term.stem)
            free = (
                []
                if there is None or vector is None
                else [place for place, (start, _) in enumerate(there.offsets) if start not in taken]
            )
            meant = (
                float((there.vectors[free] @ vector).max()) if free and there and vector is not None else 0.0
            )
            found[term.stem] = max(same, meant)
        return found

    def likeness(self, asked: str, text: str, start: int) -> float | None:
        """How near a word of the question, by its stem, is to the word that begins at a letter of a text, in
        ``[0, 1]``; None where words alone are compared and they are not the same."""
        there, vector = self._encode(text), self._vectors.get(asked)
        place = (
            next((place for place, span in enumerate(there.offsets) if span[0] == start), None)
            if there
            else None
        )
        if there is None or vector is None or place is None:
            return None
        return max(0.0, float(there.vectors[place] @ vector))

    @cached_property
    def _vectors(self) -> dict[str, npt.NDArray[np.float32]]:
        """The words of the question by their stems."""
        asked = self._encode(self.question)
        if asked is None:
            return {}
        placed = zip(asked.offsets, asked.vectors, strict=True)
        return {stem(self.question[start:end]): vector for (start, end), vector in placed}

    def _encode(self, text: str) -> WordVectors | None:
        if self._encoder is not None and text not in self._encoded:
            self._encoded[text] = self._encoder.encode_words(text)
        return self._encoded.get(text)
