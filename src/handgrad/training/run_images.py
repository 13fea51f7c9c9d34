"""Load the images of a run: one of its splits, or other images of its classes."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from handgrad.datasets import Dataset, Split
from handgrad.datasets.data_changes import record_of
from handgrad.datasets.sources import NAMES
from handgrad.datasets.unreadable_images import UnreadableImagesError
from handgrad.errors import ConfigError, DatasetError, unknown_name
from handgrad.names import known_name
from handgrad.training.build import load_dataset
from handgrad.training.config import RunConfig
from handgrad.training.data_place import check_there
from handgrad.training.data_record import (
    changed_since,
    naming_changes,
    warn_of_training_images,
)
from handgrad.training.other_images import as_trained, whole_images
from handgrad.training.splitting import split_of

SPLITS = ("test", "validation", "train")
OTHERS = ", or give images of its classes that it was not trained on (--dataset)"


def check_split(split: str | None) -> None:
    """Raise ConfigError for an unknown split, before any data is read."""
    if split is not None and split not in SPLITS:
        raise unknown_name("split", split, SPLITS)


def run_images(
    config: RunConfig,
    split: str | None = None,
    *,
    dataset: str | None = None,
    data_dir: Path | None = None,
    label_from: str | None = None,
    skip_bad: bool = False,
    run: Path | None = None,
    progress: Any = None,
) -> tuple[str, Split]:
    """The name of a split and its images, split exactly as in training.

    The default `split` is the test images, or the validation images of a data set
    without test images. DatasetError if the data set has changed since training: split
    again, it could evaluate the network on images that it was trained on.

    `dataset` names other images of the same classes, which are converted to the size
    and channels that the network takes: all of them, or one of their own splits.
    `label_from` says where their labels are, by default where those of the training
    images are. With `skip_bad`, or if training used it, images that cannot be read are
    left out. `run` is the run's folder, which records the contents of the data: other
    images with the content of its training images are a HandgradWarning.
    """
    check_split(split)
    if label_from is not None:
        config = _with(config, None, {"label_from": label_from})
    if skip_bad:
        config = _with(config, None, {"skip_bad": True})
    is_other = dataset is not None and not is_same_data(dataset, config.dataset.name)
    if dataset is not None and is_other:
        with _naming_labels(None if label_from else config.dataset.label_from):
            if split is None:
                found = whole_images(config, dataset, data_dir, progress)
                warn_of_training_images(run, config, found)
                return "", found.train
            found = _other_images(config, dataset, data_dir, progress)
        train, validation = found.train, found.validation
    else:
        check_there(run, config, OTHERS)
        found = own_images(config, data_dir, run, progress)
        train, validation = split_of(config, found)
    name = split or ("test" if found.test is not None else "validation")
    chosen = {"train": train, "validation": validation, "test": found.test}[name]
    if chosen is None:
        where = "of its own" if is_other else "in this run"
        raise ConfigError(
            f"{found.name} has no {name} images {where}. "
            "Use another split, such as train."
        )
    if is_other:
        warn_of_training_images(run, config, found, name)
    return name, chosen


def split_sizes(config: RunConfig, run: Path | None = None) -> dict[str, int]:
    """The number of images of each split of a run, without splits that are empty.

    In the order in which `run_images` prefers them: test, validation, train.
    """
    found = own_images(config, None, run, None)
    train, validation = split_of(config, found)
    splits = zip(SPLITS, (found.test, validation, train), strict=True)
    return {name: len(split) for name, split in splits if split is not None}


def own_images(
    config: RunConfig, data_dir: Path | None, run: Path | None, progress: Any
) -> Dataset:
    """The data set of the run, checked to be unchanged since training."""
    with naming_changes(run, config):
        found = load_dataset(_with(config, data_dir, {}), progress)
    assert config.resolved is not None, "the configuration is not resolved"
    resolved = config.resolved
    was = resolved.dataset_sha256, resolved.class_names
    if (found.checksum, found.class_names) != was:
        raise DatasetError(
            f"The data set {config.dataset.name} has changed since training"
            f"{changed_since(run, config, record_of(found))}. Splitting it again would "
            "mix training images with others. Restore the original files, or give "
            "other images."
        )
    return found


def _other_images(
    config: RunConfig, name: str, data_dir: Path | None, progress: Any
) -> Dataset:
    """A data set of the same classes, converted to the network's input size."""
    resolved = config.resolved
    assert resolved is not None, "the configuration is not resolved"
    size = resolved.input_shape[1:] or None  # vectors have none
    changes = {"name": name, "image_size": size, "data_dir": None}
    found = load_dataset(_with(config, data_dir, changes), progress)
    return as_trained(found, config)


@contextmanager
def _naming_labels(label_from: str | None) -> Iterator[None]:
    """Add to a DatasetError that labels were looked for as in training."""
    try:
        yield
    except UnreadableImagesError:  # the labels were found
        raise
    except (ConfigError, DatasetError) as error:
        if label_from is None:
            raise
        raise DatasetError(
            f"{error} Labels were looked for as in training (--label-from "
            f"{label_from}); if they are elsewhere, say where, as in "
            "--label-from folder."
        ) from error


def _with(
    config: RunConfig, data_dir: Path | None, changes: dict[str, Any]
) -> RunConfig:
    """The configuration with changed data set settings and data folder."""
    if data_dir is not None:
        changes = {**changes, "data_dir": str(data_dir)}
    tables = config.dataset.model_copy(update=changes)
    return config.model_copy(update={"dataset": tables})


def source_in_words(config: RunConfig, split: str, dataset: str | None) -> str:
    """The name of a split, after that of a `dataset` which is not the run's own.

    Example
        source_in_words(config, "train", "new_photos") == "new_photos train"
    """
    is_own = dataset is None or is_same_data(dataset, config.dataset.name)
    return split if is_own else f"{dataset} {split}".rstrip()


def is_same_data(given: str, own: str) -> bool:
    """Return whether two names or paths refer to the same data set."""
    known = known_name(own, NAMES)
    if known is not None:
        return known_name(given, NAMES) == known
    paths = [os.path.expanduser(name) for name in (given, own)]
    return all(map(os.path.exists, paths)) and os.path.samefile(*paths)
