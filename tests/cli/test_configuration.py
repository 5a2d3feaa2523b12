"""Command line over environment over project file over user file over defaults, and no misspelt key goes
unnoticed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

import pytest

from video_vlm.cli.settings_sources import (
    PREFIX,
    Configuration,
    configure,
    fields_of,
    known_keys,
    parse_assignments,
    protected_keys,
)
from video_vlm.errors import SettingsError
from video_vlm.settings import Settings, Trust, trust_of


@pytest.fixture
def user_file(tmp_path: Path) -> Path:
    return tmp_path / "user" / "videoqa.toml"


@pytest.fixture
def project_file(tmp_path: Path) -> Path:
    return tmp_path / "project" / "videoqa.toml"


def put(path: Path, text: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def merged(
    *,
    command_line: Mapping[str, Any] | None = None,
    environment: Mapping[str, str] | None = None,
    project: Path | None = None,
    user: Path | None = None,
) -> Configuration:
    return configure(
        command_line=command_line or {}, environment=environment or {}, project_file=project, user_file=user
    )


def test_with_nothing_said_everything_is_at_its_default() -> None:
    assert merged() == Configuration(settings=Settings(), library=None, origins={})


def test_each_place_overrules_the_ones_below_it(user_file: Path, project_file: Path) -> None:
    user = put(user_file, "[ask]\nmin_confidence = 0.1\n")
    project = put(project_file, "[ask]\nmin_confidence = 0.2\n")
    environment = {"VIDEOQA_ASK_MIN_CONFIDENCE": "0.3"}
    command_line = {"ask.min_confidence": "0.4"}

    steps = [
        merged(user=user),
        merged(user=user, project=project),
        merged(user=user, project=project, environment=environment),
        merged(user=user, project=project, environment=environment, command_line=command_line),
    ]

    assert [step.settings.ask.min_confidence for step in steps] == [0.1, 0.2, 0.3, 0.4]
    assert [step.origins["ask.min_confidence"] for step in steps] == [
        str(user),
        str(project),
        "the environment (VIDEOQA_ASK_MIN_CONFIDENCE)",
        "the command line",
    ]


def test_places_are_merged_key_by_key(user_file: Path, project_file: Path) -> None:
    user = put(user_file, "[index.shots]\nmin_shot_seconds = 2\n")
    project = put(project_file, '[index.shots]\ndetector = "content"\n')

    shots = merged(user=user, project=project).settings.index.shots

    assert (shots.min_shot_seconds, shots.detector) == (2.0, "content")


def test_a_file_that_is_not_there_is_as_good_as_none(user_file: Path) -> None:
    assert merged(user=user_file) == merged()


def test_a_library_in_a_file_lies_beside_the_file(user_file: Path) -> None:
    assert merged(user=put(user_file, 'library = "memory"\n')).library == user_file.parent / "memory"


def test_a_library_on_the_command_line_lies_in_the_current_folder() -> None:
    assert merged(command_line={"library": Path("memory")}).library == Path("memory")


def test_a_value_that_was_not_given_overrules_nothing() -> None:
    given = merged(command_line={"library": None}, environment={"VIDEOQA_LIBRARY": "from-environment"})

    assert given.library == Path("from-environment")


def test_an_empty_variable_is_as_good_as_none() -> None:
    assert merged(environment={"VIDEOQA_LIBRARY": ""}) == merged()


def test_other_programs_variables_are_left_alone() -> None:
    assert merged(environment={"VIDEO_ELSE": "x", "PATH": "y"}) == merged()


def test_a_list_is_written_as_a_list_in_a_file_and_with_commas_elsewhere(user_file: Path) -> None:
    in_file = merged(user=put(user_file, '[index]\nobservers = ["subtitles", "look"]\n'))
    elsewhere = merged(environment={"VIDEOQA_INDEX_OBSERVERS": "subtitles, look"})

    assert in_file.settings.index.observers == elsewhere.settings.index.observers == ("subtitles", "look")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            "[ask]\nmin_confidense = 0.5",
            "no setting is named 'ask.min_confidense'; did you mean 'ask.min_confidence'?",
        ),
        ("libary = 'x'", "no setting is named 'libary'; did you mean 'library'?"),
        ("[ask]\nmin_confidence = 'much'", "ask.min_confidence must be a number, got 'much'"),
        ("[ask]\nmin_confidence = true", "ask.min_confidence must be a number, got True"),
        ("[ask]\nmax_look_frames = 1.5", "ask.max_look_frames must be a whole number, got 1.5"),
        (
            "[index.shots]\ndetector = 'magic'",
            "index.shots.detector must be 'leap' or 'adaptive' or 'content', got 'magic'",
        ),
        ("[index]\nobservers = 3", "index.observers must be a list of words, got 3"),
        ("[index.shots]\nthumbnail_width = 1", "thumbnail_width must be at least 16"),
        ("library = 3", "library must be a folder or postgresql://..., got 3"),
        ("library =", "cannot be read as TOML"),
    ],
)
def test_what_is_wrong_in_a_file_is_said_in_one_line(user_file: Path, line: str, message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        merged(user=put(user_file, line))

    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_misspelt_variable_is_an_error_with_the_nearest_one() -> None:
    with pytest.raises(SettingsError, match="did you mean 'VIDEOQA_LIBRARY'"):
        merged(environment={"VIDEOQA_LIBARY": "x"})


def test_every_key_has_a_variable_of_its_own() -> None:
    variables = [PREFIX + key.replace(".", "_").upper() for key in known_keys()]

    assert len(set(variables)) == len(variables)


def test_assignments_are_split_at_the_first_equals_sign() -> None:
    assert parse_assignments(["ask.model=a=b", " index.decoder = pyav "]) == {
        "ask.model": "a=b",
        "index.decoder": "pyav",
    }


@pytest.mark.parametrize("assignment", ["ask.model", "=x", ""])
def test_an_assignment_without_key_or_equals_sign_is_an_error(assignment: str) -> None:
    with pytest.raises(SettingsError, match="KEY=VALUE"):
        parse_assignments([assignment])


STRANGERS: Mapping[Any, str] = {
    bool: "true",
    int: "20",
    float: "0.25",
    str: '"http://127.0.0.1:9/v1"',
    tuple[str, ...]: '["evil"]',
}


def test_every_setting_says_whether_a_folder_may_make_it() -> None:
    assert [key for key, one in fields_of(Settings) if not isinstance(trust_of(one), Trust)] == []


def test_what_is_free_text_is_the_users_own() -> None:
    """A name that is looked up, loaded or connected to can only be text; numbers and fixed words cannot do
    that."""
    harmless = {"ask.device", "ask.dtype", "ask.quantization", "sight.device", "sight.dtype"}
    text = {key for key, kind in known_keys().items() if kind in (str, Path, tuple[str, ...])}
    assert text - harmless == protected_keys()


@pytest.mark.parametrize("key", sorted(known_keys()))
def test_a_file_in_the_folder_decides_what_is_harmless_and_nothing_else(project_file: Path, key: str) -> None:
    kind = known_keys()[key]
    value = '"memory"' if kind is Path else STRANGERS.get(kind) or f'"{get_args(kind)[-1]}"'
    if key == "sight.dtype":
        value = '"float16"'
    table, _, name = key.rpartition(".")
    text = f"[{table}]\n{name} = {value}\n" if table else f"{name} = {value}\n"
    given = merged(project=put(project_file, text))
    if key in protected_keys():
        assert given == Configuration(Settings(), None, {}, left_out=(key,))
        assert key in merged(user=project_file).origins
    else:
        assert given.origins == {key: str(project_file)}
        assert given.shared == (key,)
        assert given.left_out == ()


def test_a_file_in_the_folder_that_is_the_users_own_decides_everything(project_file: Path) -> None:
    file = put(project_file, '[ask]\nmodel = "mine"\n')
    given = merged(project=file, user=file)
    assert (given.settings.ask.model, given.left_out) == ("mine", ())


@pytest.mark.parametrize(
    "text",
    [
        "x = " + "[" * 50_000,
        "x = " + "{a=" * 9_000,
        "ask.max_rounds = " + "9" * 5_000,
        "#" * 1_100_000,
        "\0",
        "x." * 4_000,
    ],
)
def test_a_file_that_nobody_wrote_for_this_is_one_line_that_names_it(project_file: Path, text: str) -> None:
    with pytest.raises(SettingsError, match=r"videoqa\.toml") as caught:
        merged(project=put(project_file, text))
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 1_500


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "1e999", "9" * 400, "9" * 5_000, "-" + "9" * 30])
@pytest.mark.parametrize("key", [key for key, kind in known_keys().items() if kind in (int, float)])
def test_numbers_without_measure_are_refused(key: str, value: str) -> None:
    with pytest.raises(SettingsError, match=key) as caught:
        merged(command_line={key: value})
    assert len(str(caught.value)) < 500


def test_a_file_of_the_users_and_none_in_the_folder(user_file: Path, project_file: Path) -> None:
    assert (
        merged(user=put(user_file, "[ask]\nmax_rounds = 2\n"), project=project_file).settings.ask.max_rounds
        == 2
    )
