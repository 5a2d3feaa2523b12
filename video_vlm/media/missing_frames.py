"""Which packets gave a whole frame, a damaged one, or none."""

from __future__ import annotations

from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from video_vlm.media.damage_log import DamageLog
from video_vlm.media.stream_probe import StreamProbe

__all__ = ["MissingFrames"]

_MISSING = "pictures could not be decoded"
_GUESSED = "pictures are damaged: the decoder guessed parts of them"
_REPEATED = "pictures repeat a time already shown"

_FEW = 2
"""This many packets without a frame are no loss: fields come in pairs, some packets show nothing."""


class MissingFrames:
    """Notes the frames that are lost or damaged while a stretch is decoded.

    Decoders report an error some frames late, or not at all. So an error only says that there is trouble; a
    frame counts as lost when a later one is shown before it. Without an error, a packet that gives no frame
    means nothing.

    Args:
        found: The survey of the file.
        ledger: Where damage is noted.
    """

    def __init__(self, found: StreamProbe, ledger: DamageLog) -> None:
        self._found = found
        self._ledger = ledger
        self._waiting: dict[int, int] = {}
        self._dated: set[bool] = set()
        self.in_trouble = False
        self.last_pts: int | None = None

    @property
    def is_incomplete(self) -> bool:
        """Whether frames are still missing at the end: after an error, or more than two."""
        return self.last_pts is not None and (self.in_trouble or len(self._waiting) > _FEW)

    @property
    def is_sparse(self) -> bool:
        """Whether some packets have a PTS and others do not."""
        return len(self._dated) > 1

    def expect(self, packet: Packet[VideoStream]) -> None:
        """Notes a packet before it is decoded; its PTS and duration are in ticks."""
        self._dated.add(packet.pts is not None)
        self.in_trouble |= packet.is_corrupt
        if packet.pts is not None and not packet.is_discard:
            self._waiting[packet.pts] = packet.duration or round(self._found.frame_ticks)

    def answer(self, frame: VideoFrame) -> None:
        """Notes a decoded frame: frames with an earlier PTS that have not come by then are lost."""
        pts = frame.pts
        if pts is None:
            return
        duration = self._waiting.pop(pts, 0)
        for missed in [expected for expected in self._waiting if expected < pts]:
            self._miss(missed)
        if frame.is_corrupt:
            self._note(pts, duration, _GUESSED)
            self.in_trouble = True
        elif frame.key_frame:
            self.in_trouble = False
        self.last_pts = pts

    def repeat(self, pts: int) -> None:
        """Notes a frame that was dropped because a frame with this PTS, in ticks, was shown before."""
        self._note(pts, 0, _REPEATED)

    def close(self) -> None:
        """Notes what is still missing at the end; no frame may follow."""
        for missed in list(self._waiting):
            self._miss(missed)

    def _miss(self, pts: int) -> None:
        duration = self._waiting.pop(pts)
        if self.in_trouble:
            self._note(pts, duration, _MISSING)

    def _note(self, pts: int, duration: int, reason: str) -> None:
        self._ledger.note(self._found.seconds(pts), self._found.seconds(pts + duration), reason)
