"""Compare the time of a training step with float32 inputs and with bytes.

    python benchmarks/float_inputs.py [NETWORK ...] [--vectors] [--laps 40]

Both train on the same images in the same random order, in one process, with interleaved
laps: one lap with bytes, one with the same values as float32 (four times the memory),
then in reverse order. The losses are compared first.
"""

import argparse
from typing import Any

import numpy as np

from handgrad.arrays import NumpyArray
from handgrad.engine.choose import make_engine
from handgrad.engine.engine import Batch, Engine
from handgrad.errors import HandgradError
from handgrad.inspection.speed.interleaved_timing import Racer, run_laps
from handgrad.inspection.speed.networks import Network, network, pictures
from handgrad.inspection.speed.operation_times import random_batches
from handgrad.inspection.speed.race_report import machine
from handgrad.losses import SoftmaxCrossEntropy

DEFAULT = ("mlp256", "lenet")
COMPARED_STEPS = 3


def engine_for(
    chosen: Network, images: NumpyArray, batch_size: int, workers: int | None
) -> Engine:
    """The CPU engine for inputs like these."""
    return make_engine(
        "cpu",
        chosen.build(),
        SoftmaxCrossEntropy(),
        chosen.build_optimizer(),
        chosen.normalization,
        input_shape=images.shape[1:],
        input_dtype=str(images.dtype),
        batch_size=batch_size,
        workers=workers,
    )


def racer(name: str, engine: Engine, batches: list[Batch]) -> Racer:
    """A racer that cycles through its batches."""
    count = len(batches)
    return Racer(name, lambda step: engine.train_step(batches[step % count], step + 1))


def measured(chosen: Network, arguments: argparse.Namespace) -> Any:
    """Run the laps of both; HandgradError if their losses differ."""
    images, targets = pictures(chosen.image_shape, arguments.images)
    if arguments.vectors:
        images = images.reshape(len(images), -1)
    both = {"bytes": images, "floats": images.astype(np.float32) / np.float32(255)}
    racers, losses = [], {}
    for name, inputs in both.items():
        engine = engine_for(chosen, inputs, arguments.batch_size, arguments.workers)
        count = arguments.images // arguments.batch_size
        batches = random_batches(inputs, targets, arguments.batch_size, count)
        losses[name] = [
            engine.train_step(batch, step).loss
            for step, batch in enumerate(batches[:COMPARED_STEPS], 1)
        ]
        racers.append(racer(name, engine, batches))
    if not np.allclose(losses["bytes"], losses["floats"], rtol=1e-4):
        raise HandgradError(
            f"The losses of {chosen.name} from bytes and from floats differ: {losses}. "
            "Please report this."
        )
    return run_laps(racers, arguments.laps, lap_seconds=arguments.lap_seconds)


def main() -> None:
    """Print one line per network."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("networks", nargs="*", default=list(DEFAULT))
    parser.add_argument(
        "--vectors", action="store_true", help="Flat vectors instead of images."
    )
    parser.add_argument("--batch-size", type=int, default=256)
    parser.add_argument("--images", type=int, default=60_000)
    parser.add_argument("--workers", type=int)
    parser.add_argument("--laps", type=int, default=40)
    parser.add_argument("--lap-seconds", type=float, default=0.25)
    arguments = parser.parse_args()
    print(f"{machine()}\n")
    print("| Network | bytes, us | floats, us | ratio, median | quartiles |")
    print("|---|---|---|---|---|")
    for name in arguments.networks:
        laps = measured(network(name), arguments)
        one, two = (1e6 * laps.time(kind).median for kind in ("bytes", "floats"))
        ratio = laps.ratio("floats", "bytes")
        print(
            f"| {name} | {one:.0f} | {two:.0f} | {ratio.median:.3f} | "
            f"{ratio.low:.3f} to {ratio.high:.3f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
