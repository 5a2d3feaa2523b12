"""The vectors of a library: of what is said and written, and of what frames look like."""

from __future__ import annotations

from video_vlm.memory.catalog import required_video, stored_video
from video_vlm.memory.database_protocol import DatabaseConnection
from video_vlm.memory.index_trailer import Method
from video_vlm.memory.text_vectors import TextVectors
from video_vlm.memory.visual_search import VisualVectors
from video_vlm.memory.visual_vectors import (
    NodesWithoutVectors,
    SegmentVisuals,
    complete_visual_vectors,
    nodes_without_vectors,
)
from video_vlm.protocols import ImageTextEncoder, TextEncoder
from video_vlm.records import Level

__all__ = ["LibraryVectors"]


class LibraryVectors:
    """All vectors of one library. Shared by threads.

    ``texts`` searches them by meaning; None without a sentence encoder. ``visuals`` searches them by sight;
    None without an image-text tower.
    """

    def __init__(
        self,
        database: DatabaseConnection,
        *,
        texts: TextVectors | None,
        visuals: VisualVectors | None,
    ) -> None:
        self.texts = texts
        self.visuals = visuals
        self._database = database

    @property
    def sight(self) -> ImageTextEncoder | None:
        """The tower that sees what is indexed here; None if there is none."""
        return None if self.visuals is None else self.visuals.encoder

    @property
    def encoder(self) -> TextEncoder | None:
        """Who compares what is said and written by its meaning; None if there is none."""
        return None if self.texts is None else self.texts.encoder

    def embed(self, content_id: str | None = None) -> int:
        """Give vectors to the texts that have none yet, of one video or of all; returns to how many passages.

        Finishing a build and keeping looks do this by themselves; call it for memories written without an
        encoder, or when it was interrupted. Without an encoder it does nothing.
        """
        return 0 if self.texts is None else self.texts.embed(content_id)

    def load_indexes(self) -> dict[str, Method]:
        """Make ready to search everything by meaning and by sight, as the first search would; returns how
        each list of vectors is searched, by the list's name."""
        every = [one.lists for one in (self.texts, self.visuals) if one is not None]
        methods = {name: index.load() for lists in every for name, index in lists.items()}
        return {name: method for name, method in methods.items() if method is not None}

    def nodes_without(self, content_id: str) -> tuple[NodesWithoutVectors, ...]:
        """The segments of a video that the tower has not seen whole; none without a tower or a video."""
        if self.sight is None:
            return ()
        with self._database.read() as connection:
            found = stored_video(connection, content_id)
            return () if found is None else nodes_without_vectors(connection, found[0], self.sight.name)

    def num_frames(self, content_id: str) -> int:
        """How many frames of a video the tower has seen."""
        name = None if self.sight is None else self.sight.name
        with self._database.read() as connection:
            (count,) = connection.execute(
                "SELECT count(*) FROM readable_sights"
                f" WHERE content_id = ? AND encoder = ? AND level = '{Level.FRAME}'",
                (content_id, name),
            ).fetchone()
        return int(count)

    def put_visuals(self, content_id: str, one: NodesWithoutVectors, visuals: SegmentVisuals) -> None:
        """Write what a segment looks like that was indexed without a tower; its scene changes with it.

        Raises:
            NotIndexed: the library does not know the video.
            MemoryReplaced: its memory was replaced meanwhile.
            LibraryReadOnly: the library is open read-only.
        """
        with self._database.write() as connection:
            memory, _ = required_video(connection, content_id, where=self._database.where)
            complete_visual_vectors(connection, memory, one, visuals)
