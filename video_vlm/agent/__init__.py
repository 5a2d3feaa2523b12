"""Talking with a language model about a video: it asks for what it wants to know, and its claims are held to that."""

from __future__ import annotations

from video_vlm.agent.answer import Talked, answer_by_talking
from video_vlm.agent.captions import CAPTION_LEVELS, CaptionReport, caption_video
from video_vlm.agent.loop import Trace
from video_vlm.agent.shown_frames import Pictures
from video_vlm.agent.summaries import SummaryReport, summarize_video

__all__ = [
    "CAPTION_LEVELS",
    "CaptionReport",
    "Pictures",
    "SummaryReport",
    "Talked",
    "Trace",
    "answer_by_talking",
    "caption_video",
    "summarize_video",
]
