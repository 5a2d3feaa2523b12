"""What is exported is what is remembered, as other programs read it; text from a video stays text."""

from __future__ import annotations

import csv
import html.parser
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pysubs2
import pytest
from PIL import Image

from tests.memory.conftest import CharacterGrams, Film
from video_vlm.errors import SettingsError, UnknownName
from video_vlm.export import FORMATS, TABLES, export
from video_vlm.export.markdown import escaped
from video_vlm.memory import MemoryView, StoredFrame, StoredLook, open_library
from video_vlm.records import Level, Node, Observation, ObservationKind, Sentence, Span

pytest.importorskip("pyarrow", reason="Parquet needs the extra export")
otio = pytest.importorskip("opentimelineio", reason="OpenTimelineIO needs the extra export")

EVIL = (
    '=HYPERLINK("http://evil")',
    "<script>alert(1)</script> & <b>",
    "*no* [link](javascript:x) ![p](y) `code`\n\n# heading",
    "one --> two\n\n3\n00:00:00,000 --> 00:00:01,000\nforged {\\an8}",
    "\x1b[31mred\u202eabc",
    "Größe 猫 🎬",
)


def jpeg(shade: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (16, 9), (shade, 40, 90)).save(out, "JPEG")
    return out.getvalue()


@dataclass(frozen=True)
class HostileFilm(Film):
    """A film whose words would like to be more than words."""

    lines: tuple[str, ...] = EVIL

    def frames(self, number: int) -> list[StoredFrame]:
        shown = jpeg(40 * number) if number else b"<svg onload=alert(1)>"
        return [replace(frame, jpeg=shown) for frame in super().frames(number)]

    def upper(self) -> list[Node]:
        nodes = super().upper()
        scenes = [node for node in nodes if node.level is Level.SCENE]
        for place, node in enumerate(nodes):
            if node.level is Level.SCENE:
                number = scenes.index(node)
                said = (
                    Sentence(EVIL[2 * number], node.summary[0].cites),
                    Sentence("Then.", node.summary[0].cites),
                )
                nodes[place] = replace(node, title=EVIL[2 * number + 1], summary=said)
        return nodes


@pytest.fixture(scope="module")
def memory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MemoryView]:
    folder = tmp_path_factory.mktemp("export")
    with open_library(folder / "library", encoder=CharacterGrams(dimension=32)) as library:
        HostileFilm().write(library)
        seen = Observation(
            Span(11, 12), ObservationKind.SCREEN_TEXT, "EXIT", "screen-text", 0.9, (0.1, 0.2, 0.3, 0.4)
        )
        library.looks.keep(
            "film", [StoredLook("screen-text", "v1", "a way out?", "close", 640, (Span(11, 12),), (seen,))]
        )
        yield library.memory("film")


def written(memory: MemoryView, form: str, what: str = "scenes") -> bytes:
    out = io.BytesIO()
    export(memory, out, form=form, what=what)
    return out.getvalue()


def values(memory: MemoryView, what: str) -> list[tuple[object, ...]]:
    return list(TABLES[what](memory).rows)


@pytest.mark.parametrize("what", TABLES)
def test_parquet_is_read_back_exactly_by_pandas_polars_and_duckdb(
    memory: MemoryView, tmp_path: Path, what: str
) -> None:
    path = tmp_path / "table.parquet"
    path.write_bytes(written(memory, "parquet", what))
    expected = values(memory, what)
    columns = list(TABLES[what](memory).columns)
    assert expected
    polars = pl.read_parquet(path)
    assert (polars.columns, polars.rows()) == (columns, expected)
    duck = duckdb.sql(f"SELECT * FROM read_parquet('{path}')")
    assert (duck.columns, [tuple(row) for row in duck.fetchall()]) == (columns, expected)
    pandas = pd.read_parquet(path)
    assert list(pandas.columns) == columns
    assert pandas["start"].tolist() == [row[1] for row in expected]
    for name in {"text", "summary"} & set(columns):
        assert pandas[name].tolist() == [row[columns.index(name)] for row in expected]


@pytest.mark.parametrize("what", TABLES)
def test_json_lines_are_read_back_exactly_by_pandas_polars_and_duckdb(
    memory: MemoryView, tmp_path: Path, what: str
) -> None:
    path = tmp_path / "table.jsonl"
    path.write_bytes(written(memory, "jsonl", what))
    expected = [dict(zip(TABLES[what](memory).columns, row, strict=True)) for row in values(memory, what)]
    assert [json.loads(line) for line in path.read_text("utf-8").splitlines()] == expected
    assert pd.read_json(path, lines=True)["end"].tolist() == [row["end"] for row in expected]
    assert pl.read_ndjson(path)["content_id"].to_list() == [row["content_id"] for row in expected]
    assert duckdb.sql(f"SELECT count(*) FROM read_json('{path}')").fetchall() == [(len(expected),)]


@pytest.mark.parametrize("what", TABLES)
def test_csv_is_read_back_by_pandas_polars_and_duckdb(memory: MemoryView, tmp_path: Path, what: str) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(written(memory, "csv", what))
    expected = values(memory, what)
    assert pd.read_csv(path)["start"].tolist() == [row[1] for row in expected]
    assert pl.read_csv(path)["end"].to_list() == [row[2] for row in expected]
    assert duckdb.sql(f"SELECT count(*) FROM read_csv('{path}', header = true)").fetchall() == [
        (len(expected),)
    ]


def test_vectors_come_back_as_they_are_stored(memory: MemoryView, tmp_path: Path) -> None:
    (tmp_path / "v.parquet").write_bytes(written(memory, "parquet", "vectors"))
    read = np.stack(pd.read_parquet(tmp_path / "v.parquet")["vector"].tolist())
    stored = np.stack([one.vector for one in memory.vectors()])
    assert read.dtype == np.float32
    assert np.array_equal(read, stored)
    assert np.allclose(np.linalg.norm(read, axis=1), 1)


def test_looks_are_among_the_observations_with_their_question(memory: MemoryView) -> None:
    rows = [json.loads(line) for line in written(memory, "jsonl", "observations").splitlines()]
    assert [(row["text"], row["question"], row["left"]) for row in rows if row["question"]] == [
        ("EXIT", "a way out?", 0.1)
    ]
    assert len(rows) == len(memory.observations()) + 1


def test_an_empty_table_still_has_its_columns(tmp_path: Path) -> None:
    with open_library(tmp_path / "library") as library:
        Film().write(library)
        memory = library.memory("film")
        (tmp_path / "v.parquet").write_bytes(written(memory, "parquet", "vectors"))
        assert pl.read_parquet(tmp_path / "v.parquet").shape == (0, 8)
        assert written(memory, "csv", "vectors").splitlines() == [
            b"content_id,start,end,encoder,kind,text,node,vector"
        ]


def test_no_cell_of_a_csv_is_a_formula(memory: MemoryView) -> None:
    text = written(memory, "csv", "observations").decode()
    cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
    assert [cell for cell in cells if cell[:1] in "=+@\t\r" and cell] == []
    assert "'" + EVIL[0] in cells
    assert "\x1b" not in text


@pytest.mark.parametrize("form", ["srt", "vtt"])
def test_there_is_one_cue_a_scene(memory: MemoryView, form: str) -> None:
    read = pysubs2.SSAFile.from_string(written(memory, form).decode(), format_=form)
    assert [(cue.start, cue.end) for cue in read] == [(0, 20_000), (20_000, 40_000), (40_000, 60_000)]
    assert "Then." in read[0].text
    assert "forged" in read[1].text


def test_subtitle_text_holds_no_marks(memory: MemoryView) -> None:
    text = written(memory, "srt").decode()
    assert text.count("-->") == 3
    assert not re.search(r"[<>{}](?!.*-->)", re.sub(r" --> ", " ", text))
    vtt = written(memory, "vtt").decode()
    assert vtt.startswith("WEBVTT\n\n")
    assert "&lt;script&gt;" in vtt
    assert "<" not in vtt


class Page(html.parser.HTMLParser):
    """The tags of a page, what they carry, and the text between them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_holds_all_it_needs_and_nothing_runs_in_it(memory: MemoryView) -> None:
    page = Page(written(memory, "html").decode())
    names = {tag for tag, _ in page.tags}
    carried = [value or "" for _, attributes in page.tags for value in attributes.values()]
    assert not names & {"script", "iframe", "object", "link", "a", "svg", "b"}
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)
    assert all(
        value.startswith("data:image/jpeg;base64,")
        for tag, a in page.tags
        if tag == "img"
        for value in [a["src"] or ""]
    )
    assert sum(tag == "img" for tag, _ in page.tags) == 3
    assert any("default-src 'none'" in value for value in carried)
    assert EVIL[1] in page.text
    assert [tag for tag, _ in page.tags].count("article") == 3


def test_markdown_shows_text_letter_by_letter(memory: MemoryView) -> None:
    from markdown_it import MarkdownIt

    text = written(memory, "md").decode()
    page = Page(MarkdownIt("commonmark").render(text))
    assert {tag for tag, _ in page.tags} == {"h1", "h2", "h3", "p", "img", "code", "ul", "li"}
    assert sum(tag == "img" for tag, _ in page.tags) == 3
    assert "*no* [link](javascript:x) ![p](y) `code` # heading" in page.text
    assert EVIL[1] in page.text
    assert "0:20–0:40" in page.text


@pytest.mark.parametrize(
    "text", ["- item", "+ item", "12. item", "12) item", "# head", "> quote", "www.evil.com", "~~x~~"]
)
def test_no_line_begins_anything(text: str) -> None:
    from markdown_it import MarkdownIt

    rendered = MarkdownIt("gfm-like", {"linkify": False}).render(escaped(text))
    assert rendered == f"<p>{html.escape(text)}</p>\n"


def test_an_editing_program_finds_the_scenes(memory: MemoryView) -> None:
    timeline = otio.adapters.read_from_string(written(memory, "otio").decode(), "otio_json")
    (track,) = timeline.tracks
    ranges = [clip.range_in_parent() for clip in track]
    assert [(one.start_time.to_seconds(), one.duration.to_seconds()) for one in ranges] == [
        (0, 20),
        (20, 20),
        (40, 20),
    ]
    assert [clip.source_range.start_time.to_seconds() for clip in track] == [0, 20, 40]
    assert {clip.media_reference.target_url for clip in track} == {"film.mp4"}
    assert [marker.name for clip in track for marker in clip.markers] == ["Chapter 1"]


@pytest.mark.parametrize("form", [name for name, form in FORMATS.items() if form.is_text])
def test_no_text_format_moves_a_cursor(memory: MemoryView, form: str) -> None:
    text = written(memory, form).decode()
    assert "\x1b" not in text
    assert "\u202e" not in text


@pytest.mark.parametrize("form", FORMATS)
def test_a_memory_that_is_not_finished_is_exported_as_far_as_it_goes(tmp_path: Path, form: str) -> None:
    with open_library(tmp_path / "library") as library:
        Film().write(library, until=2)
        out = written(library.memory("film"), form)
    assert out or form == "jsonl", "there are no scenes yet"


def test_what_does_not_exist_is_named(memory: MemoryView) -> None:
    with pytest.raises(UnknownName, match="parquet"):
        written(memory, "parket")
    with pytest.raises(UnknownName, match="observations"):
        written(memory, "csv", "observation")
    with pytest.raises(SettingsError, match="take parquet, jsonl, csv"):
        written(memory, "srt", "vectors")
