"""Predictions for all images of a run, each by a network that was not trained on it."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from handgrad.arrays import NumpyArray
from handgrad.datasets import Dataset, Split
from handgrad.errors import ConfigError

if TYPE_CHECKING:
    from handgrad.training.trained_network import TrainedNetwork

Announce = Callable[[str], None]


def dataset_of(
    network: "TrainedNetwork", run: Path, data_dir: Path | None, progress: Any
) -> Dataset:
    """The whole data set of the run, unchanged since training."""
    from handgrad.training.run_images import own_images

    found = own_images(network.config, data_dir, run, progress)
    if len(found.image_shape) != 3:
        raise ConfigError(
            f"{run} was trained on vectors, but this inspection takes images. Give a "
            "run that was trained on images."
        )
    return found


def parts_of(dataset: Dataset) -> dict[str, Split]:
    """The splits, in the order of the data set's files."""
    parts = {
        "train": dataset.train,
        "test": dataset.test,
        "validation": dataset.validation,
    }
    return {name: part for name, part in parts.items() if part is not None}


def logits_of(
    network: "TrainedNetwork",
    dataset: Dataset,
    folds: int,
    epochs: int | None,
    announce: Announce | None,
) -> NumpyArray:
    """Logits of all images, each from a network that was not trained on it.

    They are NaN for images of which no such network was trained on their class.

    Shapes
        result  (count, classes), in the order of `parts_of`
    """
    from handgrad.training.cross_validation import held_out_logits
    from handgrad.training.splitting import split_of

    total = epochs or network.config.training.epochs

    def tell(fold: int, record: Any) -> None:
        if announce is not None and record.epoch == total:
            accuracy = f"training accuracy {record.train_accuracy:.1%}"
            announce(f"fold {fold + 1} of {folds} trained: {accuracy}")

    found = [
        held_out_logits(
            network.config,
            dataset,
            folds=folds,
            epochs=epochs,
            workers=network.workers,
            on_epoch=tell,
        )
    ]
    trained, _ = split_of(network.config, dataset)
    for part in list(parts_of(dataset).values())[1:]:
        is_known = np.isin(part.targets, trained.targets)
        logits = network.logits(part.images)
        found.append(np.where(is_known[:, None], logits, np.float32("nan")))
    return np.concatenate(found)
