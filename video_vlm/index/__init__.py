"""From a file to its memory in one decode pass; each segment is on disk before the next is begun."""

from __future__ import annotations

from video_vlm.index.batch import default_jobs, index_many
from video_vlm.index.batch_estimate import Estimate, Forecast, estimate
from video_vlm.index.cluster import index_on_cluster
from video_vlm.index.frame_embeddings import embed_missing
from video_vlm.index.memory_estimate import reading_jobs
from video_vlm.index.plan import IndexPlan, plan_index
from video_vlm.index.report import IndexOutcome, IndexReport
from video_vlm.index.run import index_video

__all__ = [
    "Estimate",
    "Forecast",
    "IndexOutcome",
    "IndexPlan",
    "IndexReport",
    "default_jobs",
    "embed_missing",
    "estimate",
    "index_many",
    "index_on_cluster",
    "index_video",
    "plan_index",
    "reading_jobs",
]
