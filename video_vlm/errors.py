"""Every error the package raises on purpose, as one tree.

    VideoQAError
    ├── MediaError              a file that cannot be read as the video it claims to be
    │   ├── UnreadableVideo     no video stream, no frame, not a video, missing, empty
    │   ├── FileChanged         another file, or another content, than when it was opened
    │   ├── RefusedMedia        readable, but opening it would reach other files or the network
    │   └── ReaderLost          the process that was reading it ended before it was done
    ├── SubtitleError           a subtitle file that no known encoding or format explains
    ├── SettingsError           a setting that does not exist or does not fit
    ├── UnknownName             a sampler, merger, decoder, observer or model nobody registered
    ├── SamplerError            a sampler that broke its contract
    ├── MergerError             a merger of tokens that broke its contract
    ├── MissingExtra            an optional part that is not installed: says what to type
    ├── ModelError              a model that cannot be loaded or reached, or that refused
    ├── QuestionError           a question that is empty or cannot be read
    ├── OutputError             a file that cannot be written where it was asked for
    │   └── OutputExists        something is there that must not be lost
    └── LibraryError            the store on disk
        ├── NotIndexed          a video the library has no memory of
        ├── LibraryReadOnly     a write where only reading is possible
        ├── MemoryReplaced      another process finished, replaced or removed it meanwhile
        ├── LibraryDamaged      the file is not a whole library
        └── LibraryTooNew       written by a later version of this package

A message is one line: what went wrong, where, and what to do about it, without keys and passwords.
Foreign errors (FFmpeg, SQLite, ...) are turned into these at one seam each, with ``raise ... from``.
They cross from one process to another whole.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from pathlib import Path

from video_vlm.install_command import install_command
from video_vlm.redaction import redacted

__all__ = [
    "FileChanged",
    "LibraryDamaged",
    "LibraryError",
    "LibraryReadOnly",
    "LibraryTooNew",
    "MediaError",
    "MemoryReplaced",
    "MergerError",
    "MissingExtra",
    "ModelError",
    "NotIndexed",
    "OutputError",
    "OutputExists",
    "QuestionError",
    "ReaderLost",
    "RefusedMedia",
    "SamplerError",
    "SettingsError",
    "SubtitleError",
    "UnknownName",
    "UnreadableVideo",
    "VideoQAError",
]


class VideoQAError(Exception):
    """Base of every error this package raises on purpose. Its message holds no secret of this process."""

    def __str__(self) -> str:
        return redacted(super().__str__())

    def __reduce__(self) -> tuple[Callable[..., VideoQAError], tuple[object, ...]]:
        # Python would call the class with the message alone; some of these are made from other things.
        return _remade, (type(self), self.args, self.__dict__)


def _remade(
    kind: type[VideoQAError], arguments: tuple[object, ...], state: dict[str, object]
) -> VideoQAError:
    error = kind.__new__(kind, *arguments)
    error.__dict__.update(state)
    return error


class MediaError(VideoQAError):
    """A media file that cannot be used.

    Args:
        path: The file.
        reason: What is wrong with it, without the file's name.
    """

    def __init__(self, path: str | Path, reason: str) -> None:
        self.path = Path(path)
        self.reason = reason
        super().__init__(f"{path}: {reason}")


class UnreadableVideo(MediaError):
    """The file holds no video that can be decoded."""


class FileChanged(MediaError):
    """The file does not hold what it held when it was opened, or when it was indexed."""


class RefusedMedia(MediaError):
    """The file is a playlist or reference that would open other files or URLs."""


class ReaderLost(MediaError):
    """The process that was reading the file ended before it was done."""


class SubtitleError(MediaError):
    """A subtitle file that cannot be read."""


class SettingsError(VideoQAError):
    """A setting that does not exist or does not fit."""


class UnknownName(VideoQAError):
    """A name that is in no registry.

    Args:
        what: The kind of thing looked for, e.g. ``"decoder"``.
        name: The name asked for.
        known: The names there are.
    """

    def __init__(self, what: str, name: str, known: Iterable[str]) -> None:
        self.name = name
        self.known = tuple(sorted(known))
        close = difflib.get_close_matches(name, self.known, n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        super().__init__(f"no {what} named {name!r}.{hint} Known: {', '.join(self.known)}")


class SamplerError(VideoQAError):
    """A sampler whose plan is not what every plan has to be.

    Args:
        name: The sampler.
        reason: What is wrong with its plan.
    """

    def __init__(self, name: str, reason: str) -> None:
        self.name = name
        super().__init__(
            f"the sampler {name!r} broke its contract: {reason}; take another one, and tell its author"
        )


class MergerError(VideoQAError):
    """A merger whose tokens are not what tokens have to be after merging.

    Args:
        name: The merger.
        reason: What is wrong with what it left.
    """

    def __init__(self, name: str, reason: str) -> None:
        self.name = name
        super().__init__(
            f"the merger {name!r} broke its contract: {reason}; take another one, and tell its author"
        )


class MissingExtra(VideoQAError):
    """An optional part that is not installed.

    Args:
        feature: What was asked for, e.g. ``"reading on-screen text"``.
        extra: The pip extra that brings it, e.g. ``"senses"``.
    """

    def __init__(self, feature: str, extra: str) -> None:
        self.feature = feature
        self.extra = extra
        super().__init__(f"{feature} needs an extra: {install_command(extra)}")


class ModelError(VideoQAError):
    """A model cannot be loaded or reached, or it refused."""


class QuestionError(VideoQAError):
    """A question that is empty or cannot be read."""


class OutputError(VideoQAError):
    """A file that cannot be written where it was asked for."""


class OutputExists(OutputError):
    """Something is there already that must not be lost."""


class LibraryError(VideoQAError):
    """Something about the library on disk."""


class NotIndexed(LibraryError):
    """The library has no memory of this video."""


class LibraryReadOnly(LibraryError):
    """A write was asked of a library opened, or mounted, read-only."""


class MemoryReplaced(LibraryError):
    """Another process finished, replaced or removed the memory that was being written."""


class LibraryDamaged(LibraryError):
    """The library's file is not a whole library."""


class LibraryTooNew(LibraryError):
    """The library was written by a later version of this package."""
