"""Each command on the sample film: what it prints where, and its exit code."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
from itertools import groupby
from pathlib import Path

import pytest
from PIL import Image

from examples.sample_film import SCENES
from tests.cli.conftest import Videoqa
from video_vlm.install_command import checkout_folder
from video_vlm.records import Answer, Status

AFTER = "What happens after the keeper falls asleep?"


def test_ask_prints_the_answer_with_its_seconds_and_nothing_else(
    videoqa: Videoqa, sample_film: Path, own_shelf: Path
) -> None:
    run = videoqa("ask", sample_film, AFTER)

    assert (run.code, run.err) == (0, "")
    assert "The lamp goes out, and nobody on the shore notices." in run.out.splitlines()[0]
    assert "[0:23–0:26]" in run.out.splitlines()[0]
    assert "looked at" in run.out.splitlines()[-1]


def test_ask_reads_a_video_it_does_not_know(videoqa: Videoqa, sample_film: Path) -> None:
    run = videoqa("ask", sample_film, AFTER, "--library", "new", "--set", "index.observers=subtitles")

    assert run.code == 0
    assert "The lamp goes out" in run.out
    assert Path("new").is_dir()


def test_ask_as_json_is_an_answer_that_can_be_read_back(
    videoqa: Videoqa, sample_film: Path, own_shelf: Path
) -> None:
    answer = Answer.from_json(videoqa("ask", sample_film, AFTER, "--json").out)

    assert answer.status is Status.ANSWERED
    assert any(citation.span.start == 23.0 for citation in answer.citations)


def test_what_the_video_does_not_show_is_said_and_is_no_failure(
    videoqa: Videoqa, sample_film: Path, own_shelf: Path
) -> None:
    run = videoqa("ask", sample_film, "What is the name of the baker's dog?")

    assert run.code == 0
    assert run.out.splitlines()[-1].startswith(("not shown; looked at", "needs eyes; looked at"))


def test_a_video_whose_file_is_gone_can_be_asked_by_name(
    videoqa: Videoqa, sample_film: Path, own_shelf: Path
) -> None:
    assert "The lamp goes out" in videoqa("ask", sample_film.name, AFTER).out


def test_an_empty_question_is_a_mistake_in_usage(
    videoqa: Videoqa, sample_film: Path, own_shelf: Path
) -> None:
    run = videoqa("ask", sample_film, "  ")

    assert (run.code, run.out) == (2, "")
    assert run.err.startswith("videoqa: the question is empty")


def test_an_unknown_model_is_a_mistake_in_usage_that_names_the_known_ones(
    videoqa: Videoqa, sample_film: Path, own_shelf: Path
) -> None:
    run = videoqa("ask", sample_film, AFTER, "--model", "bultin")

    assert run.code == 2
    assert "Did you mean 'builtin'?" in run.err


def test_asking_a_file_that_is_not_there_says_so(videoqa: Videoqa, own_shelf: Path) -> None:
    run = videoqa("ask", "gone.mp4", AFTER)

    assert (run.code, run.out) == (1, "")
    assert run.err.startswith("videoqa: gone.mp4: ")


def test_index_says_what_it_found_and_the_second_time_that_it_knows(
    videoqa: Videoqa, sample_film: Path, own_shelf: Path
) -> None:
    run = videoqa("index", sample_film)

    assert (run.code, run.err) == (0, "")
    assert "scenes" in run.out
    assert run.out.rstrip().endswith("already known")


def test_a_bad_file_does_not_stop_a_batch(videoqa: Videoqa, sample_film: Path, own_shelf: Path) -> None:
    Path("bad.mp4").write_text("this is no video", encoding="utf-8")
    Path("empty.mp4").touch()

    run = videoqa("index", "bad.mp4", "gone.mp4", ".", sample_film)

    assert run.code == 3
    assert len(run.out.splitlines()) == 1
    assert sorted(line.split(":")[1].strip() for line in run.err.splitlines()) == [
        "1 of 4 read, 3 failed",
        "bad.mp4",
        "empty.mp4",
        "gone.mp4",
    ]


def test_a_batch_in_which_nothing_could_be_read_failed(videoqa: Videoqa, own_shelf: Path) -> None:
    Path("bad.mp4").write_text("this is no video", encoding="utf-8")

    assert videoqa("index", "bad.mp4").code == 1


def test_index_as_json_keeps_the_order_that_was_typed(
    videoqa: Videoqa, sample_film: Path, own_shelf: Path
) -> None:
    Path("bad.mp4").write_text("this is no video", encoding="utf-8")

    outcomes = json.loads(videoqa("index", "bad.mp4", sample_film, "gone.mp4", "--jobs", "2", "--json").out)

    assert [Path(one["path"]).name for one in outcomes] == ["bad.mp4", sample_film.name, "gone.mp4"]


def test_index_tells_a_program_how_far_it_is(videoqa: Videoqa, sample_film: Path) -> None:
    run = videoqa(
        "index", sample_film, "--progress", "json", "--library", "new", "--set", "index.observers=look", "-q"
    )

    events = [json.loads(line) for line in run.err.splitlines()]
    assert {event["path"] for event in events} == {str(sample_film)}
    assert [event["event"] for event in (*events[:2], events[-1])] == ["start", "progress", "done"]
    assert events[-2]["done_seconds"] == events[-2]["total_seconds"] == 90.0


def test_index_as_json_has_a_line_for_every_file(
    videoqa: Videoqa, sample_film: Path, own_shelf: Path
) -> None:
    outcomes = json.loads(videoqa("index", "gone.mp4", sample_film, "--json").out)

    assert [(bool(one["error"]), bool(one["content_id"])) for one in outcomes] == [
        (True, False),
        (False, True),
    ]


@pytest.mark.parametrize("name", ["index", "ask"])
def test_what_is_not_installed_is_said_in_short_and_how_to_get_it_once(
    videoqa: Videoqa, sample_film: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr("video_vlm.perception.text_engine.find_spec", lambda name: None)

    done = videoqa(
        name, sample_film, *(["What happens after the keeper falls asleep?"] if name == "ask" else [])
    )

    assert "without screen-text" in done.out + done.err
    assert done.err.count("pip install -e '.[senses]'") == (name == "index")


def test_search_finds_the_moment(videoqa: Videoqa, own_shelf: Path) -> None:
    run = videoqa("search", "lemon")

    assert run.code == 0
    assert run.out.splitlines()[1].split()[:2] == ["0:28–0:32", "film.mp4"]


def test_search_keeps_to_one_video_and_between_two_times(
    videoqa: Videoqa, sample_film: Path, own_shelf: Path
) -> None:
    found = json.loads(
        videoqa(
            "search", "keeper", "--in", sample_film, "--between", "0:50", "1:00", "--limit", "5", "--json"
        ).out
    )

    assert found
    assert all(one["span"]["start"] < 60 and one["span"]["end"] > 50 for one in found)


def test_search_that_finds_nothing_says_so_and_worked(videoqa: Videoqa, own_shelf: Path) -> None:
    run = videoqa("search", "xylophone", "--set", "meaning.model=none")

    assert (run.code, run.out) == (0, "nothing found\n")


@pytest.mark.parametrize(
    ("between", "message"),
    [(("1:00", "0:30"), "two times in order"), (("soon", "1:00"), "not a time: 'soon'")],
)
def test_two_times_must_be_times_in_order(
    videoqa: Videoqa, own_shelf: Path, between: tuple[str, str], message: str
) -> None:
    run = videoqa("search", "keeper", "--between", *between)

    assert run.code == 2
    assert run.err.startswith("videoqa: --between")
    assert message in run.err


def test_scenes_cover_the_film_in_every_format(videoqa: Videoqa, sample_film: Path, own_shelf: Path) -> None:
    as_table = videoqa("scenes", sample_film).out.splitlines()
    as_json = json.loads(videoqa("scenes", sample_film, "--format", "json").out)
    as_csv = list(csv.DictReader(io.StringIO(videoqa("scenes", sample_film, "--format", "csv").out)))

    assert len(as_table) - 1 == len(as_json) == len(as_csv) >= 6
    assert (as_json[0]["start"], as_json[-1]["end"]) == (0.0, pytest.approx(SCENES[-1].end, abs=0.1))
    in_milliseconds = [pytest.approx(row["start"], abs=0.0005) for row in as_json]
    assert [float(row["start"]) for row in as_csv] == in_milliseconds


def test_scenes_begin_at_the_hard_cuts(videoqa: Videoqa, sample_film: Path, own_shelf: Path) -> None:
    starts = [scene["start"] for scene in json.loads(videoqa("scenes", sample_film, "--json").out)]

    hard = [scene.start for scene in SCENES if scene.start != 55.0]
    assert [any(abs(start - cut) < 0.1 for start in starts) for cut in hard] == [True] * len(hard)


def test_a_contact_sheet_is_a_picture_with_a_tile_for_every_scene(
    videoqa: Videoqa, sample_film: Path, own_shelf: Path
) -> None:
    run = videoqa("scenes", sample_film, "--sheet", "sheet.png")

    assert run.code == 0
    with Image.open("sheet.png") as sheet:
        colours = sheet.convert("RGB").getcolors(maxcolors=1 << 20)
    assert colours is not None
    assert len(colours) > 100


def test_a_contact_sheet_in_no_picture_format_is_refused_before_anything_is_read(videoqa: Videoqa) -> None:
    run = videoqa("scenes", "gone.mp4", "--sheet", "sheet.docx", "--library", "new")

    assert run.code == 2
    assert not Path("new").exists()


def test_show_is_a_tree_from_the_video_down(videoqa: Videoqa, sample_film: Path, own_shelf: Path) -> None:
    lines = videoqa("show", sample_film, "--depth", "frame").out.splitlines()

    levels = [line.split()[0] for line in lines]
    assert levels[:5] == ["video", "chapter", "scene", "segment", "frame"]
    assert [len(line) - len(line.lstrip()) for line in lines[:5]] == [0, 2, 4, 6, 8]


def test_show_goes_no_deeper_than_it_is_told(videoqa: Videoqa, sample_film: Path, own_shelf: Path) -> None:
    nodes = json.loads(videoqa("show", sample_film, "--depth", "scene", "--json").out)

    assert {node["level"] for node in nodes} == {"video", "chapter", "scene"}


def test_show_reads_no_video(videoqa: Videoqa, sample_film: Path) -> None:
    run = videoqa("show", sample_film, "--library", "new")

    assert (run.code, run.out) == (1, "")
    assert "videoqa index" in run.err


def test_the_library_lists_what_it_knows(videoqa: Videoqa, sample_film: Path, own_shelf: Path) -> None:
    (listed,) = json.loads(videoqa("library", "list", "--json").out)

    assert (listed["path"], listed["complete"]) == (str(sample_film), True)
    assert str(sample_film) in videoqa("library", "list").out


def test_a_video_can_be_forgotten_by_its_id_once(videoqa: Videoqa, own_shelf: Path) -> None:
    (listed,) = json.loads(videoqa("library", "list", "--json").out)

    first, second = (videoqa("library", "remove", listed["content_id"][:12]) for _ in range(2))

    assert (first.code, second.code) == (0, 1)
    assert "not in the library" in second.err
    assert videoqa("library", "list").out == "the library is empty\n"


def test_forgetting_some_of_several_is_partly_a_failure(
    videoqa: Videoqa, sample_film: Path, own_shelf: Path
) -> None:
    assert videoqa("library", "remove", "gone.mp4", sample_film).code == 3
    assert sample_film.is_file()


def test_a_whole_library_verifies(videoqa: Videoqa, own_shelf: Path) -> None:
    run = videoqa("library", "verify")

    assert (run.code, run.out) == (0, "the library is whole\n")


def test_a_damaged_library_is_reported_in_one_line(videoqa: Videoqa, own_shelf: Path) -> None:
    (own_shelf / "library.sqlite3").write_bytes(b"this is no library" * 100)

    run = videoqa("library", "verify")

    assert run.code == 1
    assert len((run.out + run.err).splitlines()) == 1


def test_where_prints_the_folder_and_makes_nothing(videoqa: Videoqa) -> None:
    run = videoqa("library", "where", "--library", "somewhere")

    assert run.out == f"{Path('somewhere').absolute()}\n"
    assert not Path("somewhere").exists()


def test_doctor_says_what_is_there_and_what_each_extra_adds(videoqa: Videoqa) -> None:
    run = videoqa("doctor", "--library", "somewhere")

    assert run.code == 0
    assert "text on screen" in run.out
    assert str(Path("somewhere").absolute()) in run.out
    assert not Path("somewhere").exists()


def test_doctor_goes_by_the_levels_of_installation(videoqa: Videoqa) -> None:
    levels = [one["level"] for one in json.loads(videoqa("doctor", "--json").out)]

    assert [level for level, _ in groupby(levels)] == [
        *(
            "base",
            "senses",
            "models",
            "server",
            "export",
            "postgres",
            "distributed",
            "torchcodec",
            "decord",
            "this run",
        )
    ]


def test_doctor_says_for_a_level_what_is_missing_and_what_to_type(
    videoqa: Videoqa, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("video_vlm.cli.doctor.find_spec", lambda name: None if name == "rapidocr" else name)

    lines = [re.split(r"\s{2,}", line.rstrip()) for line in videoqa("doctor").out.splitlines()]

    assert ["senses", "missing", "pip install -e '.[senses]'"] in lines
    assert ["- text on screen", "missing rapidocr"] in lines
    assert ["server", "installed"] in lines


def test_doctor_has_the_sentence_encoder_in_the_level_that_brings_one(videoqa: Videoqa) -> None:
    listed = json.loads(videoqa("doctor", "--json").out)

    assert {one["level"] for one in listed if one["what"] == "sentence encoder"} == {"senses"}
    assert {one["level"] for one in listed if "onnx:minilm" in one["what"]} == {"senses"}


def test_doctor_says_in_which_folder_its_commands_of_pip_are_meant(videoqa: Videoqa) -> None:
    [itself] = [one for one in json.loads(videoqa("doctor", "--json").out) if one["what"] == "videoqa"]

    assert f"from {checkout_folder()}: run pip in that folder" in itself["state"]


def test_doctor_fails_where_a_part_of_the_base_is_missing(
    videoqa: Videoqa, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("video_vlm.cli.doctor.find_spec", lambda name: None if name == "faiss" else name)

    run = videoqa("doctor")

    assert run.code == 1
    assert "pip install -e ." in run.out


@pytest.mark.parametrize(
    "name", ["-x.mp4", "name with 'quotes' & spaces, naïve 視頻 файл.mp4", "film[1].mp4", "100%.mp4"]
)
def test_odd_file_names_are_only_names(
    videoqa: Videoqa, sample_film: Path, own_shelf: Path, name: str
) -> None:
    shutil.copy(sample_film, name)

    assert videoqa("ask", "--json", "--", name, AFTER).code == 0
    assert videoqa("scenes", os.path.join(".", name)).code == 0  # noqa: PTH118 - Path would drop the dot


def test_the_pictures_are_read_after_the_answer_where_that_is_asked_for(
    videoqa: Videoqa, sample_film: Path, tmp_path: Path
) -> None:
    asked = ("--library", tmp_path, "--set", "ask.words_first_seconds=0", "ask", sample_film, AFTER)
    first = videoqa(*asked)
    assert "no picture was looked at" in first.out
    assert f"videoqa index {sample_film}" in first.out
    assert videoqa(*asked, "--read-on").out == first.out
    later = videoqa(*asked)
    assert "no picture" not in later.out
    assert later.out.splitlines()[0] == first.out.splitlines()[0]
