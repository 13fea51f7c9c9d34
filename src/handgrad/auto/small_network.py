"""A small network that is asked whether turned images look like their class."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from handgrad.arrays import NumpyArray
from handgrad.auto.candidates import (
    ADAMW,
    LEAST_SIDE,
    LENET,
    MLP,
    MUON,
    SHIFT,
    SMALL_AIRBENCH,
    SMALLEST,
    Candidate,
)
from handgrad.auto.symmetry import QUARTERS, Answers, Symmetry, compared
from handgrad.datasets import Dataset, Split
from handgrad.randomness import Key, permutation
from handgrad.training.build import assemble
from handgrad.training.config import config_from
from handgrad.training.data_place import ARRAYS

MOST, LEAST = 6000, 150  # images, a third of them held out
ENOUGH = 600  # images that are looked at if there are so many, also where it is slow
SIDE = 32  # pixels, to which larger images are reduced
PIECE = 64  # images that are reduced at a time
PATIENCE = 4  # times the time that is meant for it, to look at enough images
BATCH = 32  # images of a step
CHEAP = 48_000, (12, 40)  # about so many images seen, within these epochs
THOROUGH = 6000, (10, 30)  # by a network that takes ten times as long for an image


@dataclass(frozen=True)
class Recipe:
    """How a small network is trained: `lengths` are the images seen, and the epochs."""

    network: tuple[tuple[str, Any], ...]
    optimizer: dict[str, Any]
    lengths: tuple[int, tuple[int, int]] = CHEAP
    augmentation: tuple[dict[str, Any], ...] = ()

    def epochs(self, images: int) -> int:
        """The epochs for so many images."""
        seen, (least, most) = self.lengths
        return min(max(seen // images, least), most)


PERCEPTRON, SMALL_LENET = Recipe(MLP.network, ADAMW), Recipe(LENET, ADAMW)
LARGER = Recipe(
    SMALL_AIRBENCH,
    {**MUON, "learning_rate": 0.012},
    THOROUGH,
    ({"name": SHIFT, "padding": 2},),
)


def images_for(trained: float) -> int:
    """How many images to take if so many may be trained on, repetitions counted.

    Enough are taken even where they take up to four times as long, so that the answers
    about few images hardly depend on the machine.
    """
    whole, (least, most) = CHEAP
    seen = trained / (least if trained >= whole else most)
    found = int(min(1.5 * seen, MOST))
    return max(found, min(PATIENCE * found, ENOUGH))


def symmetry_of(
    train: Split,
    classes: int,
    *,
    images: int = MOST,
    is_thorough: bool = False,
    seed: int = 0,
    engine: str = "cpu",
    workers: int | None = None,
) -> Symmetry | None:
    """Train a small network on some of these images; None if there are too few.

    If it learns nothing and the question `is_thorough`, a larger network that learns
    from fewer images is trained on few of them. The answers are the same for any number
    of `workers`.

    Units
        classes  number of classes
        images   to use at most
    """
    run = {"seed": seed, "engine": engine}
    side, count = min(train.image_shape[1:]), min(images, len(train))
    if count < LEAST:
        return None
    recipe = PERCEPTRON if side < LEAST_SIDE else SMALL_LENET
    found = _asked(train, classes, count, recipe, run, workers)
    if found.has_learned or side < SMALLEST or not is_thorough:
        return found
    return _asked(train, classes, min(count, ENOUGH), LARGER, run, workers)


def _asked(
    train: Split,
    classes: int,
    count: int,
    recipe: Recipe,
    run: dict[str, Any],
    workers: int | None,
) -> Symmetry:
    """Hold out a third of so many images, and train on the others."""
    chosen = permutation(Key(run["seed"]).child("symmetry"), len(train))[:count]
    held_out, seen = np.sort(chosen[: count // 3]), chosen[count // 3 :]
    pixels, targets = _some(train.images, held_out), train.targets[held_out]
    shown = Split(_some(train.images, seen), train.targets[seen])
    answers = _trained(shown, classes, recipe, run, workers)
    quarters = range(1, QUARTERS + 1 if pixels.shape[2] == pixels.shape[3] else 1)
    turned = [answers(np.rot90(pixels, number, axes=(2, 3))) for number in quarters]
    return compared(targets, answers(pixels), answers(pixels[..., ::-1]), turned)


def reduced(images: NumpyArray) -> NumpyArray:
    """Means of squares of pixels, so that the shorter side has about 32 pixels.

    Shapes
        images   (count, channels, height, width)
        outputs  (count, channels, height // size, width // size), of the same type
    """
    count, channels, height, width = images.shape
    size = max(1, min(height, width) // SIDE)
    rows, columns = height // size, width // size
    parts = images[:, :, : rows * size, : columns * size]
    squares = parts.reshape(count, channels, rows, size, columns, size)
    means = squares.mean(axis=(3, 5), dtype=np.float32)
    smaller: NumpyArray = means.astype(images.dtype)
    return smaller


def _some(images: NumpyArray, rows: NumpyArray) -> NumpyArray:
    """Some images, reduced; few at a time, since all may exceed memory."""
    pieces = [rows[start : start + PIECE] for start in range(0, len(rows), PIECE)]
    return np.concatenate([reduced(images[piece]) for piece in pieces])


def _trained(
    train: Split,
    classes: int,
    recipe: Recipe,
    run: dict[str, Any],
    workers: int | None,
) -> Callable[[NumpyArray], Answers]:
    """A function that classifies images, after a training with the `run`'s settings."""
    tables = {
        **run,
        "dataset": {
            "name": ARRAYS,
            "validation": "none",
            "normalization": "standard",
            "augmentation": list(recipe.augmentation),
        },
        "model": Candidate(recipe.network).model,
        "optimizer": dict(recipe.optimizer),
        "schedule": {"name": "cosine"},
        "training": {"epochs": recipe.epochs(len(train)), "batch_size": BATCH},
    }
    names = tuple(map(str, range(classes)))
    config = config_from(tables, "The configuration")
    data = Dataset(ARRAYS, train, None, names, "")
    trainer = assemble(config, data, workers=workers).trainer
    for _ in trainer:
        pass

    def answers(images: NumpyArray) -> Answers:
        logits = trainer.logits(np.ascontiguousarray(images))
        found: Answers = logits.argmax(axis=1)
        return found

    return answers
