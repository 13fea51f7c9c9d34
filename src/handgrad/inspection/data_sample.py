"""Images for an untrained network: from given arrays or from a data set."""

from pathlib import Path
from typing import Any, TypedDict, Unpack

import numpy as np

from handgrad import datasets
from handgrad.arrays import Pair
from handgrad.datasets.array_input import as_examples, form_of, to_array
from handgrad.datasets.image_fit import Fit, fit_named
from handgrad.datasets.sources import usual_size
from handgrad.errors import ConfigError
from handgrad.inspection.sample import Sample, chosen_from, given_sample
from handgrad.ranges import check_count

CLASSES = tuple(map(str, range(10)))  # if no labels are given


class Resizing(TypedDict, total=False):
    """How images of a data set are resized: see `datasets.load`."""

    image_size: Pair | None
    fit: Fit | None


def data_sample(
    images: Any,
    labels: Any,
    count: int,
    *,
    shuffled: bool = False,
    split: str | None = None,
    dataset: str | None = None,
    data_dir: Path | None = None,
    **resizing: Unpack[Resizing],
) -> Sample:
    """All of the given images, or `count` training images of a data set.

    Images of a data set are the first ones, or a random sample if `shuffled`; they are
    resized to `image_size`, (height, width) in pixels, by their `fit`.
    """
    if split is not None:
        raise ConfigError(
            f"split selects images of a run, got {split!r} without a run. Omit split."
        )
    if images is None:
        return dataset_sample(
            dataset, count, shuffled=shuffled, data_dir=data_dir, **resizing
        )
    if dataset is not None:
        raise ConfigError(
            "An inspection takes images or a data set, got both. Omit one of them."
        )
    if any(value is not None for value in resizing.values()):
        raise ConfigError(
            "image_size and fit apply to images of a data set, got images as well. "
            "Resize the images yourself and omit both."
        )
    return array_sample(images, labels)


def array_sample(images: Any, labels: Any = None) -> Sample:
    """Given images and labels of any kind, normalised by their own statistics.

    Shapes
        images  vectors (count, features) or images (count, height, width), (count,
                height, width, 1 or 3) or (count, 1 or 3, height, width)
        labels  (count,), names or numbers; ten classes are assumed without them
    """
    array = to_array(images)
    examples = as_examples(array, form_of(array), training=True)
    names, targets = CLASSES, None
    if labels is not None:
        known, numbers = np.unique(np.asarray(labels), return_inverse=True)
        names, targets = tuple(map(str, known.tolist())), numbers.astype(np.int64)
    scaling = datasets.normalization("standard", examples)
    return given_sample(examples, targets, names, scaling)


def dataset_sample(
    dataset: str | None,
    count: int,
    *,
    shuffled: bool = False,
    data_dir: Path | None = None,
    **resizing: Unpack[Resizing],
) -> Sample:
    """The first training images of a data set (default: digits), or a random sample."""
    check_count("An inspection", "count", count)
    name = dataset or "digits"
    size = resizing.get("image_size")
    if size is None:
        size = usual_size(name)
    fit = fit_named(resizing.get("fit"))
    found = datasets.load(name, data_dir=data_dir, image_size=size, fit=fit)
    return chosen_from(
        found.train,
        count,
        f"training images of {found.name}",
        shuffled=shuffled,
        class_names=found.class_names,
        normalization=datasets.normalization("standard", found.train.images),
        split="train",
    )
