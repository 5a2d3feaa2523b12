"""Search by sight as a user meets it: with no tower, with a random one, and with one that has learned a few
words."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.cli.conftest import Videoqa
from tests.index.conftest import write_pictures
from tests.towers import shape_images, teach_tower, write_tower
from video_vlm import VideoQA
from video_vlm.records import Span
from video_vlm.settings import IndexSettings, Settings, SightSettings

needs_models = pytest.mark.skipif(
    any(find_spec(name) is None for name in ("torch", "transformers", "einops", "safetensors")),
    reason="the extra models is not installed",
)
pytestmark = pytest.mark.filterwarnings("ignore")

SHOWN = (
    ("red", "circle"),
    ("blue", "square"),
    ("green", "triangle"),
    ("yellow", "circle"),
    ("white", "square"),
)
SECONDS_EACH = 4


@pytest.fixture(scope="session")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film of five shots of the scripted world, one coloured shape each, four seconds long; not one word in
    it."""
    pictures = [
        cv2.resize(picture, (320, 320), interpolation=cv2.INTER_CUBIC)
        for number, (colour, shape) in enumerate(SHOWN)
        for picture in shape_images(colour, shape, seed=5000 + number, num_frames=12 * SECONDS_EACH)
    ]
    return write_pictures(tmp_path_factory.mktemp("shapes") / "shapes.mp4", pictures, fps=12)


@pytest.fixture(scope="session")
def taught(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return teach_tower(tmp_path_factory.mktemp("taught") / "tower")


@pytest.fixture(scope="session")
def untaught(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tower(tmp_path_factory.mktemp("untaught") / "tower")


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], None]:
    """Sets things up so that a tower is there."""
    monkeypatch.setenv("VIDEOQA_LIBRARY", "library")
    monkeypatch.setenv("VIDEOQA_INDEX_OBSERVERS", "look,motion")
    monkeypatch.setenv("VIDEOQA_MEANING_MODEL", "none")
    return lambda folder: monkeypatch.setenv("VIDEOQA_SIGHT_MODEL", str(folder))


@needs_models
@pytest.mark.parametrize("place", range(len(SHOWN)))
def test_words_find_the_moment_that_shows_what_they_say(
    videoqa: Videoqa, shapes: Path, taught: Path, use: Callable[[Path], None], place: int
) -> None:
    use(taught)
    indexed = videoqa("index", shapes)
    assert (indexed.code, indexed.err) == (0, "")
    assert "pictures seen" in indexed.out

    colour, shape = SHOWN[place]
    found = json.loads(videoqa("search", f"a {colour} {shape}", "--json").out)

    best = next(one for one in found if "sight" in one["found_by"])
    assert place * SECONDS_EACH <= best["span"]["start"] < (place + 1) * SECONDS_EACH
    row = videoqa("search", f"a {colour} {shape}").out.splitlines()[1]
    assert "sight" in row


@needs_models
def test_a_picture_and_a_moment_find_themselves_even_by_a_tower_that_has_learned_nothing(
    videoqa: Videoqa, shapes: Path, untaught: Path, use: Callable[[Path], None]
) -> None:
    use(untaught)
    videoqa("index", shapes)
    picture = shape_images("green", "triangle", seed=5002, num_frames=12)[6]
    large = cv2.resize(picture, (320, 320), interpolation=cv2.INTER_CUBIC)
    cv2.imwrite("photo.png", cv2.cvtColor(np.asarray(large, np.uint8), cv2.COLOR_RGB2BGR))

    for like in ("photo.png", f"{shapes}@0:09", "shapes.mp4@9 seconds"):
        run = videoqa("search", "--like", like, "--limit", "1")
        assert (run.code, run.err) == (0, "")
        assert run.out.splitlines()[1].startswith("0:08–0:1")
        assert run.out.splitlines()[1].split()[1:3] == ["shapes.mp4", "sight"]
        assert "like #1 (1.00)" in run.out


@needs_models
def test_a_video_that_was_read_before_is_seen_by_the_next_index(
    videoqa: Videoqa, shapes: Path, untaught: Path, use: Callable[[Path], None]
) -> None:
    use(untaught)
    before = videoqa("index", shapes, "--set", "sight.model=none").out
    assert "seen" not in before
    assert videoqa("search", "--like", f"{shapes}@0:01").out == "nothing found\n"
    assert "pictures seen; already known" in videoqa("index", shapes).out
    assert "like #1" in videoqa("search", "--like", f"{shapes}@0:01").out


@needs_models
def test_a_question_is_led_to_where_the_tower_saw_what_it_asks_for(
    shapes: Path, taught: Path, tmp_path: Path
) -> None:
    for model, places in ((str(taught), 1), ("none", 0)):
        settings = Settings(
            index=IndexSettings(observers=("look", "motion")), sight=SightSettings(model=model)
        )
        with VideoQA(tmp_path / "library", settings=settings) as videos:
            videos.index(shapes)
            planned = videos.plans.look(shapes, "Where is the blue square?", frames=8)
        assert len(planned.places) == places
        assert all(place.overlaps(Span(4.0, 8.0)) for place in planned.places)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ([], 2, "search needs words"),
        (["--like", "gone.jpg"], 2, "no such picture: gone.jpg"),
        (["--like", "gone.mp4@0:01"], 1, "no such video"),
        (["--like", "film.mp4@soon"], 2, "not a time: 'soon'"),
        (["--like", "film.mp4@59:00"], 1, "shows nothing at 59:00"),
        (["--like", "notes.txt"], 1, "cannot be read as a picture"),
    ],
)
def test_what_cannot_be_compared_is_said_in_one_line(
    videoqa: Videoqa, own_shelf: Path, arguments: list[str], code: int, message: str
) -> None:
    Path("notes.txt").write_text("no picture", encoding="utf-8")
    run = videoqa("search", *arguments)
    assert (run.code, run.out) == (code, "")
    assert message in run.err
    assert len(run.err.splitlines()) == 1


def test_without_a_tower_a_picture_cannot_be_compared(videoqa: Videoqa, own_shelf: Path) -> None:
    run = videoqa("search", "--like", "film.mp4@0:05", "--set", "sight.model=none")
    assert run.code in (1, 2)
    assert "pip install -e '.[models]'" in run.err or "sight.model=FOLDER" in run.err


def test_a_tower_that_is_not_there_is_a_mistake_in_the_settings(videoqa: Videoqa, own_shelf: Path) -> None:
    run = videoqa("search", "lemon", "--set", "sight.model=./gone")
    assert run.code in (1, 2)
    assert "sight.model" in run.err or "pip install" in run.err
    assert len(run.err.splitlines()) == 1


def state_of_the_tower(run_out: str) -> dict[str, str]:
    (finding,) = [one for one in json.loads(run_out) if one["what"] == "image-text tower"]
    return finding  # type: ignore[no-any-return]


def test_doctor_says_what_to_type_where_there_is_no_tower(videoqa: Videoqa) -> None:
    run = videoqa("doctor", "--json")
    assert run.code == 0
    assert "sight.model=FOLDER" in state_of_the_tower(run.out)["fix"]


@needs_models
def test_doctor_names_the_tower(videoqa: Videoqa, untaught: Path, use: Callable[[Path], None]) -> None:
    use(untaught)
    finding = state_of_the_tower(videoqa("doctor", "--json").out)
    assert str(untaught) in finding["state"]
    assert finding["fix"] == ""


@needs_models
def test_doctor_says_why_a_named_tower_does_not_do(videoqa: Videoqa, use: Callable[[Path], None]) -> None:
    use(Path("gone"))
    run = videoqa("doctor", "--json")
    assert run.code == 0
    assert "is no folder" in state_of_the_tower(run.out)["state"]
