"""``videoqa index --plan`` and ``videoqa library info``: what would be made again, and how it is searched."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Videoqa
from video_vlm.memory import open_library


def test_a_plan_says_stage_by_stage_what_is_redone_and_why(
    videoqa: Videoqa, own_shelf: Path, sample_film: Path
) -> None:
    known = videoqa("index", "--plan", sample_film)
    assert known.code == 0
    assert known.out.splitlines()[0] == f"{sample_film}: nothing to do"
    changed = ("--set", "index.levels.scene_sentences=1")
    lines = videoqa("index", "--plan", sample_film, *changed).out.splitlines()
    assert lines[0] == f"{sample_film}: decodes nothing"
    rows = {line.split("  ")[0].strip(): line for line in lines[2:]}
    assert "kept" in rows["shots"]
    assert "redone" in rows["levels"]
    assert rows["levels"].endswith("because: index.levels.scene_sentences was 3, is 1")
    before = (own_shelf / "library.sqlite3").stat().st_mtime_ns
    [plan] = json.loads(videoqa("index", "--plan", sample_film, "--json", *changed).out)
    assert (plan["path"], plan["decodes"], plan["done"]) == (str(sample_film), "nothing", False)
    assert [one["stage"] for one in plan["stages"] if not one["is_kept"]] == ["levels"]
    assert (own_shelf / "library.sqlite3").stat().st_mtime_ns == before
    assert videoqa("index", sample_film, *changed).code == 0
    assert "nothing to do" in videoqa("index", "--plan", sample_film, *changed).out


def test_files_that_cannot_be_planned_are_named(videoqa: Videoqa, own_shelf: Path, sample_film: Path) -> None:
    run = videoqa("index", "--plan", sample_film, "nothing.mp4")
    assert (run.code, str(own_shelf) in run.err) == (3, False)
    assert "nothing.mp4" in run.err
    assert videoqa("index", "--plan", "nothing.mp4").code == 1


def test_a_library_tells_what_it_holds(videoqa: Videoqa, own_shelf: Path) -> None:
    facts = json.loads(videoqa("library", "info", "--json").out)
    assert facts["library"] == str(own_shelf)
    assert facts["num_videos"] == 1
    assert facts["num_nodes"] > 10
    assert facts["database_bytes"] == (own_shelf / "library.sqlite3").stat().st_size
    lines = videoqa("library", "info").out.splitlines()
    assert f"1 videos, {facts['num_nodes']} nodes" in lines[0]
    assert "pictures" not in lines[-1]


def test_what_models_made_of_pictures_is_counted(videoqa: Videoqa, own_shelf: Path) -> None:
    with open_library(own_shelf) as library:
        shelf = library.storage.feature_cache(1 << 20)
        assert shelf is not None
        shelf.write("model/picture", bytes(1 << 19))
    assert json.loads(videoqa("library", "info", "--json").out)["feature_bytes"] == 1 << 19
    assert videoqa("library", "info").out.splitlines()[-1] == "0.5 MB that models made of pictures"
