"""What every room's tests may ask for."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import hypothesis
import pytest

from examples.sample_film import write_film
from tests.media.reels import Reel, write_reel
from tests.postgres_server import start_postgres
from video_vlm import redaction

# No test fails because a machine is slow or busy.
hypothesis.settings.register_profile("unhurried", deadline=None)
hypothesis.settings.load_profile("unhurried")

SHARED = Path(os.environ.get("VIDEO_VLM_SHARED", Path(__file__).parents[2] / "shared"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """File names that are not UTF-8, in what a test printed, would end a run of several processes."""
    report = yield
    report.sections = [
        (name, text.encode("utf-8", "backslashreplace").decode()) for name, text in report.sections
    ]
    return report


@pytest.fixture(autouse=True)
def _no_error_is_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """A test that makes the package log an ERROR has failed, whatever it asserts."""
    yield
    errors = [record.getMessage() for record in caplog.get_records("call") if record.levelno >= logging.ERROR]
    assert not errors, errors


@pytest.fixture(autouse=True)
def _logging_is_as_in_a_new_process() -> None:
    """A command run in here, by a test or for a whole session, sets up the package's logger; the library
    never does."""
    logger = logging.getLogger("video_vlm")
    logger.setLevel(logging.NOTSET)
    logger.handlers.clear()


@pytest.fixture(autouse=True)
def _no_secret_of_another_test_is_known() -> Iterator[None]:
    """A process takes its secrets out of all it says: one that a test made up may be a word of another."""
    before = set(redaction._known)
    yield
    redaction._known.clear()
    redaction._known.update(before)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The shared test videos, which are in no repository."""
    folder = SHARED / "data" / "dev"
    if not folder.is_dir():
        pytest.skip(f"the shared test videos are not at {folder} (set VIDEO_VLM_SHARED)")
    return folder


@pytest.fixture(scope="session")
def make_video(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Reel], Path]:
    """Writes a reel once a run and gives its path."""
    folder = tmp_path_factory.mktemp("reels")
    written: dict[Reel, Path] = {}

    def make(reel: Reel) -> Path:
        if reel not in written:
            written[reel] = write_reel(folder / f"{len(written)}{reel.suffix}", reel)
        return written[reel]

    return make


@pytest.fixture(scope="session")
def sample_film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The film of ``examples/sample_film.py`` with its subtitles beside it: to be read, not to be changed."""
    return write_film(tmp_path_factory.mktemp("sample") / "film.mp4")


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of a real PostgreSQL server with pgvector, more of the query may
    be added with ``&``."""
    with start_postgres(durable=False) as server:
        yield server.url
