"""A scripted world: coloured shapes that move, appear, bump into each other and pass behind a post.

Everything follows from a seed: the frames, the exact log of what happens, the questions with their
answers. It is made to measure one thing, whether order is seen; it looks like no film.
"""

from video_vlm.world.draw import Clip, draw, in_frame
from video_vlm.world.film import CAPTIONS, write_films
from video_vlm.world.questions import ANSWERS, Question, QuestionKind, ask_all, tell
from video_vlm.world.script import (
    COLOURS,
    SHAPES,
    Actor,
    Event,
    EventKind,
    Script,
    Way,
    WorldSettings,
    write_script,
)

__all__ = [
    "ANSWERS",
    "CAPTIONS",
    "COLOURS",
    "SHAPES",
    "Actor",
    "Clip",
    "Event",
    "EventKind",
    "Question",
    "QuestionKind",
    "Script",
    "Way",
    "WorldSettings",
    "ask_all",
    "draw",
    "in_frame",
    "tell",
    "write_films",
    "write_script",
]
