"""Composition of shifts, flips and cutouts as a table of source coordinates.

A transformation that only moves pixels or sets them to 0 need not copy images: one row
of numbers describes it, and the engine's first kernel reads the image through it.
"""

from typing import Protocol, TypeAlias, TypeGuard

import numpy as np
from jaxtyping import Bool, Float32, Int64, UInt8

from handgrad.arrays import NumpyArray
from handgrad.equations import was_edited
from handgrad.randomness import Key

TOP, LEFT, SIGN, ROWS, COLUMNS = 0, 1, 2, 3, 5
Images: TypeAlias = (
    UInt8[NumpyArray, "batch channels height width"]
    | Float32[NumpyArray, "batch channels height width"]
)
CORNERS = 4  # integers of a rectangle: first row, last + 1, first column, last + 1


class Views:
    """The transformation of each image of a batch, the identity at first.

    Shapes
        table  (batch, 3 + 4 * rectangles): top, left, sign; of each rectangle its first
               row, its last row + 1, its first column, its last column + 1

    Equations
        outputs[y, x] = image[y + top, sign * x + left]     inside the first rectangle
                      = 0                                   outside, and in the others
    """

    def __init__(self, batch: int, height: int, width: int) -> None:
        self.height, self.width = height, width
        start = np.array([0, 0, 1, 0, height, 0, width], dtype=np.int64)
        self.table = np.tile(start, (batch, 1))

    def shift(self, down: NumpyArray, right: NumpyArray) -> None:
        """Shift the view down and to the right; pixels outside the image are 0."""
        table = self.table
        table[:, TOP] += down
        table[:, LEFT] += table[:, SIGN] * right
        for first, by, size in (
            (ROWS, down, self.height),
            (COLUMNS, right, self.width),
        ):
            for edge in (first, first + 1):
                table[:, edge::CORNERS] -= by[:, None]
                table[:, edge] = np.clip(table[:, edge], 0, size)

    def mirror(self, chosen: Bool[NumpyArray, " batch"]) -> None:
        """Flip the chosen images horizontally."""
        table, width = self.table, self.width
        part = table[chosen]
        part[:, LEFT] += part[:, SIGN] * (width - 1)
        part[:, SIGN] *= -1
        for first in range(COLUMNS, table.shape[1], CORNERS):
            part[:, [first, first + 1]] = width - part[:, [first + 1, first]]
        table[chosen] = part

    def hide(
        self,
        top: NumpyArray,
        left: NumpyArray,
        height: NumpyArray | int,
        width: NumpyArray | int,
    ) -> None:
        """Set a rectangle with this top left corner to 0; none where a side is 0."""
        corners = np.stack([top, top + height, left, left + width], axis=1)
        self.table = np.concatenate([self.table, corners], axis=1)


class Movable(Protocol):
    """An augmentation that only moves pixels or sets them to 0."""

    def view(self, views: Views, key: Key) -> None:
        """Record in `views` what `apply` would do to the images."""


def is_movable(change: object) -> TypeGuard[Movable]:
    """Whether `view` may replace `apply`."""
    return defines_both(change, "view")


def defines_both(change: object, method: str) -> bool:
    """Whether a `method` may replace `apply`: the class itself must define both.

    For a subclass, which may override either or what they share, `apply` is used; so it
    is for a class of the library whose methods were changed.
    """
    methods = {"apply", method}
    own = getattr(change, "__dict__", {})
    kind: type = type(change)
    if not methods <= vars(kind).keys() - own.keys():
        return False
    are_own = all(vars(kind)[name].__module__ == kind.__module__ for name in methods)
    return are_own and not was_edited(kind)


def look(
    images: Images,
    table: Int64[NumpyArray, "batch numbers"],
) -> Images:
    """Apply the views to the images; pixels outside a view are 0."""
    _, _, height, width = images.shape
    y, x = np.arange(height)[None, :, None], np.arange(width)[None, None, :]
    at = [column[:, None, None] for column in table.T]
    rows = np.clip(y + at[TOP], 0, height - 1)
    columns = np.clip(at[SIGN] * x + at[LEFT], 0, width - 1)
    is_seen = within(y, at[ROWS:]) & within(x, at[COLUMNS:])
    for first in range(ROWS + CORNERS, len(at), CORNERS):
        is_seen &= ~(within(y, at[first:]) & within(x, at[first + 2 :]))
    number = np.arange(len(images))[:, None, None]
    moved = images.transpose(0, 2, 3, 1)[number, rows, columns]
    return np.where(is_seen[:, None], moved.transpose(0, 3, 1, 2), np.uint8(0))


def within(places: NumpyArray, edges: list[NumpyArray]) -> NumpyArray:
    """Whether places are in the half-open interval between two edges."""
    inside: NumpyArray = (places >= edges[0]) & (places < edges[1])
    return inside
