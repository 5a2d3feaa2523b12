"""Draw "The Lamp at Orvell Bay", a film of a minute and a half that everything can be tried on.

    python examples/sample_film.py sample/film.mp4

writes ``film.mp4`` (640x360, 15 frames a second, an embedded subtitle track) and ``film.srt`` beside it.
The story, its people and its numbers are invented here. What is true of the film stands in the
constants below, so that a test or a reader can compare. The same versions of the libraries draw the
same bytes every time.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Literal

import av
import numpy as np
from av.subtitles.stream import SubtitleStream
from av.subtitles.subtitle import SubtitleSet
from PIL import Image, ImageDraw, ImageFont

__all__ = ["CUES", "DISSOLVE", "DURATION_SECONDS", "FPS", "SCENES", "SIZE", "Cue", "Scene", "write_film"]

SIZE = (640, 360)
FPS = 15

VideoCodec = Literal["libx264", "mpeg4"]

ASS_HEADER = b"""[Script Info]
ScriptType: v4.00+

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, \
StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding
Style: Default,Arial,16,&Hffffff,&Hffffff,&H0,&H0,0,0,0,0,100,100,0,0,1,1,0,2,10,10,10,0
"""
"""What FFmpeg's encoder wants to know about the look of subtitles before it writes any."""

Colour = tuple[int, int, int]
RED, GREEN, BLUE, YELLOW = (206, 38, 42), (36, 150, 62), (34, 84, 200), (250, 210, 60)
WHITE, BLACK, BROWN, GREY = (245, 245, 240), (14, 14, 18), (112, 70, 40), (120, 124, 130)


@dataclass(frozen=True, slots=True)
class Cue:
    """One subtitle, ``[start, end)`` in seconds."""

    start: float
    end: float
    text: str


@dataclass(frozen=True, slots=True)
class Scene:
    """One shot: where it plays, ``[start, end)`` in seconds, what is written on it, who paints it.

    ``paint`` gets a drawing and the time since the scene began.
    """

    place: str
    start: float
    end: float
    titles: tuple[str, ...]
    background: Colour
    paint: Callable[[ImageDraw.ImageDraw, float], None]


@cache
def font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Pillow's own letters: the same on every machine."""
    return ImageFont.load_default(size)


def label(
    draw: ImageDraw.ImageDraw, at: tuple[float, float], text: str, *, size: int = 30, ink: Colour = WHITE
) -> None:
    draw.text(at, text, font=font(size), fill=ink, anchor="mm")


def disc(draw: ImageDraw.ImageDraw, x: float, y: float, radius: float, fill: Colour) -> None:
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=fill)


def boat(draw: ImageDraw.ImageDraw, x: float, y: float, hull: Colour, name: str = "") -> None:
    draw.polygon([(x - 70, y), (x + 70, y), (x + 48, y + 38), (x - 48, y + 38)], fill=hull)
    draw.polygon([(x - 4, y - 6), (x - 4, y - 90), (x + 52, y - 6)], fill=WHITE)
    label(draw, (x, y + 18), name, size=24)


def harbour(draw: ImageDraw.ImageDraw, seconds: float) -> None:
    """A red boat crosses a blue bay from left to right."""
    draw.rectangle((0, 215, 640, 360), fill=(28, 92, 150))
    for wave in range(9):
        draw.line((wave * 80 - 20, 330, wave * 80 + 20, 330), fill=(90, 150, 200), width=3)
    draw.rectangle((560, 120, 600, 215), fill=WHITE)
    boat(draw, 60 + 38 * seconds, 200, RED)
    label(draw, (320, 50), "THE LAMP AT ORVELL BAY", size=34, ink=BLACK)
    label(draw, (320, 96), "Orvell Bay, 1931", ink=BLACK)


def lamp_room(draw: ImageDraw.ImageDraw, seconds: float) -> None:
    """A pendulum swings beside the great lamp; ten seconds in, the lamp goes dark."""
    tower(draw, seconds, lit=seconds < 10)


def tower(draw: ImageDraw.ImageDraw, seconds: float, *, lit: bool) -> None:
    draw.rectangle((0, 300, 640, 360), fill=BROWN)
    draw.rectangle((250, 150, 390, 300), fill=GREY)
    disc(draw, 320, 150, 62, YELLOW if lit else (60, 50, 40))
    swing = 70 * math.sin(2.2 * seconds)
    draw.line((120, 90, 120 + swing, 240), fill=WHITE, width=4)
    disc(draw, 120 + swing, 240, 20, BLUE)
    label(draw, (490, 60), "LAMP ROOM")
    label(draw, (490, 104), "214 STEPS")


def market(draw: ImageDraw.ImageDraw, seconds: float) -> None:
    """A green cart rolls from right to left past three stalls."""
    draw.rectangle((0, 270, 640, 360), fill=(196, 170, 120))
    for stall, colour in enumerate((RED, BLUE, (230, 130, 30))):
        left = 60 + stall * 190
        draw.rectangle((left, 130, left + 140, 160), fill=colour)
        draw.rectangle((left + 10, 160, left + 130, 260), fill=BROWN)
    x = 600 - 40 * seconds
    draw.rectangle((x - 50, 262, x + 50, 306), fill=GREEN)
    disc(draw, x - 28, 312, 16, BLACK)
    disc(draw, x + 28, 312, 16, BLACK)
    label(draw, (320, 50), "FISH MARKET", ink=BLACK)
    label(draw, (320, 94), "Herring 6 pence", size=26, ink=BLACK)


def storm(draw: ImageDraw.ImageDraw, seconds: float) -> None:
    """Rain over a dark sea; the boat rocks on the spot."""
    draw.rectangle((0, 230, 640, 360), fill=(12, 26, 44))
    for drop in range(40):
        x, y = (drop * 97 + 60 * seconds) % 640, (drop * 53 + 300 * seconds) % 360
        draw.line((x, y, x - 4, y + 14), fill=GREY, width=2)
    boat(draw, 320, 215 + 16 * math.sin(3 * seconds), RED, "HERON")
    label(draw, (320, 50), "NIGHT")


def lamp_room_again(draw: ImageDraw.ImageDraw, seconds: float) -> None:
    """The same room; this time the lamp is dark first and bright from seven seconds on."""
    tower(draw, seconds, lit=seconds >= 7)


def workshop(draw: ImageDraw.ImageDraw, seconds: float) -> None:
    """A saw goes to and fro over a bench."""
    draw.rectangle((0, 250, 640, 360), fill=BROWN)
    draw.rectangle((90, 225, 330, 250), fill=WHITE)
    x = 200 + 60 * math.sin(4 * seconds)
    draw.polygon([(x - 60, 190), (x + 60, 190), (x + 60, 224), (x - 60, 208)], fill=GREY)
    disc(draw, x + 76, 198, 18, RED)
    label(draw, (480, 70), "WORKSHOP", ink=BLACK)
    label(draw, (480, 116), "Wick: 38 mm", ink=BLACK)


def quay(draw: ImageDraw.ImageDraw, seconds: float) -> None:
    """Three dancers jump under a rising sun."""
    disc(draw, 520, 260 - 14 * seconds, 44, YELLOW)
    draw.rectangle((0, 290, 640, 360), fill=GREY)
    for dancer, colour in enumerate((RED, GREEN, BLUE)):
        x, y = 150 + dancer * 110, 250 - 30 * abs(math.sin(4 * seconds + dancer))
        draw.rectangle((x - 18, y - 20, x + 18, y + 38), fill=colour)
        disc(draw, x, y - 38, 16, (230, 190, 150))
    label(draw, (320, 60), "THE END", size=40, ink=BLACK)


SCENES = (
    Scene("harbour", 0.0, 13.0, ("THE LAMP AT ORVELL BAY", "Orvell Bay, 1931"), (168, 208, 236), harbour),
    Scene("lamp room", 13.0, 27.0, ("LAMP ROOM", "214 STEPS"), (66, 34, 78), lamp_room),
    Scene("market", 27.0, 41.0, ("FISH MARKET", "Herring 6 pence"), (244, 232, 190), market),
    Scene("storm", 41.0, 55.0, ("NIGHT", "HERON"), (24, 30, 40), storm),
    Scene("lamp room", 55.0, 68.0, ("LAMP ROOM", "214 STEPS"), (66, 34, 78), lamp_room_again),
    Scene("workshop", 68.0, 80.0, ("WORKSHOP", "Wick: 38 mm"), (176, 206, 160), workshop),
    Scene("quay", 80.0, 90.0, ("THE END",), (250, 176, 150), quay),
)
"""In order of time; every border is a hard cut except the one at the end of the storm."""

DISSOLVE = (54.0, 56.0)
"""The storm melts into the lamp room over this stretch, its middle being the border."""

DURATION_SECONDS = SCENES[-1].end

CUES = (
    Cue(1.0, 4.5, "Mira Tolland carries the mail across the bay."),
    Cue(6.0, 10.5, "Today she has seven letters and one parcel for the lighthouse."),
    Cue(14.0, 17.5, "Up in the tower the keeper, Bram Oddy, winds the clock."),
    Cue(18.5, 21.5, "By nine o'clock the keeper falls asleep."),
    Cue(23.0, 26.5, "The lamp goes out, and nobody on the shore notices."),
    Cue(28.5, 32.0, "In the village Mira buys a lemon and a ball of string."),
    Cue(34.0, 38.0, "The baker warns her that a storm is coming from the west."),
    Cue(42.5, 46.0, "The storm breaks and the little boat loses her way."),
    Cue(48.0, 52.0, "Mira ties the wheel with the string and rings the bell."),
    Cue(57.0, 59.5, "The bell wakes the keeper."),
    Cue(60.5, 65.0, "He lights the lamp again with his last match."),
    Cue(69.5, 73.5, "In the morning they cut a new wick together."),
    Cue(75.0, 79.0, "The parcel holds a silver whistle from the harbour master."),
    Cue(81.0, 85.0, "Everyone dances until the sun stands over the bay."),
)


def paint(scene: Scene, seconds: float) -> Image.Image:
    """The scene as it looks ``seconds`` into the film, also a little outside its own span."""
    image = Image.new("RGB", SIZE, scene.background)
    scene.paint(ImageDraw.Draw(image), seconds - scene.start)
    return image


def picture(seconds: float) -> Image.Image:
    """The film at one time."""
    index = next(i for i, scene in enumerate(SCENES) if seconds < scene.end)
    begin, end = DISSOLVE
    if not begin <= seconds < end:
        return paint(SCENES[index], seconds)
    first = next(i for i, scene in enumerate(SCENES) if begin < scene.end)
    share = (seconds - begin) / (end - begin)
    return Image.blend(paint(SCENES[first], seconds), paint(SCENES[first + 1], seconds), share)


def as_srt(cues: tuple[Cue, ...]) -> str:
    def stamp(seconds: float) -> str:
        milliseconds = round(seconds * 1000)
        return time.strftime("%H:%M:%S", time.gmtime(milliseconds // 1000)) + f",{milliseconds % 1000:03}"

    blocks = (f"{i}\n{stamp(cue.start)} --> {stamp(cue.end)}\n{cue.text}\n" for i, cue in enumerate(cues, 1))
    return "\n".join(blocks)


def video_packets(stream: av.VideoStream, end: float) -> Iterator[av.Packet[av.VideoStream]]:
    for index in range(round(end * FPS)):
        frame = av.VideoFrame.from_ndarray(np.asarray(picture(index / FPS)), format="rgb24")
        frame.pts = index
        frame.time_base = Fraction(1, FPS)
        yield from stream.encode(frame)
    yield from stream.encode(None)


def subtitle_packets(stream: SubtitleStream, cues: tuple[Cue, ...]) -> Iterator[av.Packet[SubtitleStream]]:
    for cue in cues:
        start, length = round(cue.start * 1000), round((cue.end - cue.start) * 1000)
        event = f"0,0,Default,,0,0,0,,{cue.text}".encode()
        packet = stream.codec_context.encode_subtitle(SubtitleSet.create(event, start=0, end=length))
        packet.stream = stream
        packet.time_base = Fraction(1, 1000)
        packet.pts = packet.dts = start
        packet.duration = length
        yield packet


def write_film(path: Path, *, end: float = DURATION_SECONDS) -> Path:
    """Draw the film, or its first ``end`` seconds, into ``path`` and its subtitles into ``path`` with
    ``.srt``.

    Written under another name first, so that an interrupted run leaves no half film behind.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    cues = tuple(cue for cue in CUES if cue.end <= end)
    partial = path.with_name(f".{path.stem}.partial{path.suffix}")
    with av.open(partial, "w", options={"fflags": "+bitexact", "movflags": "+faststart"}) as container:
        codec: VideoCodec = "libx264" if "libx264" in av.codecs_available else "mpeg4"
        video = container.add_stream(
            codec, rate=FPS, options={"preset": "veryfast", "crf": "20", "threads": "1"}
        )
        video.width, video.height = SIZE
        video.pix_fmt = "yuv420p"
        video.gop_size = FPS * 4
        subtitles = container.add_stream("mov_text")
        subtitles.codec_context.subtitle_header = ASS_HEADER
        subtitles.metadata["language"] = "eng"
        for cue in subtitle_packets(subtitles, cues):
            container.mux(cue)
        for packet in video_packets(video, end):
            container.mux(packet)
    partial.replace(path)
    path.with_suffix(".srt").write_text(as_srt(cues), encoding="utf-8", newline="\n")
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description="Draw the sample film.")
    parser.add_argument("path", type=Path, help="where to write it, e.g. sample/film.mp4")
    path = parser.parse_args().path
    print(f"drawing {path} ({DURATION_SECONDS:.0f} s of film) ...", file=sys.stderr)
    write_film(path)


if __name__ == "__main__":
    main()
