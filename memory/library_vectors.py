"""The vectors of a library: of text, and of frames."""

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

    ``texts`` searches text vectors; None without a sentence encoder. ``visuals`` searches visual vectors;
    None without an image-text encoder.
    """

    def __init__(
        self, database: DatabaseConnection, *, texts: TextVectors | None, visuals: VisualVectors | None
    ) -> None:
        self.texts = texts
        self.visuals = visuals
        self._database = database

    @property
    def sight(self) -> ImageTextEncoder | None:
        """The image-text encoder of this library; None if there is none."""
        return None if self.visuals is None else self.visuals.encoder

    @property
    def encoder(self) -> TextEncoder | None:
        """Who compares what is said and written by its meaning; None if there is none."""
        return None if self.texts is None else self.texts.encoder

    def embed(self, content_id: str | None = None) -> int:
        """Compute the missing text vectors of one video or of all; return for how many passages.

        Finishing a build and keeping looks do this; call it for memories written without an encoder, or when
        it was interrupted. Without an encoder it does nothing.
        """
        return 0 if self.texts is None else self.texts.embed(content_id)

    def load_indexes(self) -> dict[str, Method]:
        """Load all vector indexes, as the first search would; return the search method of each list of
        vectors by its name."""
        every = [one.lists for one in (self.texts, self.visuals) if one is not None]
        methods = {name: index.load() for lists in every for name, index in lists.items()}
        return {name: method for name, method in methods.items() if method is not None}

    def nodes_without(self, content_id: str) -> tuple[NodesWithoutVectors, ...]:
        """The segments of a video with frames that have no visual vector; none without an image-text encoder
        or a video."""
        if self.sight is None:
            return ()
        with self._database.read() as connection:
            found = stored_video(connection, content_id)
            return () if found is None else nodes_without_vectors(connection, found[0], self.sight.name)

    def num_frames(self, content_id: str) -> int:
        """The number of frames of a video that have a visual vector."""
        name = None if self.sight is None else self.sight.name
        with self._database.read() as connection:
            (count,) = connection.execute(
                "SELECT count(*) FROM readable_sights"
                f" WHERE content_id = ? AND encoder = ? AND level = '{Level.FRAME}'",
                (content_id, name),
            ).fetchone()
        return int(count)

    def put_visuals(self, content_id: str, one: NodesWithoutVectors, visuals: SegmentVisuals) -> None:
        """Write the visual vectors of a segment that was indexed without an image-text encoder, and update
        those of its scene.

        Raises:
            NotIndexed: the library does not know the video.
            MemoryReplaced: its memory was replaced meanwhile.
            LibraryReadOnly: the library is open read-only.
        """
        with self._database.write() as connection:
            memory, _ = required_video(connection, content_id, where=self._database.where)
            complete_visual_vectors(connection, memory, one, visuals)
