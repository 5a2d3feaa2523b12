"""The metadata of a container, and which of it can be believed."""

from __future__ import annotations

import re
from contextlib import suppress
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer
from av.packet import Packet
from av.stream import Disposition
from av.stream import Stream as AVStream

from video_vlm.media.chapters import chapters_of
from video_vlm.media.clock import PlayerTime, own_time
from video_vlm.media.container import has_index, open_container, read_packets, watch_only
from video_vlm.media.geometry import displayed_size
from video_vlm.media.identity import content_id
from video_vlm.media.stream_probe import StreamProbe, probe_stream
from video_vlm.records import Stream, Video
from video_vlm.records.media import StreamKind

__all__ = ["describe", "probe", "stream_of", "worded"]

_MOST_LETTERS = 1_000
"""Of a title or the name of a language."""

_TAIL_PACKETS = 20_000
_HALF_CLOCK_SECONDS = 2**32 / 90_000  # of MPEG streams: more is no distance, the clock has passed its end

_KINDS: dict[str, StreamKind] = {"video": "video", "audio": "audio", "subtitle": "subtitle"}


def probe(path: str | Path) -> Video:
    """Reads a container's header, its first frame and its last packets, and every byte once for its
    identity.

    Raises:
        UnreadableVideo: the file holds no video that can be decoded.
        RefusedMedia: the file is a list of other files or addresses.
    """
    file = Path(path)
    return describe(file, probe_stream(file))


def describe(path: Path, found: StreamProbe, *, num_bytes: int | None = None) -> Video:
    """The record of a surveyed file; with ``num_bytes``, of a recording that was so long when it was
    opened."""
    heard = _sound_ends(path, found)
    with open_container(path) as container:
        stream = container.streams[found.stream]
        seconds = _credible_end(_declared_end(container, stream, found), found, stream.frames)
        # AVI counts ticks: a number of frames beyond what the rate allows is not believed.
        is_too_many = seconds and found.frame_rate and stream.frames > 2 * seconds * found.frame_rate + 2
        width, height = displayed_size(*found.stored_size, found.pixel_aspect)
        return Video(
            path=path,
            content_id=content_id(path, num_bytes=num_bytes),
            format=container.format.name,
            start_seconds=found.seconds(found.first_pts),
            duration_seconds=seconds,
            num_frames=stream.frames if stream.frames and not is_too_many else None,
            fps=float(found.frame_rate) if found.frame_rate else None,
            size=(height, width) if found.orientation.transposed else (width, height),
            rotation=found.orientation.rotation,
            stream=found.stream,
            streams=tuple(
                stream_of(each, found.time.origin, heard.get(each.index)) for each in container.streams
            ),
            chapters=chapters_of(container, path, origin=found.time.origin),
            title=worded(container.metadata.get("title")),
        )


def _sound_ends(path: Path, found: StreamProbe) -> dict[int, float]:
    """When each sound stream ends, by its last packets: in player's seconds, by index. One that has none
    behind the last keyframe ends there at the latest. Empty where the end is not found at once: then a header
    has to be believed.
    """
    with open_container(path) as container:
        sounds = {one.index for one in container.streams.audio}
        if "mpeg" in container.format.name:
            return _sound_ends_of_mpeg(container, found)
        if not sounds or not has_index(container):
            return {}
        watch_only(container, found.stream, *sounds)
        for place in (1 << 62, 0):  # where the end was cut off, nothing is found there
            tail: list[tuple[int, Fraction, Fraction]] = []
            with suppress(av.FFmpegError, OSError):
                container.seek(place, stream=container.streams[found.stream])
                tail = [_timed(packet) for packet in islice(read_packets(container), _TAIL_PACKETS)]
            if tail:
                break
    if not 0 < len(tail) < _TAIL_PACKETS:
        return {}
    ends = dict.fromkeys(sounds, float(min(start for _, start, _ in tail) - found.time.origin))
    for index, _, end in tail:
        if index in sounds:
            ends[index] = max(ends[index], float(end - found.time.origin))
    return ends


def _sound_ends_of_mpeg(container: InputContainer, found: StreamProbe) -> dict[int, float]:
    """FFmpeg guesses ends from the last time stamps, which may be those of another clock: how much later
    sound ends than frames is right on any."""
    frames = _guessed_end(container.streams[found.stream])
    sounds = {one.index: _guessed_end(one) for one in container.streams.audio}
    if found.end_pts is None or frames is None:
        return {}
    overhangs = {index: max(0.0, end - frames) for index, end in sounds.items() if end is not None}
    likely = {index: seconds for index, seconds in overhangs.items() if seconds < _HALF_CLOCK_SECONDS}
    return {index: found.seconds(found.end_pts) + seconds for index, seconds in likely.items()}


def _guessed_end(stream: AVStream) -> float | None:
    if not stream.duration or not stream.time_base:
        return None
    return float(((stream.start_time or 0) + stream.duration) * stream.time_base)


def _timed(packet: Packet[Any]) -> tuple[int, Fraction, Fraction]:
    """Of which stream a packet is, when it begins and when it ends."""
    start = own_time(packet) or 0
    return packet.stream_index, start * packet.time_base, (start + (packet.duration or 0)) * packet.time_base


def _declared_end(container: InputContainer, stream: AVStream, found: StreamProbe) -> float | None:
    """When the video stream says that it ends, before the container does, which may be when the sound ends.

    MPEG streams say nothing: FFmpeg guesses from their last time stamps, which may be those of another clock.
    """
    if "mpeg" in container.format.name and found.end_pts is not None:
        return found.seconds(found.end_pts)
    if stream.duration and stream.time_base:
        return found.seconds(
            (found.first_pts if stream.start_time is None else stream.start_time) + stream.duration
        )
    if tagged := _clock_seconds(stream.metadata.get("DURATION", "")):
        return tagged
    if not container.duration:
        return None
    return float(Fraction((container.start_time or 0) + container.duration, av.time_base) - found.time.origin)


def _clock_seconds(text: str) -> float | None:
    """``00:01:02.500000000``, as Matroska tags write it."""
    match = re.fullmatch(r"(\d{1,6}):(\d\d):(\d\d(?:\.\d{1,18})?)", text.strip(), re.ASCII)
    return int(match[1]) * 3600 + int(match[2]) * 60 + float(match[3]) if match else None


def _credible_end(declared: float | None, found: StreamProbe, num_frames: int) -> float | None:
    """The declared end where the packets do not contradict it, else theirs.

    Longer than the packets is believed (the file may be cut off), unless it is beyond all measure
    and no table of as many frames stands behind it.
    """
    measured = found.seconds(found.end_pts) if found.end_pts is not None else None
    if declared is None or declared <= 0 or measured is None:
        return measured if measured is not None else declared or None
    listed = num_frames / (found.frame_rate or Fraction(25))
    nonsense = declared > 10 * measured + 60 and declared > 2 * listed
    return measured if nonsense or declared < measured else declared


def worded(tag: str | None) -> str | None:
    """The text of a tag, shortened; None where it is empty."""
    return (tag or "")[:_MOST_LETTERS].strip() or None


def stream_of(stream: AVStream, origin: Fraction, end_seconds: float | None) -> Stream:
    """``end_seconds`` is the measured end; where there is none, the declared one is taken."""
    if end_seconds is None and stream.duration and stream.time_base:
        time = PlayerTime(stream.time_base, origin)
        end_seconds = time.seconds((stream.start_time or 0) + stream.duration)
    elif end_seconds is None:
        end_seconds = _clock_seconds(stream.metadata.get("DURATION", ""))
    context = stream.codec_context
    attached = bool(stream.disposition & Disposition.attached_pic)
    language = stream.language
    return Stream(
        index=stream.index,
        kind="picture" if attached else _KINDS.get(stream.type, "data"),
        codec=context.codec.canonical_name if context else "unknown",
        time_base=stream.time_base,
        language=worded(language) if language != "und" else None,
        title=worded(stream.metadata.get("title")),
        default=bool(stream.disposition & Disposition.default),
        end_seconds=end_seconds,
    )
