"""Indexes many files on a Ray cluster, with the same function that reads them on one machine.

An actor that is lost is started again and its file given to it anew; what it had written is there, and the
reading goes on from it. So a memory is the same wherever and however often it was begun. Nothing is listened
to by a dashboard, and who would give the cluster work needs its token.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Collection, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from video_vlm.address import is_address
from video_vlm.errors import LibraryError, MissingExtra, ReaderLost, VideoQAError
from video_vlm.index.batch import resemblance
from video_vlm.index.one_file import index_one
from video_vlm.index.report import IndexOutcome
from video_vlm.index.worker import portable
from video_vlm.memory import Library, open_library
from video_vlm.protocols import ImageTextEncoder, Progress, ProgressEvent, silent
from video_vlm.settings import IndexSettings
from video_vlm.telemetry import switch_off

__all__ = ["index_on_cluster"]

_MOST_RETRIES: Final = 3
"""A file that takes its reader down so often is passed over."""


class _Reader:
    """What an actor holds: the library, opened once."""

    def __init__(self, place: Path | str, settings: IndexSettings, sight: ImageTextEncoder | None) -> None:
        self._settings = settings
        self._library = open_library(place, sight=sight)

    def read(self, path: Path) -> IndexOutcome | VideoQAError:
        """An outcome, or what would be wrong for every file."""
        try:
            return portable(
                index_one(path, self._library, settings=self._settings, progress=silent, threads=1)
            )
        except VideoQAError as error:
            return error


def index_on_cluster(
    paths: Iterable[Path],
    library: Library,
    *,
    settings: IndexSettings | None = None,
    progress: Progress = silent,
    jobs: int | None = None,
    address: str | None = None,
) -> Generator[IndexOutcome]:
    """Index files on a cluster; gives an outcome for each as it is done. Close the iterator to stop early.

    Args:
        paths: The files, where every machine of the cluster finds them.
        library: Where the memories go: on a server, unless the cluster is this machine.
        settings: The defaults if None.
        progress: Told when a file is begun.
        jobs: How many files at a time; None for one for each core of the cluster.
        address: The cluster's, as Ray takes it (``auto``, ``host:6379``); None for one of this machine,
            started and stopped for it.

    Raises:
        MissingExtra: Ray is not installed.
        LibraryError: the library is in a folder of this machine, and the cluster is not.
        VideoQAError: something that is wrong for every file.
    """
    if address is not None and not is_address(library.storage.place):
        where = library.storage.where
        refused = f"a cluster at {address} cannot write to the folder {where}"
        raise LibraryError(f"{refused}: use --library postgresql://...")
    with _cluster(address) as ray:
        num_actors = jobs or max(1, int(ray.cluster_resources().get("CPU", 1)))
        waiting = [(path, resemblance(path)) for path in paths]
        actor = ray.remote(num_cpus=1, max_restarts=-1, max_task_retries=_MOST_RETRIES)(_Reader)
        desk = (library.storage.place, settings or IndexSettings(), library.vectors.sight)
        idle = [actor.remote(*desk) for _ in range(min(num_actors, len(waiting)))]
        in_hand: dict[Any, tuple[Any, Path, str]] = {}
        while waiting or in_hand:
            while (
                idle
                and (place := _first_unlike(waiting, [one for _, _, one in in_hand.values()])) is not None
            ):
                path, resembles = waiting.pop(place)
                reader = idle.pop()
                progress(ProgressEvent("index", 0.0, None, what=path.name, path=path))
                in_hand[reader.read.remote(path.absolute())] = reader, path, resembles
            (done, *_), _ = ray.wait(list(in_hand))
            reader, path, _ = in_hand.pop(done)
            outcome = _outcome(ray, done, path)
            if isinstance(outcome.error, ReaderLost):
                reader = actor.remote(*desk)
            elif outcome.report is not None:
                library.vectors.embed(outcome.report.video.content_id)
            idle.append(reader)
            yield outcome


def _first_unlike(waiting: Sequence[tuple[Path, str]], in_hand: Collection[str]) -> int | None:
    """The place of the first file that is no copy of one being read: two must not write the same memory."""
    return next((place for place, (_, resembles) in enumerate(waiting) if resembles not in in_hand), None)


def _outcome(ray: Any, done: Any, path: Path) -> IndexOutcome:
    try:
        came = ray.get(done)
    except ray.exceptions.RayTaskError as error:
        # The actor's own beginning failed: the library cannot be opened there.
        raise error.cause if isinstance(error.cause, VideoQAError) else LibraryError(_line(error)) from error
    except ray.exceptions.RayActorError as error:
        if isinstance(cause := getattr(error, "cause", None), VideoQAError):
            raise cause from error
        why = f"it took its reader down {1 + _MOST_RETRIES} times ({_line(error)}); index it by itself"
        return IndexOutcome(path, error=ReaderLost(path, why))
    if isinstance(came, VideoQAError):
        raise came
    return IndexOutcome(path, came.report, came.error)


@contextmanager
def _cluster(address: str | None) -> Iterator[Any]:
    """Ray, connected; one that the caller had connected already is used and left as it is."""
    # Ray and its processes read the environment: no telemetry; work only from callers that have the token.
    switch_off()
    mode = os.environ.setdefault("RAY_AUTH_MODE", "token")
    if address is None and mode == "token" and "RAY_AUTH_TOKEN_PATH" not in os.environ:
        os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
    try:
        import ray
    except ImportError as error:
        raise MissingExtra("a cluster", "distributed") from error
    if ray.is_initialized():
        yield ray
        return
    # An existing cluster has its dashboard or has not; saying so to it is an error.
    started = {"address": "local", "include_dashboard": False} if address is None else {"address": address}
    try:
        ray.init(**started, log_to_driver=False, configure_logging=False)
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise VideoQAError(f"no cluster at {address or 'this machine'}: {_line(error)}") from error
    try:
        yield ray
    finally:
        ray.shutdown()


def _line(error: Exception) -> str:
    return str(error).strip().splitlines()[-1] if str(error).strip() else type(error).__name__
