"""What a data set is: images as bytes, true classes, and where they came from."""

from dataclasses import dataclass
from hashlib import sha256
from math import prod

import numpy as np

from handgrad.arrays import NumpyArray, Shape
from handgrad.errors import DatasetError, ShapeError
from handgrad.memory import check_memory


def check_is_array(owner: str, name: str, value: object) -> None:
    """ShapeError unless a value is a NumPy array with an axis."""
    if not isinstance(value, np.ndarray) or value.ndim == 0:
        raise ShapeError(
            f"{owner} takes {name} as a NumPy array with an entry for each example, "
            f"got {type(value).__name__}. Use numpy.asarray({name})."
        )


@dataclass(frozen=True)
class Split:
    """Images or vectors and their true classes, in memory or memory-mapped.

    Shapes
        images   (count, channels, height, width) or (count, features); uint8 or float32
        targets  (count,), int64, class numbers from 0
        weights  (count,), float32: how much each example counts in the loss, from 0 up;
                 None where all count alike
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
        """A copy in memory of the images of these rows, in this order."""
        size = len(rows) * prod(self.image_shape) * self.images.dtype.itemsize
        check_memory(size, f"A part of {len(rows):,} images")
        weights = None if self.weights is None else self.weights[rows]
        return Split(self.images[rows], self.targets[rows], weights)

    def side_by_side(self) -> "Split":
        """The same, copied where an array has gaps or another order in memory."""
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
    """A training split, a test split if there is one, and the names of the classes.

    The checksum is the SHA-256 of the content: images and targets of all splits.
    """

    name: str
    train: Split
    test: Split | None
    class_names: tuple[str, ...]
    checksum: str

    @property
    def image_shape(self) -> Shape:
        """(channels, height, width) of one image."""
        return self.train.image_shape

    @property
    def classes(self) -> int:
        """How many classes there are."""
        return len(self.class_names)


def checksum_of(*splits: Split | None) -> str:
    """SHA-256 over the bytes of all images, targets and weights, as hexadecimal."""
    digest = sha256()
    for split in splits:
        if split is not None:
            digest.update(np.ascontiguousarray(split.images).data)
            digest.update(np.ascontiguousarray(split.targets.astype("<i8")).data)
            if split.weights is not None:
                digest.update(np.ascontiguousarray(split.weights).data)
    return digest.hexdigest()


def check_targets(targets: NumpyArray, classes: int, source: str) -> None:
    """DatasetError if a class number is out of range, naming the first such row."""
    wrong = np.flatnonzero((targets < 0) | (targets >= classes))
    if len(wrong):
        row = int(wrong[0])
        raise DatasetError(
            f"{source}: label {int(targets[row])} of image {row} is out of range; "
            f"labels go from 0 to {classes - 1}. Get the file again."
        )
