"""Files that commands write: whole or not at all, and none in the place of what somebody else wrote."""

from __future__ import annotations

import os
import random
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli.conftest import Videoqa
from tests.mounts import run_mounted
from video_vlm.cli.train import check_folder
from video_vlm.errors import OutputError, OutputExists
from video_vlm.outputs import Outputs
from video_vlm.own_files import MARK

QUESTION = "What happens after the keeper falls asleep?"
ANSWER = "The lamp goes out"

WRITERS: dict[str, tuple[str, ...]] = {
    "export.md": ("export", "film.mp4", "--format", "md", "-o"),
    "export.srt": ("export", "film.mp4", "--format", "srt", "-o"),
    "export.vtt": ("export", "film.mp4", "--format", "vtt", "-o"),
    "export.csv": ("export", "film.mp4", "--format", "csv", "--what", "observations", "-o"),
    "export.json": ("export", "film.mp4", "--format", "json", "-o"),
    "memory.videoqa": ("library", "export", "film.mp4", "-o"),
    "page.html": ("summarize", "film.mp4", "--format", "html", "-o"),
    "sheet.jpg": ("scenes", "film.mp4", "--sheet"),
    "plan.png": ("plan", "film.mp4", QUESTION, "--picture"),
    "trace.json": ("ask", "film.mp4", QUESTION, "--trace-file"),
}
"""What is typed before the name of the file, by a name that fits."""

BESIDE = ("sheet.jpg", "plan.png", "trace.json")
"""Written beside an answer."""


@dataclass(frozen=True)
class Place:
    """A folder with films and other files in it, and a library that knows one of the films."""

    folder: Path
    library: Path

    def contents(self) -> dict[str, tuple[str, object]]:
        """Everything below the folder: kind, and bytes or where a link leads. The library may remember what
        was done: whether it is whole, it says itself."""
        return {str(path.relative_to(self.folder)): kind_of(path) for path in self._all()}

    def _all(self) -> Iterator[Path]:
        for path in sorted(self.folder.rglob("*")):
            if self.library not in path.parents:
                yield path


def kind_of(path: Path) -> tuple[str, object]:
    if path.is_symlink():
        return "link", path.readlink()
    if path.is_dir():
        return "folder", None
    return ("file", path.read_bytes()) if path.is_file() else ("other", None)


@pytest.fixture
def place(shelf: Path, sample_film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    folder = tmp_path / "place"
    folder.mkdir()
    library = Path(shutil.copytree(shelf, folder / "library"))
    (library / "written").unlink(missing_ok=True)
    shutil.copy(sample_film, folder / "film.mp4")
    shutil.copy(sample_film.with_suffix(".srt"), folder / "film.srt")
    (folder / "notes.txt").write_text("mine", "utf-8")
    monkeypatch.chdir(folder)
    monkeypatch.setenv("VIDEOQA_LIBRARY", str(library))
    return Place(folder, library)


def foreign(target: Path, draw: random.Random) -> str:
    target.write_bytes(draw.randbytes(draw.choice((0, 1, 5000))))
    return str(target)


def edited_export(target: Path, draw: random.Random) -> str:
    target.write_text(f"1\n00:00:01,000 --> 00:00:02,000\nmine now{MARK}\n", "utf-8")
    return str(target)


def film_by_another_name(target: Path, draw: random.Random) -> str:
    shutil.copy("film.mp4", target)
    return str(target)


def something_called_a_video(target: Path, draw: random.Random) -> str:
    name = target.with_suffix(draw.choice((".MKV", ".3gp", ".rmvb", ".m2ts", ".divx")))
    name.write_bytes(b"not finished yet")
    return str(name)


def own_subtitles(target: Path, draw: random.Random) -> str:
    return draw.choice(("film.srt", "./film.srt", "library/../film.srt"))


def other_subtitles(target: Path, draw: random.Random) -> str:
    name = draw.choice(("film.de.srt", "film.forced.vtt", "other.srt"))
    Path("other.mkv").write_bytes(b"\x1a\x45\xdf\xa3")
    Path(name).write_text("1\n00:00:01,000 --> 00:00:02,000\nHallo\n", "utf-8")
    return name


def of_the_library(target: Path, draw: random.Random) -> str:
    return draw.choice(
        (
            "library/library.sqlite3",
            "library/library.sqlite3-wal",
            "library/LIBRARY.sqlite3-shm",
            "library/written",
        )
    )


def another_library(target: Path, draw: random.Random) -> str:
    Path("backup").mkdir()
    shutil.copy("library/library.sqlite3", f"backup/{target.name}")
    return f"backup/{target.name}"


def link_to_a_file(target: Path, draw: random.Random) -> str:
    target.symlink_to(
        draw.choice(("notes.txt", "film.mp4", "film.srt", "library/library.sqlite3", "nowhere"))
    )
    return str(target)


def hard_link(target: Path, draw: random.Random) -> str:
    os.link(draw.choice(("notes.txt", "film.mp4")), target)
    return str(target)


def folder(target: Path, draw: random.Random) -> str:
    target.mkdir()
    return str(target)


def pipe(target: Path, draw: random.Random) -> str:
    os.mkfifo(target)
    return str(target)


def nowhere(target: Path, draw: random.Random) -> str:
    return draw.choice(
        (f"no folder/{target}", f"no/such/folder/{target}", f"notes.txt/{target}", f"film.mp4/x/{target}")
    )


def too_long(target: Path, draw: random.Random) -> str:
    return f"{'n' * draw.randint(250, 5000)}{target.suffix}"


REPLACEABLE = (foreign, edited_export)
"""With ``--overwrite``."""

NEVER = (
    film_by_another_name,
    something_called_a_video,
    own_subtitles,
    other_subtitles,
    of_the_library,
    another_library,
    link_to_a_file,
    folder,
    pipe,
    nowhere,
    too_long,
)


def typed(writer: str, target: str, draw: random.Random, *, overwrite: bool) -> list[str]:
    before = list(WRITERS[writer])
    if target.startswith("-"):
        target = f"./{target}"
    return [*before, target, "--quiet", *(["--overwrite"] if overwrite else [])]


def is_possible(kind: Callable[[Path, random.Random], str], writer: str) -> bool:
    """A picture has to end like one, which is asked for first; a memory that was exported is a library's
    file."""
    ends = ("sheet.jpg", "plan.png")
    keeps_ending = (
        *REPLACEABLE,
        film_by_another_name,
        another_library,
        link_to_a_file,
        folder,
        pipe,
        nowhere,
        too_long,
    )
    return (writer not in ends or kind in keeps_ending) and not (
        writer == "memory.videoqa" and kind is another_library
    )


@pytest.mark.parametrize("seed", range(48))
def test_what_is_not_ours_is_the_same_afterwards(videoqa: Videoqa, place: Place, seed: int) -> None:
    draw = random.Random(seed)
    kind = draw.choice([*REPLACEABLE, *NEVER]) if seed >= len(NEVER) else NEVER[seed]
    writer = draw.choice([one for one in WRITERS if is_possible(kind, one)])
    target = kind(Path(writer), draw)
    overwrite = kind in NEVER and draw.random() < 0.5
    before = place.contents()

    run = videoqa(*typed(writer, target, draw, overwrite=overwrite))

    assert place.contents() == before
    assert run.code in ((1, 2, 3) if writer in BESIDE else (1, 2)), run
    assert len(run.err.splitlines()) == 1, run
    assert Path(target).name[:200] in run.err, "the name that was typed"
    assert ".part" not in run.err
    assert "should not have happened" not in run.err
    if run.code == 3:
        assert run.out
    assert videoqa("library", "verify").code == 0
    assert "film.mp4" in videoqa("library", "list").out


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("kind", REPLACEABLE, ids=lambda kind: kind.__name__)
def test_what_is_somebody_elses_is_replaced_only_where_that_is_asked_for(
    videoqa: Videoqa, place: Place, writer: str, kind: Callable[[Path, random.Random], str]
) -> None:
    target = kind(Path(writer), random.Random(writer))
    before = place.contents()
    refused = videoqa(*typed(writer, target, random.Random(0), overwrite=False))
    assert (refused.code, refused.out, place.contents()) == (2, "", before)
    assert f"{target} is there already" in refused.err

    assert videoqa(*typed(writer, target, random.Random(0), overwrite=True)).code == 0

    assert {name for name, one in place.contents().items() if one != before.get(name)} == {target}


@pytest.mark.parametrize("writer", WRITERS)
def test_what_was_written_is_written_anew_until_somebody_edits_it(
    videoqa: Videoqa, place: Place, writer: str
) -> None:
    again = typed(writer, writer, random.Random(0), overwrite=False)
    assert [videoqa(*again).code, videoqa(*again).code] == [0, 0]
    with Path(writer).open("ab") as file:
        file.write(b"\n")
    before = place.contents()
    assert (videoqa(*again).code, place.contents()) == (2, before)


def test_a_hard_link_keeps_what_it_had(videoqa: Videoqa, place: Place) -> None:
    Path("mine.md").write_text("mine", "utf-8")
    os.link("mine.md", "export.md")
    assert videoqa("export", "film.mp4", "-o", "export.md", "--overwrite").code == 0
    assert Path("mine.md").read_text("utf-8") == "mine"
    assert Path("export.md").read_text("utf-8").startswith("# ")


@pytest.mark.parametrize("kind", [hard_link, foreign], ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("name", ["picture-1.jpg", "clip-1.mkv", "sheet.jpg"])
def test_evidence_is_written_over_nothing_and_the_answer_is_told(
    videoqa: Videoqa, place: Place, name: str, kind: Callable[[Path, random.Random], str]
) -> None:
    Path("proof").mkdir()
    kind(Path("proof") / name, random.Random(name))
    before = place.contents()

    run = videoqa("ask", "film.mp4", QUESTION, "--evidence", "proof")

    assert run.code == 3
    assert ANSWER in run.out
    assert f"proof/{name}" in run.err.replace("\\", "/")
    assert {one: place.contents().get(one) for one in before} == before


def test_evidence_is_written_anew(videoqa: Videoqa, place: Place) -> None:
    for _ in range(2):
        assert videoqa("ask", "film.mp4", QUESTION, "--evidence", "proof").code == 0
    assert {path.name for path in Path("proof").iterdir()} >= {"picture-1.jpg", "clip-1.mkv", "sheet.jpg"}


@pytest.mark.parametrize("where", ["notes.txt/proof", "no/such/trace.json"])
def test_the_answer_survives_what_stands_beside_it(videoqa: Videoqa, place: Place, where: str) -> None:
    option = "--evidence" if where.endswith("proof") else "--trace-file"
    run = videoqa("ask", "film.mp4", QUESTION, option, where)
    assert run.code == 3
    assert ANSWER in run.out
    assert run.err.startswith(f"videoqa: {where}".replace("/", os.sep))
    assert run.err.count("\n") == 1


def test_what_is_cut_out_for_an_answer_is_no_film_of_the_folder(videoqa: Videoqa, place: Place) -> None:
    videoqa("ask", "film.mp4", QUESTION, "--evidence", "proof")
    run = videoqa("index", ".")
    assert [line.partition(":")[0] for line in run.out.splitlines()] == ["film.mp4"]
    assert "clip-1.mkv" in run.err
    assert run.code == 0


@pytest.mark.parametrize(
    ("name", "begins"),
    [
        ("a.md", "# "),
        ("a.HTML", "<!doctype html>"),
        ("a.srt", "1\n00:00:"),
        ("a.json", "[\n{"),
        ("a.jsonl", "{"),
    ],
)
def test_the_ending_says_the_format(videoqa: Videoqa, place: Place, name: str, begins: str) -> None:
    assert videoqa("export", "film.mp4", "-o", name).code == 0
    assert Path(name).read_text("utf-8").startswith(begins)


@pytest.mark.parametrize(
    "command",
    [
        ("export", "film.mp4", "--format", "md", "-o"),
        ("summarize", "film.mp4", "-o"),
        ("scenes", "film.mp4", "--sheet"),
        ("plan", "film.mp4", QUESTION, "--picture"),
        ("ask", "film.mp4", QUESTION, "--trace-file"),
        ("library", "export", "film.mp4", "-o"),
    ],
)
@pytest.mark.parametrize("name", ["new/", "", "-"])
def test_no_file_is_made_of_a_folder_s_name_or_the_sign_for_standard_output(
    videoqa: Videoqa, place: Place, command: tuple[str, ...], name: str
) -> None:
    before = sorted(Path.cwd().iterdir())
    run = videoqa(*command, name)
    if command[0] == "export" and name == "-":
        assert (run.code, run.out[:2]) == (0, "# ")
    else:
        assert (run.code, run.out) == (2, "")
    assert sorted(Path.cwd().iterdir()) == before


def test_a_document_is_not_written_under_an_ending_of_another_kind(videoqa: Videoqa, place: Place) -> None:
    run = videoqa("summarize", "film.mp4", "-o", "films.pdf")
    assert (run.code, run.err.count("\n")) == (2, 1)
    assert not Path("films.pdf").exists()
    assert videoqa("summarize", "film.mp4", "-o", "films.pdf", "--format", "html").code == 0


def test_a_format_that_is_named_is_obeyed_and_told_of(videoqa: Videoqa, place: Place) -> None:
    run = videoqa("export", "film.mp4", "-o", "a.md", "--format", "csv")
    assert (run.code, run.err.count("\n")) == (0, 1)
    assert "a.md is written as csv" in run.err
    assert videoqa("export", "film.mp4", "-o", "a.docx").code == 2
    assert videoqa("export", "film.mp4").code == 2


@pytest.mark.parametrize("at", [1, 2])
def test_something_that_appears_meanwhile_is_not_lost(at: int) -> None:
    """While the file is written, and between the last look at its place and its taking the name."""
    looks = 0

    def look(path: Path) -> None:
        nonlocal looks
        looks += 1
        if looks == at:
            path.write_bytes(b"theirs")

    def write() -> None:
        with Outputs(overwrite=False, precious=look).open(Path("out")) as file:
            file.write(b"ours")

    with pytest.raises(OutputExists, match="out"):
        write()

    assert {path.name: path.read_bytes() for path in Path().iterdir()} == {"out": b"theirs"}


def test_what_fails_half_way_leaves_what_was_there() -> None:
    outputs = Outputs(Path("written"))
    with outputs.open(Path("out")) as file:
        file.write(b"first")

    def fail() -> None:
        with outputs.open(Path("out")) as file:
            file.write(b"second")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert {path.name: path.read_bytes() for path in Path().iterdir() if path.name != "written"} == {
        "out": b"first"
    }


def test_a_full_disk_leaves_nothing_and_is_named(shelf: Path, tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    script = (
        "from video_vlm.cli import main;"
        f"code = main(['--library', {str(shelf)!r}, 'export', 'film.mp4', '-o', {str(small / 'x.html')!r}]);"
        f"import os; print(code, os.listdir({str(small)!r}))"
    )
    run = run_mounted([sys.executable, "-c", script], small, "size=16k")
    assert run.stdout.strip() == "1 []"
    assert run.stderr == f"videoqa: {small / 'x.html'} cannot be written: No space left on device\n"


def test_training_writes_into_new_folders_and_its_own(tmp_path: Path) -> None:
    for name in ("new", "empty", "its own/stage", "others"):
        (tmp_path / name).mkdir(parents=True) if name != "new" else None
    (tmp_path / "its own" / "stage" / "checkpoint.safetensors").touch()
    (tmp_path / "others" / "model.safetensors").touch()
    for name in ("new", "empty", "its own"):
        check_folder(tmp_path / name, overwrite=False)
    with pytest.raises(OutputExists, match="others holds other files"):
        check_folder(tmp_path / "others", overwrite=False)
    check_folder(tmp_path / "others", overwrite=True)
    with pytest.raises(OutputError, match="cannot be written"):
        check_folder(tmp_path / "others" / "model.safetensors", overwrite=True)
