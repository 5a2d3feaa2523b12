"""Small real videos whose pictures say their own number, so that a test can read time from pixels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.container import OutputContainer
from av.packet import Packet
from av.subtitles.stream import SubtitleStream
from av.subtitles.subtitle import SubtitleSet
from av.video.stream import VideoStream

from video_vlm.records import Image

__all__ = ["TICK", "Reel", "number_on", "numbered", "repeated", "steady", "write_reel"]

TICK = Fraction(1, 1000)
"""Times of a reel are in milliseconds."""

_COLUMNS, _ROWS = 4, 3

_ASS_HEADER = b"""[Script Info]
ScriptType: v4.00+

[V4+ Styles]
Format: Name, Fontname, Fontsize
Style: Default,Arial,16

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""


def steady(num_frames: int, *, fps: int = 10, start: int = 0) -> tuple[int, ...]:
    """The times of pictures at a constant rate."""
    return tuple(start + round(1000 * index / fps) for index in range(num_frames))


@dataclass(frozen=True)
class Reel:
    """What to write. ``turned`` is the clockwise turn that players are told to make, ``sound`` from when to
    when a tone is heard."""

    times: tuple[int, ...] = steady(30)
    suffix: str = ".mp4"
    size: tuple[int, int] = (96, 72)
    gop: int = 12
    b_frames: int = 0
    open_gop: bool = False
    turned: int = 0
    pixel_aspect: Fraction = Fraction(1)
    cues: tuple[tuple[int, int, str], ...] = ()
    cue_codec: str = "mov_text"
    language: str = "eng"
    chapters: tuple[tuple[int, int, str], ...] = ()
    codec: str = "libx264"
    x264: str = "scenecut=0"
    tint: tuple[int, int, int] = (255, 255, 255)
    options: tuple[tuple[str, str], ...] = ()
    sound: tuple[int, int] | None = None


def numbered(number: int, size: tuple[int, int], tint: tuple[int, int, int] = (255, 255, 255)) -> Image:
    """A picture of black and ``tint`` blocks: the bits of ``number``, lowest first, row by row."""
    bits = [(number >> bit) & 1 for bit in range(_COLUMNS * _ROWS)]
    blocks = np.array(bits, np.uint8).reshape(_ROWS, _COLUMNS)
    mask = np.kron(blocks, np.ones((size[1] // _ROWS, size[0] // _COLUMNS), np.uint8))
    return np.asarray(mask[:, :, None] * np.array(tint, np.uint8))


def number_on(image: Image) -> int:
    """The number of a picture, at any size."""
    height, width = image.shape[:2]
    rows = [int((row + 0.5) * height / _ROWS) for row in range(_ROWS)]
    columns = [int((column + 0.5) * width / _COLUMNS) for column in range(_COLUMNS)]
    bits = (image[np.ix_(rows, columns)].mean(axis=2) > 127).ravel()
    return sum(1 << bit for bit, is_set in enumerate(bits.tolist()) if is_set)


def write_reel(path: Path, reel: Reel) -> Path:
    with av.open(str(path), "w", container_options=dict(reel.options)) as container:
        video = _video_stream(container, reel)
        packets: Iterator[Packet[Any]] = _pictures(video, reel)
        if reel.cues:
            subtitles = container.add_stream(reel.cue_codec)
            assert isinstance(subtitles, SubtitleStream)
            subtitles.codec_context.subtitle_header = _ASS_HEADER
            subtitles.metadata["language"] = reel.language
            packets = chain(_cues(subtitles, reel.cues), packets)
        if reel.sound:
            packets = chain(_tone(container, *reel.sound), packets)
        container.set_chapters(
            [
                {"id": number, "start": start, "end": end, "time_base": TICK, "metadata": {"title": title}}
                for number, (start, end, title) in enumerate(reel.chapters)
            ]
        )
        for packet in packets:
            container.mux(packet)
    return path


def _video_stream(container: OutputContainer, reel: Reel) -> VideoStream:
    coding = {"preset": "ultrafast", "threads": "1", "bf": str(reel.b_frames), "x264-params": reel.x264}
    if reel.open_gop:
        coding["x264-params"] += ":open-gop=1"
    video = container.add_stream(reel.codec, rate=10, options=coding if reel.codec == "libx264" else {})
    assert isinstance(video, VideoStream)
    sideways = reel.turned in (90, 270)
    video.width, video.height = reel.size[::-1] if sideways else reel.size
    video.pix_fmt = "yuv420p" if reel.codec == "libx264" else "gray"
    video.gop_size = reel.gop
    video.codec_context.time_base = TICK
    video.codec_context.sample_aspect_ratio = reel.pixel_aspect
    if reel.turned:
        video.set_display_rotation(-reel.turned)
    return video


def _tone(container: OutputContainer, start: int, end: int) -> Iterator[Packet[Any]]:
    stream = container.add_stream("mp2", rate=16_000, layout="mono")
    packet_samples = 1152
    for number in range((end - start) * 16 // packet_samples):
        times = np.arange(number * packet_samples, (number + 1) * packet_samples)
        tone = (8000 * np.sin(times * 0.17)).astype(np.int16)[None]
        heard = av.AudioFrame.from_ndarray(tone, format="s16", layout="mono")
        heard.sample_rate, heard.time_base = 16_000, Fraction(1, 16_000)
        heard.pts = start * 16 + number * packet_samples
        yield from stream.encode(heard)
    yield from stream.encode(None)


def _pictures(video: VideoStream, reel: Reel) -> Iterator[Packet[VideoStream]]:
    for number, time in enumerate(reel.times):
        stored = np.rot90(numbered(number, reel.size, reel.tint), reel.turned // 90)
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(stored), format="rgb24")
        frame.pts, frame.time_base = time, TICK
        yield from video.encode(frame)
    yield from video.encode(None)


def _cues(stream: SubtitleStream, cues: Sequence[tuple[int, int, str]]) -> Iterator[Packet[SubtitleStream]]:
    for start, end, text in cues:
        event = f"0,0,Default,,0,0,0,,{text}".encode()
        packet = stream.codec_context.encode_subtitle(SubtitleSet.create(event, start=0, end=end - start))
        packet.stream, packet.time_base = stream, TICK
        packet.pts = packet.dts = start
        packet.duration = end - start
        yield packet


def repeated(path: Path, out: Path, *, times: int, seconds: float) -> Path:
    """The packets of a film over and over, each turn ``seconds`` after the last: hours in a moment."""
    with av.open(str(path)) as source, av.open(str(out), "w") as target:
        stream = source.streams.video[0]
        copied = target.add_stream_from_template(stream)
        ticks = round(Fraction(seconds) / (stream.time_base or TICK))
        packets = [packet for packet in source.demux(stream) if packet.size]
        plan = [(packet.pts or 0, packet.dts or 0) for packet in packets]
        for turn in range(times):
            for packet, (pts, dts) in zip(packets, plan, strict=True):
                packet.pts, packet.dts = pts + turn * ticks, dts + turn * ticks
                packet.stream = copied
                target.mux(packet)
    return out
