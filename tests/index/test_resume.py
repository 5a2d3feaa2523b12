"""Interrupted anywhere, gone on with later: the same memory."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from video_vlm.index import index_video
from video_vlm.memory import open_library
from video_vlm.protocols import ProgressEvent
from video_vlm.settings import IndexSettings


class Interrupter:
    """A progress callback that stops the run after so many seconds of video."""

    def __init__(self, after_seconds: float, error: type[BaseException] = KeyboardInterrupt) -> None:
        self.after_seconds = after_seconds
        self.error = error

    def __call__(self, event: ProgressEvent) -> None:
        if event.done >= self.after_seconds:
            raise self.error


@pytest.mark.parametrize("after_seconds", [0.0, 1.0, 3.0, 5.0, 8.0, 9.0, 10.0, 13.0, 17.0, 20.0, 21.1])
def test_an_interrupted_run_goes_on_to_the_same_memory(
    film: Path, settings: IndexSettings, straight: dict[str, Any], tmp_path: Path, after_seconds: float
) -> None:
    with open_library(tmp_path) as library:
        with pytest.raises(KeyboardInterrupt):
            index_video(film, library, settings=settings, progress=Interrupter(after_seconds))
        assert library.verify() == ()
        [stored] = library.videos()
        report = index_video(film, library, settings=settings)
        assert report.resumed_from == stored.until_seconds
        assert library.dump(report.video.content_id) == straight
        assert library.verify() == ()


def test_a_run_that_is_interrupted_again_and_again_gets_there(
    film: Path, settings: IndexSettings, straight: dict[str, Any], tmp_path: Path
) -> None:
    with open_library(tmp_path) as library:
        for after_seconds in range(2, 21, 2):
            with pytest.raises(RuntimeError):
                index_video(
                    film, library, settings=settings, progress=Interrupter(after_seconds, RuntimeError)
                )
        report = index_video(film, library, settings=settings)
        assert library.dump(report.video.content_id) == straight


def test_pictures_that_are_written_are_not_decoded_again(
    film: Path, settings: IndexSettings, tmp_path: Path
) -> None:
    with open_library(tmp_path) as library:
        with pytest.raises(KeyboardInterrupt):
            index_video(film, library, settings=settings, progress=Interrupter(15.0))
        events: list[ProgressEvent] = []
        index_video(film, library, settings=settings, progress=events.append)
        assert events[0].done > 10.0


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this platform cannot kill without asking")
@pytest.mark.parametrize("after_seconds", [6.0, 12.0])
def test_a_killed_run_goes_on_to_the_same_memory(
    film: Path, settings: IndexSettings, straight: dict[str, Any], tmp_path: Path, after_seconds: float
) -> None:
    script = f"""
        import os, signal
        from pathlib import Path
        from video_vlm.index import index_video
        from video_vlm.memory import open_library
        from video_vlm.settings import FrameSettings, IndexSettings

        def progress(event):
            if event.done >= {after_seconds}:
                os.kill(os.getpid(), signal.SIGKILL)

        settings = IndexSettings(observers={settings.observers!r}, frames=FrameSettings(segment_seconds=2.0))
        with open_library(Path({str(tmp_path)!r})) as library:
            index_video({str(film)!r}, library, settings=settings, progress=progress)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], check=False, capture_output=True)
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()
    with open_library(tmp_path) as library:
        assert library.verify() == ()
        report = index_video(film, library, settings=settings)
        assert report.resumed_from is not None
        assert report.resumed_from > 3.0
        assert library.dump(report.video.content_id) == straight
        assert library.verify() == ()


def test_what_another_process_finishes_meanwhile_is_taken_as_it_is(
    film: Path, settings: IndexSettings, straight: dict[str, Any], tmp_path: Path
) -> None:
    elsewhere: list[str] = []

    def overtaken(event: ProgressEvent) -> None:
        if event.done >= 10 and not elsewhere:
            elsewhere.append("begun")
            with open_library(tmp_path) as other:
                index_video(film, other, settings=settings)

    with open_library(tmp_path) as library:
        report = index_video(film, library, settings=settings, progress=overtaken)
        assert elsewhere
        assert report.reused
        assert library.dump(report.video.content_id) == straight
        assert library.verify() == ()
