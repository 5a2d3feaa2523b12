"""A memory with the observations of looks added: of this question, and of earlier ones that were kept."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import Literal

from video_vlm.language.word_forms import squeeze
from video_vlm.perception.text_tracks import join_rows
from video_vlm.protocols import Revised, TextEncoder, VideoMemory
from video_vlm.records import Evidence, Level, Node, Observation, ObservationKind, Span, Video

__all__ = ["Overlay"]


class Overlay:
    """A :class:`~video_vlm.protocols.VideoMemory` that also holds rows of text and captions seen in looks.

    A row that the memory knows and the look saw earlier becomes one row that begins earlier; nothing
    is held twice. The pictures looked at stand among the representative frames, so that whoever asks when
    something was *not* there yet is told.

    Args:
        memory: What is underneath.
        seen: What was seen; only rows of text and captions are added, the memory has the rest for the whole
            video.
        looked: The stretch each picture of the look stands for.
    """

    def __init__(self, memory: VideoMemory, seen: Iterable[Observation], looked: Iterable[Span]) -> None:
        self._memory = memory
        seen = tuple(seen)
        read = memory.observations(kinds=[ObservationKind.SCREEN_TEXT])
        stands = _Standing(read)
        rows = [one for one in seen if one.kind is ObservationKind.SCREEN_TEXT and not stands(one)]
        self._captions = tuple(one for one in seen if one.kind is ObservationKind.CAPTION)
        self._rows = join_rows([*read, *rows]) if rows else None
        video = memory.video.content_id
        self._looked = tuple(
            Node(f"look {span.start:.3f}", video, Level.FRAME, span, None, provenance="look")
            for span in looked
        )

    @property
    def video(self) -> Video:
        return self._memory.video

    @property
    def revision(self) -> Hashable | None:
        """That of the memory underneath, with what is read or told in the looks: pictures without words change
        nothing that is observed."""
        below = self._memory.revision if isinstance(self._memory, Revised) else None
        if below is None or not (self._rows or self._captions):
            return below
        return below, self._rows, self._captions

    @property
    def channels(self) -> Sequence[str]:
        return self._memory.channels

    @property
    def encoder(self) -> TextEncoder | None:
        return self._memory.encoder

    def nodes(self, level: Level, span: Span | None = None) -> Sequence[Node]:
        nodes = self._memory.nodes(level, span)
        if level is not Level.FRAME:
            return nodes
        looked = [one for one in self._looked if span is None or one.span.overlaps(span)]
        return sorted((*nodes, *looked), key=lambda node: node.span)

    def children(self, node_id: str) -> Sequence[Node]:
        return self._memory.children(node_id)

    def neighbors(
        self, node_id: str, direction: Literal["before", "after"], count: int = 1
    ) -> Sequence[Node]:
        return self._memory.neighbors(node_id, direction, count)

    def observations(
        self, *, kinds: Iterable[ObservationKind] | None = None, span: Span | None = None
    ) -> Sequence[Observation]:
        wanted = None if kinds is None else frozenset(kinds)
        found = self._memory.observations(kinds=wanted, span=span)
        added = [*(self._rows or ()), *self._captions]
        added = [one for one in added if wanted is None or one.kind in wanted]
        if not added:
            return found
        if self._rows is not None:
            found = tuple(one for one in found if one.kind is not ObservationKind.SCREEN_TEXT)
        added = [one for one in added if span is None or one.span.overlaps(span)]
        return sorted((*found, *added), key=lambda one: one.span)

    def search(
        self,
        query: str,
        *,
        span: Span | None = None,
        kinds: Iterable[ObservationKind] | None = None,
        limit: int = 10,
    ) -> Sequence[Evidence]:
        """The memory's own search: it finds the observations of kept looks, not those added here."""
        return self._memory.search(query, span=span, kinds=kinds, limit=limit)


class _Standing:
    """Whether a row that a look saw was read there already, as it is and for as long."""

    def __init__(self, rows: Iterable[Observation]) -> None:
        self._spans: dict[str, list[Span]] = {}
        for row in rows:
            self._spans.setdefault(squeeze(row.text), []).append(row.span)

    def __call__(self, row: Observation) -> bool:
        known = self._spans.get(squeeze(row.text), ())
        return any(one.start <= row.span.start and row.span.end <= one.end for one in known)
