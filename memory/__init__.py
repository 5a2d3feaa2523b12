"""The hierarchical memory: video > chapter > scene > segment > frame, in SQLite, with search over it.

Imports no model: text encoders and summaries come in through protocols.
"""

from video_vlm.memory.catalog import StoredVideo
from video_vlm.memory.disk_cache import Shelf
from video_vlm.memory.entities import Entity
from video_vlm.memory.index_trailer import Method
from video_vlm.memory.layout import Layout, default_library_folder
from video_vlm.memory.library_facts import IndexFacts, LibraryFacts
from video_vlm.memory.look_cache import CAPTIONER, KeptLook
from video_vlm.memory.memory_writer import Build, Checkpoint, Picture
from video_vlm.memory.portable import Imported
from video_vlm.memory.repair import LostVideo, Repaired, repair_library
from video_vlm.memory.search import Ranking
from video_vlm.memory.store import Library, open_library
from video_vlm.memory.tree import node_id
from video_vlm.memory.verify import Problem
from video_vlm.memory.view import MemoryView
from video_vlm.memory.visual_vectors import Sights, Unseen

__all__ = [
    "CAPTIONER",
    "Build",
    "Checkpoint",
    "Entity",
    "Imported",
    "IndexFacts",
    "KeptLook",
    "Layout",
    "Library",
    "LibraryFacts",
    "LostVideo",
    "MemoryView",
    "Method",
    "Picture",
    "Problem",
    "Ranking",
    "Repaired",
    "Shelf",
    "Sights",
    "StoredVideo",
    "Unseen",
    "default_library_folder",
    "node_id",
    "open_library",
    "repair_library",
]
