"""Does the encoder see order? Train small models from nothing on the scripted world and ask them.

    python bench/order.py [--out DIR] [--arms NAME ...] [--seeds 0 1 2] [--steps N] [--more N] [--device cuda]
    [--quick]

The arms without merging learn from nothing; each arm that merges goes on from the weights of "+ temporal
attention", for ``--more`` steps. One row an arm, the mean over seeds (and the lowest): questions about order
of clips that were not trained on, what guessing gets of them from frames in no order, questions whose answer
differs between a clip and its reverse (both right; first of those about order, then of all), and every kind
of question. A run that is in ``--out`` is not made again, so that the table can be made in pieces.
``--quick`` trains nothing: it asks the weights that come with the package, with their temporal attention and
without. The last line holds the headline figures against their goals; exit 1 on a miss.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from video_vlm.encoder.training import TrainSettings, seed_everything, train
from video_vlm.encoder.world_model import ARMS, WorldModel, load_world_model, save_world_model
from video_vlm.encoder.world_task import Score, WorldTask, score

BLIND = ("spatial only", "+ time position")
GOES_ON_FROM = dict.fromkeys(("+ merging 2x", "+ merging 4x", "+ merging 8x"), "+ temporal attention")
BATCH_SIZE = 32
ABOVE_CHANCE, ORDER, TWINS, MERGING_COSTS = 0.10, 0.97, 0.97, 0.01


@dataclass(frozen=True)
class Bench:
    """Where runs are kept, how many steps an arm learns from nothing and how many one that goes on, and on
    what."""

    folder: Path
    steps: int
    more: int
    device: str
    num_workers: int


def run(arm: str, seed: int, bench: Bench) -> Score:
    """Train one model and score it, or read what an earlier run came to."""
    result = bench.folder / f"{name_of(arm, seed)}.json"
    if result.is_file():
        return Score(**json.loads(result.read_text(encoding="utf-8"))["score"])
    task, settings = learner(arm, seed, bench)
    began = time.monotonic()
    with tqdm(
        total=settings.num_steps, desc=result.stem, unit="step", disable=not sys.stderr.isatty()
    ) as bar:
        train(task, settings, folder=bench.folder / result.stem, watch=lambda _step, loss: shown(bar, loss))
    found = score(task.world)
    about = f"bench/order.py: {arm}, seed {seed}, {settings.num_steps} steps"
    save_world_model(task.world, weights_of(arm, seed, bench.folder), about=about)
    record = {"arm": arm, "seed": seed, "steps": settings.num_steps, "device": bench.device}
    record["seconds"] = round(time.monotonic() - began)
    result.write_text(json.dumps({**record, "score": asdict(found)}), encoding="utf-8")
    return found


def learner(arm: str, seed: int, bench: Bench) -> tuple[WorldTask, TrainSettings]:
    """The model of an arm as its training begins, and how it is trained."""
    seed_everything(seed)
    task = WorldTask(WorldModel(ARMS[arm]))
    before = GOES_ON_FROM.get(arm)
    settings = TrainSettings(
        bench.steps, BATCH_SIZE, learning_rate=2e-3, seed=seed, save_every=1000, num_workers=bench.num_workers
    )
    if before:
        run(before, seed, bench)
        task.world.load_state_dict(load_world_model(weights_of(before, seed, bench.folder)).state_dict())
        # With another seed: batches that were not trained on yet.
        settings = replace(settings, num_steps=bench.more, learning_rate=1e-3, seed=seed + 100)
    task.model.to(bench.device)
    return task, settings


def name_of(arm: str, seed: int) -> str:
    """What the files of a run are called."""
    return f"{arm.strip('+ ').replace(' ', '-')}-{seed}"


def weights_of(arm: str, seed: int, folder: Path) -> Path:
    """Where the weights of a run are."""
    return folder / f"{name_of(arm, seed)}.safetensors"


def shown(bar: tqdm, loss: float) -> None:  # type: ignore[type-arg]
    """Move the bar one step on."""
    bar.set_postfix(loss=f"{loss:.3f}", refresh=False)
    bar.update()


def row(name: str, scores: Sequence[Score]) -> str:
    """One line of the table, in per cent."""

    def cell(values: Sequence[float]) -> str:
        return f"{100 * float(np.mean(values)):5.1f} ({100 * min(values):5.1f})"

    kinds = " ".join(
        f"{100 * float(np.mean([one.by_kind[kind] for one in scores])):9.1f}" for kind in scores[0].by_kind
    )
    chance = 100 * float(np.mean([one.chance for one in scores]))
    order, twins, both = (
        [getattr(one, field) for one in scores] for field in ("order", "order_twins", "twins")
    )
    return f"{name:22} {cell(order)} {chance:6.1f} {cell(twins)} {cell(both)} {kinds}"


def header(kinds: Sequence[str]) -> str:
    """The line above the table."""
    shares = f"{'order (min)':>13} {'chance':>6} {'of twins':>13} {'all twins':>13}"
    return f"{'':22} {shares} " + " ".join(f"{kind:>9}" for kind in kinds)


def ablation(arguments: argparse.Namespace) -> bool:
    """Train and score every arm, print the table and the last line."""
    bench = Bench(arguments.out, arguments.steps, arguments.more, arguments.device, arguments.workers)
    table: dict[str, list[Score]] = {}
    for arm in arguments.arms:
        table[arm] = [run(arm, seed, bench) for seed in arguments.seeds]
    print(header(list(next(iter(table.values()))[0].by_kind)))
    for arm, scores in table.items():
        print(row(arm, scores))
    return verdict(table)


def verdict(table: dict[str, list[Score]]) -> bool:
    """The last line, of whatever rows there are."""
    means = {arm: float(np.mean([one.order for one in scores])) for arm, scores in table.items()}
    said, good = [], True
    for arm in BLIND:
        if arm in table:
            above = means[arm] - float(np.mean([one.chance for one in table[arm]]))
            said.append(f"{arm}: {100 * above:+.1f} points of chance (goal <= {100 * ABOVE_CHANCE:.0f})")
            good &= above <= ABOVE_CHANCE
    if "+ temporal attention" in table:
        order, twins = (
            means["+ temporal attention"],
            float(np.mean([s.twins for s in table["+ temporal attention"]])),
        )
        said.append(f"with temporal attention {100 * order:.1f} %, twins {100 * twins:.1f} % (goals >= 97)")
        good &= order >= ORDER and twins >= TWINS
        if "+ merging 4x" in table:
            cost = order - means["+ merging 4x"]
            said.append(f"4x merging costs {100 * cost:.1f} points (goal <= {100 * MERGING_COSTS:.0f})")
            good &= cost <= MERGING_COSTS
    print("; ".join(said) + ("" if good else " MISSED"))
    return good


def quick() -> bool:
    """Ask the shipped weights, as they are and with the gates of their temporal attention closed."""
    model = load_world_model()
    whole = score(model, num_clips=64)
    for gate in (part.gate for part in model.encoder.temporal.values()):
        torch.nn.init.zeros_(gate)
    blind = score(model, num_clips=64)
    print(header(list(whole.by_kind)))
    print(row("shipped weights", [whole]))
    print(row("gates closed", [blind]))
    good = whole.order >= ORDER and whole.twins >= TWINS and blind.order <= blind.chance + ABOVE_CHANCE
    print(
        f"shipped weights: order {100 * whole.order:.1f} %, twins {100 * whole.twins:.1f} % (goals 97); gates "
        ""
        ""
        ""
        ""
        ""
        ""
        ""
        "closed "
        f"{100 * (blind.order - blind.chance):+.1f} points of chance (goal <= 10)"
        + ("" if good else " MISSED")
    )
    return good


def main() -> int:
    """Run, print, and say by the exit code whether the goals were met."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=Path("sample/order"), help="where runs are kept")
    parser.add_argument("--arms", nargs="+", default=list(ARMS), choices=list(ARMS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--steps", type=int, default=4000, help="of an arm that learns from nothing")
    parser.add_argument(
        "--more", type=int, default=3600, help="of an arm that goes on from another's weights"
    )
    parser.add_argument("--device", default="cpu", help="where models learn: cpu, cuda, mps")
    parser.add_argument("--workers", type=int, default=0, help="processes that draw clips ahead")
    parser.add_argument("--quick", action="store_true", help="train nothing, ask the shipped weights")
    arguments = parser.parse_args()
    return 0 if (quick() if arguments.quick else ablation(arguments)) else 1


if __name__ == "__main__":
    sys.exit(main())
