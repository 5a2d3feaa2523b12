"""What one question made us look at serves the next: no second decode, and nothing observers saw is
touched."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from video_vlm import AskSettings, IndexSettings, Settings, VideoQA
from video_vlm.ask import ask
from video_vlm.memory import StoredLook, open_library
from video_vlm.records import Answer, Span, Status
from video_vlm.relook.cached_looks import CachedFrames, valid_looks
from video_vlm.relook.frame_observers import FrameObservers
from video_vlm.settings import FrameSettings

QUESTION = "Which phone number is written on the door?"
NO_TEXT = IndexSettings(observers=("chapters", "subtitles", "look", "motion"))
SELDOM = IndexSettings(observers=("screen-text", "look"), frames=FrameSettings(candidate_seconds=30.0))
"""One representative frame a segment: what is on show for two seconds is missed."""

SIGN = Span(14.0, 17.0)


def shown(rows: tuple[str, ...]) -> np.ndarray:
    frame = Image.new("RGB", (640, 360), (70, 90, 110))
    draw = ImageDraw.Draw(frame)
    for place, row in enumerate(rows):
        draw.text((60, 90 + 70 * place), row, (250, 250, 250), ImageFont.load_default(42))
    return np.asarray(frame)


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A still picture of 20 s on which two rows of text stand for three seconds."""
    path = tmp_path_factory.mktemp("door") / "door.mp4"
    blank, sign = shown(()), shown(("Phone: 555-0142", "Owner: Odile Brant"))
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 640, 360, "yuv420p"
        for number in range(200):
            frame = sign if SIGN.contains(number / 10) else blank
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode(None))
    return path


@pytest.fixture
def videos(tmp_path: Path) -> Iterator[VideoQA]:
    with VideoQA(tmp_path / "library", settings=Settings(index=NO_TEXT)) as videos:
        yield videos


def decoded(answer: Answer) -> int:
    return answer.receipt.frames_decoded


def test_a_second_question_about_the_same_minutes_needs_no_second_look(door: Path, tmp_path: Path) -> None:
    pytest.importorskip("rapidocr", reason="reading text needs the extra senses")
    with VideoQA(tmp_path / "library", settings=Settings(index=SELDOM)) as videos:
        videos.index(door)
        assert videos.search("owner") == ()
        first = videos.ask(door, "What is the phone number?")
        second = videos.ask(door, "Who is the owner?")
        found = videos.search("Odile")
    assert decoded(first) > 0
    assert (second.status, decoded(second)) == (Status.ANSWERED, 0)
    assert "Odile Brant" in second.text
    assert all(SIGN.overlaps(one.span) for one in second.citations)
    assert [SIGN.overlaps(one.span) for one in found] == [True]


def test_the_same_question_decodes_nothing_twice(videos: VideoQA, sample_film: Path) -> None:
    first, second = (videos.ask(sample_film, QUESTION) for _ in range(2))
    assert (decoded(first) > 0, decoded(second)) == (True, 0)
    assert (second.status, second.text, second.claims) == (first.status, first.text, first.claims)
    assert any("known from earlier questions" in step.detail for step in second.receipt.steps)


def test_a_look_says_who_saw_what_how_and_for_which_question(videos: VideoQA, sample_film: Path) -> None:
    videos.index(sample_film)
    before = videos.library.dump(videos.memory(sample_film).content_id)
    answer = videos.ask(sample_film, QUESTION)
    kept = videos.memory(sample_film).looks()
    assert {look.observer for look in kept} == {"look", "motion"}
    assert {(look.question, look.max_side) for look in kept} == {(QUESTION, 1280)}
    assert all(look.reason and look.digest and look.looked_at for look in kept)
    assert len({frame.start for look in kept for frame in look.frames}) == decoded(answer)
    assert videos.library.dump(videos.memory(sample_film).content_id) == before, (
        "what observers saw stays as it was"
    )


def test_forgotten_looks_are_looked_at_again(videos: VideoQA, sample_film: Path) -> None:
    first = videos.ask(sample_film, QUESTION)
    assert videos.library.looks.forget(videos.memory(sample_film).content_id) > 0
    assert videos.memory(sample_film).looks() == ()
    assert decoded(videos.ask(sample_film, QUESTION)) == decoded(first)


def test_looks_are_not_kept_where_that_is_not_wanted(sample_film: Path, tmp_path: Path) -> None:
    settings = Settings(index=NO_TEXT, ask=AskSettings(keep_looks=False))
    with VideoQA(tmp_path / "library", settings=settings) as videos:
        assert decoded(videos.ask(sample_film, QUESTION)) > 0
        assert videos.memory(sample_film).looks() == ()


def test_a_library_open_read_only_keeps_nothing_and_says_so(
    videos: VideoQA, sample_film: Path, tmp_path: Path
) -> None:
    content_id = videos.index(sample_film).video.content_id
    videos.close()
    with open_library(tmp_path / "library", read_only=True) as library:
        answer = ask(QUESTION, library, content_id, eyes=NO_TEXT, path=sample_film)
        assert library.looks.of(content_id) == ()
    assert decoded(answer) > 0
    assert answer.receipt.steps[-1].detail == "none of the looks: the library is open read-only"


def test_reading_with_other_settings_drops_only_what_would_be_seen_otherwise(
    sample_film: Path, tmp_path: Path
) -> None:
    pytest.importorskip("rapidocr", reason="reading text needs the extra senses")
    seldom = replace(NO_TEXT, observers=("screen-text", "look"), frames=FrameSettings(candidate_seconds=30.0))
    surer = replace(seldom, screen_text=replace(seldom.screen_text, min_confidence=0.9))
    with VideoQA(tmp_path / "library", settings=Settings(index=seldom)) as videos:
        videos.ask(sample_film, QUESTION)
        assert {look.observer for look in videos.memory(sample_film).looks()} == {"screen-text", "look"}
    with VideoQA(tmp_path / "library", settings=Settings(index=surer)) as videos:
        videos.index(sample_film)
        assert {look.observer for look in videos.memory(sample_film).looks()} == {"look"}


def kept(*starts: float, digest: str, max_side: int = 1280) -> StoredLook:
    frames = tuple(Span(start, start + 0.5) for start in starts)
    return StoredLook("look", digest, "Who?", "asked for", max_side, frames)


def test_pictures_are_known_by_digest_size_and_time() -> None:
    eyes = FrameObservers(replace(NO_TEXT, observers=("look",)))
    digest = eyes.digests["look"]
    looks = (kept(4.0, 5.0, digest=digest), kept(7.0, digest="other"), kept(9.0, digest=digest, max_side=640))
    known = CachedFrames(looks, eyes, step_seconds=1 / 30)
    assert [known.shown_at([4.01, 5.0]), known.shown_at([4.0, 4.02, 5.0])] == [(4.0, 5.0)] * 2
    assert [known.shown_at(times) for times in ([4.0], [3.9, 5.0], [4.0, 5.04], [7.0], [9.0])] == [None] * 5
    assert valid_looks(looks, eyes) == (looks[0], looks[2])


def test_a_picture_is_known_only_if_every_observer_saw_it() -> None:
    eyes = FrameObservers(replace(NO_TEXT, observers=("look", "motion")))
    known = CachedFrames([kept(4.0, digest=eyes.digests["look"])], eyes, step_seconds=1 / 30)
    assert known.shown_at([4.0]) is None
