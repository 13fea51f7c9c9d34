"""What does augmentation cost, as a part of a training step of the CPU engine?

    python benchmarks/augmentation.py [NETWORK ...] [--augment NAME ...] [--rounds 320]

Steps with and without augmentation take turns in one process. Random numbers are drawn
for several steps at once, so the time of a step is the median over all epochs at its
place in the epoch, and the mean over an epoch counts each draw. `--augment` names a
preset or an augmentation of the catalogue, with its default options. `--rounds` are
steps, rounded up to epochs of 32. The cost is the ratio of the times, minus 1.
"""

import argparse
from collections.abc import Iterator, Sequence

import numpy as np

from handgrad import catalog
from handgrad.augmentation import Augmentation
from handgrad.augmentation.presets import PRESETS, expanded
from handgrad.datasets.dataset import Split
from handgrad.inspection.speed.race_report import machine
from handgrad.losses import SoftmaxCrossEntropy
from handgrad.optimizers import SGD
from handgrad.randomness import Key, random_bits
from handgrad.training.records import StepRecord
from handgrad.training.settings import TrainingSettings
from handgrad.training.trainer import Trainer

NETWORKS = ("lenet", "resnet")
NEEDED = {"random_crop": {"padding": 4}, "cutout": {"size": 16}}  # options
CLASSES = 10
STEPS = 32  # of an epoch: as many as are drawn at once


def augmentations(name: str) -> list[Augmentation]:
    """A preset's augmentations, or one by its name."""
    rows = expanded([{"name": name, **NEEDED.get(name, {})}])
    found = []
    for row in rows:
        options = {key: value for key, value in row.items() if key != "name"}
        found.append(catalog.build("augmentation", row["name"], options))
    return found


def trainer(
    network: str, split: Split, batch_size: int, changes: Sequence[Augmentation]
) -> Trainer:
    """A trainer of a new network."""
    model = catalog.build(
        "model", network, {}, input_shape=split.image_shape, classes=CLASSES, seed=0
    )
    return Trainer.for_model(
        model,
        split,
        loss=SoftmaxCrossEntropy(),
        optimizer=SGD(0.001),
        settings=TrainingSettings(epochs=10**6, batch_size=batch_size),
        augmentation=changes,
    )


def steps(made: Trainer) -> Iterator[StepRecord]:
    """The steps of a training, of all epochs."""
    return (record for record in made if isinstance(record, StepRecord))


def compared(
    network: str, split: Split, batch_size: int, name: str, rounds: int
) -> tuple[float, float]:
    """Mean over an epoch's steps of the median of all epochs, in turns."""
    turns = [
        steps(trainer(network, split, batch_size, changes))
        for changes in ([], augmentations(name))
    ]
    epochs = -(-rounds // STEPS) + 1
    seconds = np.empty((2, epochs, STEPS))
    for step in range(epochs * STEPS):
        for which in (0, 1) if step % 2 else (1, 0):
            found = next(turns[which]).duration_seconds
            seconds[which, step // STEPS, step % STEPS] = found
    without, with_ = np.median(seconds[:, 1:], axis=1).mean(axis=1).tolist()
    return without, with_


def main() -> None:
    """One line for each network and augmentation."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("networks", nargs="*", default=list(NETWORKS))
    parser.add_argument("--augment", action="append")
    parser.add_argument("--image-size", type=int, default=64)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=320)
    words = parser.parse_args()
    shape = (3, words.image_size, words.image_size)
    count = STEPS * words.batch_size
    images = (random_bits(Key(1), (count, *shape)) % 256).astype(np.uint8)
    targets = (random_bits(Key(2), (count,)) % CLASSES).astype(np.int64)
    names = words.augment or [name for name in PRESETS if name != "none"]
    print(f"{machine()}\n\n| Network | augmentation | without | with | cost |")
    print("|---|---|---|---|---|")
    for network in words.networks:
        for name in names:
            split = Split(images, targets)
            arguments = (split, words.batch_size, name, words.rounds)
            without, with_ = compared(network, *arguments)
            print(
                f"| {network} | {name} | {1e3 * without:.1f} ms | {1e3 * with_:.1f} ms "
                f"| {with_ / without - 1:+.1%} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
