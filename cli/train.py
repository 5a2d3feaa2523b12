"""``videoqa train``: teach the encoder to see time, or a small language model to see the scripted world."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from video_vlm.cli.session import OverwriteOption, Session
from video_vlm.cli.terminal import print_json, write
from video_vlm.errors import OutputError, OutputExists
from video_vlm.outputs import NEW_FILES

__all__ = ["check_folder", "encoder", "language"]

_CHECKPOINT = "checkpoint.safetensors"
"""As :data:`video_vlm.encoder.training.CHECKPOINT`, which takes torch to import."""


def encoder(
    session: Session,
    data: Annotated[
        str,
        typer.Argument(metavar="DATA", help="A folder of videos with captions (JSONL), or the word 'world'."),
    ],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where checkpoint and weights are kept.")],
    tower: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Image-text model: folder or cached hub id. Without: a small one from nothing.",
        ),
    ] = None,
    stage: Annotated[Literal["encoder", "projector"], typer.Option(help="What learns.")] = "encoder",
    loss: Annotated[
        Literal["siglip", "clip"], typer.Option(help="How clips and captions are brought together.")
    ] = "siglip",
    unfreeze: Annotated[
        int, typer.Option(min=0, metavar="N", help="The tower's last N blocks learn too.")
    ] = 0,
    fewer: Annotated[
        int, typer.Option(min=1, metavar="K", help="Merge to K times fewer tokens: 1, 2, 4.")
    ] = 1,
    frames: Annotated[int, typer.Option(min=1, metavar="N", help="Frames of each video.")] = 16,
    steps: Annotated[int, typer.Option(min=1, metavar="N", help="Train until this step.")] = 1000,
    batch: Annotated[int, typer.Option(min=2, metavar="N", help="Clips in a batch.")] = 16,
    accumulate: Annotated[int, typer.Option(min=1, metavar="N", help="Batches in a step.")] = 1,
    rate: Annotated[float, typer.Option(metavar="X", help="Learning rate.")] = 1e-3,
    precision: Annotated[
        Literal["float32", "bfloat16"], typer.Option(help="What products are made in.")
    ] = "float32",
    device: Annotated[str, typer.Option(metavar="NAME", help="cpu, cuda, mps.")] = "cpu",
    workers: Annotated[int, typer.Option(min=0, metavar="N", help="Processes that make batches ahead.")] = 0,
    seed: Annotated[int, typer.Option(metavar="N", help="Decides weights and batches.")] = 0,
    save_every: Annotated[
        int, typer.Option("--save-every", min=1, metavar="N", help="Steps between checkpoints.")
    ] = 200,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the checkpoint in --out.")] = False,
    overwrite: OverwriteOption = False,
) -> None:
    """Train the temporal encoder.

    The tower stays as it is; attention over time, which starts as nothing, learns from captions, from the
    order of frames and from the arrow of time. Ctrl-C leaves a checkpoint that --resume goes on from.

    Examples:

    \b
      videoqa train encoder world --out runs/world --steps 4000 --batch 32 --rate 2e-3
      videoqa train encoder clips/ --tower google/siglip-base-patch16-224 --out runs/clips
      videoqa train encoder clips/ --out runs/clips --stage projector
    """
    from video_vlm.encoder.tower_files import require_models

    require_models("training the encoder")
    check_folder(out, overwrite=overwrite)
    from tqdm import tqdm

    from video_vlm.encoder.trainer import TrainRequest, train_encoder
    from video_vlm.encoder.training import TrainSettings

    how = TrainSettings(
        num_steps=steps,
        batch_size=batch,
        accumulate=accumulate,
        learning_rate=rate,
        precision=precision,
        seed=seed,
        save_every=save_every,
        num_workers=workers,
    )
    request = TrainRequest(
        data,
        out,
        tower=tower,
        stage=stage,
        unfreeze=unfreeze,
        fewer=fewer,
        contrastive=loss,
        num_frames=frames,
        device=device,
        resume=resume,
        how=how,
    )
    shown = not session.quiet and sys.stderr.isatty()
    with tqdm(total=steps, unit="step", file=sys.stderr, disable=not shown, dynamic_ncols=True) as bar:

        def watch(step: int, loss: float) -> None:
            rate = bar.format_dict["rate"]
            clips_a_second = "?" if rate is None else f"{rate * (batch * accumulate):.1f}"
            bar.set_postfix(loss=f"{loss:.4f}", clips_a_second=clips_a_second, refresh=False)
            bar.update(step - bar.n)

        report = train_encoder(request, watch=watch)
    if session.json:
        saved = {"folder": str(out), "checkpoint": str(report.checkpoint)}
        print_json({"step": report.step, "loss": report.loss, **saved})
    else:
        write(f"step {report.step}, loss {report.loss:.4f}; weights in {out}")


def language(
    session: Session,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where checkpoints and the model are kept.")],
    scale: Annotated[
        float, typer.Option(min=0.0001, metavar="X", help="So many times the usual steps of each stage.")
    ] = 1.0,
    accumulate: Annotated[int, typer.Option(min=1, metavar="N", help="Batches in a step.")] = 1,
    threads: Annotated[
        int, typer.Option(min=1, metavar="N", help="Of the CPU; small products gain from few.")
    ] = 1,
    workers: Annotated[int, typer.Option(min=0, metavar="N", help="Processes that make batches ahead.")] = 0,
    seed: Annotated[int, typer.Option(metavar="N", help="Decides weights and lessons.")] = 0,
    save_every: Annotated[
        int, typer.Option("--save-every", min=1, metavar="N", help="Steps between checkpoints.")
    ] = 200,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the checkpoints in --out.")] = False,
    overwrite: OverwriteOption = False,
) -> None:
    """Teach a small video language model the scripted world.

    A LLaVA of some millions of weights, from nothing: tower, words, projector, then instructions. What comes
    out is a folder for --model hf:DIR. It knows coloured shapes that move, and no real film. Ctrl-C leaves
    checkpoints that --resume goes on from.

    Examples:

    \b
      videoqa train language --out runs/small
      videoqa train language --out runs/small --resume
      videoqa ask story.mp4 "What happens first?" --model hf:runs/small
    """
    from video_vlm.encoder.tower_files import require_models

    require_models("training a language model")
    check_folder(out, overwrite=overwrite)
    import torch
    from tqdm import tqdm

    from video_vlm.toy_llava.trainer import LanguageRequest, train_language

    torch.set_num_threads(threads)
    request = LanguageRequest(
        out,
        scale=scale,
        accumulate=accumulate,
        seed=seed,
        save_every=save_every,
        num_workers=workers,
        resume=resume,
    )
    shown = not session.quiet and sys.stderr.isatty()
    with tqdm(
        total=request.num_steps, unit="step", file=sys.stderr, disable=not shown, dynamic_ncols=True
    ) as bar:

        def watch(stage: str, step: int, loss: float) -> None:
            bar.set_postfix(stage=stage, loss=f"{loss:.4f}", refresh=False)
            bar.update(step - bar.n)

        report = train_language(request, watch=watch)
    if session.json:
        print_json({"step": report.step, "loss": report.loss, "folder": str(out)})
    else:
        write(f"step {report.step}, loss {report.loss:.4f}; ask it with --model hf:{out}")


def check_folder(out: Path, *, overwrite: bool) -> None:
    """Make the folder of a training run; it has to be empty, or the folder of an earlier run.

    Raises:
        OutputExists: there are other files in it, and not ``overwrite``.
        OutputError: it cannot be made or read.
    """
    NEW_FILES.folder(out)
    try:
        is_empty = not any(out.iterdir())
    except OSError as error:
        raise OutputError(f"{out} cannot be looked into: {error.strerror}") from error
    was_trained_into = any(True for pattern in (_CHECKPOINT, f"*/{_CHECKPOINT}") for _ in out.glob(pattern))
    if not (overwrite or is_empty or was_trained_into):
        raise OutputExists(
            f"{out} holds other files: name a new folder with --out, or --overwrite to write among them"
        )
