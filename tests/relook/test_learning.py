"""Learning never harms: whatever was asked before, in whatever order, an answer is the same or there was none."""

from __future__ import annotations

import random
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from video_vlm import IndexSettings, Settings, VideoQA
from video_vlm.records import Answer, Status
from video_vlm.settings import FrameSettings

pytest.importorskip("rapidocr", reason="reading text needs the extra senses")

SELDOM = Settings(
    index=IndexSettings(observers=("screen-text", "look"), frames=FrameSettings(candidate_seconds=12.0))
)
"""Few representative frames: much of what is written is seen in looks alone."""
PLACES = ("Vault", "Harbour", "Chapel", "Mill")
NAMES = ("Odile Brant", "Marek Stone", "Ines Calder", "Tomas Wren")
QUESTIONS = (
    "What is the phone number?",
    "Who is the owner?",
    "What is the price?",
    "What is written after the door is opened?",
    "Which city is on the sign?",
    "What is the number of the platform?",
)


def rows_of(chance: random.Random) -> list[tuple[float, float, str]]:
    """What is written when: some rows for long, most for a moment."""
    lines = [
        f"Phone: 555-0{chance.randrange(100, 999)}",
        f"Owner: {chance.choice(NAMES)}",
        f"Price: {chance.randrange(20, 90)} euros",
        "Door opened",
        f"Welcome to the {chance.choice(PLACES)}",
        f"Platform {chance.randrange(2, 30)}",
    ]
    shown = []
    for line in lines:
        start = chance.uniform(1.0, 24.0)
        shown.append((start, start + chance.choice((1.5, 2.5, 9.0)), line))
    return shown


def write(path: Path, shown: list[tuple[float, float, str]]) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=5)
        stream.width, stream.height, stream.pix_fmt = 640, 360, "yuv420p"
        for number in range(150):
            frame = Image.new("RGB", (640, 360), (70, 90, 110))
            draw = ImageDraw.Draw(frame)
            for place, (start, end, row) in enumerate(shown):
                if start <= number / 5 < end:
                    draw.text((50, 20 + 55 * place), row, (250, 250, 250), ImageFont.load_default(36))
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.asarray(frame), format="rgb24")))
        container.mux(stream.encode(None))
    return path


def told(answer: Answer) -> tuple[str, tuple[float, ...]]:
    return answer.text, tuple(round(one.span.start, 1) for one in answer.citations)


@pytest.mark.parametrize("seed", range(1, 24, 4))
def test_an_answer_is_the_same_whatever_was_asked_before(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    film = write(tmp_path / "film.mp4", rows_of(chance))
    fresh: dict[str, Answer] = {}
    with VideoQA(tmp_path / "fresh", settings=SELDOM) as videos:
        content_id = videos.index(film).video.content_id
        for question in QUESTIONS:
            fresh[question] = videos.ask(film, question)
            videos.library.looks.forget(content_id)
        for question in chance.sample(QUESTIONS, len(QUESTIONS)) + chance.sample(QUESTIONS, 3):
            answer = videos.ask(film, question)
            if fresh[question].status is Status.ANSWERED:
                assert told(answer) == told(fresh[question]), question
            elif answer.status is not Status.ANSWERED:
                assert answer.status is fresh[question].status, question
    assert any(one.status is Status.ANSWERED for one in fresh.values())
