"""Subtitle tracks inside the container, as observations."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from operator import attrgetter
from pathlib import Path
from typing import Any, Final

import av
from av.container import InputContainer
from av.packet import Packet
from av.stream import DataStream, Disposition, Stream
from av.subtitles.stream import SubtitleStream
from av.subtitles.subtitle import AssSubtitle

from video_vlm.media.clock import PlayerTime
from video_vlm.media.container import joined_parts, open_container, watch_only
from video_vlm.media.subtitle_text import plain_ass, plain_markup
from video_vlm.own_files import MARK
from video_vlm.records import Observation, ObservationKind, Span

__all__ = ["read_cues"]

logger = logging.getLogger(__name__)

_FOREVER_MILLISECONDS: Final = 0xFFFFFFFF
_AS_WRITTEN: Final = frozenset({"subrip", "srt", "webvtt", "text"})
"""Codecs whose packets are the text itself. FFmpeg's own reading of them loses something: the voices of
WebVTT."""
_AS_EVENTS: Final = frozenset({"ass", "ssa"})
_BOXES: Final = (b"vttc", b"vtte", b"vtta")
_ASS_FIELDS: Final = 8
"""Before the text of an ASS event: ReadOrder, Layer, Style, Name, MarginL, MarginR, MarginV, Effect."""
_CHARACTERS_A_SECOND: Final = 15.0
_MAX_CUES: Final = 100_000
_MAX_BYTES: Final = 50_000
_MAX_CHARACTERS: Final = 5_000


def read_cues(path: Path, *, origin: Fraction) -> Iterator[Observation]:
    """The cues of every *text* track, by start, in player's seconds. Tracks of pictures (PGS, VobSub, DVB)
    are skipped.

    The text is as seen on screen, with a line break where the cue has one. The source names the track, its
    language and its purpose: ``"track 2 (eng, SDH)"``. A cue that cannot be decoded is skipped, and so is one
    that ends when it begins. In a track whose cues have no durations, each lasts as long as reading it takes,
    or to the next one.

    Args:
        path: The file.
        origin: What a player takes for zero, in seconds on the container's clock.
    """
    with open_container(path) as container:
        tracks: list[SubtitleStream | DataStream] = [
            one
            for one in container.streams.subtitles
            if one.codec_context is not None and not one.codec_context.codec.bitmap_sub
        ]
        tracks += _boxed_tracks(path, container)
        if not tracks:
            return
        watch_only(container, *(track.index for track in tracks))
        cues: dict[int, list[Observation]] = {track.index: [] for track in tracks}
        parts = list(joined_parts(path))
        num_beyond = num_unread = 0
        for packet in _packets(container, tracks):
            told = cues[packet.stream.index]
            position = -1 if packet.pos is None else packet.pos
            shift = next((shift for begin, shift in reversed(parts) if position >= begin), Fraction(0))
            cue = None if len(told) >= _MAX_CUES else _cue(packet, origin - shift)
            num_beyond += len(told) >= _MAX_CUES or packet.size > _MAX_BYTES
            if cue is not None:
                told.append(cue)
                num_unread += "\ufffd" in cue.text
    if num_beyond:
        logger.warning("%s: %d embedded cues were left out or cut: too many, or too long", path, num_beyond)
    if num_unread:
        logger.warning(
            "%s: %d embedded cues are not UTF-8, so letters of them are lost; extract them (ffmpeg -i FILM -c "
            "copy FILM.srt) and lay them beside the film, where other encodings are read",
            path,
            num_unread,
        )
    yield from sorted((cue for told in cues.values() for cue in _with_lengths(told)), key=attrgetter("span"))


def _boxed_tracks(path: Path, container: InputContainer) -> list[DataStream]:
    """Tracks of WebVTT in MP4 (ISO/IEC 14496-30), which FFmpeg has no name for: told by their first
    packet."""
    if not container.streams.data or "mp4" not in container.format.name:
        return []
    found = []
    for stream in container.streams.data:
        with open_container(path) as again:
            watch_only(again, stream.index)
            first = next(_packets(again, [again.streams[stream.index]]), None)
        if first is not None and bytes(first)[4:8] in _BOXES:
            found.append(stream)
    return found


def _boxed_text(data: bytes) -> str:
    """What the cues in a packet say: a box ``vttc`` for each, with its text in a box ``payl``."""
    return "\n".join(
        payload.decode("utf-8", errors="replace")
        for kind, cue in _boxes(data)
        if kind == b"vttc"
        for inner, payload in _boxes(cue)
        if inner == b"payl"
    )


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = 0
    while place + 8 <= len(data):
        size = int.from_bytes(data[place : place + 4], "big")
        if size < 8:
            return
        yield data[place + 4 : place + 8], data[place + 8 : place + size]
        place += size


def _packets(container: InputContainer, tracks: Sequence[Stream]) -> Iterator[Packet[Any]]:
    try:
        yield from container.demux(tuple(tracks))
    except (av.FFmpegError, OSError):
        return


def _cue(packet: Packet[Any], origin: Fraction) -> Observation | None:
    if packet.pts is None or not packet.size:
        return None
    length = Fraction(packet.duration or 0) * packet.time_base
    codec = packet.stream.codec_context.name if packet.stream.codec_context else None
    if codec is None:
        text = plain_markup(_boxed_text(bytes(packet)[:_MAX_BYTES]))
    elif codec in _AS_WRITTEN:
        text = plain_markup(_without_ours(_written(packet)))
    elif codec in _AS_EVENTS:
        text = plain_ass(_without_ours(_written(packet)).split(",", _ASS_FIELDS)[-1])
    else:
        text, length = _decoded(packet, length)
    if not text:
        return None
    time = PlayerTime(packet.time_base, origin)
    end = packet.pts + max(length, Fraction(0)) / packet.time_base
    span = Span(time.seconds(packet.pts), time.seconds(end))
    sure = 0.6 if "\ufffd" in text else 1.0
    return Observation(
        span, ObservationKind.SUBTITLE, text[:_MAX_CHARACTERS], _source(packet.stream), confidence=sure
    )


def _written(packet: Packet[SubtitleStream]) -> str:
    return bytes(packet)[:_MAX_BYTES].decode("utf-8", errors="replace").rstrip("\x00")


def _without_ours(text: str) -> str:
    """Nothing of a cue that was exported by videoqa and muxed in: it is not what is said."""
    return "" if MARK in text else text


def _decoded(packet: Packet[SubtitleStream], length: Fraction) -> tuple[str, Fraction]:
    """Through FFmpeg, which makes ASS events of it: the text, none where it cannot be read, and how long it
    lasts."""
    try:
        decoded = packet.stream.codec_context.decode2(packet)
    except av.FFmpegError:
        return "", length
    if decoded is None:
        return "", length
    events = [
        rect.ass[:_MAX_BYTES].decode("utf-8", errors="replace")
        for rect in decoded
        if isinstance(rect, AssSubtitle)
    ]
    lines = (plain_ass(_without_ours(event).split(",", _ASS_FIELDS)[-1]) for event in events)
    if not length and decoded.end_display_time != _FOREVER_MILLISECONDS:
        length = Fraction(decoded.end_display_time, 1000)
    return "\n".join(line for line in lines if line), length


def _with_lengths(cues: Iterable[Observation]) -> list[Observation]:
    """The cues that are on screen for a while; where none has a duration, each lasts as long as reading
    it."""
    in_order = sorted(cues, key=attrgetter("span"))
    shown = [cue for cue in in_order if cue.span.duration_seconds > 0]
    if shown or not in_order:
        return shown
    read = []
    for place, cue in enumerate(in_order):
        start = cue.span.start
        end = start + min(max(len(cue.text) / _CHARACTERS_A_SECOND, 1.0), 5.0)
        following = in_order[place + 1].span.start if place + 1 < len(in_order) else start
        end = min(end, following) if following > start else end
        read.append(Observation(Span(start, end), cue.kind, cue.text, cue.source, confidence=0.7))
    return read


def _source(stream: Stream) -> str:
    language = stream.language
    title = str(stream.metadata.get("title", "")).casefold()
    given = stream.disposition
    notes = [language] if language and language != "und" else []
    if given & Disposition.hearing_impaired or "sdh" in title or "hearing" in title:
        notes.append("SDH")
    if given & Disposition.forced or "forced" in title or "sign" in title:
        notes.append("forced")
    if given & Disposition.comment or "commentary" in title:
        notes.append("commentary")
    return f"track {stream.index} ({', '.join(notes)})" if notes else f"track {stream.index}"
