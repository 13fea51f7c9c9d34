"""A small network that is asked whether turned images look like their class."""

from collections.abc import Callable

import numpy as np

from handgrad.arrays import NumpyArray
from handgrad.auto.candidates import ADAMW, LEAST_SIDE, LENET, MLP
from handgrad.auto.symmetry import QUARTERS, Answers, Symmetry, compared
from handgrad.datasets import Dataset, Split
from handgrad.randomness import Key, permutation
from handgrad.training.build import assemble
from handgrad.training.config import config_from
from handgrad.training.data_place import ARRAYS

MOST, LEAST = 6000, 150  # images, a third of them held out
SIDE = 32  # pixels, to which larger images are reduced
PIECE = 64  # images that are reduced at a time
PATIENCE = 4  # times the time that is meant for it, to look at the fewest images
BATCH, STEPS, EPOCHS = 32, 1500, (12, 40)  # about so many steps, within these epochs


def images_for(trained: float) -> int:
    """How many images to take if so many may be trained on, repetitions counted.

    The fewest are taken even where they take somewhat longer.
    """
    least, most = EPOCHS
    seen = trained / (least if trained >= STEPS * BATCH else most)
    found = int(min(1.5 * seen, MOST))
    return max(found, LEAST) if PATIENCE * found >= LEAST else found


def symmetry_of(
    train: Split,
    classes: int,
    *,
    images: int = MOST,
    seed: int = 0,
    engine: str = "cpu",
    workers: int | None = None,
) -> Symmetry | None:
    """Train a small network on some of these images; None if there are too few.

    It has the same answers for any number of `workers`.

    Units
        classes  number of classes
        images   to use at most
    """
    count = min(images, len(train))
    if count < LEAST:
        return None
    chosen = permutation(Key(seed).child("symmetry"), len(train))[:count]
    held_out, seen = np.sort(chosen[: count // 3]), chosen[count // 3 :]
    pixels, targets = _some(train.images, held_out), train.targets[held_out]
    answers = _trained(
        Split(_some(train.images, seen), train.targets[seen]),
        classes,
        {"seed": seed, "engine": engine},
        workers,
    )
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
    train: Split, classes: int, run: dict[str, object], workers: int | None
) -> Callable[[NumpyArray], Answers]:
    """A function that classifies images, after a training with the `run`'s settings."""
    network = MLP.network if min(train.image_shape[1:]) < LEAST_SIDE else LENET
    epochs = min(max(STEPS * BATCH // len(train), EPOCHS[0]), EPOCHS[1])
    tables = {
        **run,
        "dataset": {"name": ARRAYS, "validation": "none", "normalization": "standard"},
        "model": {k: [*v] if isinstance(v, tuple) else v for k, v in network},
        "optimizer": dict(ADAMW),
        "schedule": {"name": "cosine"},
        "training": {"epochs": epochs, "batch_size": BATCH},
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
