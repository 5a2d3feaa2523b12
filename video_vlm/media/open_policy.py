"""Which files may be opened: one local file that refers to no other.

FFmpeg decides by content, so an HLS playlist called ``holiday.mp4`` is played as a playlist, and a
playlist can name any file or address the process can reach. Files that only refer to others are
recognised here by their first bytes; :mod:`video_vlm.media.container` then opens what passes in a way
that could not follow a reference either.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from video_vlm.address import not_a_file
from video_vlm.errors import RefusedMedia, UnreadableVideo

__all__ = ["local_file", "refuse_references"]

_SNIFF_BYTES = 8192

_REFERENCES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(rf"\A(?:{pattern})", re.IGNORECASE | re.DOTALL))
    for name, pattern in (
        ("an HLS playlist", r"#EXTM3U|#EXT-X-|#EXTINF"),
        ("an FFmpeg concat list", r"ffconcat\s+version|(#[^\n]*\n\s*)*file\s+\S"),
        ("a DASH manifest", r"(<[?!][^>]*>\s*)*<MPD[\s>]"),
        ("a Smooth Streaming manifest", r"(<[?!][^>]*>\s*)*<SmoothStreamingMedia[\s>]"),
        (
            "a playlist",
            r"(<[?!][^>]*>\s*)*<(smil|asx|playlist|CompositionPlaylist|PackingList|AssetMap)[\s>]",
        ),
        ("a playlist", r"\[(playlist|reference|InternetShortcut)\]"),
        ("an SDP session description", r"v=0\r?\n.*?\n[ocsm]="),
        ("an address", r"(RTSPtext\s*)?[a-z][a-z0-9+.-]{1,15}://\S"),
    )
)


def local_file(path: str | Path) -> Path:
    """The local file that ``path`` names. Pipes and devices are refused: reading one can block for ever.

    Raises:
        RefusedMedia: ``path`` is an address.
        UnreadableVideo: there is no such file, it is not a regular file, it is empty, or it may not be read.
    """
    file = Path(path)
    reason = _why_unusable(file)
    if reason:
        address = not_a_file(os.fspath(path))
        if address and not os.path.lexists(path):
            raise RefusedMedia(path, address)
        raise UnreadableVideo(file, reason)
    return file


def _why_unusable(file: Path) -> str | None:
    try:
        if file.is_dir():
            return "this is a folder; give a video file inside it"
        if not file.exists():
            return "there is no such file; check the name"
        if not file.is_file():
            return "this is a pipe or a device, not a file; save it to a file first"
        if file.stat().st_size == 0:
            return "the file is empty (0 bytes); copy or download it again"
        with file.open("rb"):
            return None
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        return f"the file cannot be read ({why}); check its permissions"


def refuse_references(file: Path) -> None:
    """Refuses a file that is a list of other files or addresses, judged by its first 8192 bytes, whatever its
    name.

    Raises:
        RefusedMedia: names the kind of list it is.
    """
    with file.open("rb") as stream:
        head = stream.read(_SNIFF_BYTES)
    encoding = "utf-16" if head[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    text = head.decode(encoding, errors="replace").lstrip("\x00 \t\r\n\f\v")
    for name, pattern in _REFERENCES:
        if pattern.match(text):
            raise RefusedMedia(
                file, f"this is {name}, which would open other files or addresses; give the video itself"
            )
