"""The mark by which subtitles that were exported here are known again, so that they are not taken for what is said.

It stands at the end of every cue: sixteen letters without width (U+200C and U+200D), the bits of ``vq``. Players and
people see nothing; copies, renamed files, other machines, cut pieces and conversions to other formats keep it.
"""

from __future__ import annotations

from typing import Final

__all__ = ["MARK", "is_ours"]

MARK: Final = "".join("\u200c\u200d"[byte >> bit & 1] for byte in b"vq" for bit in range(7, -1, -1))
"""At the end of a cue's text."""


def is_ours(head: bytes) -> bool:
    """Whether a subtitle file was exported here, judged by its beginning (some kilobytes are enough)."""
    return any(MARK.encode(encoding) in head for encoding in ("utf-8", "utf-16-le", "utf-16-be"))
