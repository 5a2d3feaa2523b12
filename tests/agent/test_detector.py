"""A model looks for a thing in the pictures it asks for, and cites where it was found."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from video_vlm import VideoQA
from video_vlm.agent.shown_frames import in_whole
from video_vlm.chat import Turn
from video_vlm.models.scripted import ScriptedChat
from video_vlm.records import Answer, Detection, Image, ObservationKind
from video_vlm.settings import AskSettings, IndexSettings, Settings

SETTINGS = Settings(
    index=IndexSettings(observers=("chapters", "look")), ask=AskSettings(keep_looks=False, max_look_frames=6)
)
ANSWER = json.dumps({"action": "answer", "claims": [{"text": "The lamp is on the left.", "at": [[24, 24]]}]})


class Finder:
    """Finds what it is told, in the left half of every picture."""

    name = "finder"

    def __init__(self) -> None:
        self.asked: list[tuple[tuple[int, ...], str]] = []

    def detect(self, image: Image, phrase: str) -> Sequence[Detection]:
        self.asked.append((image.shape, phrase))
        return [Detection((0.0, 0.25, 0.5, 0.75), 0.9)] if "lamp" in phrase else []


@pytest.fixture
def library(sample_film: Path, tmp_path: Path) -> Path:
    with VideoQA(tmp_path, settings=SETTINGS) as videos:
        videos.index(sample_film)
    return tmp_path


def asked(
    library: Path, film: Path, look: dict[str, object], finder: Finder | None
) -> tuple[Answer, ScriptedChat]:
    model = ScriptedChat([json.dumps({"action": "look", "from": 24, "to": 24, "frames": 1, **look}), ANSWER])
    with VideoQA(library, settings=SETTINGS, model=model, detector=finder) as videos:
        return videos.ask(film, "Where is the lamp?"), model


def words(turns: Sequence[Turn]) -> str:
    return "\n".join(part for turn in turns for part in turn.parts if isinstance(part, str))


def test_where_it_is_is_told_and_cited(library: Path, sample_film: Path) -> None:
    answer, model = asked(library, sample_film, {"find": "the lamp"}, Finder())
    assert '"find"' in words(model.heard[0])
    assert "the lamp at [0.00, 0.25, 0.50, 0.75]" in words(model.heard[1])
    citation = answer.citations[0]
    assert (citation.kind, citation.box) == (ObservationKind.OBJECT, (0.0, 0.25, 0.5, 0.75))
    assert any(step.action == "detect" and "1 boxes" in step.detail for step in answer.receipt.steps)
    assert Answer.from_json(answer.to_json()) == answer


def test_a_box_in_a_crop_is_told_in_the_whole_picture(library: Path, sample_film: Path) -> None:
    answer, _ = asked(library, sample_film, {"find": "lamp", "crop": [0.5, 0.5, 1.0, 1.0]}, Finder())
    assert answer.citations[0].box == (0.5, 0.625, 0.75, 0.875)
    assert in_whole((0.0, 0.0, 1.0, 1.0), (0.2, 0.4, 0.6, 0.8)) == pytest.approx((0.2, 0.4, 0.6, 0.8))


def test_what_is_not_there_is_not_cited(library: Path, sample_film: Path) -> None:
    answer, model = asked(library, sample_film, {"find": "a heron"}, Finder())
    assert "heron at [" not in words(model.heard[1])
    assert answer.citations[0].box is None


def test_without_a_detector_nothing_is_offered(library: Path, sample_film: Path) -> None:
    answer, model = asked(library, sample_film, {"find": "the lamp"}, None)
    assert '"find"' not in words(model.heard[0])
    assert answer.citations[0].box is None


def test_the_box_is_drawn_on_the_evidence(library: Path, sample_film: Path, tmp_path: Path) -> None:
    from PIL import Image as Pillow

    from video_vlm.cli.evidence_files import save_evidence

    answer, _ = asked(library, sample_film, {"find": "the lamp"}, Finder())
    save_evidence(answer, tmp_path / "proof")
    with Pillow.open(tmp_path / "proof" / "picture-1.jpg") as frame:
        drawn = frame.convert("RGB")
    edge = drawn.getpixel((1, drawn.height // 2))
    beyond = drawn.getpixel((drawn.width - 2, drawn.height // 2))
    assert isinstance(edge, tuple)
    assert edge[0] > 180
    assert max(edge[1:]) < 110
    assert beyond != edge
