"""Cross-validation: predict every training image by a network that never saw it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from handgrad.arrays import NumpyArray
from handgrad.datasets import Dataset, Split
from handgrad.errors import ConfigError
from handgrad.randomness import Key, permutation
from handgrad.training.build import assemble
from handgrad.training.config import RunConfig
from handgrad.training.records import EpochRecord
from handgrad.training.train_to_best import train_to_best
from handgrad.training.trained_network import TrainedNetwork

Tell = Callable[[int, EpochRecord], None]
ALONE = -1  # the fold of an image that is the only one of its class


def folds_of(targets: NumpyArray, folds: int, key: Key) -> NumpyArray:
    """The fold of each image, stratified; -1 for the only image of a class.

    Each class is dealt to the folds in random order, so that their sizes differ by at
    most one image per class.

    Shapes
        targets, result  (count,), int64
    """
    order = permutation(key, len(targets))
    order = order[np.argsort(targets[order], kind="stable")]
    dealt = np.arange(len(targets)) % folds
    found = np.empty(len(targets), dtype=np.int64)
    found[order] = dealt
    counts = np.bincount(targets)
    found[counts[targets] < 2] = ALONE
    return found


def held_out_logits(
    config: RunConfig,
    dataset: Dataset,
    *,
    folds: int = 4,
    epochs: int | None = None,
    workers: int | None = None,
    on_epoch: Tell | None = None,
) -> NumpyArray:
    """Logits of every training image, from a network trained without its fold.

    Each network has the settings of `config` and is trained from random weights on the
    images of all other folds, without validation images; the folds depend on its seed.
    `epochs` replaces that of the configuration. `on_epoch` receives the number of the
    fold and the record of each epoch. Images that are alone in their class have NaN.
    ConfigError for fewer than 2 folds, or more than images.

    Shapes
        result  (count, classes), float32

    Source
        Northcutt, Jiang, Chuang (2021), Confident learning, section 3: predicted
        probabilities must be out of sample.
    """
    whole = dataset.train
    if not 2 <= folds <= len(whole):
        fitting = min(4, max(2, len(whole)))
        raise ConfigError(
            f"Cross-validation takes 2 to {len(whole)} folds for {len(whole)} images, "
            f"got {folds}. Give, for example, {fitting} (--folds {fitting})."
        )
    place = folds_of(whole.targets, folds, Key(config.seed).child("folds"))
    found = np.full((len(whole), dataset.classes), np.nan, dtype=np.float32)
    settings = _for_folds(config, epochs)
    for fold in range(folds):
        rows = np.flatnonzero(place == fold)
        if not len(rows):
            continue
        network = _trained_without(settings, dataset, place, fold, workers, on_epoch)
        found[rows] = network.logits(whole.take(rows).images)
    return found


def _for_folds(config: RunConfig, epochs: int | None) -> RunConfig:
    """The configuration of a fold's network: no validation, nothing resolved yet."""
    training: dict[str, Any] = {"early_stopping": None, "average_from": None}
    if epochs is not None:
        training["epochs"] = epochs
    tables = {
        "dataset": config.dataset.model_copy(
            update={"validation": "none", "train_count": None}
        ),
        "training": config.training.model_copy(update=training),
        "resolved": None,
        "start": None,
    }
    return config.model_copy(update=tables)


def _trained_without(
    config: RunConfig,
    dataset: Dataset,
    place: NumpyArray,
    fold: int,
    workers: int | None,
    on_epoch: Tell | None,
) -> TrainedNetwork:
    train: Split = dataset.train.take(np.flatnonzero(place != fold))
    part = replace(dataset, train=train, validation=None, test=None)
    parts = assemble(config, part, workers=workers)

    def tell(record: EpochRecord) -> None:
        if on_epoch is not None:
            on_epoch(fold, record)

    train_to_best(parts.trainer, parts.model, tell)
    return TrainedNetwork(parts.model, parts.config, workers=workers)
