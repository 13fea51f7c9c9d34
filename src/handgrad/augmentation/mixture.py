"""Mixtures of two images and of their labels, as mixup and cutmix draw them."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol, TypeGuard

import numpy as np
from jaxtyping import Float32, Int64

from handgrad.arrays import NumpyArray, Shape
from handgrad.augmentation.pixel_values import as_pixels
from handgrad.augmentation.recorded_operations import MIX, Recorded, as_bits
from handgrad.augmentation.source_coordinates import Images
from handgrad.errors import ConfigError
from handgrad.randomness import Key

NO_STEPS = np.empty((0, 2), np.int64)
EXACT = 1 << 16  # shares are multiples of 1 / EXACT: 1 - share is exact in float32


class Mixture(NamedTuple):
    """The second image of each image of a batch, and how the two are combined.

    Shapes
        rows      (batch,), int64: the row of the second image in the set
        shares    (batch,), float32, 0 to 1: the weight of the image's own label
        blend     (batch,), float32, 0 to 1: the weight of the image's own pixels
        corners   (batch, 4), int64: of the rectangle where the second image is seen,
                  first row, last row + 1, first column, last column + 1
        recorded  operations that change the second images; None without

    Equations
        outputs = others                                   inside the rectangle
                = blend * images + (1 - blend) * others    outside
        label   = shares * one_hot(target) + (1 - shares) * one_hot(second target)
    """

    rows: Int64[NumpyArray, " batch"]
    shares: Float32[NumpyArray, " batch"]
    blend: Float32[NumpyArray, " batch"]
    corners: Int64[NumpyArray, "batch 4"]
    recorded: Recorded | None = None

    def part(self, images: slice, step: int) -> "Mixture":
        """That of some images of one step."""
        rows, shares, blend, corners = (array[images] for array in self[:4])
        recorded = self.recorded and self.recorded.part(images, step, rows)
        return Mixture(rows, shares, blend, corners, recorded)


def mixed(recorded: Recorded | None, mixture: Mixture) -> Recorded:
    """Operations of a batch, the mixing after them, and those of its second images.

    Columns of the table, after those of the batch's operations: the second image's row,
    the bits of `blend`, the corners, then the operations of the second image.
    """
    batch = len(mixture.rows)
    own, other = (
        Recorded(NO_STEPS, np.empty((batch, 0), np.int64), ()) if each is None else each
        for each in (recorded, mixture.recorded)
    )
    blend = as_bits(mixture.blend)[:, None]
    columns = [own.table, mixture.rows[:, None], blend, mixture.corners, other.table]
    step = np.array([[MIX, own.table.shape[1]]], np.int64)
    table = np.concatenate(columns, axis=1)
    return Recorded(np.concatenate([own.steps, step]), table, (*own.keys, None))


class Mixer(Protocol):
    """An augmentation that mixes each image, and its label, with those of another."""

    def mixture(self, key: Key, batch: int, count: int, image_shape: Shape) -> Mixture:
        """Draw second images among `count`, for the `batch` examples of `key`."""


def is_mixer(change: object) -> TypeGuard[Mixer]:
    """Whether an augmentation mixes labels."""
    return hasattr(type(change), "mixture")


def only_mixer(changes: Sequence[object]) -> int | None:
    """The place of the augmentation that mixes labels; ConfigError for two of them."""
    places = [place for place, change in enumerate(changes) if is_mixer(change)]
    if len(places) > 1:
        both = " and ".join(repr(changes[place]) for place in places)
        raise ConfigError(
            f"An image is mixed with one other image, got {both}. Leave one out."
        )
    return places[0] if places else None


def mix(images: Images, others: Images, mixture: Mixture) -> Images:
    """Combine images with `others` of the same shape, by the equations of `Mixture`."""
    one = np.float32(1)
    outputs = np.empty_like(images)
    for number, (image, other) in enumerate(zip(images, others, strict=True)):
        share = mixture.blend[number]
        mixed = share * image + (one - share) * other
        outputs[number] = as_pixels(mixed, images.dtype) if share != one else image
        top, bottom, left, right = mixture.corners[number]
        seen = slice(top, bottom), slice(left, right)
        outputs[number][:, *seen] = other[:, *seen]
    return outputs
