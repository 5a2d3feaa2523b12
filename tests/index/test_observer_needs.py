"""Observers are given what they declare that they need, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

from video_vlm.errors import MissingExtra
from video_vlm.index.index_mode import index_modes
from video_vlm.index.observer_set import ObserverSet
from video_vlm.perception import OBSERVERS
from video_vlm.perception.observer import BaseObserver
from video_vlm.protocols import Listener, Need, Observer
from video_vlm.records import Frame, Image, Observation, Span
from video_vlm.settings import IndexSettings

PICTURE = np.zeros((9, 16, 3), np.uint8)


class Greedy(BaseObserver):
    """Notes whatever it is given."""

    def __init__(self, *needs: Need) -> None:
        super().__init__("greedy", needs=needs)
        self.given: set[Need] = set()

    def glance(self, pts_seconds: float, thumbnail: Image) -> None:
        self.given.add(Need.PICTURES)

    def inspect(self, frame: Frame, span: Span) -> Iterable[Observation]:
        self.given.add(Need.FRAMES)
        return ()


@pytest.mark.parametrize(
    "needs", [(), (Need.FILE,), (Need.PICTURES,), (Need.FRAMES,), (Need.FRAMES, Need.PICTURES)]
)
def test_an_observer_is_given_what_it_needs(needs: tuple[Need, ...]) -> None:
    greedy = Greedy(*needs)
    watch = ObserverSet([greedy])
    watch.glance(0.0, PICTURE)
    watch.inspect(Frame(0, 0.0, PICTURE), Span(0.0, 1.0))
    assert greedy.given == set(needs) - {Need.FILE}


@pytest.mark.parametrize("name", [*OBSERVERS])
def test_every_observer_overrides_the_hooks_of_what_it_needs_and_no_others(name: str) -> None:
    try:
        observer: Observer = OBSERVERS[name](IndexSettings())
    except MissingExtra as error:
        pytest.skip(str(error))
    hooks = {Need.FILE: "begin", Need.PICTURES: "glance", Need.FRAMES: "inspect"}
    overridden = {
        need
        for need, hook in hooks.items()
        if getattr(type(observer), hook) is not getattr(BaseObserver, hook)
    } | ({Need.SOUND} if isinstance(observer, Listener) else set())
    assert observer.needs - {Need.NEIGHBOURS} == overridden


def test_a_fast_run_leaves_out_who_needs_neighbouring_frames() -> None:
    modes = index_modes(IndexSettings(speed="fast"), at_least="fast")
    everyone = ObserverSet.from_settings(IndexSettings())
    assert everyone.needing(Need.NEIGHBOURS)
    assert set(everyone.names) - set(modes.asked.watch.names) == set(everyone.needing(Need.NEIGHBOURS))


def test_who_needs_the_sound_and_cannot_listen_is_named_among_the_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    brought = {**OBSERVERS._built_in, "listener": lambda _settings: Greedy(Need.SOUND)}
    monkeypatch.setattr(OBSERVERS, "_built_in", brought)
    watch = ObserverSet.from_settings(IndexSettings(observers=("listener",)))
    assert watch.names == ()
    assert watch.missing == ("listener: it needs the sound, and has no method listen to be given it",)
