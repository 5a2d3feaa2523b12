"""A memory as plain values, to compare two of them: an interrupted build with a straight one."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from typing import Any

from video_vlm.memory.view import MemoryView
from video_vlm.records import Level, Node

__all__ = ["dump"]


def dump(memory: MemoryView) -> dict[str, Any]:
    """Everything but when it was written and where the file lies; in one fixed order."""
    stored = asdict(memory.stored)
    del stored["indexed_at"], stored["video"]["path"]
    stored["video"]["streams"] = [
        {**one, "time_base": str(one["time_base"])} for one in stored["video"]["streams"]
    ]
    nodes = [node for level in reversed(Level) for node in memory.nodes(level)]
    observations = [asdict(one) for one in memory.observations()]
    return {
        **stored,
        "nodes": [{**asdict(node), **_pictures(memory, node)} for node in nodes],
        "observations": sorted(
            observations, key=lambda one: (one["span"]["start"], one["span"]["end"], repr(one))
        ),
    }


def _pictures(memory: MemoryView, node: Node) -> dict[str, Any]:
    sights = {tower: _fingerprint(vector) for tower, vector in memory.sights(node.id).items()}
    return {"poster": _fingerprint(memory.poster(node.id)), "sights": sights}


def _fingerprint(blob: bytes | None) -> str | None:
    return None if blob is None else hashlib.sha256(blob).hexdigest()
