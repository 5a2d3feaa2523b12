"""A memory as plain values, for comparing two memories: an interrupted build with an uninterrupted one."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from typing import Any

from video_vlm.memory.view import MemoryView
from video_vlm.records import Level

__all__ = ["dump"]


def dump(memory: MemoryView) -> dict[str, Any]:
    """All of a memory as JSON values in a fixed order, without the time of writing and the path of the
    file."""
    stored = asdict(memory.stored)
    del stored["indexed_at"], stored["video"]["path"]
    stored["video"]["streams"] = [
        {**one, "time_base": str(one["time_base"])} for one in stored["video"]["streams"]
    ]
    nodes = []
    for node in (node for level in reversed(Level) for node in memory.nodes(level)):
        sights = {tower: _fingerprint(vector) for tower, vector in memory.sights(node.id).items()}
        nodes.append({**asdict(node), "poster": _fingerprint(memory.poster(node.id)), "sights": sights})
    observations = [asdict(one) for one in memory.observations()]
    observations.sort(key=lambda one: (one["span"]["start"], one["span"]["end"], repr(one)))
    return {**stored, "nodes": nodes, "observations": observations}


def _fingerprint(blob: bytes | None) -> str | None:
    return None if blob is None else hashlib.sha256(blob).hexdigest()
