"""What merging saves and what it costs: speed, memory, tokens and fidelity of the encoder.

    python bench/encoder.py [--frames 32 64] [--videos DIR] [--repeat N] [--device cuda] [--quick]

*Speed.* A base-size ViT-B/16 tower with random weights at 224 pixels, each setting in processes of its own
that take turns with the plain tower of transformers, run frame by frame; CPU time, so that other programs
count less. The arithmetic saved is counted on the same run. *Memory.* What a run holds at a time in tensors,
beside weights and clip: counted, the same every time. And the most the process held while it ran, the median
of processes: two of the same differ by some percent in what malloc keeps. *Exactness.* With nothing merged
and its gates closed the encoder must be the tower of transformers, bit for bit. *Fidelity.* The weights
trained on the scripted world (``bench/order.py``): the cosine of clips' vectors with and without merging, on
frames of the videos in ``--videos``, and one odd frame among 256 that must still be found at a tenth of the
tokens. On a GPU (``--device cuda``) there is speed alone, in bfloat16, against the tower with all frames in
one batch, by the clock. ``--quick`` has 16 frames and fewer settings, and measures once more what missed. The
last line holds the headline figures against their goals; exit 1 on a miss.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import torch
from torch import Tensor

from video_vlm.encoder.costs import count_flops, peak_bytes
from video_vlm.encoder.image_tower import Tower, as_tower
from video_vlm.encoder.presets import settings_for
from video_vlm.encoder.video import EncoderSettings, Fold, VideoEncoder
from video_vlm.encoder.world_model import CONTRAST, GROUND, load_world_model
from video_vlm.world import COLOURS, Actor, WorldSettings, draw, write_script

SIDE, PATCHES, BLOCKS = 224, 196, 12
TIMES = (1, 2, 4, 8, 20)
SPEED_GOALS = {"4x": 3.2, "20x": 4.4}
UNMERGED = ("tower", "1x")
LONG = 32
"""From so many frames on a run is to hold no more than the tower; of fewer, the two in work are the larger
part."""
SHORT_RUNS, LONG_RUN = 3, 4.0
ON_LINUX = sys.platform == "linux"
STATIC_GOAL, FLOPS_GOAL, SLACK = 4.0, 0.85, 0.03
"""Not slower and no larger a process, within ``SLACK``: what two runs of the same differ by."""
NEEDLE_FRAMES, NEEDLE_FEWER, NEEDLES = 256, 10, 20


def base_model(kind: str) -> Any:
    """A base-size vision model of transformers with random weights, the same every time."""
    import transformers

    torch.manual_seed(0)
    shape = {
        "hidden_size": 768,
        "intermediate_size": 3072,
        "num_hidden_layers": BLOCKS,
        "num_attention_heads": 12,
    }
    shape |= {"patch_size": 16} | (
        {"num_patches": PATCHES} if kind == "Siglip2Vision" else {"image_size": SIDE}
    )
    config = getattr(transformers, f"{kind}Config")(**shape)
    return getattr(transformers, f"{kind}Model")(config).eval()


def film(num_frames: int, *, still: bool = False) -> tuple[Tensor, Tensor]:
    """A clip whose frames drift slowly, or are all the same but for grain: ``(1 frames 3 side side)`` and
    times."""
    generator = torch.Generator().manual_seed(1)
    ends = torch.randn(2, 3, 14, 14, generator=generator)
    share = torch.zeros(num_frames) if still else torch.linspace(0, 1, num_frames)
    coarse = torch.lerp(ends[0], ends[1], share[:, None, None, None])
    pictures = torch.nn.functional.interpolate(coarse, (SIDE, SIDE), mode="bilinear")
    pictures = pictures + 0.01 * torch.randn(pictures.shape, generator=generator)
    return pictures[None], torch.arange(num_frames, dtype=torch.float64)[None]


def one_setting(name: str, num_frames: int, device: str, *, is_counted: bool) -> dict[str, float]:
    """In a process of its own: time, peak memory and tokens of one run, and the arithmetic if it is to be
    counted."""
    torch.set_num_threads(2)
    dtype = torch.float32 if device == "cpu" else torch.bfloat16
    tower = as_tower(base_model("SiglipVision").to(device, dtype))
    pictures, seconds = film(num_frames, still=name == "static")
    pictures, seconds = pictures.to(device, dtype), seconds.to(device)
    forget_peak()
    run = running(tower, name, pictures, seconds)
    with torch.inference_mode():
        running(tower, name, pictures[:, :4], seconds[:, :4])() if device == "cpu" else run()
        took, tokens = least(COSTS.get(device, clock_seconds), run)
    measured = {"seconds": took, "tokens": tokens, "peak_mb": peak_mb(device)}
    if is_counted:
        one = running(
            tower, name, pictures[:, :1], seconds[:, :1]
        )  # where nothing is merged, one frame tells of all
        measured["flops"] = num_frames * count_flops(one) if name in UNMERGED else count_flops(run)
        measured["tensors_mb"] = peak_bytes(run) / 2**20 if device == "cpu" else 0.0
    return measured


def running(tower: Tower, name: str, pictures: Tensor, seconds: Tensor) -> Callable[[], int]:
    """What a row of the table runs."""
    if name != "tower":
        return encoding(tower, name, pictures, seconds)
    return frame_by_frame(tower, pictures) if pictures.device.type == "cpu" else all_at_once(tower, pictures)


def frame_by_frame(tower: Tower, pictures: Tensor) -> Callable[[], int]:
    """The tower of transformers on one frame after the other, its tokens kept; gives back how many that
    makes."""
    return lambda: sum(
        tokens.shape[1]
        for tokens in [tower.model(picture[None]).last_hidden_state for picture in pictures[0]]
    )


def all_at_once(tower: Tower, pictures: Tensor) -> Callable[[], int]:
    """The tower of transformers on all frames in one batch, as a GPU likes it."""
    return lambda: tower.model(pictures[0]).last_hidden_state.shape[:2].numel()


def encoding(tower: Tower, name: str, pictures: Tensor, seconds: Tensor) -> Callable[[], int]:
    """The encoder with a setting; gives back how many tokens that leaves."""
    settings = setting(name)
    if pictures.device.type != "cpu":
        settings = replace(settings, frames_at_once=pictures.shape[1])
    encoder = VideoEncoder(tower, settings).eval().to(pictures.device, pictures.dtype)
    return lambda: encoder(pictures, seconds).tokens.num_tokens


def setting(name: str) -> EncoderSettings:
    """By its row in the table: ``4x``, ``4x + time`` (temporal attention, its gates open), ``static``."""
    if name == "static":
        return settings_for(4, num_blocks=BLOCKS, num_patches=PATCHES, tolerance=0.02)
    depths = (0, 3, 6, 9) if name.endswith("time") else ()
    settings = settings_for(
        float(name.partition("x")[0]), num_blocks=BLOCKS, num_patches=PATCHES, temporal_depths=depths
    )
    return replace(settings, initial_gate=0.5)


def least(
    cost: Callable[[Callable[[], int]], tuple[float, int]], run: Callable[[], int]
) -> tuple[float, int]:
    """The least that one run costs, of short ones three: what other programs add is no part of it."""
    costs = [cost(run)]
    while len(costs) < SHORT_RUNS and sum(seconds for seconds, _ in costs) < LONG_RUN:
        costs.append(cost(run))
    return min(costs)


def cpu_seconds(run: Callable[[], int]) -> tuple[float, int]:
    """What one run costs, over all threads, and what it gives back."""
    began = time.process_time()
    made = run()
    return time.process_time() - began, made


def clock_seconds(run: Callable[[], int]) -> tuple[float, int]:
    """What one run takes on a GPU, and what it gives back."""
    torch.cuda.synchronize()
    began = time.perf_counter()
    made = run()
    torch.cuda.synchronize()
    return time.perf_counter() - began, made


COSTS = {"cpu": cpu_seconds}


def forget_peak() -> None:
    """From here on the peak is that of the run, not of making random weights and a clip. Linux only."""
    gc.collect()
    if ON_LINUX:
        ctypes.CDLL(None).malloc_trim(0)
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def peak_mb(device: str) -> float:
    """The most memory that was in use: of the process, or of the GPU."""
    if device != "cpu":
        return torch.cuda.max_memory_allocated() / 2**20
    if ON_LINUX:  # getrusage would not forget
        status = Path("/proc/self/status").read_text(encoding="ascii")
        return int(status.partition("VmHWM:")[2].split()[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def speed(
    frames: Sequence[int], names: Sequence[str], repeat: int, device: str
) -> dict[tuple[int, str], dict[str, float]]:
    """Every setting at every length; prints the table."""
    found: dict[tuple[int, str], dict[str, float]] = {}
    print(
        f"{'':22} {'tokens':>7} {'fewer':>6} {'seconds':>7} {'faster':>7} {'by FLOPs':>8} {'of that':>8} "
        f"{'run MB':>7} {'process MB':>10}"
    )
    for count in frames:
        turns = [
            {name: measured_apart(name, count, device, is_counted=turn == 0) for name in ("tower", *names)}
            for turn in range(repeat)
        ]
        for name in ("tower", *names):
            found[count, name] = middle([turn[name] for turn in turns])
            print(row(f"{count} frames, {name}", found[count, name], found[count, "tower"]), flush=True)
    return found


def middle(turns: Sequence[dict[str, float]]) -> dict[str, float]:
    """The least of seconds, the median of memory; what was counted, was in the first turn."""
    return {
        key: (min if key == "seconds" else median)(turn[key] for turn in turns if key in turn)
        for key in turns[0]
    }


def measured_apart(name: str, num_frames: int, device: str, *, is_counted: bool) -> dict[str, float]:
    """:func:`one_setting` in a process of its own, so that peaks of memory do not mix."""
    command = [sys.executable, __file__, "--one", name, "--frames", str(num_frames), "--device", device]
    command += ["--counted"] if is_counted else []
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result


def row(name: str, one: dict[str, float], tower: dict[str, float]) -> str:
    """One line of the table."""
    faster, by_flops = tower["seconds"] / one["seconds"], tower["flops"] / one["flops"]
    return (
        f"{name:22} {one['tokens']:7.0f} {tower['tokens'] / one['tokens']:5.1f}x {one['seconds']:7.3f} "
        f"{faster:6.2f}x "
        f"{by_flops:7.2f}x {100 * faster / by_flops:7.0f}% {one['tensors_mb']:7.1f} {one['peak_mb']:10.0f}"
    )


@torch.inference_mode()
def is_exact(kind: str, num_frames: int = 2) -> bool:
    """Whether nothing merged and gates closed is the plain tower, bit for bit."""
    from einops import rearrange

    model = base_model(kind)
    pictures, seconds = film(num_frames)
    encoder = VideoEncoder(as_tower(model), EncoderSettings(temporal_depths=(0, 3, 6, 9))).eval()
    encoded = encoder(pictures, seconds)
    if kind == "Siglip2Vision":
        patches = rearrange(pictures[0], "f c (rows h) (columns w) -> f (rows columns) (h w c)", h=16, w=16)
        shapes = torch.tensor([[14, 14]] * num_frames)
        plain = model(patches, torch.ones(patches.shape[:2], dtype=torch.int64), shapes)
    else:
        plain = model(pictures[0])
    patches_out = plain.last_hidden_state[:, encoder.tower.num_prefix :].flatten(0, 1)
    return torch.equal(encoded.frames[0], plain.pooler_output) and torch.equal(
        encoded.tokens.values[0], patches_out
    )


@torch.inference_mode()
def fidelity(videos: Sequence[Path]) -> dict[int, float]:
    """The lowest cosine, over videos, of a clip's vector with and without merging."""
    from video_vlm.encoder.captions import (
        ClipSettings,
        read_clip,
    )  # needs a decoder, which speed alone does not

    model = load_world_model()
    side = model.settings.world.side
    frames = ClipSettings(side=side, num_frames=16, mean=(GROUND,) * 3, deviation=(CONTRAST,) * 3)
    clips = [read_clip(path, frames) for path in videos]
    folds = {2: (Fold(1, 2),), 4: (Fold(1, 2), Fold(2, 2)), 8: (Fold(1, 2), Fold(2, 4))}
    lowest: dict[int, float] = {}
    for times, some in folds.items():
        cosines = []
        for pictures, seconds in clips:
            whole, merged = (
                with_folds(model.encoder, each)(pictures[None], seconds[None]).clip for each in ((), some)
            )
            cosines.append(float(torch.cosine_similarity(whole, merged)))
        lowest[times] = min(cosines)
        print(
            f"{times}x fewer tokens, {len(clips)} videos: cosine {median(cosines):.4f}, lowest "
            f"{min(cosines):.4f}"
        )
    return lowest


def with_folds(encoder: VideoEncoder, folds: tuple[Fold, ...]) -> VideoEncoder:
    """The same weights, other folds."""
    other = VideoEncoder(encoder.tower, replace(encoder.settings, folds=folds, r=0))
    other.load_state_dict(encoder.state_dict())
    return other.eval()


@torch.inference_mode()
def needles() -> tuple[float, float]:
    """How often one odd frame among many is found at a tenth of the tokens: by folding, by pooling evenly."""
    tower = load_world_model().encoder.tower
    folding = VideoEncoder(tower, EncoderSettings(folds=(Fold(0, NEEDLE_FEWER),), frames_at_once=64)).eval()
    plain = VideoEncoder(tower, EncoderSettings(frames_at_once=64)).eval()
    found = [needle_found(seed, folding, plain) for seed in range(NEEDLES)]
    folded, pooled = (sum(marks) / NEEDLES for marks in zip(*found, strict=True))
    return folded, pooled


def needle_found(seed: int, folding: VideoEncoder, plain: VideoEncoder) -> tuple[bool, bool]:
    """Whether the frame nearest to the odd one is the one that holds it: after folding, after pooling
    evenly."""
    pictures, seconds, place, needle = haystack(seed)
    query = plain(needle[None, None], seconds[:, :1]).frames[0]
    folded = folding(pictures[None], seconds)
    best = int(torch.cosine_similarity(folded.frames[0], query).argmax())
    by_folding = bool(folded.start[0, best] <= seconds[0, place] < folded.end[0, best])
    whole = plain(pictures[None], seconds).frames[0]
    windows = (
        whole[: NEEDLE_FRAMES // NEEDLE_FEWER * NEEDLE_FEWER].unflatten(0, (-1, NEEDLE_FEWER)).mean(dim=1)
    )
    window = int(torch.cosine_similarity(windows, query).argmax())
    return by_folding, window == place // NEEDLE_FEWER


def haystack(seed: int) -> tuple[Tensor, Tensor, int, Tensor]:
    """A long clip in which little happens, with somebody there for one frame only; and that frame with other
    grain."""
    settings = WorldSettings(num_frames=NEEDLE_FRAMES, pan=0.0005, chance_of_guest=0.0, chance_of_post=0.0)
    script = write_script(10_000 + seed, settings)
    place = 20 + (37 * seed) % (NEEDLE_FRAMES - 40)
    guest = Actor(next(c for c in COLOURS if c not in {a.colour for a in script.actors}), "square", 0.5, 0.5)
    with_guest = draw(replace(script, actors=(*script.actors, guest)))
    clip = draw(script)
    frames = clip.frames.copy()
    frames[place] = with_guest.frames[place]
    pictures = (torch.from_numpy(frames).permute(0, 3, 1, 2).float() / 255 - GROUND) / CONTRAST
    grain = torch.randn(pictures[place].shape, generator=torch.Generator().manual_seed(seed))
    return pictures, torch.from_numpy(clip.seconds)[None], place, pictures[place] + 0.1 * grain


def main() -> int:
    """Run, print, and say by the exit code whether the goals were met."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--frames", type=int, nargs="+", help="lengths of clips (32 64; --quick: 16)")
    parser.add_argument(
        "--videos", type=Path, help="a folder of videos for fidelity; without, clips of the scripted world"
    )
    parser.add_argument("--repeat", type=int, help="processes for each setting (3; --quick: 1)")
    parser.add_argument("--quick", action="store_true", help="fewer frames and settings, under a minute")
    parser.add_argument("--device", default="cpu", help="cpu, cuda")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--counted", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        one = one_setting(arguments.one, arguments.frames[0], arguments.device, is_counted=arguments.counted)
        print(json.dumps(one))
        return 0
    return report(arguments)


def report(arguments: argparse.Namespace) -> int:
    """All sections, then the line of figures."""
    quick = arguments.quick
    frames = arguments.frames or ([16] if quick else [32, 64])
    names = ["4x", "20x", "static"] if quick else [*(f"{t}x" for t in TIMES), "4x + time", "static"]
    repeat = arguments.repeat or (1 if quick else 3)
    table = speed(frames, names, repeat, arguments.device)
    if quick and judged(table, frames[0])[0]:
        print("once more, as the machine may have been slower for one of them:")
        again = speed(frames, names, repeat, arguments.device)
        table = {key: middle([table[key], again[key]]) for key in table}
    if arguments.device != "cpu":
        return told(*judged(table, frames[0]))
    exact = {
        kind: is_exact(kind)
        for kind in (("SiglipVision",) if quick else ("SiglipVision", "Siglip2Vision", "CLIPVision"))
    }
    print(f"exactly the tower: {', '.join(f'{kind} {same}' for kind, same in exact.items())}")
    if arguments.videos:
        suffixes = {".mp4", ".webm", ".mkv"}
        fidelity(sorted(path for path in arguments.videos.iterdir() if path.suffix in suffixes))
    folded, pooled = needles()
    print(
        f"one odd frame in {NEEDLE_FRAMES}, a tenth of the tokens: found {folded:.2f}, pooled evenly "
        f"{pooled:.2f}"
    )
    misses, said = judged(table, frames[0])
    misses += [f"{kind} is not exact" for kind, same in exact.items() if not same]
    misses += ["the needle is lost"] if folded < 1 or folded <= pooled else []
    return told(misses, f"{said}; needle {folded:.2f} against {pooled:.2f}")


def told(misses: Sequence[str], said: str) -> int:
    """Print the last line; the exit code."""
    print(said + (f" MISSED: {', '.join(misses)}" if misses else ""))
    return 1 if misses else 0


def judged(table: dict[tuple[int, str], dict[str, float]], first: int) -> tuple[list[str], str]:
    """What was missed, and the headline."""
    misses, said = [], []
    for (count, name), one in table.items():
        tower, where = table[count, "tower"], f"{count} frames, {name}"
        faster, by_flops = tower["seconds"] / one["seconds"], tower["flops"] / one["flops"]
        goal = STATIC_GOAL if name == "static" else SPEED_GOALS.get(name, 0)
        if count == first and goal:
            said.append(f"{name} {faster:.2f}x faster (goal {goal})")
            misses += [f"{name} {faster:.2f}x"] if faster < goal else []
        misses += [f"{where} slower"] if faster < 1 - SLACK else []
        misses += [f"{where} {faster / by_flops:.2f} of FLOPs"] if faster < FLOPS_GOAL * by_flops else []
        misses += [f"{where} larger process"] if one["peak_mb"] > (1 + SLACK) * tower["peak_mb"] else []
        if name not in UNMERGED and count >= LONG and one["tensors_mb"] > tower["tensors_mb"]:
            misses.append(f"{where} holds more")
    held = [
        one["tensors_mb"] for (count, name), one in table.items() if count == first and name not in UNMERGED
    ]
    if any(held):  # counted on a CPU only
        said.append(
            f"a run holds {max(held):.1f} MB at most, the tower {table[first, 'tower']['tensors_mb']:.1f}"
        )
    return misses, ", ".join(said)


if __name__ == "__main__":
    sys.exit(main())
