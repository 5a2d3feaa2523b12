"""The sound of a file as one stream of mono samples on the clock of its pictures.

Sample ``n`` is what is heard ``n / 16000`` player's seconds into the film, whatever the container, the codec,
the rate and the layout are: every decoded frame is laid where its PTS says. Joining frames one behind the
other instead loses the gaps of a recording, and what is heard then comes too early.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from av.stream import Disposition

from video_vlm.media.clock import Continuity, PlayerTime, own_time
from video_vlm.media.container import joined_parts, open_container, read_packets, watch_only
from video_vlm.media.stream_probe import sound_origin
from video_vlm.records import SOUND_RATE, Samples, SoundBlock

__all__ = ["read_sound", "sound_track"]

logger = logging.getLogger(__name__)

_SLACK_SECONDS: Final = Fraction(1, 50)
"""Frames that lie this far from where the one before ends are heard as one sound: containers round times."""
_LONGEST_GAP_SECONDS: Final = 24 * 3600
"""A frame further ahead has a broken time."""
_LONGEST_SECONDS: Final = 100 * 3600
"""What lies behind is not read: sound of a few bytes can claim any length."""
_PACKET_SECONDS: Final = Fraction(1, 50)
_NOT_THE_FILM: Final = Disposition.comment | Disposition.visual_impaired | Disposition.clean_effects


def read_sound(
    path: str | Path, *, track: str = "auto", start_sample: int = 0, block_seconds: float = 1.0
) -> Iterator[SoundBlock]:
    """The sound from ``start_sample`` on, block behind block without a gap, ``block_seconds`` each but the last.

    Where nothing was recorded, or a packet cannot be decoded, there is silence; so is what comes before a
    track that begins late. What a player does not play, before zero, is left out. Nothing is given for a
    file without sound. Decoding always begins at the beginning of the file, so the samples are the same
    wherever one starts.

    Args:
        path: The file.
        track: ``auto`` for the one a player plays, the index of a stream, or a language as the file names it.
        start_sample: Where the first block begins, in samples from zero.
        block_seconds: How long a block is.

    Raises:
        UnreadableVideo: it is no media file.
        RefusedMedia: it refers to other files.
    """
    file = Path(path)
    size = max(1, round(block_seconds * SOUND_RATE))
    waiting: list[Samples] = []
    place, num_waiting = start_sample, 0
    for piece in _from_sample(_pieces(file, track), start_sample):
        waiting.append(piece)
        num_waiting += len(piece)
        while num_waiting >= size:
            joined = np.concatenate(waiting)
            yield SoundBlock(place, joined[:size])
            waiting, place, num_waiting = [joined[size:]], place + size, num_waiting - size
    if num_waiting:
        yield SoundBlock(place, np.concatenate(waiting))


def sound_track(container: InputContainer, path: Path, *, track: str = "auto") -> AudioStream | None:
    """The stream that is heard: the wanted one, else the default one, else the first; commentaries and
    descriptions of pictures only where there is nothing else. None without sound that can be decoded."""
    known = [one for one in container.streams.audio if one.codec_context is not None]
    if track != "auto":
        wanted = [one for one in known if track in (str(one.index), one.language)]
        if wanted:
            return wanted[0]
        if known:
            there = ", ".join(f"{one.index} ({one.language or 'no language'})" for one in known)
            logger.warning(
                "%s: it has no sound track %s, but %s: the default one is heard", path, track, there
            )
    films = [one for one in known if not one.disposition & _NOT_THE_FILM] or known
    default = [one for one in films if one.disposition & Disposition.default]
    return next(iter([*default, *films]), None)


def _from_sample(pieces: Iterable[Samples], start: int) -> Iterator[Samples]:
    for piece in pieces:
        if start < len(piece):
            yield piece[start:]
        start = max(0, start - len(piece))


def _pieces(path: Path, track: str) -> Iterator[Samples]:
    """The samples from zero on, in pieces of any length."""
    with open_container(path) as container:
        stream = sound_track(container, path, track=track)
        if stream is None:
            return
        watch_only(container, stream.index)
        lay = _Timeline()
        for frame, start in _timed_frames(container, stream, path):
            yield from lay.put(frame, start)
            if lay.num_samples > _LONGEST_SECONDS * SOUND_RATE:
                logger.warning("%s: its sound is read for %d hours only", path, _LONGEST_SECONDS // 3600)
                return
        yield from lay.end()


def _timed_frames(
    container: InputContainer, stream: AudioStream, path: Path
) -> Iterator[tuple[AudioFrame, Fraction | None]]:
    """Decoded frames, each with its time in player's seconds; None where it has none of its own."""
    time_base = stream.time_base or Fraction(1, av.time_base)
    origin = sound_origin(path)
    parts = list(joined_parts(path))
    packets: Iterable[Packet[Any]] = read_packets(container, stream)
    if not parts:
        packets = Continuity(path, time_base=time_base, frame_ticks=_PACKET_SECONDS / time_base)(packets)
    for packet in packets:
        position = -1 if packet.pos is None else packet.pos
        shift = next((shift for begin, shift in reversed(parts) if position >= begin), Fraction(0))
        time = PlayerTime(time_base, origin - shift)
        try:
            frames = stream.decode(packet)
        except (av.FFmpegError, ValueError):
            continue
        for frame in frames:
            ticks = own_time(frame)
            yield frame, None if ticks is None else time.exact_seconds(ticks)


class _Timeline:
    """Lays frames where they are heard, and says what each adds behind what is laid already."""

    def __init__(self) -> None:
        self.num_samples = 0
        self._mono = _Mono()
        self._due: Fraction | None = None
        self._num_covered = 0

    def put(self, frame: AudioFrame, start: Fraction | None) -> Iterator[Samples]:
        if not frame.sample_rate or not frame.samples:
            return
        start = self._believed(start)
        if self._due is None or abs(start - self._due) > _SLACK_SECONDS:
            yield from self.end()
            yield from self._go_to(round(start * SOUND_RATE))
            self._due = start
        self._due += Fraction(frame.samples, frame.sample_rate)
        yield from self._laid(self._mono(frame))

    def end(self) -> Iterator[Samples]:
        """What the resampler still holds."""
        yield from self._laid(self._mono.rest())

    def _believed(self, start: Fraction | None) -> Fraction:
        due = Fraction(0) if self._due is None else self._due
        return due if start is None or start - due > _LONGEST_GAP_SECONDS else start

    def _go_to(self, sample: int) -> Iterator[Samples]:
        """Silence up to there; where something is laid there already, as much of what follows is dropped."""
        self._num_covered = max(0, self.num_samples - sample)
        while self.num_samples < sample:
            silence = np.zeros(min(SOUND_RATE, sample - self.num_samples), np.float32)
            self.num_samples += len(silence)
            yield silence

    def _laid(self, pieces: Iterable[Samples]) -> Iterator[Samples]:
        for piece in pieces:
            new = piece[self._num_covered :]
            self._num_covered = max(0, self._num_covered - len(piece))
            self.num_samples += len(new)
            if len(new):
                yield new


class _Mono:
    """Frames of any rate and layout as samples at 16 kHz, mono, in ``[-1, 1]``."""

    def __init__(self) -> None:
        self._resampler: AudioResampler | None = None
        self._format: tuple[object, ...] = ()

    def __call__(self, frame: AudioFrame) -> Iterator[Samples]:
        shape = (frame.sample_rate, frame.format.name, frame.layout.name, frame.layout.nb_channels)
        if self._resampler is None or shape != self._format:
            yield from self.rest()
            self._resampler = AudioResampler(format="flt", layout="mono", rate=SOUND_RATE)
            self._format = shape
        frame.pts = None  # the resampler would fill or cut by it; where a frame lies is decided above
        try:
            made = self._resampler.resample(frame)
        except (av.FFmpegError, ValueError):  # a layout that FFmpeg has no mix for
            self._resampler = AudioResampler(format="fltp", layout=frame.layout, rate=SOUND_RATE)
            made = self._resampler.resample(frame)
        yield from map(_samples, made)

    def rest(self) -> Iterator[Samples]:
        held, self._resampler = self._resampler, None
        try:
            yield from map(_samples, held.resample(None) if held and self._format else [])
        except (av.FFmpegError, ValueError):
            return


def _samples(frame: AudioFrame) -> Samples:
    """``(n,)``: one channel, or the mean of all."""
    mono = np.nan_to_num(frame.to_ndarray(), nan=0.0, posinf=1.0, neginf=-1.0).mean(axis=0)
    samples: Samples = np.clip(mono, -1.0, 1.0).astype(np.float32)
    return samples
