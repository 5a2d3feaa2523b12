"""A conversation with a language model about a video, in which every claim must cite what was shown."""

from __future__ import annotations

from video_vlm.agent.answer import ModelReply, answer_with_model
from video_vlm.agent.captions import CAPTION_LEVELS, CaptionReport, caption_video
from video_vlm.agent.loop import Trace
from video_vlm.agent.shown_frames import FrameLoader
from video_vlm.agent.summaries import SummaryReport, summarize_video

__all__ = [
    "CAPTION_LEVELS",
    "CaptionReport",
    "FrameLoader",
    "ModelReply",
    "SummaryReport",
    "Trace",
    "answer_with_model",
    "caption_video",
    "summarize_video",
]
