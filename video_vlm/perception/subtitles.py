"""Subtitles: the text tracks inside a video, and the subtitle files beside it."""

from __future__ import annotations

import logging
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path

from video_vlm.errors import SubtitleError
from video_vlm.marks import is_ours
from video_vlm.perception.observer import BaseObserver
from video_vlm.perception.subtitle_cues import parse_cues
from video_vlm.perception.subtitle_encoding import decode_subtitles
from video_vlm.protocols import VideoReader
from video_vlm.records import Observation, ObservationKind, Span, Video

__all__ = ["SUBTITLE_SUFFIXES", "SubtitleObserver", "find_sidecars", "read_subtitles"]

logger = logging.getLogger(__name__)

SUBTITLE_SUFFIXES = (".srt", ".vtt", ".ass", ".ssa")

_FILM_SUFFIX = re.compile(r"\.(?:mp4|m4v|mkv|webm|mov|avi|ts|m2ts|mpe?g|wmv|flv|ogv|3gp)", re.IGNORECASE)
_HEAD_BYTES = 1 << 16
_MAX_BYTES = 32 * 1024 * 1024
_TAG = re.compile(r"[A-Za-z]{2,}(?:[-_][A-Za-z0-9]{2,8})*")
"""One dotted part between a film's name and the suffix: ``en``, ``pt-BR``, ``es-419``, ``forced``."""

_NOT_LANGUAGES = frozenset({"forced", "sdh", "cc", "default", "full", "sub", "subs", "subtitles", "signs", "songs"})
_NEAR_ZERO_SECONDS = 0.5
_SAME_CUE_SECONDS = 1.0
_SAME_TRACK_SHARE = 0.9


class SubtitleObserver(BaseObserver):
    """Reports every cue of the embedded text tracks and of the files beside the video.

    All languages are kept, each named in ``source``. Of tracks that say the same at the same times
    one is kept, the embedded one first: its times are on the container's own clock and it cannot
    belong to another cut of the film. A subtitle file that cannot be read is logged and skipped.
    """

    def __init__(self) -> None:
        super().__init__("subtitles", 1)

    def begin(self, reader: VideoReader) -> Iterable[Observation]:
        embedded = sorted(reader.cues(), key=lambda cue: cue.source)
        tracks = [list(cues) for _, cues in groupby(embedded, key=lambda cue: cue.source)]
        for sidecar in _sidecar_tracks(reader.video):
            if not any(_says_the_same(sidecar, track) for track in tracks):
                tracks.append(sidecar)
        return sorted((cue for track in tracks for cue in track), key=lambda cue: (cue.span, cue.source))


def read_subtitles(path: Path) -> tuple[Observation, ...]:
    """Read a SubRip, WebVTT or ASS/SSA file, in order of time, from zero as a player counts.

    ``source`` is the file's name, with the encoding in brackets where it is not UTF-8; a guessed
    encoding and an end time that made no sense lower the confidence. Tags and drawings are dropped,
    music notes and what is in brackets for the hard of hearing are kept.

    Raises:
        SubtitleError: the file cannot be opened, is empty, too large, or in no grammar known here.
    """
    decoded = decode_subtitles(_bytes(path), language=_language(path))
    parsed = parse_cues(decoded.text)
    if parsed is None:
        raise SubtitleError(path, "not a SubRip, WebVTT or ASS/SSA file; convert it to one of these")
    if parsed.num_skipped:
        logger.warning("%s: %d cues have no usable time and were skipped", path, parsed.num_skipped)
    source = path.name if decoded.encoding == "utf-8" else f"{path.name} ({decoded.encoding})"
    return tuple(
        Observation(
            Span(cue.start, cue.end),
            ObservationKind.SUBTITLE,
            cue.text,
            source,
            confidence=decoded.confidence * (1.0 if cue.certain else 0.7),
        )
        for cue in parsed.cues
    )


def find_sidecars(video_path: Path) -> tuple[Path, ...]:
    """The subtitle files that belong to a video: beside it, of its name, in order of name.

    ``film.srt``, ``film.en.srt`` and ``film.eng.forced.VTT`` belong to ``film.mp4``; ``film2.srt`` does
    not, nor does ``film.uncut.srt`` where a ``film.uncut.mkv`` lies in the same folder.
    """
    try:
        beside = sorted(path for path in video_path.parent.iterdir() if path.is_file())
    except OSError as error:
        logger.warning("%s: cannot be searched for subtitle files: %s", video_path.parent, error.strerror)
        return ()
    stem = _composed(video_path.stem)
    films = {_composed(path.stem) for path in beside if _FILM_SUFFIX.fullmatch(path.suffix)} - {stem}
    return tuple(path for path in beside if _belongs(path, stem=stem, films=films) and not _is_exported(path))


def _is_exported(path: Path) -> bool:
    """What was exported here is what was found in the video, and not what is said in it."""
    try:
        with path.open("rb") as file:
            return is_ours(file.read(_HEAD_BYTES))
    except OSError:
        return False


def _belongs(path: Path, *, stem: str, films: Iterable[str]) -> bool:
    name = _composed(path.stem)
    if path.suffix.lower() not in SUBTITLE_SUFFIXES or not _extends(name, stem):
        return False
    tags = name[len(stem) + 1 :].split(".") if name != stem else []
    nearer = any(_extends(name, film) and _extends(film, stem) for film in films)
    return all(_TAG.fullmatch(tag) for tag in tags) and not nearer


def _extends(name: str, stem: str) -> bool:
    return name == stem or name.startswith(f"{stem}.")


def _composed(name: str) -> str:
    """macOS hands out names with accents apart, other systems together."""
    return unicodedata.normalize("NFC", name)


def _language(path: Path) -> str | None:
    tags = [tag for tag in path.stem.split(".")[1:] if _TAG.fullmatch(tag) and tag.lower() not in _NOT_LANGUAGES]
    return tags[-1] if tags else None


def _bytes(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > _MAX_BYTES:
            raise SubtitleError(path, f"{size} bytes are too many for a subtitle file (at most {_MAX_BYTES})")
        data = path.read_bytes()
    except OSError as error:
        raise SubtitleError(path, f"cannot be read: {error.strerror or error}") from error
    if not data.strip():
        raise SubtitleError(path, "the file is empty")
    return data


def _sidecar_tracks(video: Video) -> Iterator[list[Observation]]:
    for path in find_sidecars(video.path):
        try:
            cues = read_subtitles(path)
        except SubtitleError as error:
            logger.warning("subtitles skipped: %s", error)
            continue
        yield [replace(cue, span=_on_container_clock(cue.span, video)) for cue in cues]


def _on_container_clock(span: Span, video: Video) -> Span:
    """Subtitle files count from the first picture a player shows. A container's clock may start
    elsewhere (broadcast captures, cut-out pieces); the few frames by which most files start late are
    not meant by any subtitle writer."""
    shift = video.start_seconds if abs(video.start_seconds) > _NEAR_ZERO_SECONDS else 0.0
    return Span(span.start + shift, span.end + shift)


def _says_the_same(sidecar: Sequence[Observation], track: Sequence[Observation]) -> bool:
    starts: dict[str, list[float]] = {}
    for cue in track:
        starts.setdefault(_letters(cue.text), []).append(cue.span.start)
    found = sum(
        1
        for cue in sidecar
        if any(abs(start - cue.span.start) <= _SAME_CUE_SECONDS for start in starts.get(_letters(cue.text), ()))
    )
    return bool(sidecar) and found >= _SAME_TRACK_SHARE * len(sidecar)


def _letters(text: str) -> str:
    """What a cue says, whatever its line breaks, case and punctuation."""
    return "".join(character for character in text.casefold() if character.isalnum()) or text
