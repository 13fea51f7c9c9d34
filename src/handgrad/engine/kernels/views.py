"""Augmentation on the way in: a tile's images as their views show them.

A view says where each pixel comes from (`augmentation.views` has the equations), so no
changed copy of the batch is ever made; images are normalised afterwards.
"""

import numpy as np
from numba import carray

from handgrad.engine.kernels.entry import (
    Entry,
    floats,
    integer,
    kernel,
    longs,
    octets,
)
from handgrad.engine.kernels.gather import (
    COUNT,
    HUGE,
    IMAGES,
    INPUTS,
    NUMBERS,
    ROWS,
    VIEWS,
)
from handgrad.engine.kernels.machine import byte_pointer, float_pointer, long_pointer

BLACK = np.uint8(0)  # which a float32 image takes as 0.0


@kernel
def look_at(image, view, outputs, shape):
    """One image of (channels, height, width), as its view shows it; black is 0."""
    channels, height, width = shape
    top, left, sign = view[0], view[1], view[2]
    for channel in range(channels):
        start = channel * height * width
        for line in range(height):
            place = start + line * width
            if line < view[3] or line >= view[4]:
                outputs[place : place + width] = BLACK
                continue
            source = start + (line + top) * width + left
            outputs[place : place + view[5]] = BLACK
            outputs[place + view[6] : place + width] = BLACK
            for column in range(view[5], view[6]):
                outputs[place + column] = image[source + sign * column]
            for first in range(7, len(view), 4):
                if view[first] <= line < view[first + 1]:
                    begin, end = max(view[first + 2], 0), min(view[first + 3], width)
                    if begin < end:
                        outputs[place + begin : place + end] = BLACK


@kernel
def _sizes(arguments):
    """channels, height, width; numbers of one image; images of a tile."""
    shape = (integer(arguments, 6), integer(arguments, 7), integer(arguments, 8))
    return shape, shape[0] * shape[1] * shape[2], integer(arguments, 9)


@kernel
def look_at_tile(images, pictures, arguments, tile, worker):
    """All images of a tile, side by side."""
    block = longs(arguments, 0, tile, worker, INPUTS)
    shape, size, lanes = _sizes(arguments)
    count, numbers = block[COUNT], block[NUMBERS]
    rows = carray(long_pointer(block[ROWS]), (count,))
    views = carray(long_pointer(block[VIEWS]), (count, numbers))
    for lane in range(lanes):
        example = tile * lanes + lane
        example = example if example < count else 0
        start = rows[example] * size
        look_at(
            images[start : start + size],
            views[example],
            pictures[lane * size : (lane + 1) * size],
            shape,
        )


def _views_entry(arguments: int, tile: int, worker: int) -> None:
    """Stands for the augmentations of a batch, where its inputs block has views.

    Arguments
        0 inputs block, 3 pictures (tile * channels * height * width, as the images)
        6 channels, 7 height, 8 width, 9 tile
    """
    block = longs(arguments, 0, tile, worker, INPUTS)
    if block[VIEWS] != 0:
        _, size, lanes = _sizes(arguments)
        pictures = octets(arguments, 3, tile, worker, lanes * size)
        images = carray(byte_pointer(block[IMAGES]), (HUGE,))
        look_at_tile(images, pictures, arguments, tile, worker)


def _float_views_entry(arguments: int, tile: int, worker: int) -> None:
    """The same for float32 images."""
    block = longs(arguments, 0, tile, worker, INPUTS)
    if block[VIEWS] != 0:
        _, size, lanes = _sizes(arguments)
        pictures = floats(arguments, 3, tile, worker, lanes * size)
        images = carray(float_pointer(block[IMAGES]), (HUGE,))
        look_at_tile(images, pictures, arguments, tile, worker)


VIEWS_OF = {"uint8": Entry(_views_entry), "float32": Entry(_float_views_entry)}
