"""What one process looked at, later ones know: the same answers, and no call of the vision tower."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.models.local.test_cheaper import Watched, answer, scores, talks, turns
from tests.models.local.tiny_models import FAMILIES
from video_vlm import AskSettings, IndexSettings, Settings, VideoQA
from video_vlm.memory import DiskCache
from video_vlm.models.local import LocalChat, Savings, open_local
from video_vlm.records import Frame

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

Saved = Callable[[str], Path]
Frames = tuple[Frame, ...]


def storing(
    folder: Path, shelf: Path, *, merge: int = 1, most_bytes: int = 1 << 24, dtype: str = "auto"
) -> LocalChat:
    """A model that is loaded anew, as in a new process."""
    return open_local(
        str(folder), savings=Savings(merge, shelf=DiskCache(shelf, most_bytes=most_bytes)), dtype=dtype
    )


def files(shelf: Path) -> list[Path]:
    return sorted(path for path in shelf.rglob("*") if path.is_file())


@pytest.mark.parametrize("merge", [1, 4])
@pytest.mark.parametrize("family", FAMILIES)
def test_a_later_process_does_not_look_again(
    saved: Saved, frames: Frames, tmp_path: Path, family: str, merge: int
) -> None:
    """Whatever it asks; and its scores are the same to the last bit."""
    import torch

    alone = open_local(str(saved(family)), savings=Savings(merge))
    first, later = (storing(saved(family), tmp_path, merge=merge) for _ in range(2))
    answer(first, turns(frames))
    tower = Watched(later)
    for talk in talks(frames):
        assert torch.equal(scores(later, talk), scores(alone, talk))
        assert answer(later, talk) == answer(alone, talk)
    assert tower.times == 0
    assert len(files(tmp_path)) == len(frames)


def test_what_is_stored_is_what_was_made_to_the_last_bit(
    saved: Saved, frames: Frames, tmp_path: Path
) -> None:
    import torch

    models = [storing(saved("Qwen3-VL"), tmp_path, dtype="bfloat16") for _ in range(2)]
    made, found = ([place.load() for place in _looks(model, frames)] for model in models)
    for one, other in zip(made, found, strict=True):
        assert one.rows.dtype == other.rows.dtype == torch.bfloat16
        assert one.deep
        assert one.is_listed == other.is_listed
        for before, after in zip((one.rows, *one.deep), (other.rows, *other.deep), strict=True):
            assert torch.equal(before.view(torch.int16), after.view(torch.int16))


def _looks(model: LocalChat, frames: Frames) -> Any:
    talk, gallery = turns(frames), model.thrift.gallery
    assert gallery is not None
    return gallery.looks(model._inputs(talk), model.thrift._places(model._inputs(talk), talk))


def test_another_process_finds_it(saved: Saved, frames: Frames, tmp_path: Path) -> None:
    """A real one, in which nothing could look."""
    expected = answer(storing(saved("Qwen3-VL"), tmp_path / "shelf"), turns(frames))
    for place, frame in enumerate(frames):
        np.save(tmp_path / f"{place}.npy", frame.image)
    code = (
        "import sys\n"
        "import numpy as np\n"
        "from pathlib import Path\n"
        "from video_vlm.chat import Turn\n"
        "from video_vlm.memory import DiskCache\n"
        "from video_vlm.models.local import Savings, open_local\n"
        "from video_vlm.records import Frame\n"
        "folder, here, *times = sys.argv[1:]\n"
        "shelf = DiskCache(Path(here, 'shelf'), most_bytes=1 << 24)\n"
        "model = open_local(folder, savings=Savings(shelf=shelf))\n"
        "model.thrift.gallery.eyes._encode = None\n"
        "images = [np.load(Path(here, f'{place}.npy')) for place in range(len(times))]\n"
        "frames = [Frame(round(float(at) * 1000), float(at), one) for at, one in zip(times, images)]\n"
        "turns = Turn('system', ('Be short.',)), Turn('user', (*frames, 'What happens?'))\n"
        "sys.stdout.buffer.write(''.join(model.stream(turns, max_tokens=8)).encode())\n"
    )
    command = [sys.executable, "-c", code, str(saved("Qwen3-VL")), str(tmp_path)]
    done = subprocess.run(
        [*command, *(str(one.pts_seconds) for one in frames)], capture_output=True, check=True
    )
    assert done.stdout.decode() == expected


@pytest.mark.parametrize(
    "broken",
    [
        lambda whole: b"",
        lambda whole: whole[: len(whole) // 2],
        lambda whole: whole[:-1] + bytes([whole[-1] ^ 1]),
        lambda whole: whole.replace(b'"F32"', b'"I32"'),
        lambda whole: (1 << 62).to_bytes(8, "little") + whole[8:],
        lambda whole: b"nothing of the kind",
    ],
    ids=["empty", "torn", "one bit", "other numbers", "a wild length", "another file"],
)
def test_a_damaged_file_is_unknown_and_written_anew(
    saved: Saved, frames: Frames, tmp_path: Path, broken: Callable[[bytes], bytes]
) -> None:
    expected = answer(storing(saved("Qwen3-VL"), tmp_path), turns(frames))
    damaged = files(tmp_path)[0]
    whole = damaged.read_bytes()
    damaged.write_bytes(broken(whole))
    model = storing(saved("Qwen3-VL"), tmp_path)
    tower = Watched(model)
    assert answer(model, turns(frames)) == expected
    assert tower.times == 1
    assert damaged.read_bytes() == whole


def test_a_file_under_anothers_name_is_unknown(saved: Saved, frames: Frames, tmp_path: Path) -> None:
    expected = answer(storing(saved("Qwen3-VL"), tmp_path), turns(frames))
    one, other, *_ = files(tmp_path)
    shutil.copyfile(one, other)
    model = storing(saved("Qwen3-VL"), tmp_path)
    tower = Watched(model)
    assert answer(model, turns(frames)) == expected
    assert tower.times == 1


@pytest.mark.parametrize("what", ["other numbers", "other weights", "another configuration", "more threads"])
def test_what_other_models_made_is_not_taken(
    saved: Saved, frames: Frames, tmp_path: Path, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    folder, dtype = tmp_path / "model", "auto"
    shutil.copytree(saved("Qwen3-VL"), folder)
    answer(storing(folder, tmp_path / "shelf"), turns(frames))
    weights, threads = folder / "model.safetensors", torch.get_num_threads()
    if what == "other numbers":
        dtype = "bfloat16"
    elif what == "other weights":
        weights.write_bytes(weights.read_bytes()[:-1] + b"\x01")
    elif what == "another configuration":
        config = (folder / "config.json").read_text()
        (folder / "config.json").write_text(
            config.replace('"initializer_range": 0.02', '"initializer_range": 0.03')
        )
    else:
        torch.set_num_threads(threads + 1)
    try:
        model = storing(folder, tmp_path / "shelf", dtype=dtype)
    finally:
        torch.set_num_threads(threads)
    tower = Watched(model)
    answer(model, turns(frames))
    assert tower.times == len(frames)
    assert len({path.parent for path in files(tmp_path / "shelf")}) == 2


def test_the_same_model_elsewhere_is_the_same(saved: Saved, frames: Frames, tmp_path: Path) -> None:
    answer(storing(saved("Qwen3-VL"), tmp_path / "shelf"), turns(frames))
    shutil.copytree(saved("Qwen3-VL"), tmp_path / "moved")
    model = storing(tmp_path / "moved", tmp_path / "shelf")
    tower = Watched(model)
    answer(model, turns(frames))
    assert tower.times == 0


def test_what_is_stored_is_bounded(saved: Saved, frames: Frames, tmp_path: Path) -> None:
    answer(storing(saved("Qwen3-VL"), tmp_path / "one", most_bytes=1 << 20), turns(frames[:1]))
    (one,) = files(tmp_path / "one")
    most = 5 * one.stat().st_size // 2
    model = storing(saved("Qwen3-VL"), tmp_path / "shelf", most_bytes=most)
    answer(model, turns(frames))
    assert len(files(tmp_path / "shelf")) == 2
    later = storing(saved("Qwen3-VL"), tmp_path / "shelf", most_bytes=most)
    tower = Watched(later)
    answer(later, turns(frames[2:]))
    assert tower.times == 0, "the last two are there"


def test_what_can_only_be_read_is_read(saved: Saved, frames: Frames, tmp_path: Path) -> None:
    answer(storing(saved("Qwen3-VL"), tmp_path), turns(frames[:2]))
    shelf = DiskCache(tmp_path, most_bytes=1 << 24, read_only=True)
    model = open_local(str(saved("Qwen3-VL")), savings=Savings(shelf=shelf))
    tower = Watched(model)
    answer(model, turns(frames))
    assert tower.times == len(frames[2:])
    assert len(files(tmp_path)) == 2


def test_freeing_memory_leaves_what_is_stored(saved: Saved, frames: Frames, tmp_path: Path) -> None:
    model = storing(saved("Qwen3-VL"), tmp_path)
    answer(model, turns(frames))
    tower = Watched(model)
    model.forget()
    answer(model, turns(frames))
    assert tower.times == 0


class TestInALibrary:
    """Questions put to a video, by one model after the other over the same library."""

    @pytest.fixture
    def settings(self, saved: Saved) -> Settings:
        asking = AskSettings(
            model=f"hf:{saved('Qwen3-VL')}", sampler="uniform", max_look_frames=4, answer_tokens=8
        )
        return Settings(index=IndexSettings(observers=("subtitles",)), ask=asking)

    def asked(self, library: Path, film: Path, question: str, settings: Settings) -> tuple[str, int]:
        """What was answered and what for, and how often the tower was called."""
        with VideoQA(library, settings=settings) as videos:
            model = videos._models.answerer()
            assert isinstance(model, LocalChat)
            tower = Watched(model)
            said = videos.ask(film, question)
        return replace(said, receipt=replace(said.receipt, seconds=0.0)).to_json(), tower.times

    def test_another_question_does_not_look_again(
        self, sample_film: Path, settings: Settings, tmp_path: Path
    ) -> None:
        without = replace(settings, ask=replace(settings.ask, stored_picture_mb=0))
        answers = {}
        for library, how in ((tmp_path / "with", settings), (tmp_path / "without", without)):
            answers[library.name] = [
                self.asked(library, sample_film, question, how)
                for question in ("What is seen?", "Who goes there?")
            ]
        texts = {name: [text for text, _ in some] for name, some in answers.items()}
        assert texts["with"] == texts["without"]
        assert [times > 0 for _, times in answers["with"]] == [True, False]
        assert [times > 0 for _, times in answers["without"]] == [True, True]
        assert not (tmp_path / "without" / "features").exists()

    def test_a_video_is_exported_and_forgotten_as_before(
        self, sample_film: Path, settings: Settings, tmp_path: Path
    ) -> None:
        self.asked(tmp_path / "library", sample_film, "What is seen?", settings)
        with VideoQA(tmp_path / "library", settings=settings) as videos:
            assert videos.library.facts().feature_bytes > 0
            videos.library.export_memory(videos.memory(sample_film).content_id, tmp_path / "film.memory")
            assert videos.library.verify() == ()
            assert videos.remove(sample_film)
            assert videos.library.facts().feature_bytes == 0
            videos.library.import_memory(tmp_path / "film.memory")
        assert self.asked(tmp_path / "library", sample_film, "What is seen?", settings)[1] > 0
