"""The documentation says what is there: every command, option, setting, extra, exit code, decoder and
link."""

from __future__ import annotations

import ast
import inspect
import re
import shlex
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer

from video_vlm import VideoQA
from video_vlm.cli import ExitCode
from video_vlm.cli.app import COMMANDS, CONFIG_COMMANDS, LIBRARY_COMMANDS, MODEL_COMMANDS, TRAIN_COMMANDS
from video_vlm.cli.ask import as_text
from video_vlm.cli.doctor import PARTS
from video_vlm.cli.settings_sources import known_keys
from video_vlm.media import DECODERS
from video_vlm.perception import OBSERVERS
from video_vlm.records import Answer, Coverage, Frame, Receipt, Shot, Span, Status
from video_vlm.samplers import SAMPLERS, FrameTimes, SamplerInput
from video_vlm.settings import IndexSettings, Settings

ALL_COMMANDS = {
    **COMMANDS,
    **{f"library {name}": function for name, function in LIBRARY_COMMANDS.items()},
    **{f"models {name}": function for name, function in MODEL_COMMANDS.items()},
    **{f"config {name}": function for name, function in CONFIG_COMMANDS.items()},
    **{f"train {name}": function for name, function in TRAIN_COMMANDS.items()},
}


def read(root: Path, name: str) -> str:
    return (root / name).read_text(encoding="utf-8")


def rows(text: str) -> Iterator[list[str]]:
    """The cells of every row of every table, without their code marks."""
    for line in text.splitlines():
        if line.startswith("|") and not set(line) <= set("|-: "):
            yield [cell.strip().replace("`", "") for cell in line.strip("|").split("|")]


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)


def section(text: str, heading: str) -> str:
    return text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


@pytest.mark.parametrize("command", ALL_COMMANDS)
def test_every_command_has_a_section_with_all_its_options(root: Path, command: str) -> None:
    documented = section(read(root, "docs/reference/commands.md"), f"videoqa {command}")
    options = [
        flag
        for parameter in inspect.signature(ALL_COMMANDS[command], eval_str=True).parameters.values()
        for info in getattr(parameter.annotation, "__metadata__", ())
        if isinstance(info, typer.models.OptionInfo)
        for flag in [info.default if isinstance(info.default, str) else f"--{parameter.name}"]
    ]

    assert documented.strip()
    assert [flag for flag in options if flag not in documented] == []


def test_no_command_is_documented_that_is_not_there(root: Path) -> None:
    documented = re.findall(
        r"^## videoqa (.*)$", read(root, "docs/reference/commands.md"), flags=re.MULTILINE
    )

    assert sorted(documented) == sorted(ALL_COMMANDS)


def shown_commands(text: str) -> set[str]:
    shown = re.findall(r"(?:^\$ |^|[/\\`])videoqa ((?:--library \S+ )?[a-z]+)", text, flags=re.MULTILINE)
    return {command.split()[-1] for command in shown}


@pytest.mark.parametrize(
    "name",
    ["README.md", "Makefile", *(f"docs/reference/{page}.md" for page in ("commands", "settings", "formats"))],
)
def test_commands_that_are_shown_exist(root: Path, name: str) -> None:
    assert shown_commands(read(root, name))


def test_no_page_shows_a_command_that_does_not_exist(root: Path) -> None:
    shown = {
        page.name: shown_commands(page.read_text(encoding="utf-8"))
        for page in [*documents(root), root / "Makefile"]
    }
    known = {*COMMANDS, "config", "library", "models", "train"}

    assert {page: commands - known for page, commands in shown.items() if commands - known} == {}


def test_every_setting_is_documented_with_its_default(root: Path) -> None:
    documented = {row[0]: row[1] for row in rows(read(root, "docs/reference/settings.md")) if row[0] != "key"}
    default = Settings()

    assert set(documented) == set(known_keys())
    for key in set(documented) - {"library"}:
        value: Any = default
        for part in key.split("."):
            value = getattr(value, part)
        assert documented[key] == (",".join(value) if isinstance(value, tuple) else str(value)), key


def test_what_a_file_in_the_folder_may_not_decide_is_documented(root: Path) -> None:
    from video_vlm.cli.settings_sources import protected_keys

    text = " ".join(read(root, "docs/reference/settings.md").split())
    (sentence,) = re.findall(r"with one line that says so: (.*?) count only", text)
    assert set(re.findall(r"`([a-z_.]+)`", sentence)) == protected_keys()


def test_the_example_of_a_settings_file_is_valid(root: Path, tmp_path: Path) -> None:
    from video_vlm.cli.settings_sources import configure

    (example,) = blocks(read(root, "docs/reference/settings.md"), "toml")
    file = tmp_path / "videoqa.toml"
    file.write_text(example, encoding="utf-8")

    configured = configure(command_line={}, environment={}, user_file=file)

    assert configured.library == tmp_path / "memory"
    assert configured.settings.ask.min_confidence == 0.6


def test_the_exit_codes_are_those_of_the_reference(root: Path) -> None:
    documented = [int(row[0]) for row in rows(read(root, "docs/reference/exit-codes.md")) if row[0].isdigit()]

    assert documented == sorted(ExitCode)


def levels_of(text: str, heading: str) -> list[str]:
    """The first cells of the table below a heading, without the base."""
    first = [name for row in rows(section(text, heading)) for name in row[0].split(", ")]
    return [name for name in first if name not in ("level", "base")]


def test_every_extra_is_in_the_guide_and_doctor_knows_it(root: Path, pyproject: dict[str, Any]) -> None:
    extras = list(pyproject["project"]["optional-dependencies"])
    documented = levels_of(read(root, "docs/guide/install.md"), "Levels")

    assert set(documented) == set(extras)
    assert len(documented) == len(extras)
    assert {part.extra for part in PARTS} - {""} == set(extras) - {"all", "dev", "docs", "ocr"}


def test_the_levels_come_in_one_order_everywhere(root: Path, pyproject: dict[str, Any]) -> None:
    order = list(dict.fromkeys(part.extra for part in PARTS if part.extra))

    assert list(pyproject["project"]["optional-dependencies"])[: len(order)] == order
    assert levels_of(read(root, "docs/guide/install.md"), "Levels")[: len(order)] == order
    assert levels_of(read(root, "README.md"), "Install") == [*order, "all"]


def test_all_takes_every_level_but_the_other_decoders(pyproject: dict[str, Any]) -> None:
    extras = pyproject["project"]["optional-dependencies"]
    levels = dict.fromkeys(part.extra for part in PARTS if part.extra and part.extra not in DECODERS)

    assert extras["all"] == [f"video-vlm[{','.join(levels)}]"]
    assert extras["ocr"] == ["video-vlm[senses]"]


def test_the_decoders_are_those_of_the_guide(root: Path) -> None:
    documented = [row[0] for row in rows(section(read(root, "docs/guide/install.md"), "Decoders"))]

    assert documented[1:] == list(DECODERS)


def test_the_default_observers_are_registered() -> None:
    assert set(IndexSettings().observers) <= set(OBSERVERS)


@pytest.mark.parametrize("target", ["demo", "test", "check", "docs"])
def test_make_has_the_targets_that_are_promised(root: Path, target: str) -> None:
    assert re.search(rf"^{target}:", read(root, "Makefile"), flags=re.MULTILINE)


def test_the_answer_format_is_the_documented_one(root: Path) -> None:
    (example,) = blocks(read(root, "docs/reference/formats.md"), "json")

    answer = Answer.from_json(example)

    for name in (field.name for kind in (Answer, Coverage, Receipt) for field in fields(kind)):
        assert f'"{name}"' in example
    assert answer.claims


def test_the_example_observer_observes(root: Path) -> None:
    code = blocks(read(root, "docs/reference/plugins.md"), "python")[0]
    names: dict[str, Any] = {}
    exec(compile(code, "docs/reference/plugins.md", "exec"), names)
    observer = names["Darkness"](IndexSettings())
    pictures = [np.full((8, 8, 3), value, np.uint8) for value in (0, 200)]

    seen = [list(observer.inspect(Frame(0, 0.0, picture), Span(0, 1))) for picture in pictures]

    assert [len(one) for one in seen] == [1, 0]
    assert observer.name == "darkness"


def test_the_example_sampler_keeps_the_contract(root: Path) -> None:
    code = blocks(read(root, "docs/reference/plugins.md"), "python")[1]
    names: dict[str, Any] = {}
    exec(compile(code, "docs/reference/plugins.md", "exec"), names)
    shots = (Shot(Span(0, 4), 0.0), Shot(Span(4, 10), 0.5))

    planned = names["edges"](SamplerInput(FrameTimes(Span(0, 10)), shots=shots), frame_budget=3)

    assert [round(one.pts_seconds) for one in planned] == [0, 4, 7]


def test_the_example_model_can_be_asked(root: Path, sample_film: Path, tmp_path: Path) -> None:
    code = blocks(read(root, "docs/guide/models.md"), "python")[0]
    names: dict[str, Any] = {}
    exec(compile(code, "docs/guide/models.md", "exec"), names)
    observers = IndexSettings(observers=("subtitles",))

    with VideoQA(tmp_path, settings=Settings(index=observers), model=names["Careful"]()) as videos:
        answer = videos.ask(sample_film, "Who falls asleep?")

    assert (answer.status, answer.receipt.model) == (Status.NOT_SHOWN, "careful")
    assert len(code.splitlines()) <= 25


def test_the_samplers_are_those_of_the_commands(root: Path) -> None:
    documented = [row[0] for row in rows(section(read(root, "docs/reference/commands.md"), "videoqa plan"))]

    assert documented[documented.index("sampler") + 1 :] == list(SAMPLERS)


def documents(root: Path) -> list[Path]:
    return [*root.glob("*.md"), *(root / "docs").rglob("*.md")]


def cards(root: Path) -> list[Path]:
    """The pages that come with weights."""
    return [*(root / "video_vlm").rglob("weights/**/*.md")]


def links(document: Path) -> list[tuple[str, str]]:
    """Where the links and pictures of a document lead: a path, empty for the document itself, and an
    anchor."""
    text = re.sub(r"^```.*?^```", "", document.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    return re.findall(r"\]\(([^)#:\s]*)#?([^):\s]*)\)", text)


def anchors(document: Path) -> set[str]:
    """The anchors that headings have on GitHub."""
    text = re.sub(r"^```.*?^```", "", document.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.*)$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_link_between_documents_leads_somewhere(root: Path) -> None:
    broken = [
        f"{document.name}: {path}#{anchor}"
        for document in [*documents(root), *cards(root)]
        for path, anchor in links(document)
        for target in [document.parent / path if path else document]
        if not target.exists() or (anchor and anchor not in anchors(target))
    ]

    assert broken == []


def test_a_dead_anchor_is_noticed(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# A page\n\n## What it's for\n\n[here](#what-its-for) [gone](other.md#gone)\n", encoding="utf-8"
    )

    assert links(page) == [("", "what-its-for"), ("other.md", "gone")]
    assert anchors(page) == {"a-page", "what-its-for"}


def test_every_document_is_linked_from_the_readme_or_from_the_index(root: Path) -> None:
    index = root / "docs" / "index.md"
    listed = {(index.parent / path).resolve() for path, _ in links(index)}
    users = {(root / path).resolve() for path, _ in links(root / "README.md")}
    pages = {page.resolve() for page in (root / "docs").rglob("*.md")} - {index.resolve()}

    assert pages - listed == set()
    assert {page for page in pages if page.parent.name in ("guide", "reference")} - users == set()
    assert index.resolve() in users


def test_what_the_code_says_of_the_documentation_is_there(root: Path) -> None:
    homes = ("video_vlm", "samplers", "memory", "cli", "examples", "bench", "tests")
    named = {
        (file.name, path)
        for home in homes
        for file in (root / home).rglob("*.py")
        if file.name not in ("test_docs.py", "test_site.py")
        for path in re.findall(r"\bdocs/[\w/-]+\.md\b", file.read_text(encoding="utf-8"))
    }

    assert named
    assert [(name, path) for name, path in named if not (root / path).is_file()] == []


def test_what_the_documentation_says_of_the_code_is_there(root: Path) -> None:
    pages = {
        page.name: page.read_text(encoding="utf-8") for page in documents(root) if page.name != "CHANGELOG.md"
    }
    files = {
        (name, path)
        for name, text in pages.items()
        for path in re.findall(r"(?<![\w./])\w+/[\w/]+\.py\b", text)
    }

    assert len(files) > 12
    assert [
        one for one in files if not ((root / one[1]).is_file() or (root / "video_vlm" / one[1]).is_file())
    ] == []


def test_examples_import_what_is_there(root: Path) -> None:
    """Also those of parts that are not installed: names are looked for in the source."""
    imports = [
        (page.name, node.module, alias.name)
        for page in documents(root)
        for code in blocks(page.read_text(encoding="utf-8"), "python")
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("video_vlm")
        for alias in node.names
    ]
    sources = {module: source_of(root, module) for _, module, _ in imports}

    assert len(imports) > 10
    assert [one for one in imports if not re.search(rf"\b{one[2]}\b", sources[one[1]])] == []


def source_of(root: Path, module: str) -> str:
    """Of a module or a package; empty where there is none. The root folders are found by the links in the
    package."""
    home = root.joinpath(*module.removeprefix("video_vlm.").split("."))
    places = [root.joinpath(*module.split(".")), home]
    files = [file for place in places for file in (place.with_suffix(".py"), place / "__init__.py")]
    return "".join(file.read_text(encoding="utf-8") for file in files if file.is_file())


def test_the_readme_is_short_and_has_a_picture(root: Path) -> None:
    readme = read(root, "README.md")

    assert len(readme.splitlines()) < 150
    assert "](docs/pictures/road.svg)" in readme


def test_the_commands_of_the_readme_are_those_that_make_runs(root: Path) -> None:
    question = shlex.split(re.findall(r"ask \$\(FILM\) (.*)$", read(root, "Makefile"), flags=re.MULTILINE)[0])

    assert question[0] in section(read(root, "README.md"), "Sixty seconds to a first answer")


def test_the_answer_in_the_readme_is_the_one_that_is_given(
    root: Path, sample_film: Path, tmp_path: Path
) -> None:
    shown = blocks(read(root, "README.md"), "console")[0].splitlines()
    question = shlex.split(shown[0])[-1]
    settings = Settings(index=IndexSettings(observers=("chapters", "subtitles", "look", "motion")))

    with VideoQA(tmp_path / "library", settings=settings) as videos:
        answered = list(as_text(videos.ask(sample_film, question)))

    assert answered[: len(shown) - 2] == shown[1:-1]
    assert answered[-1].startswith(shown[-1].removesuffix("..."))


def test_the_guide_has_the_example_of_the_readme(root: Path) -> None:
    (example,) = blocks(read(root, "README.md"), "python")

    assert example in blocks(read(root, "docs/guide/ask.md"), "python")


@pytest.mark.parametrize("observers", [("chapters", "subtitles", "look", "motion")])
def test_the_answer_in_the_guide_is_the_one_that_is_given(
    root: Path, sample_film: Path, tmp_path: Path, observers: tuple[str, ...]
) -> None:
    question, claim = blocks(read(root, "docs/guide/ask.md"), "console")[0].splitlines()
    settings = Settings(index=IndexSettings(observers=observers))

    with VideoQA(tmp_path / "library", settings=settings) as videos:
        assert claim in as_text(videos.ask(sample_film, shlex.split(question)[-1]))


def test_contributing_fits_on_a_page(root: Path) -> None:
    assert len(read(root, "CONTRIBUTING.md").split()) < 500
