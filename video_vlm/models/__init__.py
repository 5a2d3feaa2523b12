"""Who answers: the built-in reader here, others through entry points (group ``video_vlm.models``)."""

from __future__ import annotations

from video_vlm.protocols import Answerer
from video_vlm.registry import Registry
from video_vlm.settings import AskSettings

__all__ = ["MODELS"]


def _builtin(settings: AskSettings) -> Answerer:
    from video_vlm.models.builtin import BuiltinAnswerer

    return BuiltinAnswerer(min_confidence=settings.min_confidence)


MODELS: Registry[Answerer] = Registry("model", {"builtin": _builtin}, group="video_vlm.models")
"""Answerers by name; each factory takes the :class:`~video_vlm.settings.AskSettings`."""
