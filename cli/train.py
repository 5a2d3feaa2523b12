"""``videoqa train``: teach the encoder to see time, on captioned videos or on the scripted world."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from video_vlm.cli.command import Session
from video_vlm.cli.terminal import print_json, write

__all__ = ["encoder"]


def encoder(
    session: Session,
    data: Annotated[
        str, typer.Argument(metavar="DATA", help="A folder of videos with captions (JSONL), or the word 'world'.")
    ],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where checkpoint and weights are kept.")],
    tower: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="Image-text model: folder or cached hub id. Without: a small one from nothing."
        ),
    ] = None,
    stage: Annotated[Literal["encoder", "projector"], typer.Option(help="What learns.")] = "encoder",
    loss: Annotated[
        Literal["siglip", "clip"], typer.Option(help="How clips and captions are brought together.")
    ] = "siglip",
    unfreeze: Annotated[int, typer.Option(min=0, metavar="N", help="The tower's last N blocks learn too.")] = 0,
    fewer: Annotated[int, typer.Option(min=1, metavar="K", help="Merge to K times fewer tokens: 1, 2, 4.")] = 1,
    frames: Annotated[int, typer.Option(min=1, metavar="N", help="Frames of each video.")] = 16,
    steps: Annotated[int, typer.Option(min=1, metavar="N", help="Train until this step.")] = 1000,
    batch: Annotated[int, typer.Option(min=2, metavar="N", help="Clips in a batch.")] = 16,
    accumulate: Annotated[int, typer.Option(min=1, metavar="N", help="Batches in a step.")] = 1,
    rate: Annotated[float, typer.Option(metavar="X", help="Learning rate.")] = 1e-3,
    precision: Annotated[Literal["float32", "bfloat16"], typer.Option(help="What products are made in.")] = "float32",
    device: Annotated[str, typer.Option(metavar="NAME", help="cpu, cuda, mps.")] = "cpu",
    workers: Annotated[int, typer.Option(min=0, metavar="N", help="Processes that make batches ahead.")] = 0,
    seed: Annotated[int, typer.Option(metavar="N", help="Decides weights and batches.")] = 0,
    save_every: Annotated[
        int, typer.Option("--save-every", min=1, metavar="N", help="Steps between checkpoints.")
    ] = 200,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the checkpoint in --out.")] = False,
) -> None:
    """Train the temporal encoder.

    The tower stays as it is; attention over time, which starts as nothing, learns from captions, from the order of
    frames and from the arrow of time. Ctrl-C leaves a checkpoint that --resume goes on from.

    Examples:

    \b
      videoqa train encoder world --out runs/world --steps 4000 --batch 32 --rate 2e-3
      videoqa train encoder clips/ --tower google/siglip-base-patch16-224 --out runs/clips
      videoqa train encoder clips/ --out runs/clips --stage projector
    """
    from video_vlm.encoder.load import require_models

    require_models("training the encoder")
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
            bar.set_postfix(loss=f"{loss:.4f}", clips_a_second=f"{_speed(bar, batch * accumulate)}", refresh=False)
            bar.update(step - bar.n)

        report = train_encoder(request, watch=watch)
    if session.json:
        print_json({"step": report.step, "loss": report.loss, "folder": str(out), "checkpoint": str(report.checkpoint)})
    else:
        write(f"step {report.step}, loss {report.loss:.4f}; weights in {out}")


def _speed(bar: tqdm, clips_a_step: int) -> str:  # type: ignore[name-defined]  # noqa: F821
    rate = bar.format_dict["rate"]
    return "?" if rate is None else f"{rate * clips_a_step:.1f}"
