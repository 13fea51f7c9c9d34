"""The padding of poolings, in programs that are written for images of one size."""

from typing import Any, TypeAlias

from handgrad import layers
from handgrad.arrays import Pair, Shape

Borders: TypeAlias = tuple[Pair, Pair]  # (top, bottom) and (left, right), in pixels
NO_BORDERS: Borders = ((0, 0), (0, 0))


def whole_borders(layer: Any, shape: Shape) -> Borders:
    """The padding of a layer for images of a shape, with what ceil_mode adds to it."""
    windows, size = layer.windows, (shape[1], shape[2])
    counts = windows.grid(size)
    height, width = (
        (before, max(after, (count - 1) * stride + reach - length - before))
        for (before, after), count, stride, reach, length in zip(
            windows.borders, counts, windows.stride, windows.reach, size, strict=True
        )
    )
    return height, width


def average_borders(
    layer: layers.AveragePool2d, shape: Shape
) -> tuple[Borders, Borders]:
    """The padding that the means of a layer include, and the rest around it."""
    whole = whole_borders(layer, shape)
    if not layer.count_include_pad:
        return NO_BORDERS, whole
    counted = layer.windows.borders
    sides = zip(counted, whole, strict=True)
    height, width = ((0, after - own) for (_, own), (_, after) in sides)
    return counted, (height, width)
