"""Writes files for the user: each whole or not at all, and none in the place of a file that somebody else
wrote.

A file is written under a temporary name in its folder, flushed to the disk, and then given its name. Where
nothing has that name, it is given in a way that fails if something appears meanwhile (a hard link, or
``O_EXCL``). A file that is there is replaced only if it is byte for byte what was written here before, or if
the user said so. Replacing takes the name away from the old file and never writes into it, so other hard
links to it keep their content.

What was written is known again by its hash, kept beside the library, and not by a mark inside the file:
several formats (CSV, JSON Lines) have no place for a mark, and a mark cannot tell whether somebody has edited
the file since.
"""

from __future__ import annotations

import hashlib
import logging
import os
import secrets
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from video_vlm.errors import OutputError, OutputExists

__all__ = ["NEW_FILES", "Outputs", "Precious", "nothing_precious"]

logger = logging.getLogger(__name__)

Precious = Callable[[Path], str | None]
"""Says why no file may take this place, whatever was asked for (``"a video"``); None where one may."""


def nothing_precious(path: Path) -> str | None:  # noqa: ARG001 - a Precious
    """Protects no place."""
    return None


@dataclass(frozen=True, slots=True)
class Outputs:
    """Writes files so that nothing of the user's is lost.

    Args:
        record: The file that remembers the hashes of what was written; None to remember nothing.
        overwrite: Whether the user said that a file which is there may be replaced.
        precious: What is never replaced, even then.
    """

    record: Path | None = None
    overwrite: bool = False
    precious: Precious = nothing_precious

    def check(self, path: Path) -> bool:
        """Checks whether a file may be written here, before the work is done.

        Returns:
            Whether there is a file, which may be replaced.

        Raises:
            OutputExists: something is there that must not be lost.
            OutputError: the place cannot be looked at.
        """
        with _naming(path):
            state = _state(path)
            kind = None if state is None else _kind(state)
            if kind is not None:
                raise OutputExists(f"{path} is {kind}: give another name")
            if state is not None and self._is_ours(path, state.st_size):
                return True
            why = self.precious(path)
            if why is not None:
                raise OutputExists(f"{path} is {why}: it is never overwritten; give another name")
            if state is not None and not self.overwrite:
                raise OutputExists(
                    f"{path} is there already, and is not what videoqa last wrote: give another name,"
                    " or --overwrite to replace it"
                )
            return state is not None

    def try_out(self, path: Path) -> None:
        """Does what :meth:`check` does, and checks that a file can be made in that folder; for use before
        long work.

        Raises:
            OutputExists: something is there that must not be lost.
            OutputError: it cannot be written.
        """
        self.check(path)
        part = _new_part(path)
        part.unlink()

    @contextmanager
    def open(self, path: Path) -> Iterator[BinaryIO]:
        """A file to write; it is renamed to ``path`` at the end of the block. If the block fails, nothing of
        it is left.

        Raises:
            OutputExists: something is there that must not be lost.
            OutputError: it cannot be written.
        """
        with self.part(path) as part, part.open("r+b") as file:
            yield file

    @contextmanager
    def part(self, path: Path) -> Iterator[Path]:
        """As :meth:`open` for code that writes by name: the path of an empty file, which is renamed at the
        end of the block."""
        self.check(path)
        part = _new_part(path)
        with _naming(path, part):
            try:
                yield part
                with part.open("rb+") as file:
                    os.fsync(file.fileno())
                digest = _digest(part)
                # Checked again: the work between may have taken hours.
                if self.check(path):
                    part.replace(path)
                else:
                    _name_new(part, path)
                self._remember(path, digest)
            finally:
                part.unlink(missing_ok=True)

    def folder(self, path: Path) -> None:
        """Makes the folder for files that are to be written, if it is missing.

        Raises:
            OutputError: it cannot be made, or something else is there.
        """
        with _naming(path):
            path.mkdir(parents=True, exist_ok=True)

    def _is_ours(self, path: Path, size: int) -> bool:
        """Hashes the file only where one of its size was written."""
        if self.record is None:
            return False
        try:
            known = self.record.read_text("ascii", errors="replace").splitlines()
        except OSError:
            return False
        return any(line.startswith(f"{size} ") for line in known) and _digest(path) in known

    def _remember(self, path: Path, digest: str) -> None:
        if self.record is None:
            return
        try:
            self.record.parent.mkdir(parents=True, exist_ok=True)
            with self.record.open("a", encoding="ascii") as file:
                file.write(f"{digest}\n")
        except OSError as error:
            logger.info(
                "%s is written, but cannot be remembered in %s: %s", path, self.record, error.strerror
            )


NEW_FILES: Final = Outputs()
"""Files are written only where nothing is, and not remembered."""


def _new_part(path: Path) -> Path:
    """An empty file in the folder of ``path``, whose name is short and nobody else's."""
    part = path.with_name(f".videoqa-{secrets.token_hex(8)}.part")
    with _naming(path, part):
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    return part


def _state(path: Path) -> os.stat_result | None:
    """Of the name itself, not of what a link leads to; None where there is nothing."""
    try:
        return path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None


def _kind(state: os.stat_result) -> str | None:
    """What something is that is no regular file."""
    if stat.S_ISLNK(state.st_mode):
        return "a link to another place"
    if stat.S_ISDIR(state.st_mode):
        return "a folder"
    return None if stat.S_ISREG(state.st_mode) else "a device or a pipe, not a file"


def _digest(path: Path) -> str:
    """Size and hash, as a line of the record."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=20)).hexdigest()
        return f"{file.tell()} {digest}"


def _name_new(part: Path, path: Path) -> None:
    """Give ``part`` a name that nothing has; what appears under it meanwhile is not lost."""
    try:
        os.link(part, path)
    except FileExistsError as error:
        raise OutputExists(f"{path} appeared while it was being written: it is left as it is") from error
    except OSError:
        # No hard links on this file system (exFAT, some network drives): reserve the name, then take it.
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        except FileExistsError as error:
            raise OutputExists(f"{path} appeared while it was being written: it is left as it is") from error
        part.replace(path)


@contextmanager
def _naming(path: Path, part: Path | None = None) -> Iterator[None]:
    """What fails at the file that is written names the place that was asked for, never the temporary file."""
    try:
        yield
    except OSError as error:
        at = error.filename
        if at is not None and Path(os.fsdecode(at)) not in (path, part, path.parent, *path.parents):
            raise
        why = error.strerror or str(error)
        missing = next((one for one in reversed(path.parents) if not _is_folder(one)), None)
        if isinstance(error, FileNotFoundError) and missing is not None:
            why += f" (there is no folder {missing}: make it first)"
        elif isinstance(error, NotADirectoryError | FileExistsError) and missing is not None:
            why += f" ({missing} is no folder)"
        raise OutputError(f"{path} cannot be written: {why}") from error


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return True
