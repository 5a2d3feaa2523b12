"""Which files beside a film are its subtitles."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from video_vlm.perception.sidecars import find_sidecars

LANGUAGES = ("en", "eng", "English", "pt-BR", "de", "ger", "German", "zh-Hans", "es-419", "french", "spa")
FILMS = (
    "film.mp4",
    "Harbour [dQw4w9WgXcQ].mp4",
    "A.Day.at.Sea.1080p.mkv",
    "nai\u0308ve.webm",
    "S01E02 - One.avi",
    "50%.mov",
)


def touch(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("1\n00:00:01,000 --> 00:00:02,000\nHello.\n")


def names(video: Path) -> list[str]:
    return [str(one.path.relative_to(video.parent).as_posix()) for one in find_sidecars(video).files]


def reasons(video: Path) -> dict[str, str]:
    return {one.path.name: one.reason for one in find_sidecars(video).passed_over}


def drawn_name(stem: str, film: str, chance: random.Random) -> str:
    language = chance.choice(LANGUAGES)
    purpose = chance.choice(("sdh", "forced", "cc", "SDH", "orig", "hi"))
    ending = chance.choice((".srt", ".VTT", ".ass", ".sbv", ".ttml", ".lrc", ".smi", ".dfxp", ".sub", ".Srt"))
    token = "".join(chance.choice("abcXYZ019_-") for _ in range(11))
    return chance.choice(
        (
            f"{stem}{ending}",
            f"{film}{ending}",
            f"{stem}.{language}{ending}",
            f"{film}.{language}{ending}",
            f"{stem}.{language}.{purpose}{ending}",
            f"{stem}.{language}.2{ending}",
            f"{stem}_{language}{ending}",
            f"{stem}-{language}{ending}",
            f"{stem} - {language}{ending}",
            f"{stem} ({language}){ending}",
            f"{stem} [{language}]{ending}",
            f"{stem}.{language} - {purpose}{ending}",
            f"{stem}.en-{token}{ending}",
            f"{stem}.{language}-orig{ending}",
            f"{stem.swapcase()}.{language}{ending}",
            f"Subs/{stem}.{language}{ending}",
            f"subtitles/2_{language}{ending}",
            f"SUBS/{stem}/3_{language}{ending}",
            f"Subs/{language}{ending}",
        )
    )


@pytest.mark.parametrize("film", FILMS)
def test_names_as_people_and_tools_give_them_are_found(film: str, tmp_path: Path) -> None:
    for seed in range(120):
        folder = tmp_path / str(seed)
        name = drawn_name(Path(film).stem, film, random.Random(f"{film} {seed}"))
        touch(folder, film, name)
        assert len(names(folder / film)) == 1, name


@pytest.mark.parametrize("film", FILMS)
def test_another_film_s_subtitles_never_belong(film: str, tmp_path: Path) -> None:
    stem = Path(film).stem
    touch(
        tmp_path,
        film,
        f"{stem}2.srt",
        f"{stem}maker.en.srt",
        f"{stem} 2.srt",
        f"{stem} two.srt",
        f"{stem}_cut.srt",
    )
    touch(
        tmp_path, f"{stem} no 2.srt", f"The {stem}.srt", f"{stem}-part2.en.srt", f"{stem}.2.srt", "other.srt"
    )
    assert names(tmp_path / film) == []


@pytest.mark.parametrize(
    "tail",
    [
        *(
            ".中文.srt",
            ".简体.ass",
            ".日本語.vtt",
            ".Русский.srt",
            ".Türkçe.srt",
            ".हिन्दी.srt",
            ".العربية.srt",
            ".简体&英文.ass",
        ),
        *(
            ".English (United States).vtt",
            ".Español (Latinoamérica).srt",
            ".Deutsch [Forced].srt",
            ".en.mp4.srt",
        ),
        *(".webvtt", ".itt", ".eng.tx3g.srt", "_transcript.vtt", ".txt", ".xml"),
    ],
)
def test_languages_by_their_own_names_and_other_endings_are_found(tail: str, tmp_path: Path) -> None:
    touch(tmp_path, "film.mp4", f"film{tail}", f"Captions/film{tail}", f"字幕/film{tail}")
    if tail == ".xml":
        for path in tmp_path.rglob("*.xml"):
            path.write_text('<?xml version="1.0"?><tt:tt xmlns:tt="http://www.w3.org/ns/ttml"/>')
    assert len(names(tmp_path / "film.mp4")) == 3


def test_what_is_no_subtitles_is_not_named_and_a_transcript_that_is_not_read_is(tmp_path: Path) -> None:
    touch(tmp_path, "film.mp4")
    for ending, text in {
        ".txt": "A film about the harbour.",
        ".xml": "<movie><title>Harbour</title></movie>",
        ".info.json": '{"title": "Harbour"}',
        ".en.json": '{"events": [{"start": 1.0, "label": "car"}], "segments": [{"start": 0, "end": 4}]}',
        ".json": '{"text": "Hello.", "segments": [{"start": 1.0, "end": 2.0, "text": "Hello."}]}',
        ".tsv": "start\tend\ttext\n1000\t2000\tHello.",
    }.items():
        (tmp_path / f"film{ending}").write_text(text)
    assert names(tmp_path / "film.mp4") == []
    assert sorted(reasons(tmp_path / "film.mp4")) == ["film.json", "film.tsv"]


def test_each_of_several_films_has_its_own(tmp_path: Path) -> None:
    touch(tmp_path, "film.mp4", "film.uncut.mkv", "film 2.mp4", "Filmmaker.mov")
    touch(tmp_path, "film.srt", "film.uncut.srt", "film 2.en.srt", "Filmmaker.srt", "film.uncut.de.srt")
    touch(
        tmp_path,
        "Subs/film.en.srt",
        "Subs/film 2.en.srt",
        "Subs/2_English.srt",
        "Subs/Filmmaker/2_German.srt",
    )
    assert names(tmp_path / "film.mp4") == ["film.srt", "Subs/film.en.srt"]
    assert names(tmp_path / "film.uncut.mkv") == ["film.uncut.de.srt", "film.uncut.srt"]
    assert names(tmp_path / "film 2.mp4") == ["film 2.en.srt", "Subs/film 2.en.srt"]
    assert names(tmp_path / "Filmmaker.mov") == ["Filmmaker.srt", "Subs/Filmmaker/2_German.srt"]
    assert reasons(tmp_path / "film.mp4") == {
        "film.uncut.de.srt": "it belongs to film.uncut.mkv",
        "film.uncut.srt": "it belongs to film.uncut.mkv",
        "film 2.en.srt": "it belongs to film 2.mp4",
        "2_English.srt": "it may belong to any of 4 films",
    }


def test_films_whose_names_differ_in_case_have_their_own(tmp_path: Path) -> None:
    touch(tmp_path, "Film.mp4", "film.mp4", "Film.srt", "film.en.srt")
    if len(list(tmp_path.iterdir())) < 4:
        pytest.skip("this file system does not tell names by case")
    assert names(tmp_path / "Film.mp4") == ["Film.srt"]
    assert names(tmp_path / "film.mp4") == ["film.en.srt"]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("film.idx", "pictures"),
        ("film.sup", "pictures"),
        ("film.en.scc", "not read"),
        ("film.srt.2.srt", "no language"),
        ("film.part2.srt", "no language"),
    ],
)
def test_what_only_looks_like_it_is_named_with_the_reason(name: str, reason: str, tmp_path: Path) -> None:
    touch(tmp_path, "film.mp4", name)
    assert names(tmp_path / "film.mp4") == []
    assert reason in reasons(tmp_path / "film.mp4")[name]


def test_pictures_in_a_sub_file_are_told_by_their_index(tmp_path: Path) -> None:
    touch(tmp_path, "film.mp4", "film.sub", "film.idx")
    assert "VobSub" in reasons(tmp_path / "film.mp4")["film.sub"]


def test_links_are_followed_and_a_broken_one_is_named(tmp_path: Path) -> None:
    touch(tmp_path, "folder/film.mp4", "elsewhere/subtitles.srt")
    try:
        (tmp_path / "folder" / "film.en.srt").symlink_to(tmp_path / "elsewhere" / "subtitles.srt")
        (tmp_path / "folder" / "film.de.srt").symlink_to(tmp_path / "gone.srt")
    except OSError:
        pytest.skip("no links here")
    assert names(tmp_path / "folder" / "film.mp4") == ["film.en.srt"]
    assert "link to nothing" in reasons(tmp_path / "folder" / "film.mp4")["film.de.srt"]


@pytest.mark.parametrize(
    ("name", "language", "hearing", "forced"),
    [
        ("film.srt", None, False, False),
        ("film.hi.srt", "hi", False, False),
        ("film.en.hi.srt", "en", True, False),
        ("film.hi.pl.srt", "pl", True, False),
        ("film.hi.hi.srt", "hi", True, False),
        ("film.hi.sdh.srt", "hi", True, False),
        ("film.pt-BR.forced.srt", "pt-BR", False, True),
        ("film.English - SDH.srt", "English", True, False),
        ("film_ger.srt", "ger", False, False),
        ("film.en-ehkg1hFWq8A.srt", "en", False, False),
        ("Subs/2_Polish.srt", "Polish", False, False),
        ("Subs/film/4_English.SDH.srt", "English", True, False),
    ],
)
def test_a_name_tells_language_and_purpose(
    name: str, language: str | None, hearing: bool, forced: bool, tmp_path: Path
) -> None:
    touch(tmp_path, "film.mp4", name)
    [found] = find_sidecars(tmp_path / "film.mp4").files
    assert (found.language, found.hearing, found.forced) == (language, hearing, forced)
