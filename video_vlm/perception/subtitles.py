"""Subtitles: the text tracks inside a video, and the subtitle files beside it."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

from video_vlm.errors import SubtitleError
from video_vlm.perception.language_names import language_code
from video_vlm.perception.observer import BaseObserver
from video_vlm.perception.sidecars import MAX_BYTES, Sidecar, find_sidecars
from video_vlm.perception.subtitle_cues import Cue, ParsedCues, parse_cues
from video_vlm.perception.subtitle_encoding import SURE, Decoded, decode_subtitles
from video_vlm.perception.subtitle_formats import parse_other_formats
from video_vlm.perception.subtitle_tracks import Track, joined
from video_vlm.perception.utterance_merge import utterances
from video_vlm.protocols import Need, VideoReader
from video_vlm.records import Observation, ObservationKind, Span, Video

__all__ = ["SubtitleObserver", "read_subtitles"]

logger = logging.getLogger(__name__)

_TRACK_NOTES = re.compile(r"track \d+ \(([^()]*)\)")


class SubtitleObserver(BaseObserver):
    """Reports what is said in the embedded text tracks and in the files beside the video, each line once, in
    player's seconds.

    A line is one observation however many cues and tracks carry it
    (:mod:`video_vlm.perception.utterance_merge`, :mod:`video_vlm.perception.subtitle_tracks`). All languages
    are kept, each named in ``source``. A subtitle file that cannot be read, or that only looks as if it
    belonged, is named in a warning and skipped.
    """

    def __init__(self) -> None:
        super().__init__("subtitles", 3, needs=[Need.FILE])

    def begin(self, reader: VideoReader) -> Iterable[Observation]:
        return joined([*_embedded_tracks(reader), *_sidecar_tracks(reader.video)])


def read_subtitles(path: Path) -> tuple[Observation, ...]:
    """What is said in a subtitle file, in order of time, from zero as a player counts.

    SubRip, WebVTT, ASS/SSA, SBV, SubViewer, MicroDVD, MPL2, LRC, SAMI and TTML are told apart by their
    content. ``source`` is the file's name, with the encoding in brackets where it is not UTF-8; a guessed
    encoding and an end time that made no sense lower the confidence. Tags and drawings are dropped, music
    notes and what is in brackets for the hard of hearing are kept.

    Raises:
        SubtitleError: the file cannot be opened, is empty, too large, or in no grammar known here.
    """
    languages = [tag for tag in path.stem.split(".")[1:] if language_code(tag)]
    tracks = _read_tracks(Sidecar(path, languages[-1] if languages else None), frame_rate=None)
    return tuple(sorted((line for track in tracks for line in track.lines), key=lambda line: line.span))


def _read_tracks(sidecar: Sidecar, *, frame_rate: float | None) -> list[Track]:
    path = sidecar.path
    decoded = decode_subtitles(_bytes(path), language=sidecar.language)
    common = parse_cues(decoded.text)
    parsed = {"": common} if common is not None else parse_other_formats(decoded.text, frame_rate=frame_rate)
    if parsed is None:
        raise SubtitleError(path, f"not a {_FORMATS} file; convert it to one of these")
    cues = [cue for one in parsed.values() for cue in one.cues]
    places = re.compile(r"\S+\.(?:jpe?g|png|webp)", re.IGNORECASE)
    if cues and all("#xywh=" in cue.text or places.fullmatch(cue.text) for cue in cues):
        raise SubtitleError(
            path, "its cues are places in pictures, thumbnails for a player, and nothing that is said"
        )
    _warn(path, decoded, parsed.values())
    tracks = []
    for name, one in parsed.items():
        notes = ", ".join(
            note for note in (name, "" if decoded.encoding == "utf-8" else decoded.encoding) if note
        )
        source = f"{path.name} ({notes})" if notes else path.name
        lines = tuple(_observed(cue, source, decoded.confidence) for cue in utterances(one.cues))
        language = _SAMI_LANGUAGES.get(name[:2].upper(), name) if name else sidecar.language
        tracks.append(Track(source, lines, language, sidecar.hearing, sidecar.forced, sidecar.commentary))
    return tracks


_FORMATS = "SubRip, WebVTT, ASS/SSA, SBV, MicroDVD, LRC, SAMI or TTML"
_SAMI_LANGUAGES = {
    "EN": "en",
    "KR": "ko",
    "KO": "ko",
    "JP": "ja",
    "JA": "ja",
    "FR": "fr",
    "DE": "de",
    "ES": "es",
}
"""What classes begin with by custom (``ENCC``, ``KRCC``)."""


def _observed(cue: Cue, source: str, confidence: float) -> Observation:
    confidence *= 1.0 if cue.certain else 0.7
    return Observation(
        Span(cue.start, cue.end), ObservationKind.SUBTITLE, cue.text, source, confidence=confidence
    )


def _warn(path: Path, decoded: Decoded, parsed: Iterable[ParsedCues]) -> None:
    num_skipped = sum(one.num_skipped for one in parsed)
    num_beyond = sum(one.num_beyond for one in parsed)
    if num_skipped:
        logger.warning("%s: %d cues have no usable time and were skipped", path, num_skipped)
    if num_beyond:
        logger.warning(
            "%s: %d cues were left out or cut: there are too many, or they are too long", path, num_beyond
        )
    if decoded.confidence < SURE:
        logger.warning(
            "%s: its encoding is not sure: read as %s, so letters may be wrong; "
            "convert it to UTF-8, or name its language (film.ko.srt)",
            path,
            decoded.encoding,
        )


def _bytes(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise SubtitleError(path, f"{size} bytes are too many for a subtitle file (at most {MAX_BYTES})")
        data = path.read_bytes()
    except OSError as error:
        raise SubtitleError(path, f"cannot be read: {error.strerror or error}") from error
    if not data.strip():
        raise SubtitleError(path, "the file is empty")
    return data


def _embedded_tracks(reader: VideoReader) -> Iterator[Track]:
    in_order = sorted(reader.cues(), key=lambda cue: cue.source)
    for source, cues in groupby(in_order, key=lambda cue: cue.source):
        found = _TRACK_NOTES.fullmatch(source)
        notes = found[1].split(", ") if found else []
        shown = (Cue(one.span.start, one.span.end, one.text, certain=one.confidence == 1.0) for one in cues)
        yield Track(
            source,
            tuple(_observed(cue, source, 1.0) for cue in utterances(shown)),
            next((note for note in notes if language_code(note)), None),
            hearing="SDH" in notes,
            forced="forced" in notes,
            commentary="commentary" in notes,
            embedded=True,
        )


def _sidecar_tracks(video: Video) -> Iterator[Track]:
    found = find_sidecars(video.path)
    unread = [f"{one.path.name} ({one.reason})" for one in found.passed_over]
    for one in found.unsearched:
        logger.warning("%s: %s", one.path, one.reason)
    for sidecar in found.files:
        try:
            tracks = _read_tracks(sidecar, frame_rate=video.fps)
        except SubtitleError as error:
            logger.warning("subtitles skipped: %s", error)
            continue
        yield from tracks
    if unread:
        logger.warning("%s: not read as its subtitles: %s", video.path, "; ".join(unread))
