"""Sliding windows, shared by convolution and pooling.

Private to this package.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from numbers import Integral
from types import EllipsisType
from typing import Any, NamedTuple, TypeAlias

from array_api_compat import device

from handgrad.arrays import (
    Array,
    Padding,
    Pair,
    Shape,
    array_namespace,
    check_floats,
)
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
        reach    = (kernel_size - 1) * dilation + 1
        grid     = floor((size + before + after - reach) / stride) + 1
        the window at (y, x) starts at padded row y * stride, column x * stride;
        its tap (row, column) is dilation times that offset from the start

        `padding` is (height, width), each the same before and after, or a pair
        (before, after). With `ceil_mode`, grid is rounded up instead, without windows
        that start behind the image, and padding is added until the last one fits.
    """

    kernel_size: Pair
    stride: Pair
    padding: Any
    dilation: Pair = (1, 1)
    ceil_mode: bool = False

    @property
    def borders(self) -> tuple[Pair, Pair]:
        """Padding (top, bottom) and (left, right)."""
        height, width = map(_both_sides, self.padding)
        return height, width

    @property
    def reach(self) -> Pair:
        """Height and width of a window, from its first to its last tap."""
        height, width = (
            (kernel - 1) * step + 1
            for kernel, step in zip(self.kernel_size, self.dilation, strict=True)
        )
        return height, width

    @property
    def is_even(self) -> bool:
        """Whether padding is the same on opposite sides."""
        return all(before == after for before, after in self.borders)

    @property
    def is_basic(self) -> bool:
        """Whether padding is the same on opposite sides, and nothing else is set."""
        return self.is_even and self.dilation == (1, 1) and not self.ceil_mode

    def grid(self, size: Pair, owner: object = "A window") -> Pair:
        """Number of windows down and across an image of this size.

        ShapeError for the `owner` if no window fits.
        """
        rows, columns = map(self._count, size, self.borders, self.reach, self.stride)
        if rows < 1 or columns < 1:
            height, width = size
            raise ShapeError(
                f"{owner} needs images of at least {self._least_size()} pixels, got "
                f"{height}x{width}. Use a smaller kernel_size, more padding, or fewer "
                "pooling layers before it."
            )
        return rows, columns

    def _count(self, length: int, border: Pair, reach: int, stride: int) -> int:
        rest = length + sum(border) - reach
        if not self.ceil_mode:
            return rest // stride + 1
        count = -(-rest // stride) + 1
        return count - 1 if (count - 1) * stride >= length + border[0] else count

    def taps(self, grid: Pair) -> Iterator[Tap]:
        """Iterate over the kernel positions in row-major order."""
        for row in range(self.kernel_size[0]):
            for column in range(self.kernel_size[1]):
                rows = every(self.stride[0], grid[0], row * self.dilation[0])
                columns = every(self.stride[1], grid[1], column * self.dilation[1])
                yield Tap(row, column, (..., rows, columns))

    def pad(self, images: Array, value: float = 0.0) -> Array:
        """Pad the images with `value`; without padding, return them unchanged.

        ConfigError for integers: sums of pixels would wrap around.
        """
        check_floats("A layer with windows", images)
        *front, height, width = images.shape
        shape = self._padded_shape((*front, height, width))
        if shape == tuple(images.shape):
            return images
        xp = array_namespace(images)
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
        return channels, *self.grid(check_image(owner, input_shape), owner)

    def _padded_shape(self, shape: Shape) -> Shape:
        *front, height, width = shape
        size = (height, width)
        padded = [n + sum(edge) for n, edge in zip(size, self.borders, strict=True)]
        if self.ceil_mode:
            ends = zip(self.grid(size), self.stride, self.reach, strict=True)
            last = [(count - 1) * stride + reach for count, stride, reach in ends]
            padded = list(map(max, padded, last))
        return (*front, *padded)

    def _inside(self, size: Pair) -> Place:
        ((top, _), (left, _)), (height, width) = self.borders, size
        return (..., slice(top, top + height), slice(left, left + width))

    def _least_size(self) -> str:
        sides = zip(self.reach, self.borders, strict=True)
        height, width = (max(1, reach - sum(border)) for reach, border in sides)
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


def read_padding(owner: str, value: Any) -> Padding:
    """Return (height, width), each a number or a pair (before, after) that differ."""
    are_sides = isinstance(value, tuple | list) and len(value) == 2
    if not are_sides or all(isinstance(side, Integral) for side in value):
        return read_pair(owner, "padding", value, least=0)
    height, width = (read_pair(owner, "padding", side, least=0) for side in value)
    if height[0] == height[1] and width[0] == width[1]:
        return height[0], width[0]
    return height, width


def _both_sides(side: int | Pair) -> Pair:
    return (side, side) if isinstance(side, int) else side


def show_pair(pair: Any) -> str:
    """Format a pair: `3` for (3, 3), else `(3, 5)` or `((0, 1), (0, 1))`."""
    are_numbers = isinstance(pair[0], int)
    return str(pair[0]) if are_numbers and pair[0] == pair[1] else str(pair)
