"""The first operation of a program: gather a tile's inputs, normalized, in its layout.

    value = pixel * scale[channel] + offset[channel]        bytes
    value = (number + offset[channel]) * scale[channel]     float32

which is `Normalization.apply`, to the bit. A vector is an image of one pixel, with a
channel for each feature. Examples beyond the batch's end repeat its first one; their
gradient is zero.
"""

from typing import Any

import numpy as np
from numba import carray, types
from numba.extending import overload

from handgrad.engine.kernels.declaration import (
    FLOATS,
    LONGS,
    OCTETS,
    SIZE,
    TILE,
    Sizes,
    Span,
    matrix,
    reads,
    scratch,
    times,
    updates,
    writes,
)
from handgrad.engine.kernels.entry import Kernel, kernel, kernel_entry, kernel_family
from handgrad.engine.kernels.machine import byte_pointer, float_pointer, long_pointer
from handgrad.engine.kernels.registers import LANES
from handgrad.engine.kernels.simd_blocks import transpose_block

f32 = np.float32
HUGE = 1 << 62
# The program's `inputs` block: addresses, and COUNT, the examples of the batch, and
# NUMBERS, numbers in a view. VIEWS (augmentations), LOGITS (of a prediction),
# FACTORS (of the examples' losses), and of mixed examples the rows of the SECOND ones
# and the SHARES of the first labels may be 0.
IMAGES, TARGETS, ROWS, EXAMPLES, COUNT, VIEWS, NUMBERS, LOGITS, FACTORS = range(9)
SECOND, SHARES, INPUTS = 9, 10, 11
TILE_NUMBERS = ("channels", "height", "width", "lanes")  # sizes of a tile's images


def normalized(number, scale, offset):
    """A normalized number, by the equation of its type."""
    if isinstance(number, np.uint8):
        return f32(number) * scale + offset
    return (number + offset) * scale


@overload(normalized, inline="always")
def _normalized(number, scale, offset):
    """The same for compiled code."""
    if number is types.uint8:
        return lambda number, scale, offset: f32(number) * scale + offset
    return lambda number, scale, offset: (number + offset) * scale


@kernel
def gather_last(images, rows, count, first, geometry, scale, offset, outputs, planes):
    """Images to (channels, height, width, tile), inside a border of zeros.

    Shapes
        images    (all, channels, height, width) flat, uint8 or float32
        rows      numbers of the batch's images
        geometry  channels, height, width, padded height, padded width, top, left, tile
        outputs   (channels, padded height, padded width, tile) flat
    """
    channels, height, width, tall, wide, top, left, tile = geometry
    size = height * width
    for lane in range(tile):
        example = first + lane
        row = rows[example if example < count else 0]
        for channel in range(channels):
            source = (row * channels + channel) * size
            start = (channel * tall + top) * wide + left
            times, plus = scale[channel], offset[channel]
            for line in range(height):
                place = (start + line * wide) * tile + lane
                for column in range(width):
                    pixel = images[source + line * width + column]
                    outputs[place + column * tile] = normalized(pixel, times, plus)


@kernel
def gather_first(images, rows, count, first, geometry, stride, scale, offset, outputs):
    """Images to (tile, features), with `stride` floats from example to example."""
    channels, height, width, tile = geometry
    size = height * width
    for lane in range(tile):
        example = first + lane
        row = rows[example if example < count else 0]
        if size == 1:
            vector = images[row * channels : (row + 1) * channels]
            target = outputs[lane * stride : lane * stride + channels]
            for feature in range(channels):
                target[feature] = normalized(
                    vector[feature], scale[feature], offset[feature]
                )
            continue
        for channel in range(channels):
            source = (row * channels + channel) * size
            place = lane * stride + channel * size
            times, plus = scale[channel], offset[channel]
            pixels = images[source : source + size]
            target = outputs[place : place + size]
            for pixel in range(size):
                target[pixel] = normalized(pixels[pixel], times, plus)


def images_at(address, like):
    """An array at an address, with the element type of another array."""
    raise NotImplementedError("compiled code only")


@overload(images_at, inline="always")
def _images_at(address, like):
    if like.dtype is types.uint8:
        return lambda address, like: carray(byte_pointer(address), (HUGE,))
    return lambda address, like: carray(float_pointer(address), (HUGE,))


@kernel
def tile_rows(block, pictures, numbers, lanes, tile):
    """A tile's images: the array, their rows in it, how many, and the first.

    The array is the data set, or the tile's augmented images.
    """
    if len(numbers) > 0 and block[VIEWS] != 0:
        images = images_at(pictures.ctypes.data, pictures)
        return images, numbers, lanes, 0
    rows = carray(long_pointer(block[ROWS]), (block[COUNT],))
    return images_at(block[IMAGES], pictures), rows, block[COUNT], tile * lanes


@kernel
def transpose_planes(planes, channel, geometry, outputs):
    """One channel (tile, height, width) to (height, width, tile), 16 x 16 at once.

    The last block of a line overlaps the one before it.
    """
    _, height, width, tall, wide, top, left, tile = geometry
    size = height * width
    start = (channel * tall + top) * wide + left
    for line in range(height):
        column = 0
        while column < width:
            column = min(column, width - LANES)
            for lane in range(0, tile, LANES):
                source = planes + 4 * (lane * size + line * width + column)
                target = (start + line * wide + column) * tile + lane
                transpose_block(source, 4 * size, outputs + 4 * target, 4 * tile)
            column += LANES


@kernel
def gather_planes(images, rows, count, first, geometry, scale, offset, outputs, planes):
    """`gather_last` for wide images: normalize planes in order, then transpose them."""
    lanes, pixels = geometry[7], geometry[1] * geometry[2]
    for channel in range(geometry[0]):
        begins = channel * pixels
        for lane in range(lanes):
            example = first + lane
            row = rows[example if example < count else 0]
            begin = row * geometry[0] * pixels + begins
            times, plus = scale[channel], offset[channel]
            source = images[begin : begin + pixels]
            target = planes[lane * pixels : (lane + 1) * pixels]
            for pixel in range(pixels):
                target[pixel] = normalized(source[pixel], times, plus)
        transpose_planes(planes.ctypes.data, channel, geometry, outputs.ctypes.data)


def element_of(dtype):
    """The element type of images."""
    return OCTETS if dtype == "uint8" else FLOATS


def inside(channels, height, width, tall, wide, top, left, lanes):
    """The range of images inside a border."""
    line = ((channels - 1) * tall + top + height - 1) * wide + left + width
    return Span(0, line * lanes, channels * height * width * lanes)


def shared(dtype: str) -> dict[str, Any]:
    """The cost of a gather, and the parameters that both layouts have."""
    element = element_of(dtype)
    pictures = times("channels", "height", "width", "viewed")
    return {
        "operations": times(2, *TILE_NUMBERS),
        "bytes_moved": times(element.dtype.itemsize + 4, *TILE_NUMBERS),
        "block": reads(LONGS, INPUTS),
        "scale": reads(FLOATS, "channels"),
        "offset": reads(FLOATS, "channels"),
        "pictures": reads(element, pictures),
        "numbers": reads(LONGS, "viewed"),
        "shape": Sizes("viewed channels height width lanes"),
        "tile": TILE,
    }


@kernel_family
def gather_last_kernel(dtype: str, *, by_planes: bool) -> Kernel:
    """Images to (channels, padded height, padded width, lanes), normalized.

    Pixel by pixel, or by way of `planes`: images at least as wide as a register.
    """
    fill = gather_planes if by_planes else gather_last

    @kernel_entry(
        **shared(dtype),
        outputs=updates(FLOATS, inside),  # the border stays zero
        planes=scratch(FLOATS, times("height", "width", "lanes")),
        border=Sizes("tall wide top left"),
    )
    def gather(
        block, scale, offset, pictures, numbers, shape, tile, outputs, planes, border
    ):
        lanes = shape[4]
        images, rows, count, first = tile_rows(block, pictures, numbers, lanes, tile)
        geometry = shape[1:4] + border + (lanes,)
        fill(images, rows, count, first, geometry, scale, offset, outputs, planes)

    return gather


@kernel_family
def gather_first_kernel(dtype: str) -> Kernel:
    """Images to (lanes, features), `stride` floats apart, normalized."""

    @kernel_entry(
        **shared(dtype),
        outputs=writes(
            FLOATS, matrix("lanes", ("channels", "height", "width"), "stride")
        ),
        stride=SIZE,
    )
    def gather(block, scale, offset, pictures, numbers, shape, tile, outputs, stride):
        images, rows, count, first = tile_rows(block, pictures, numbers, shape[4], tile)
        gather_first(
            images, rows, count, first, shape[1:], stride, scale, offset, outputs
        )

    return gather
