"""Augmentation by views: a tile's images, cropped, flipped and partly erased.

A view says where each pixel comes from (equations: `augmentation.source_coordinates`),
so the batch is not copied. Images are normalized afterwards.
"""

import numpy as np
from numba import carray

from handgrad.engine.kernels.declaration import (
    LONGS,
    TILE,
    Sizes,
    reads,
    times,
    writes,
)
from handgrad.engine.kernels.entry import Kernel, kernel, kernel_entry, kernel_family
from handgrad.engine.kernels.gather import (
    COUNT,
    IMAGES,
    INPUTS,
    NUMBERS,
    ROWS,
    TILE_NUMBERS,
    VIEWS,
    element_of,
    images_at,
)
from handgrad.engine.kernels.machine import long_pointer

u64 = np.uint64  # an index that cannot be negative costs no check
BLACK = np.uint8(0)  # or 0.0


@kernel
def batch_images(block, pictures):
    """The data set's images, of the type of `pictures`, and the rows of the batch."""
    rows = carray(long_pointer(block[ROWS]), (block[COUNT],))
    return images_at(block[IMAGES], pictures), rows


@kernel
def look_at(image, view, outputs, shape):
    """One image (channels, height, width) by its view; other pixels are BLACK."""
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
            if sign == 1:
                for column in range(view[5], view[6]):
                    outputs[u64(place + column)] = image[u64(source + column)]
            else:
                for column in range(view[5], view[6]):
                    outputs[u64(place + column)] = image[u64(source - column)]
            for first in range(7, len(view), 4):
                if view[first] <= line < view[first + 1]:
                    begin, end = max(view[first + 2], 0), min(view[first + 3], width)
                    if begin < end:
                        outputs[place + begin : place + end] = BLACK


@kernel_family
def views_kernel(dtype: str) -> Kernel:
    """All images of a tile by their views, where a batch has any.

    Stands for
        augmentation.source_coordinates.look
    """

    @kernel_entry(bytes_moved=times(2 * np.dtype(dtype).itemsize, *TILE_NUMBERS))
    def views(
        block: reads(LONGS, INPUTS),
        pictures: writes(element_of(dtype), times(*TILE_NUMBERS)),
        sizes: Sizes("channels height width lanes"),
        tile: TILE,
    ):
        if block[VIEWS] == 0:
            return
        shape, lanes = sizes[:3], sizes[3]
        size = shape[0] * shape[1] * shape[2]
        images, rows = batch_images(block, pictures)
        count = block[COUNT]
        table = carray(long_pointer(block[VIEWS]), (count, block[NUMBERS]))
        for lane in range(lanes):
            example = tile * lanes + lane
            example = example if example < count else 0
            image = images[rows[example] * size : (rows[example] + 1) * size]
            own = pictures[lane * size : (lane + 1) * size]
            look_at(image, table[example], own, shape)

    return views
