"""Data sets and their splits: images, targets, class names and sources."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from math import prod
from typing import TypeAlias

import numpy as np

from handgrad.arrays import NumpyArray, Shape
from handgrad.datasets.mapped_copy import mapped_copy
from handgrad.errors import DatasetError, ShapeError
from handgrad.free_memory import check_memory

Progress: TypeAlias = Callable[[str, int, int], None]  # what, done, total


def check_is_array(owner: str, name: str, value: object) -> None:
    """Raise ShapeError unless a value is a NumPy array with at least one axis."""
    if not isinstance(value, np.ndarray) or value.ndim == 0:
        raise ShapeError(
            f"{owner} takes {name} as a NumPy array with an entry for each example, "
            f"got {type(value).__name__}. Use numpy.asarray({name})."
        )
    check_not_masked(value)


def check_not_masked(values: object) -> None:
    """Raise DatasetError for masked values, whose mask a network would ignore."""
    if isinstance(values, np.ma.MaskedArray) and np.ma.is_masked(values):
        count = int(np.ma.getmaskarray(values).sum())
        raise DatasetError(
            f"{count} of {values.size} values are masked, but a network ignores the "
            "mask. Fill them with array.filled(value), or remove their rows."
        )


@dataclass(frozen=True)
class Split:
    """Images or vectors and their true classes, in memory or memory-mapped.

    ShapeError for anything but NumPy arrays with at least one axis. Class numbers,
    counts and dtypes are checked against the network when training or evaluation
    starts.

    Shapes
        images   (count, channels, height, width) or (count, features); uint8 or float32
        targets  (count,), int64, class numbers from 0
        weights  (count,), float32: sample weights in the loss, from 0 up; None if all
                 are equal

    Example
        Split(np.zeros((10, 1, 8, 8), dtype=np.uint8), np.arange(10))
    """

    images: NumpyArray
    targets: NumpyArray
    weights: NumpyArray | None = None

    def __post_init__(self) -> None:
        check_is_array("A split", "images", self.images)
        check_is_array("A split", "targets", self.targets)
        if self.weights is not None:
            check_is_array("A split", "weights", self.weights)

    def __len__(self) -> int:
        return len(self.targets)

    @property
    def image_shape(self) -> Shape:
        """(channels, height, width) of one image, or (features,) of a vector."""
        return tuple(self.images.shape[1:])

    def take(self, rows: NumpyArray) -> "Split":
        """Return a copy of the examples of these `rows`, in this order.

        It is in memory; that of 1 GiB or more of memory-mapped images is in a file of
        the cache, which disappears with it. ResourceError if it does not fit.

        Shapes
            rows  (count,), integers from 0
        """
        weights = None if self.weights is None else self.weights[rows]
        images = mapped_copy(self.images, rows)
        if images is None:
            size = len(rows) * prod(self.image_shape) * self.images.dtype.itemsize
            check_memory(size, f"A part of {len(rows):,} images")
            images = self.images[rows]
        return Split(images, self.targets[rows], weights)

    def side_by_side(self) -> "Split":
        """Return the same split with arrays that are contiguous in memory (C order).

        An array that is not contiguous is copied.
        """
        arrays = (self.images, self.targets, self.weights)
        if all(array is None or array.flags.c_contiguous for array in arrays):
            return self
        copies = (None if a is None else np.ascontiguousarray(a) for a in arrays)
        images, targets, weights = copies
        assert images is not None, "a split has images"
        assert targets is not None, "a split has targets"
        return Split(images, targets, weights)


@dataclass(frozen=True)
class Dataset:
    """A data set: splits, class names and a checksum.

    `train` is the training split, `test` the test split or None, `validation` the
    validation split that the data set provides, or None. `name` is the data set's name,
    or that of the folder or zip; `class_names[k]` names class k. `checksum` is the
    SHA-256 of the images, targets and weights of all splits, in hexadecimal. `sources`
    describes the origin of each split, `left` lists folders that belong to no split,
    `passed_over` counts the ignored files by kind. `bit_depth` is the number of bits
    used by images with 16 bits per channel; it is 0 if only floating-point images
    are deeper than 8 bits. `files` maps the name of each image file to its size in
    bytes and the first digits of its SHA-256, joined by a colon, in the order of
    training, test and validation images; `skipped` maps the name of each file that
    could not be read and was skipped to a sentence saying why.
    """

    name: str
    train: Split
    test: Split | None
    class_names: tuple[str, ...]
    checksum: str
    validation: Split | None = None
    sources: Mapping[str, str] = field(default_factory=dict)
    left: tuple[str, ...] = ()
    passed_over: Mapping[str, int] = field(default_factory=dict)
    bit_depth: int | None = None
    files: Mapping[str, str] = field(default_factory=dict)
    skipped: Mapping[str, str] = field(default_factory=dict)

    @property
    def image_shape(self) -> Shape:
        """(channels, height, width) of one image."""
        return self.train.image_shape

    @property
    def classes(self) -> int:
        """Number of classes."""
        return len(self.class_names)


def checksum_of(*splits: Split | None) -> str:
    """SHA-256 of all images, targets and weights, in hexadecimal."""
    digest = sha256()
    for split in splits:
        if split is not None:
            digest.update(np.ascontiguousarray(split.images).data)
            digest.update(np.ascontiguousarray(split.targets.astype("<i8")).data)
            if split.weights is not None:
                digest.update(np.ascontiguousarray(split.weights).data)
    return digest.hexdigest()


def check_targets(targets: NumpyArray, classes: int, source: str) -> None:
    """Raise DatasetError for the first class number that is out of range."""
    wrong = np.flatnonzero((targets < 0) | (targets >= classes))
    if len(wrong):
        row = int(wrong[0])
        raise DatasetError(
            f"{source}: label {int(targets[row])} of image {row} is out of range; "
            f"labels range from 0 to {classes - 1}. Download the file again."
        )
