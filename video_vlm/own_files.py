"""Marks in exported videos and subtitles, by which they are recognised and not read back.

Subtitles are marked at the end of every cue: sixteen letters without width (U+200C and U+200D), the bits of
``vq``. Players and people see nothing; copies, renamed files, other machines, cut pieces and conversions to
other formats keep it. Clips of what an answer cites say so in their comment, which Matroska has near its
beginning.
"""

from __future__ import annotations

from typing import Final

__all__ = ["CLIP_COMMENT", "CLIP_SUFFIX", "MARK", "is_our_clip", "is_ours"]

MARK: Final = "".join("\u200c\u200d"[byte >> bit & 1] for byte in b"vq" for bit in range(7, -1, -1))
"""At the end of a cue's text."""

CLIP_COMMENT: Final = "cut out by videoqa: what an answer cites"
"""The comment of a clip."""

CLIP_SUFFIX: Final = ".mkv"


def is_ours(head: bytes) -> bool:
    """Whether a subtitle file was exported here, judged by its beginning (some kilobytes are enough)."""
    return any(MARK.encode(encoding) in head for encoding in ("utf-8", "utf-16-le", "utf-16-be"))


def is_our_clip(head: bytes) -> bool:
    """Whether a video was cut out here, judged by its beginning."""
    return CLIP_COMMENT.encode() in head
