"""The scripted world as files: real videos and their captions, in the form that training reads."""

from __future__ import annotations

import json
from collections.abc import Iterable
from fractions import Fraction
from io import BytesIO
from itertools import chain
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from video_vlm.world.draw import Frames, draw
from video_vlm.world.questions import ask_all, tell
from video_vlm.world.script import Script
from video_vlm.world.story import Story

__all__ = ["CAPTIONS", "as_filmed", "write_films", "write_story_film"]

CAPTIONS = "captions.jsonl"
_JPEG_QUALITY = 40
"""Loses more than the codec of the films that are written here."""

Picture = npt.NDArray[np.uint8]


def write_films(scripts: Iterable[Script], folder: Path) -> Path:
    """Draws each script into a video of its own and describes it in ``captions.jsonl``; returns that file.

    Each line is ``{"video", "caption", "seed", "questions": [{"q", "a"}]}``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lines = []
    for script in scripts:
        name = f"{script.seed:08d}{'-reversed' if script.backwards else ''}.mp4"
        clip = draw(script)
        _write_pictures(
            clip.frames, folder / name, fps=clip.script.settings.fps, side=clip.script.settings.side
        )
        questions = [{"q": question.text, "a": question.answer} for question in ask_all(script)]
        lines.append({"video": name, "caption": tell(script), "seed": script.seed, "questions": questions})
    path = folder / CAPTIONS
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8", newline="\n")
    return path


def write_story_film(story: Story, path: Path) -> None:
    """Draws a story into one video, one scene at a time, so that only one scene's frames are held."""
    settings = story.scenes[0].script.settings
    pictures = chain.from_iterable(draw(scene.script).frames for scene in story.scenes)
    _write_pictures(pictures, path, fps=settings.fps, side=settings.side)


def as_filmed(picture: Picture) -> Picture:
    """A drawn picture ``(height, width, 3)`` as it comes out of a video file: with half the colour, and
    rounded."""
    file = BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=_JPEG_QUALITY, subsampling="4:2:0")
    return np.asarray(Image.open(file), np.uint8)


def _write_pictures(pictures: Iterable[Frames], path: Path, *, fps: float, side: int) -> None:
    import av

    rate = Fraction(fps).limit_denominator(1000)
    with av.open(path, "w", options={"fflags": "+bitexact"}) as container:
        stream = container.add_stream("mpeg4", rate=rate, options={"qmin": "2", "qmax": "3"})
        stream.width = stream.height = side
        stream.pix_fmt = "yuv420p"
        for number, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = number, 1 / rate
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
