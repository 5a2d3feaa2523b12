"""Image tokens in memory: an image that is shown again is not encoded again."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock

from video_vlm.models.local.disk_features import DiskFeatureStore
from video_vlm.models.local.image_tokens import ImageTokens

__all__ = ["FeatureStore"]


class FeatureStore:
    """Image tokens by key, those least recently used going first where there is no more room. Thread-safe.

    Args:
        most_bytes: How much it holds; 0 for nothing.
        beneath: What holds more of them, and longer; None for nothing.
    """

    def __init__(self, most_bytes: int, *, beneath: DiskFeatureStore | None = None) -> None:
        self._most_bytes = most_bytes
        self._beneath = beneath
        self._kept: OrderedDict[bytes, ImageTokens] = OrderedDict()
        self._lock = Lock()
        self.nbytes = 0

    def get(self, key: bytes) -> ImageTokens | None:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
            found = None if self._beneath is None else self._beneath.get(key)
            if found is not None:
                self._keep(key, found)
            return found

    def put(self, key: bytes, features: ImageTokens) -> None:
        """Stores features; not in memory if they take more bytes than the store may hold."""
        with self._lock:
            if key not in self._kept:
                self._keep(key, features)
            if self._beneath is not None:
                self._beneath.put(key, features)

    def clear(self) -> None:
        """Frees the bytes held in memory; features on disk stay."""
        with self._lock:
            self._kept.clear()
            self.nbytes = 0

    def __len__(self) -> int:
        return len(self._kept)

    def _keep(self, key: bytes, features: ImageTokens) -> None:
        if features.nbytes > self._most_bytes:
            return
        self._kept[key] = features
        self.nbytes += features.nbytes
        while self.nbytes > self._most_bytes:
            self.nbytes -= self._kept.popitem(last=False)[1].nbytes
