"""What a library knows of a file already."""

from __future__ import annotations

from pathlib import Path

from video_vlm.index.hierarchy import count_shots, holes_in
from video_vlm.index.index_mode import IndexModes
from video_vlm.index.report import IndexReport
from video_vlm.media.identity import SameContent
from video_vlm.memory import Library, StoredVideo
from video_vlm.records import Level

__all__ = ["add_meaning", "known_report", "known_video", "remember", "reused"]


def known_video(file: Path, library: Library, how: IndexModes) -> StoredVideo | None:
    """The stored facts of a file that is unchanged and was read with these settings; None if it has to be read."""
    known = library.files.find(file)
    return known if known is not None and how.have_made(known, file, library) else None


def known_report(file: Path, library: Library, how: IndexModes) -> IndexReport | None:
    """The report of such a file; None if it has to be read."""
    known = known_video(file, library, how)
    return None if known is None else reused(library, known)


def add_meaning(library: Library, content_id: str) -> None:
    """Adds the sentence vectors that a memory lacks, because it was written without a sentence encoder or
    with another one."""
    if not library.storage.read_only:
        library.vectors.embed(content_id)


def remember(library: Library, file: Path, content_id: str, same: SameContent) -> None:
    """Notes the state of a file as it was when it was opened: if it has changed since, it is read again the next
    time."""
    if not library.storage.read_only:
        library.files.remember(file, content_id, state=same.state.times)


def reused(library: Library, stored: StoredVideo) -> IndexReport:
    """The report of a memory that was there."""
    memory = library.memory(stored.video.content_id)
    observations = memory.observations()
    return IndexReport(
        stored.video,
        num_frames=stored.video.num_frames or 0,
        num_shots=count_shots(observations),
        num_segments=len(memory.nodes(Level.SEGMENT)),
        num_scenes=len(memory.nodes(Level.SCENE)),
        num_observations=len(observations),
        num_sights=library.vectors.num_frames(stored.video.content_id),
        damage=stored.damage,
        holes=holes_in(observations),
        reused=True,
        missing=stored.missing,
    )
