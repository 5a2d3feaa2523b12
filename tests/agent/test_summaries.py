"""A model that plays a script writes summaries: what it is given, what of it is kept, and what is not."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import pytest

from video_vlm import VideoQA
from video_vlm.agent.summaries import Line, write_summary
from video_vlm.chat import Turn
from video_vlm.errors import ModelError
from video_vlm.models.scripted import ScriptedChat
from video_vlm.records import Level, Span
from video_vlm.settings import IndexSettings, MeaningSettings, Settings

SETTINGS = Settings(
    index=IndexSettings(observers=("chapters", "subtitles", "look")), meaning=MeaningSettings("none")
)
UPPER = (Level.SCENE, Level.CHAPTER, Level.VIDEO)

Open = Callable[..., VideoQA]


def told(turns: Sequence[Turn]) -> list[str]:
    """The lines a model was given."""
    text = "\n".join(part for turn in turns for part in turn.parts if isinstance(part, str))
    return re.findall(r"^\d+\. \[.*$", text, flags=re.M)


def honest(turns: Sequence[Turn]) -> str:
    """Cites its first line and, where there are two, both."""
    number = len(told(turns))
    sentences = [{"text": f"Of {number} lines.", "from": [1]}, {"text": "And more.", "from": [1, number]}]
    return json.dumps({"title": f"Title {number}", "sentences": sentences})


@pytest.fixture(scope="module")
def indexed(sample_film: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("library")
    with VideoQA(folder, settings=SETTINGS) as videos:
        videos.index(sample_film)
    return folder


@pytest.fixture
def opened(indexed: Path, tmp_path: Path) -> Open:
    library = shutil.copytree(indexed, tmp_path / "library")
    return lambda model=None: VideoQA(library, settings=SETTINGS, model=model)


def test_every_sentence_cites_nodes_below(opened: Open, sample_film: Path) -> None:
    with opened(ScriptedChat([honest])) as videos:
        report = videos.write_summaries(sample_film)
        memory = videos.memory(sample_film)
        nodes = [node for level in UPPER for node in memory.nodes(level)]
        assert report.num_new == len(nodes) - report.num_kept
        for node in nodes:
            children = {child.id for child in memory.children(node.id)}
            assert all(set(one.cites) <= children for one in node.summary)
        written = [node for node in nodes if any("lines." in one.text for one in node.summary)]
        assert len(written) == report.num_new
        assert memory.nodes(Level.VIDEO)[0] in written
        assert videos.library.verify() == ()


def test_what_is_above_is_made_of_what_is_below(opened: Open, sample_film: Path) -> None:
    model = ScriptedChat([honest])
    with opened(model) as videos:
        videos.write_summaries(sample_film)
    scenes = [turns for turns in model.heard if any("subtitle" in line for line in told(turns))]
    above = [turns for turns in model.heard if turns not in scenes]
    assert scenes
    assert above
    assert all("Of " in line or "And more" in line for turns in above for line in told(turns))


def test_the_summaries_of_scenes_are_found(opened: Open, sample_film: Path) -> None:
    def herons(turns: Sequence[Turn]) -> str:
        return json.dumps({"title": "x", "sentences": [{"text": "Herons gather.", "from": [1]}]})

    with opened(ScriptedChat([herons])) as videos:
        assert videos.search("herons") == ()
        videos.write_summaries(sample_film)
        assert videos.search("herons")


def test_the_same_is_not_written_again(opened: Open, sample_film: Path) -> None:
    with opened(ScriptedChat([honest])) as videos:
        first = videos.write_summaries(sample_film)
    again = ScriptedChat([honest])
    with opened(again) as videos:
        second = videos.write_summaries(sample_film)
    assert (second.num_new, second.num_known) == (0, first.num_new)


def test_a_new_caption_writes_its_scene_anew_and_what_is_above(opened: Open, sample_film: Path) -> None:
    with opened(ScriptedChat([honest])) as videos:
        first = videos.write_summaries(sample_film)
    with opened(ScriptedChat(["A heron.", ""])) as videos:
        videos.caption(sample_film)
    with opened(ScriptedChat([honest])) as videos:
        third = videos.write_summaries(sample_film)
    assert 0 < third.num_new <= 3
    assert third.num_new + third.num_known == first.num_new + first.num_known


@pytest.mark.parametrize(
    "reply",
    [
        "I would rather not.",
        "",
        '{"title": "x", "sentences": []}',
        '{"title": "x", "sentences": "none"}',
        '{"title": "x", "sentences": [{"text": "No source."}]}',
        '{"title": "x", "sentences": [{"text": "No such line.", "from": [0, 4000, -1, true, "1"]}]}',
        '{"title": "x", "sentences": [{"text": "", "from": [1]}, 7, null]}',
    ],
)
def test_what_cannot_be_traced_is_thrown_away(opened: Open, sample_film: Path, reply: str) -> None:
    with opened() as videos:
        before = [node for level in UPPER for node in videos.memory(sample_film).nodes(level)]
    with opened(ScriptedChat([reply])) as videos:
        report = videos.write_summaries(sample_film)
        after = [node for level in UPPER for node in videos.memory(sample_film).nodes(level)]
    assert report.num_new == 0
    assert after == before


def test_what_the_model_wrote_before_it_failed_is_kept(opened: Open, sample_film: Path) -> None:
    failing = ScriptedChat([honest, lambda _: (_ for _ in ()).throw(ModelError("gone"))])
    with opened(failing) as videos, pytest.raises(ModelError):
        videos.write_summaries(sample_film)
    with opened(ScriptedChat([honest])) as videos:
        assert videos.write_summaries(sample_film).num_known == 1
        assert videos.library.verify() == ()


def test_the_built_in_reader_writes_none(opened: Open, sample_film: Path) -> None:
    with opened() as videos, pytest.raises(ModelError, match="--model"):
        videos.write_summaries(sample_film)


class TestLongOnes:
    def lines(self, count: int) -> list[Line]:
        text = "subtitle: what is said in line {} of many"
        return [Line(Span(at, at + 1), text.format(at), (f"node {at}",)) for at in range(count)]

    def test_no_prompt_is_longer_than_the_model_has_room_for(self) -> None:
        model = ScriptedChat([honest], context_tokens=1200)
        written = write_summary(self.lines(200), model, most=3)
        assert all(model.num_tokens(turns) + 768 <= 1200 for turns in model.heard)
        assert len(model.heard) > 3
        assert written.sentences

    def test_what_is_joined_still_cites_the_lines_it_came_from(self) -> None:
        written = write_summary(self.lines(200), ScriptedChat([honest], context_tokens=1200), most=3)
        cited = {cite for sentence in written.sentences for cite in sentence.cites}
        assert cited <= {f"node {at}" for at in range(200)}
        assert {"node 0"} <= cited
        assert any(int(cite.split()[1]) >= 100 for cite in cited)

    def test_halves_are_joined_in_order(self) -> None:
        model = ScriptedChat([honest], context_tokens=1200)
        write_summary(self.lines(200), model, most=3)
        starts = [min(map(seconds, told(turns))) for turns in model.heard]
        assert starts[0] == 0
        assert any(later > one for one, later in pairwise(starts))

    def test_a_model_without_room_for_two_lines_is_not_asked_for_ever(self) -> None:
        model = ScriptedChat([honest], context_tokens=10)
        write_summary(self.lines(8), model, most=3)
        assert len(model.heard) < 16


def seconds(line: str) -> int:
    found = re.search(r"\[(\d+):(\d+)", line)
    assert found is not None
    return int(found[1]) * 60 + int(found[2])
