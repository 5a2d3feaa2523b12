"""Where do the frames land? Our samplers and others' on two hours of made-up similarity, many times over.

    python bench/samplers.py [--quick] [--trials N] [--seed N]

*recall@1* is the share of trials in which every stretch that holds (a part of) the answer got a frame, *4 in
w.* in which each got four or more, *gap* the widest stretch nobody looked at, in seconds (mean), *kept* the
share of plans that were exactly as many distinct frames as asked for. Then the time to plan ten hours,
against that of opening a 720p clip and decoding two frames of it. The last line holds the headline figures
against their goals; exit 1 on a miss.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import av
import numpy as np
from rivals import RIVALS, Seen
from scenarios import SCENARIOS, Scenario, background, film, shots
from tqdm import tqdm

from video_vlm.media import open_video
from video_vlm.samplers import SAMPLERS, TimeAim, TimeMove, plan

BUDGETS = (8, 16, 32, 64, 128)
QUICK_BUDGETS = (8, 32)
QUICK_TRIALS = 10
OURS = ("tiered", "scan", "scene", "motion", "novelty")
HEADLINE_BUDGET = 32

Picker = Callable[[Scenario, int], Sequence[float]]


@dataclass(frozen=True)
class Outcome:
    """What one plan was worth."""

    found: bool
    found_four: bool
    gap_seconds: float
    kept: bool


def pickers() -> dict[str, Picker]:
    """Everybody, by name, as a function from a scenario and a budget to seconds."""
    return {
        **{name: partial(ours, name) for name in OURS},
        **{name: partial(theirs, pick) for name, pick in RIVALS.items()},
    }


def ours(name: str, scenario: Scenario, budget: int) -> list[float]:
    """Seconds planned by a sampler of this package."""
    return [one.pts_seconds for one in plan(name, scenario.subject, frame_budget=budget)]


def theirs(pick: Callable[[Seen, int], list[int]], scenario: Scenario, budget: int) -> list[float]:
    """Seconds picked by a rival."""
    starts = [int(shot.span.start) for shot in scenario.subject.shots]
    return [float(place) for place in pick(Seen(scenario.subject.scores["visual"], starts), budget)]


def judge(times: Sequence[float], scenario: Scenario, budget: int) -> Outcome:
    """What a plan is worth against the truth."""
    hits = [sum(answer.contains(seconds) for seconds in set(times)) for answer in scenario.answers]
    span = scenario.subject.span
    edges = [span.start, *sorted(times), span.end]
    kept = len(times) == budget == len(set(times)) and all(span.contains(seconds) for seconds in times)
    return Outcome(min(hits) >= 1, min(hits) >= 4, float(np.diff(edges).max()), kept)


Outcomes = Mapping[tuple[str, int, str], list[Outcome]]


def run(trials: int, budgets: Sequence[int], seed: int) -> Outcomes:
    """Every picker on the same scenarios."""
    found: dict[tuple[str, int, str], list[Outcome]] = {}
    everybody = pickers()
    for name, make in tqdm(SCENARIOS.items(), unit="scenario", disable=not sys.stderr.isatty()):
        for trial in range(trials):
            scenario = make(np.random.default_rng([seed, trial]))
            for budget in budgets:
                for who, pick in everybody.items():
                    outcome = judge(pick(scenario, budget), scenario, budget)
                    found.setdefault((name, budget, who), []).append(outcome)
    return found


def share(outcomes: Sequence[Outcome], what: str) -> float:
    """The mean of one figure."""
    return statistics.fmean(float(getattr(one, what)) for one in outcomes)


def cell_of(outcomes: Sequence[Outcome]) -> str:
    """Four figures of one sampler, scenario and budget."""
    found, four, gap, kept = (
        share(outcomes, what) for what in ("found", "found_four", "gap_seconds", "kept")
    )
    return f"{found:>10.2f}{four:>8.2f}{gap:>6.0f}{kept:>6.2f}"


def table(outcomes: Outcomes, budgets: Sequence[int]) -> str:
    """One block a scenario: a row for everybody, four figures a budget."""
    lines = []
    for name in SCENARIOS:
        lines += ["", f"{name:18}" + "".join(f"{f'K = {budget}':>30}" for budget in budgets)]
        lines.append(f"{'':18}" + f"{'recall@1':>10}{'4 in w.':>8}{'gap':>6}{'kept':>6}" * len(budgets))
        for who in pickers():
            cells = [outcomes[name, budget, who] for budget in budgets]
            figures = "".join(cell_of(cell) for cell in cells)
            lines.append(f"{who:18}{figures}")
    return "\n".join(lines)


def seconds_to_plan(seconds: int = 36000, repeats: int = 7) -> float:
    """How long ``tiered`` takes for ten hours at a candidate a second: the median of some."""
    noise = np.random.default_rng(0)
    scores = background(noise, seconds)
    subject = film(scores, shots(noise, seconds), noise, TimeAim(TimeMove.AFTER, ({"visual": scores},)))
    return median_seconds(lambda: plan("tiered", subject, frame_budget=HEADLINE_BUDGET), repeats)


def seconds_to_decode(repeats: int = 7) -> float:
    """How long it takes to open a short 720p clip and decode two frames of it: less than of a file of ten
    hours."""
    with tempfile.TemporaryDirectory() as folder:
        clip = write_clip(Path(folder) / "clip.mp4")

        def look() -> None:
            with open_video(clip) as reader:
                list(reader.frames_at([4.3, 14.7]))

        return median_seconds(look, repeats)


def median_seconds(work: Callable[[], object], repeats: int) -> float:
    """How long some work takes: the median of some times."""
    spent = []
    for _ in range(repeats):
        began = time.perf_counter()
        work()
        spent.append(time.perf_counter() - began)
    return statistics.median(spent)


def write_clip(path: Path, *, seconds: int = 20, fps: int = 25) -> Path:
    """Blocks that wander over a 720p picture: H.264 with a keyframe every ten seconds, as encoders do by
    default."""
    blocks = np.random.default_rng(0).integers(0, 255, (45, 80, 3), np.uint8)
    picture = np.kron(blocks, np.ones((16, 16, 1), np.uint8))
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=fps, options={"preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt, stream.gop_size = 1280, 720, "yuv420p", 250
        for index in range(seconds * fps):
            moved = np.roll(picture, 2 * index, axis=1)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(moved))))
        container.mux(stream.encode(None))
    return path


def goals(
    outcomes: Outcomes, budgets: Sequence[int], plan_seconds: float, decode_seconds: float
) -> list[tuple[str, bool]]:
    """The headline figures, and whether each is good enough."""
    after = share(outcomes["after X", HEADLINE_BUDGET, "tiered"], "found_four")
    needles = ("needle 10 s", "needle 30 s")
    behind = max(
        share(outcomes[name, budget, "top-k"], "found") - share(outcomes[name, budget, "tiered"], "found")
        for name in needles
        for budget in budgets
    )
    gaps = max(
        share(outcomes[name, HEADLINE_BUDGET, "tiered"], "gap_seconds")
        / share(outcomes[name, HEADLINE_BUDGET, "top-k"], "gap_seconds")
        for name in needles
    )
    kept = min(share(cell, "kept") for (_, _, who), cell in outcomes.items() if who in OURS)
    ratio = plan_seconds / decode_seconds
    return [
        (f"after X, 4 in window, K = 32: {after:.3f} (goal >= 0.95", after >= 0.95),
        (f"needle recall@1 behind top-k, worst K: {behind:.3f} (goal <= 0.03", behind <= 0.03),
        (f"largest gap over top-k's, K = 32: {gaps:.3f} (goal < 0.333", gaps < 1 / 3),
        (f"contract kept: {kept:.3f} (goal 1", kept == 1.0),
        (f"planning 10 h over decoding 2 frames: {ratio:.2f} (goal < 1", ratio < 1),
    ]


def main() -> int:
    """Run, print, and say by the exit code whether every goal is met."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_TRIALS} trials, K = 8 and 32 only")
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    budgets = QUICK_BUDGETS if options.quick else BUDGETS
    outcomes = run(QUICK_TRIALS if options.quick else options.trials, budgets, options.seed)
    print(table(outcomes, budgets), end="\n\n")
    plan_seconds, decode_seconds = seconds_to_plan(), seconds_to_decode()
    print(f"planning 10 h with tiered: {1000 * plan_seconds:.1f} ms")
    print(f"opening a 720p clip and decoding two frames of it: {1000 * decode_seconds:.1f} ms")
    reached = goals(outcomes, budgets, plan_seconds, decode_seconds)
    print("; ".join(f"{text}: {'met' if met else 'MISSED'})" for text, met in reached))
    return 0 if all(met for _, met in reached) and set(OURS) <= set(SAMPLERS) else 1


if __name__ == "__main__":
    sys.exit(main())
