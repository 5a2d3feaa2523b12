"""Local language models, with or without vision, through transformers: from a folder or the local cache."""

from __future__ import annotations

from video_vlm.models.local.chat import LocalChat, open_local
from video_vlm.models.local.savings import Savings

__all__ = ["LocalChat", "Savings", "open_local"]
