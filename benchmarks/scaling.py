"""Measure how the time of a training step scales with batch size and workers.

    python benchmarks/scaling.py [NETWORK ...] [--picture FILE]

Batches of 1 to 4096 images, 1 to all workers; microseconds per image.
"""

import argparse
from pathlib import Path
from time import perf_counter

import numpy as np

from handgrad.engine.workers import available_cores
from handgrad.inspection.figures.style import (
    BLUE,
    MUTED,
    ORANGE,
    TEXT_SIZE,
    new_figure,
    quiet,
    save,
    title,
)
from handgrad.inspection.speed.networks import network, pictures
from handgrad.inspection.speed.operation_times import random_batches
from handgrad.inspection.speed.race import make_engine
from handgrad.inspection.speed.race_report import machine

BATCH_SIZES = tuple(2**power for power in range(13))
DEFAULT = ("mlp256", "lenet_relu_max")
WARM_UP = 2


def step_seconds(
    name: str, batch_size: int, workers: int, *, seconds: float = 0.4
) -> float:
    """The median time of a step, measured for about `seconds` seconds."""
    chosen = network(name)
    images, targets = pictures(chosen.image_shape, max(4096, batch_size))
    engine = make_engine(chosen, batch_size, workers)
    batches = random_batches(images, targets, batch_size, 64)
    times: list[float] = []
    step = 0
    while step < WARM_UP + 3 or sum(times[WARM_UP:]) < seconds:
        step += 1
        start = perf_counter()
        engine.train_step(batches[step % len(batches)], step)
        times.append(perf_counter() - start)
    return float(np.median(times[WARM_UP:]))


def curves(names: list[str], batch_sizes: list[int], most_workers: int) -> dict:
    """Seconds per step by network, workers and batch size; printed as measured."""
    counts = sorted({1, most_workers} | {2**p for p in range(8) if 2**p < most_workers})
    found: dict[str, dict[int, list[float]]] = {}
    for name in names:
        print(f"\n{name}, microseconds per image")
        print("batch   " + "".join(f"{count:>5} workers" for count in counts))
        found[name] = {count: [] for count in counts}
        for size in batch_sizes:
            for count in counts:
                found[name][count].append(step_seconds(name, size, count))
            shown = [f"{1e6 * found[name][count][-1] / size:13.2f}" for count in counts]
            print(f"{size:<8}" + "".join(shown), flush=True)
    return found


def draw(found: dict, batch_sizes: list[int], path: Path) -> Path:
    """Plot milliseconds per step against batch size, on logarithmic scales."""
    figure = new_figure(4.6 * len(found), 4.2)
    for axes, (name, by_workers) in zip(
        np.atleast_1d(figure.subplots(1, len(found))), found.items(), strict=True
    ):
        for count, seconds in by_workers.items():
            color = ORANGE if count == 1 else BLUE
            axes.plot(batch_sizes, 1e3 * np.array(seconds), "o-", color=color, ms=4)
            axes.annotate(
                f" {count} worker{'s' if count > 1 else ''}",
                (batch_sizes[-1], 1e3 * seconds[-1]),
                color=color,
                fontsize=TEXT_SIZE,
                ha="right",
                va="bottom" if count == 1 else "top",
            )
        axes.set_xscale("log", base=2)
        axes.set_yscale("log")
        axes.set_xlabel("batch size", color=MUTED, fontsize=TEXT_SIZE)
        axes.set_ylabel("ms per step", color=MUTED, fontsize=TEXT_SIZE)
        quiet(axes, grid=True)
        title(axes, name)
    return save(figure, path.with_suffix(""))[0]


def main() -> None:
    """Measure, print and plot."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("networks", nargs="*", default=list(DEFAULT))
    parser.add_argument("--batch-sizes", type=int, nargs="*", default=BATCH_SIZES)
    parser.add_argument("--workers", type=int, default=available_cores())
    parser.add_argument("--picture", type=Path, default=Path("scaling.png"))
    arguments = parser.parse_args()
    print(machine())
    sizes = list(arguments.batch_sizes)
    found = curves(arguments.networks, sizes, arguments.workers)
    print(f"\nFigure: {draw(found, sizes, arguments.picture)}")


if __name__ == "__main__":
    main()
