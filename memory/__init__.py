"""The hierarchical memory: video > chapter > scene > segment > frame, in SQLite, with search over it.

Imports no model: text encoders and summaries come in through protocols.
"""

from video_vlm.memory.catalog import StoredVideo
from video_vlm.memory.disk_cache import DiskCache
from video_vlm.memory.entities import Entity
from video_vlm.memory.index_trailer import Method
from video_vlm.memory.layout import Layout, default_library_folder
from video_vlm.memory.library_facts import IndexFacts, LibraryFacts
from video_vlm.memory.library_files import LibraryFiles
from video_vlm.memory.library_looks import LibraryLooks
from video_vlm.memory.library_storage import LibraryStorage
from video_vlm.memory.library_vectors import LibraryVectors
from video_vlm.memory.look_cache import CAPTIONER, StoredLook
from video_vlm.memory.memory_writer import MemoryCheckpoint, MemoryWriter, StoredFrame
from video_vlm.memory.open_library import open_library
from video_vlm.memory.portable import Imported
from video_vlm.memory.repair import LostVideo, Repaired, repair_library
from video_vlm.memory.search import Ranking
from video_vlm.memory.store import Library
from video_vlm.memory.tree import node_id
from video_vlm.memory.verify import Problem
from video_vlm.memory.view import MemoryView
from video_vlm.memory.visual_vectors import NodesWithoutVectors, SegmentVisuals

__all__ = [
    "CAPTIONER",
    "DiskCache",
    "Entity",
    "Imported",
    "IndexFacts",
    "Layout",
    "Library",
    "LibraryFacts",
    "LibraryFiles",
    "LibraryLooks",
    "LibraryStorage",
    "LibraryVectors",
    "LostVideo",
    "MemoryCheckpoint",
    "MemoryView",
    "MemoryWriter",
    "Method",
    "NodesWithoutVectors",
    "Problem",
    "Ranking",
    "Repaired",
    "SegmentVisuals",
    "StoredFrame",
    "StoredLook",
    "StoredVideo",
    "default_library_folder",
    "node_id",
    "open_library",
    "repair_library",
]
