"""An answerer with no weights and no network: it reads what a video says, writes and does in time."""

from __future__ import annotations

from video_vlm.models.builtin.answerer import BuiltinAnswerer

__all__ = ["BuiltinAnswerer"]
