"""Sliding windows, shared by convolution and pooling.

Private to this package.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from numbers import Integral
from types import EllipsisType
from typing import NamedTuple, TypeAlias

from array_api_compat import device

from handgrad.arrays import Array, Pair, Shape, array_namespace
from handgrad.errors import ConfigError, ShapeError
from handgrad.ranges import MOST, is_whole, shown

Place: TypeAlias = tuple[EllipsisType, slice, slice]


class Tap(NamedTuple):
    """One kernel position, and the slice of its pixels in all windows."""

    row: int
    column: int
    place: Place


@dataclass(frozen=True)
class Windows:
    """Sliding windows over images; each pair is (height, width).

    Shapes
        images  (..., height, width); leading axes are unchanged

    Equations
        grid     = floor((size + 2 * padding - kernel_size) / stride) + 1
        the window at (y, x) starts at padded row y * stride, column x * stride;
        its tap (row, column) is the pixel at that offset from the start
    """

    kernel_size: Pair
    stride: Pair
    padding: Pair

    def grid(self, size: Pair) -> Pair:
        """Number of windows down and across an image of this size."""
        sides = zip(size, self.padding, self.kernel_size, self.stride, strict=True)
        rows, columns = (
            (length + 2 * border - kernel) // stride + 1
            for length, border, kernel, stride in sides
        )
        return rows, columns

    def taps(self, grid: Pair) -> Iterator[Tap]:
        """Iterate over the kernel positions in row-major order."""
        for row in range(self.kernel_size[0]):
            for column in range(self.kernel_size[1]):
                rows = every(self.stride[0], grid[0], row)
                columns = every(self.stride[1], grid[1], column)
                yield Tap(row, column, (..., rows, columns))

    def pad(self, images: Array, value: float = 0.0) -> Array:
        """Pad the images with `value`; without padding, return them unchanged."""
        if self.padding == (0, 0):
            return images
        xp = array_namespace(images)
        *front, height, width = images.shape
        shape = self._padded_shape((*front, height, width))
        place = self._inside((height, width))
        padded = xp.full(shape, value, dtype=images.dtype, device=device(images))
        padded[place] = images
        return padded

    def padded_zeros(self, shape: Shape, like: Array) -> Array:
        """Zeros in the padded shape, to accumulate a gradient."""
        xp = array_namespace(like)
        padded_shape = self._padded_shape(shape)
        return xp.zeros(padded_shape, dtype=like.dtype, device=device(like))

    def crop(self, padded: Array, size: Pair) -> Array:
        """Remove the padding."""
        return padded[self._inside(size)]

    def output_shape(self, owner: object, channels: int, input_shape: Shape) -> Shape:
        """Return (channels, rows, columns); ShapeError if no window fits."""
        height, width = check_image(owner, input_shape)
        rows, columns = self.grid((height, width))
        if rows < 1 or columns < 1:
            raise ShapeError(
                f"{owner} needs images of at least {self._least_size()} pixels, got "
                f"{height}x{width}. Use a smaller kernel_size, more padding, or fewer "
                "pooling layers before it."
            )
        return channels, rows, columns

    def _padded_shape(self, shape: Shape) -> Shape:
        *front, height, width = shape
        vertical, horizontal = self.padding
        return (*front, height + 2 * vertical, width + 2 * horizontal)

    def _inside(self, size: Pair) -> Place:
        (top, left), (height, width) = self.padding, size
        return (..., slice(top, top + height), slice(left, left + width))

    def _least_size(self) -> str:
        sides = zip(self.kernel_size, self.padding, strict=True)
        height, width = (max(1, kernel - 2 * border) for kernel, border in sides)
        return f"{height}x{width}"


def every(stride: int, count: int, start: int) -> slice:
    """Slice of `count` indices from `start`, `stride` apart."""
    return slice(start, start + stride * (count - 1) + 1, stride)


def check_image(owner: object, input_shape: Shape) -> Pair:
    """Return height and width; ShapeError unless the shape is that of an image."""
    if len(input_shape) != 3:
        raise ShapeError(
            f"{owner} takes images of shape (channels, height, width), "
            f"got {input_shape}. Put it before any Flatten or Linear layer."
        )
    return input_shape[1], input_shape[2]


def read_pair(owner: str, name: str, value: object, *, least: int) -> Pair:
    """Return (height, width) from `3` or `(3, 5)`; ConfigError for an invalid value."""
    pair = (value, value) if isinstance(value, Integral) else value
    if isinstance(pair, tuple | list) and len(pair) == 2:
        height, width = pair
        if all(is_whole(side) and least <= side <= MOST for side in pair):
            return int(height), int(width)
    raise ConfigError(
        f"{owner} takes {name} as an integer of at least {least} or a pair of "
        f"them (height, width), got {shown(value)}. Give, for example, {name}="
        f"{max(least, 2)}."
    )


def show_pair(pair: Pair) -> str:
    """Format a pair: `3` for (3, 3), else `(3, 5)`."""
    return str(pair[0]) if pair[0] == pair[1] else str(pair)
