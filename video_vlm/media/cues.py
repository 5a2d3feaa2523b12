"""Subtitle tracks inside the container, as observations."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from fractions import Fraction
from operator import attrgetter
from pathlib import Path

import av
from av.container import InputContainer
from av.packet import Packet
from av.subtitles.stream import SubtitleStream
from av.subtitles.subtitle import AssSubtitle

from video_vlm.media.clock import PlayerTime
from video_vlm.media.container import open_container, watch_only
from video_vlm.records import Observation, ObservationKind, Span

__all__ = ["read_cues"]

_DRAWING = re.compile(r"\{[^}]*\\p[1-9][^}]*\}.*?(\{[^}]*\\p0[^}]*\}|$)", re.DOTALL)
_OVERRIDE = re.compile(r"\{[^}]*\}")
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
_BREAK = re.compile(r"\\[Nnh]")

_FOREVER_MILLISECONDS = 0xFFFFFFFF


def read_cues(path: Path, *, origin: Fraction) -> Iterator[Observation]:
    """The cues of every *text* track, by start. Tracks of pictures (PGS, VobSub, DVB) are passed over.

    The source says which track and language, ``"track 2 (eng)"``. A cue that cannot be decoded is passed over.

    Args:
        path: The file.
        origin: What a player takes for zero, in seconds on the container's clock.
    """
    with open_container(path) as container:
        tracks = [stream for stream in container.streams.subtitles if _is_text(stream)]
        if not tracks:
            return
        watch_only(container, *(track.index for track in tracks))
        cues = [cue for packet in _packets(container, tracks) if (cue := _cue(packet, origin)) is not None]
    yield from sorted(cues, key=attrgetter("span"))


def _is_text(stream: SubtitleStream) -> bool:
    return stream.codec_context is not None and not stream.codec_context.codec.bitmap_sub


def _packets(container: InputContainer, tracks: list[SubtitleStream]) -> Iterator[Packet[SubtitleStream]]:
    try:
        yield from container.demux(tuple(tracks))
    except av.FFmpegError:
        return


def _cue(packet: Packet[SubtitleStream], origin: Fraction) -> Observation | None:
    if packet.pts is None or not packet.size:
        return None
    try:
        decoded = packet.stream.codec_context.decode2(packet)
    except av.FFmpegError:
        return None
    if decoded is None:
        return None
    lines = [_clean(rect.ass) for rect in decoded if isinstance(rect, AssSubtitle)]
    text = " ".join(line for line in lines if line)
    if not text:
        return None
    length = Fraction(packet.duration or 0) * packet.time_base
    if not length and decoded.end_display_time != _FOREVER_MILLISECONDS:
        length = Fraction(decoded.end_display_time, 1000)
    time = PlayerTime(packet.time_base, origin)
    start = time.seconds(packet.pts)
    span = Span(start, time.seconds(packet.pts + length / packet.time_base))
    return Observation(span, ObservationKind.SUBTITLE, text, _source(packet.stream))


def _source(stream: SubtitleStream) -> str:
    language = stream.language
    return f"track {stream.index} ({language})" if language and language != "und" else f"track {stream.index}"


def _clean(event: bytes) -> str:
    """The words of an ASS event, ``ReadOrder,Layer,Style,Name,MarginL,MarginR,MarginV,Effect,Text``, on one line."""
    text = event.decode("utf-8", errors="replace").split(",", 8)[-1]
    text = _OVERRIDE.sub("", _DRAWING.sub("", text))
    return " ".join(html.unescape(_TAG.sub("", _BREAK.sub(" ", text))).split())
