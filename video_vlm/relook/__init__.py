"""Looking again: from a question to the frames worth decoding, and to an answer that uses them."""

from __future__ import annotations

from video_vlm.relook.look_plan import LookPlan, plan_look
from video_vlm.relook.refinement import answer_by_looking

__all__ = ["LookPlan", "answer_by_looking", "plan_look"]
