"""Augmentation on the way in: a tile's images as their views show them.

A view says where each pixel comes from (the equations are in
`augmentation.source_coordinates`), so no changed copy of the batch is ever made; images
are normalised afterwards.
"""

import numpy as np
from numba import carray

from handgrad.engine.kernels.declaration import (
    FLOATS,
    LONGS,
    OCTETS,
    SIZE,
    TILE,
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
    VIEWS,
    images_at,
)
from handgrad.engine.kernels.machine import long_pointer

u64 = np.uint64  # an index that cannot be negative costs no check
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
            if sign == 1:
                seen = image[source + view[5] : source + view[6]]
                outputs[place + view[5] : place + view[6]] = seen
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
    """All images of a tile side by side, where a batch has views.

    Stands for
        the augmentations of a batch
    """

    @kernel_entry(
        bytes_moved=lambda channels, height, width, lanes: (
            2 * np.dtype(dtype).itemsize * channels * height * width * lanes
        )
    )
    def views(
        block: reads(LONGS, INPUTS),
        pictures: writes(
            OCTETS if dtype == "uint8" else FLOATS,
            times("channels", "height", "width", "lanes"),
        ),
        channels: SIZE,
        height: SIZE,
        width: SIZE,
        lanes: SIZE,
        tile: TILE,
    ):
        if block[VIEWS] == 0:
            return
        shape, size = (channels, height, width), channels * height * width
        images = images_at(block[IMAGES], pictures)
        count, numbers = block[COUNT], block[NUMBERS]
        rows = carray(long_pointer(block[ROWS]), (count,))
        table = carray(long_pointer(block[VIEWS]), (count, numbers))
        for lane in range(lanes):
            example = tile * lanes + lane
            example = example if example < count else 0
            start = rows[example] * size
            look_at(
                images[start : start + size],
                table[example],
                pictures[lane * size : (lane + 1) * size],
                shape,
            )

    return views
