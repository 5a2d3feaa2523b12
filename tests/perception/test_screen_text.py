from importlib.util import find_spec

import numpy as np
import pytest
from PIL import Image as Picture
from PIL import ImageDraw, ImageFont

from video_vlm.perception.text_change import gray_of, may_hold_text
from video_vlm.perception.text_rows import TextRow, rows_of
from video_vlm.perception.text_tracks import join_rows
from video_vlm.records import Image, Observation, ObservationKind, Span

needs_senses = pytest.mark.skipif(
    not (find_spec("rapidocr") and find_spec("onnxruntime")), reason="needs rapidocr: pip install '.[senses]'"
)


def card(*lines: tuple[int, int, str], size: int = 34, paper: str = "white", ink: str = "black") -> Image:
    frame = Picture.new("RGB", (640, 360), paper)
    draw = ImageDraw.Draw(frame)
    for left, top, text in lines:
        draw.text((left, top), text, fill=ink, font=ImageFont.load_default(size))
    return np.asarray(frame)


def row(start: float, end: float, text: str, top: float = 0.4, confidence: float = 0.95) -> Observation:
    span = Span(start, end)
    return Observation(
        span, ObservationKind.SCREEN_TEXT, text, "screen", confidence, (0.1, top, 0.6, top + 0.08)
    )


@pytest.mark.parametrize(
    ("size", "paper", "ink"), [(60, "white", "black"), (16, "black", "white"), (30, "#606060", "#8a8a8a")]
)
def test_the_gate_lets_writing_through(size: int, paper: str, ink: str) -> None:
    assert may_hold_text(gray_of(card((40, 150, "The lamp goes out"), size=size, paper=paper, ink=ink)))


def test_the_gate_holds_back_an_empty_picture() -> None:
    assert not may_hold_text(gray_of(card(paper="#304050")))


def test_cells_of_one_row_are_joined_and_rows_go_down() -> None:
    pieces = [
        TextRow("Foundations", 0.9, (0.5, 0.3, 0.8, 0.36)),
        TextRow("Timeline", 0.9, (0.1, 0.1, 0.4, 0.16)),
        TextRow("1928", 0.9, (0.1, 0.3, 0.2, 0.36)),
    ]
    assert [found.text for found in rows_of(pieces)] == ["Timeline", "1928 | Foundations"]


def test_a_row_that_stays_is_seen_once() -> None:
    assert [
        (item.text, item.span) for item in join_rows([row(0, 2, "Key facts"), row(2, 4, "Key facts")])
    ] == [("Key facts", Span(0, 4))]


def test_a_misread_letter_does_not_make_a_second_row() -> None:
    rows = [
        row(0, 2, "The Kelvara Bridge"),
        row(2, 4, "The Kelvara Brldge", confidence=0.7),
        row(4, 6, "The Kelvara Bridge"),
    ]
    assert [item.text for item in join_rows(rows)] == ["The Kelvara Bridge"]


def test_other_numbers_are_another_row() -> None:
    assert len(join_rows([row(0, 2, "Score 1 to 2"), row(2, 4, "Score 1 to 3")])) == 2


@needs_senses
def test_drawn_words_are_read_with_their_place() -> None:
    from video_vlm.perception.text_reader import ScreenTextReader
    from video_vlm.settings import ScreenTextSettings

    rows = ScreenTextReader(ScreenTextSettings()).read(
        card((60, 60, "Key facts"), (60, 240, "Length: 1,284 m"))
    )
    assert [found.text for found in rows] == ["Key facts", "Length: 1,284 m"]
    assert rows[0].box[1] < 0.35 < rows[1].box[1]
