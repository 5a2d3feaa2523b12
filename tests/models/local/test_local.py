"""Models of transformers, made tiny from their own configurations, through the product's own way to them."""

from __future__ import annotations

import gc
import re
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.models.local.conftest import TIMES
from tests.models.local.tiny_models import FAMILIES, READ_AS_ONE, TEXT_FAMILIES
from video_vlm.chat import ChatModel, Turn
from video_vlm.errors import ModelError
from video_vlm.models import open_model
from video_vlm.models.local import LocalChat, open_local
from video_vlm.models.local.chat_input import ChatInput, load_chat_input
from video_vlm.records import Frame
from video_vlm.settings import AskSettings

# One family's processor makes arrays of tensors in a way that numpy 2 will drop.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

Saved = Callable[[str], Path]
Frames = tuple[Frame, ...]

_STAMP = re.compile(r"<([\d.]+) seconds>")


def turns(frames: Frames, words: str = "What happens?") -> tuple[Turn, ...]:
    return Turn("system", ("Be short.",)), Turn("user", (*frames, words))


def reader_of(folder: Path) -> ChatInput:
    import transformers

    config = transformers.AutoConfig.from_pretrained(folder)
    return load_chat_input(folder, config.model_type, has_eyes=True)


def numbers(values: Any) -> Counter[float]:
    return Counter(values.flatten().tolist())


def pixels(inputs: dict[str, Any]) -> Any:
    return inputs["pixel_values_images" if "pixel_values_images" in inputs else "pixel_values"]


@pytest.mark.parametrize("family", [*FAMILIES, *READ_AS_ONE])
def test_each_picture_reaches_the_model_behind_its_own_time(
    saved: Saved, frames: Frames, family: str
) -> None:
    reader = reader_of(saved(family))
    told = reader.tokenizer.decode(reader.inputs(turns(frames))["input_ids"][0])
    assert [float(at) for at in _STAMP.findall(told)] == list(TIMES)
    picture, *others = _STAMP.split(told)[2::2]
    assert picture.strip(), "a time without its picture"
    assert others[:-1] == [picture] * (len(TIMES) - 2)
    assert others[-1].startswith(picture)


@pytest.mark.parametrize("family", [*FAMILIES, *READ_AS_ONE])
def test_the_numbers_are_those_of_the_pictures(saved: Saved, frames: Frames, family: str) -> None:
    reader = reader_of(saved(family))
    there, back = (pixels(reader.inputs(turns(order))) for order in (frames, frames[::-1]))
    assert there.shape == back.shape
    assert not (there == back).all(), "the order of the pictures is lost"
    pairs = [numbers(pixels(reader.inputs(turns(pair)))) for pair in (frames[:2], frames[2:])]
    assert numbers(there) == numbers(back) == pairs[0] + pairs[1], "a picture is changed by its neighbours"


@pytest.mark.parametrize("family", [*FAMILIES, *READ_AS_ONE])
def test_a_model_with_eyes_answers(saved: Saved, frames: Frames, family: str) -> None:
    model = open_local(str(saved(family)))
    assert isinstance(model, ChatModel)
    assert model.max_images >= len(frames)
    asked = turns(frames)
    assert model.num_tokens(asked) > model.num_tokens(turns(frames[:1])) > model.num_tokens(turns(()))
    assert "".join(model.stream(asked, max_tokens=6)) == "".join(model.stream(asked, max_tokens=6))


@pytest.mark.parametrize("family", TEXT_FAMILIES)
def test_a_model_without_eyes_gets_the_words(saved: Saved, frames: Frames, family: str) -> None:
    model = open_local(str(saved(family)))
    assert model.max_images == 0
    assert model.num_tokens(turns(frames)) == model.num_tokens(turns(()))
    assert isinstance("".join(model.stream(turns(()), max_tokens=6)), str)


@pytest.mark.parametrize(
    ("family", "most", "shape"),
    [
        ("BLIP-2", 1, (1, 3, 32, 32)),
        ("InstructBLIP", 1, (1, 3, 32, 32)),
        ("InstructBLIP-Video", 4, (1, 4, 3, 32, 32)),
    ],
)
def test_a_captioner_gets_its_pictures_and_their_times(
    saved: Saved, frames: Frames, family: str, most: int, shape: tuple[int, ...]
) -> None:
    model = open_local(str(saved(family)))
    assert model.max_images == most
    shown = turns(frames[1 : 1 + min(most, 2)], "word " * 600)
    inputs = model._inputs(shown)
    assert "<3.5 seconds>" in model._reader.tokenizer.decode(inputs["input_ids"][0])
    assert tuple(inputs["pixel_values"].shape) == shape
    assert all(value.shape[1] <= 512 for name, value in inputs.items() if name.startswith("qformer_"))
    assert isinstance("".join(model.stream(shown, max_tokens=6)), str)


def test_a_video_of_four_pictures_has_them_in_order_and_the_last_again(saved: Saved, frames: Frames) -> None:
    model = open_local(str(saved("InstructBLIP-Video")))
    two = model._inputs(turns(frames[:2]))["pixel_values"][0]
    four = model._inputs(turns(frames[:4]))["pixel_values"][0]
    assert (two[:2] == four[:2]).all()
    assert (two[2] == two[1]).all()
    assert (two[3] == two[1]).all()
    assert not (four[2] == four[1]).all()


def test_what_is_generated_is_what_the_model_generates(saved: Saved, frames: Frames) -> None:
    """The same tokens as by transformers' own call on the same inputs, greedily."""
    import torch
    import transformers

    folder = saved("Qwen3-VL")
    inputs = reader_of(folder).inputs(turns(frames))
    model = transformers.AutoModelForImageTextToText.from_pretrained(folder).eval()
    with torch.inference_mode():
        tokens = model.generate(**inputs, max_new_tokens=12, do_sample=False)[
            0, inputs["input_ids"].shape[1] :
        ]
    expected = transformers.AutoTokenizer.from_pretrained(folder).decode(tokens, skip_special_tokens=True)
    assert "".join(open_local(str(folder)).stream(turns(frames), max_tokens=12)) == expected


def test_an_answer_that_nobody_waits_for_stops_and_is_forgotten(saved: Saved, frames: Frames) -> None:
    import torch

    model = open_local(str(saved("Qwen3-VL")))
    "".join(model.stream(turns(frames), max_tokens=2))
    before, threads = _num_tensors(torch), threading.active_count()
    pieces = model.stream(turns(frames), max_tokens=3500)
    next(pieces)
    pieces.close()  # type: ignore[attr-defined]
    assert threading.active_count() == threads
    assert _num_tensors(torch) <= before
    assert isinstance("".join(model.stream(turns(frames), max_tokens=2)), str), (
        "it is free for the next question"
    )


def test_questions_of_several_threads_take_turns(saved: Saved, frames: Frames) -> None:
    model = open_local(str(saved("Qwen3-VL")))
    asked = [turns(frames[:number], f"Question {number}?") for number in range(1, 5)]
    alone = ["".join(model.stream(one, max_tokens=8)) for one in asked]
    beside: dict[int, str] = {}

    def ask(place: int) -> None:
        model.num_tokens(asked[place])
        beside[place] = "".join(model.stream(asked[place], max_tokens=8))

    workers = [threading.Thread(target=ask, args=(place,)) for place in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [beside[place] for place in range(4)] == alone


@pytest.mark.parametrize("family", ["Qwen3-VL", "Gemma 3", "Qwen3"])
def test_words_from_a_video_are_no_control_tokens(saved: Saved, family: str) -> None:
    """A subtitle that holds a family's own marks ends no turn and stands for no picture."""
    model = open_local(str(saved(family)))
    tokenizer = model._reader.tokenizer
    marks = [mark for mark in {*tokenizer.all_special_tokens, *tokenizer.get_added_vocab()} if len(mark) > 1]
    plain, marked = (
        model._inputs(turns((), words))["input_ids"][0].tolist() for words in ("x", " ".join(marks))
    )
    control = set(tokenizer.convert_tokens_to_ids(marks))
    assert len(marks) > 1
    assert [one for one in marked if one in control] == [one for one in plain if one in control]


def test_a_template_without_a_system_gets_it_with_the_question(saved: Saved, tmp_path: Path) -> None:
    import transformers

    tokenizer = transformers.AutoTokenizer.from_pretrained(saved("Qwen3"))
    refuses = "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system here') }}{% endif %}"
    tokenizer.chat_template = refuses + tokenizer.chat_template
    told = tokenizer.decode(ChatInput(tokenizer).inputs(turns(()))["input_ids"][0])
    assert "user\nBe short.\nWhat happens?" in told


def test_a_model_that_places_pictures_wrongly_is_loaded_with_a_warning(
    saved: Saved, caplog: pytest.LogCaptureFixture
) -> None:
    open_local(str(saved("Qwen2.5-VL")))
    assert "Qwen2.5-VL is misplaced in time" in caplog.text


def test_the_settings_open_a_local_model(saved: Saved) -> None:
    model = open_model(AskSettings(model=f"hf:{saved('Qwen3-VL')}", dtype="bfloat16"))
    assert isinstance(model, LocalChat)
    assert str(model._model.dtype) == "torch.bfloat16"


class TestWhatCannotBeLoaded:
    def test_a_name_that_is_not_in_the_cache(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
        with pytest.raises(ModelError, match="videoqa models pull nobody/nothing"):
            open_local("nobody/nothing")

    def test_a_name_that_is_none(self) -> None:
        with pytest.raises(ModelError, match="neither a folder nor the name"):
            open_local("no/such/folder/at all")
        with pytest.raises(ModelError, match="names no model"):
            open_local("")

    def test_a_folder_without_a_model(self, tmp_path: Path) -> None:
        with pytest.raises(ModelError, match=r"no config\.json"):
            open_local(str(tmp_path))

    def test_weights_that_could_run_code(self, saved: Saved, tmp_path: Path) -> None:
        (tmp_path / "config.json").write_bytes((saved("Qwen3") / "config.json").read_bytes())
        (tmp_path / "pytorch_model.bin").write_bytes(b"\x80\x04")
        with pytest.raises(ModelError, match="can run code"):
            open_local(str(tmp_path))

    def test_weights_that_are_cut_off(self, saved: Saved, tmp_path: Path) -> None:
        for part in saved("Qwen3").iterdir():
            (tmp_path / part.name).write_bytes(part.read_bytes())
        weights = tmp_path / "model.safetensors"
        weights.write_bytes(weights.read_bytes()[:-1000])
        with pytest.raises(ModelError, match="cannot be loaded"):
            open_local(str(tmp_path))

    def test_a_kind_that_does_not_write(self, tmp_path: Path) -> None:
        import transformers

        config = transformers.SiglipVisionConfig(hidden_size=8, num_hidden_layers=1, num_attention_heads=1)
        transformers.SiglipVisionModel(config).save_pretrained(tmp_path)
        with pytest.raises(ModelError, match="does not write"):
            open_local(str(tmp_path))

    def test_an_unknown_quantization(self, saved: Saved) -> None:
        with pytest.raises(ModelError, match="4bit or 8bit"):
            open_local(str(saved("Qwen3")), quantization="3bit")

    def test_an_unknown_device_or_dtype(self, saved: Saved) -> None:
        with pytest.raises(ModelError, match="device"):
            open_local(str(saved("Qwen3")), device="abacus")
        with pytest.raises(ModelError, match="dtype"):
            open_local(str(saved("Qwen3")), dtype="float7")


def _num_tensors(torch: Any) -> int:
    gc.collect()
    return sum(1 for one in gc.get_objects() if issubclass(type(one), torch.Tensor))
