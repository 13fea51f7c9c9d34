"""The images of an inspection: given arrays, images of a run, or of a data set."""

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypedDict, Unpack

import numpy as np

from handgrad.arrays import NumpyArray, Shape
from handgrad.datasets import Normalization, Split
from handgrad.errors import ConfigError, ShapeError
from handgrad.inspection.subject import Subject, as_inputs
from handgrad.randomness import Key, permutation
from handgrad.ranges import check_count

SAMPLE_KEY = Key(0).child("sample")


class Where(TypedDict, total=False):
    """Options that select images of a run, if no images are given.

    split     test, validation or train; by default test, if there is one
    dataset   name or path of other images of the same classes
    data_dir  folder that is searched for data sets first
    """

    split: str | None
    dataset: str | None
    data_dir: Path | None


@dataclass(frozen=True)
class Sample:
    """Images, their classes, and a description of their source.

    `split` is that of a run, after the name of a data set that is not the run's own.

    Shapes
        images   (count, ...), as given
        labels   (count,), class numbers; None if none were given
    """

    images: NumpyArray
    labels: NumpyArray | None
    class_names: tuple[str, ...]
    normalization: Normalization | None
    split: str
    what: str

    @property
    def image_shape(self) -> Shape:
        """The shape of one image, such as (channels, height, width)."""
        return tuple(self.images.shape[1:])

    @property
    def inputs(self) -> NumpyArray:
        """The images as a network takes them: normalised, in float64."""
        return as_inputs(self.images, self.normalization)

    @property
    def targets(self) -> NumpyArray:
        """The class numbers; ConfigError if no labels were given."""
        if self.labels is None:
            raise ConfigError(
                "This inspection takes images and their labels, got images only. "
                "Give the labels as well."
            )
        return self.labels


def sample_of(
    subject: Subject,
    images: Any = None,
    labels: Any = None,
    *,
    count: int | None = None,
    shuffled: bool = False,
    prefer_one: bool = False,
    **where: Unpack[Where],
) -> Sample:
    """All of the given images, or the first `count` of a run's split.

    If `shuffled`, a random sample: the first images may all be of one class.
    """
    if count is not None:
        check_count("An inspection", "count", count)
    if images is None:
        name, found, owner, source = _of_run(subject, **where)
        return chosen_from(
            found,
            count,
            f"{name} images of {owner}".lstrip(),  # others may have no splits
            shuffled=shuffled,
            class_names=subject.class_names(found.image_shape),
            normalization=subject.normalization,
            split=source,
        )
    if where.get("split") is not None or where.get("dataset") is not None:
        raise ConfigError(
            "An inspection takes images, or a split or data set of a run, got both. "
            "Omit one of them."
        )
    batch = subject.batch(images, prefer_one=prefer_one)
    names = subject.class_names(tuple(batch.shape[1:]))
    targets = None if labels is None else subject.targets(labels, names)
    return given_sample(batch, targets, names, subject.normalization)


def given_sample(
    images: NumpyArray,
    labels: NumpyArray | None,
    class_names: tuple[str, ...],
    normalization: Normalization | None,
) -> Sample:
    """Given images and class numbers; ShapeError unless there is one label each."""
    count = len(images)
    if labels is not None and labels.shape != (count,):
        raise ShapeError(
            f"An inspection takes one label per image, got {labels.size} labels for "
            f"{count} images. Give equal numbers of both."
        )
    what = f"the {count} given images" if count != 1 else "the given image"
    return Sample(images, labels, class_names, normalization, "", what)


def chosen_from(
    found: Split, count: int | None, source: str, *, shuffled: bool, **known: Any
) -> Sample:
    """The first `count` images of a split, or a random sample; `source` says whose.

    `known` are the other fields of the sample.
    """
    rows: slice | NumpyArray = slice(count)
    which = "the first"
    if count is None or count >= len(found):
        which = "all"
    elif shuffled:
        rows = np.sort(permutation(SAMPLE_KEY, len(found))[:count])
        which = "a random sample of"
    images = found.images[rows]
    what = f"{which} {len(images)} {source}"
    return Sample(images=images, labels=found.targets[rows], what=what, **known)


def _of_run(
    subject: Subject,
    split: str | None = None,
    dataset: str | None = None,
    data_dir: Path | None = None,
) -> tuple[str, Split, str, str]:
    """The name of a split, its images, the run or other data set they are from.

    Last, the split in words: see `source_in_words`.
    """
    from handgrad.training.data_place import ARRAYS
    from handgrad.training.run_images import run_images, source_in_words

    config = subject.config
    if config is None or (config.dataset.name == ARRAYS and dataset is None):
        raise ConfigError(
            f"{subject.name} comes without images, and none were given. "
            "Give images and their labels."
        )
    run = Path(subject.name) if os.path.isdir(subject.name) else None
    name, found = run_images(config, split, dataset=dataset, data_dir=data_dir, run=run)
    source = source_in_words(config, name, dataset)
    owner = subject.name if source == name else str(dataset)
    return name, found, owner, source


def image_of(
    subject: Subject,
    images: Any,
    labels: Any,
    image: int | None,
    **where: Unpack[Where],
) -> Sample:
    """One image: the given image, or number `image` of several, counted from 0."""
    count = up_to(image) if images is None else None
    found = sample_of(subject, images, labels, count=count, prefer_one=True, **where)
    if image is None and images is not None and len(found.images) > 1:
        raise ShapeError(
            f"This inspection takes one image, got {len(found.images)}. Give one "
            "without the batch axis, or its number, such as image=0."
        )
    return only(found, image)


def only(sample: Sample, image: int | None) -> Sample:
    """The sample reduced to one image; ConfigError if there is no such image."""
    number, count = up_to(image) - 1, len(sample.images)
    if number >= count:
        raise ConfigError(
            f"There are {count} images, counted from 0, got image {number}. "
            f"Give a number from 0 to {count - 1}."
        )
    chosen, labels = slice(number, number + 1), sample.labels
    labels = None if labels is None else labels[chosen]
    return replace(sample, images=sample.images[chosen], labels=labels)


def up_to(image: int | None) -> int:
    """How many images to read to include this one; 1 if no number is given."""
    if image is not None and image < 0:
        raise ConfigError(
            f"image takes a number from 0 up, got {image}. Give 0 for the first image."
        )
    return 1 if image is None else image + 1
