"""The first operation: fetch a tile's inputs, normalise them, lay them out.

    value = pixel * scale[channel] + offset[channel]        bytes
    value = (number + offset[channel]) * scale[channel]     float32

which is `Normalization.apply`, to the bit. A vector is an image of one pixel, with a
channel for each feature. Examples beyond the batch's end repeat its first one; the loss
gives them no gradient.
"""

import numpy as np
from numba import carray, types
from numba.extending import overload

from handgrad.engine.kernels.entry import (
    Entry,
    address_of,
    floats,
    integer,
    kernel,
    longs,
)
from handgrad.engine.kernels.machine import (
    byte_pointer,
    float_pointer,
    long_pointer,
)
from handgrad.engine.kernels.registers import LANES
from handgrad.engine.kernels.vector import transpose_block

f32 = np.float32
HUGE = 1 << 62
# the numbers of the program's `inputs` block: addresses, and how many examples
# of the batch, where its table of views stands (or 0), and numbers in one view;
# when predicting, where the logits go; when training, where the examples' factors of
# the loss stand (or 0)
IMAGES, TARGETS, ROWS, EXAMPLES, COUNT, VIEWS, NUMBERS, LOGITS, FACTORS = range(9)
INPUTS = 9


def normalised(number, scale, offset):
    """One number of the inputs, by the equation of its type."""
    if isinstance(number, np.uint8):
        return f32(number) * scale + offset
    return (number + offset) * scale


@overload(normalised, inline="always")
def _normalised(number, scale, offset):
    """The same, chosen when compiled."""
    if number is types.uint8:
        return lambda number, scale, offset: f32(number) * scale + offset
    return lambda number, scale, offset: (number + offset) * scale


@kernel
def gather_last(images, rows, count, first, geometry, scale, offset, outputs):
    """Images to (channels, height, width, tile), inside a border of zeros.

    Shapes
        images    (all, channels, height, width) flat, uint8 or float32
        rows      numbers of the batch's images
        geometry  channels, height, width, padded height, padded width, top, left, tile
        outputs   (channels, padded height, padded width, tile) flat

    Cost
        one pixel read (scattered over `tile` images) and four bytes written for each
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
                    outputs[place + column * tile] = normalised(pixel, times, plus)


@kernel
def gather_first(images, rows, count, first, geometry, scale, offset, outputs):
    """Images to (tile, channels * height * width), as a first linear layer wants.

    In the place of the padded height, `geometry` says how many floats lie from example
    to example.
    """
    channels, height, width, stride, _, _, _, tile = geometry
    size = height * width
    for lane in range(tile):
        example = first + lane
        row = rows[example if example < count else 0]
        if size == 1:
            vector = images[row * channels : (row + 1) * channels]
            target = outputs[lane * stride : lane * stride + channels]
            for feature in range(channels):
                target[feature] = normalised(
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
                target[pixel] = normalised(pixels[pixel], times, plus)


@kernel
def _images_at(arguments, tile, worker):
    """Where the images begin: the set's, or the tile's own as its views show them."""
    images = longs(arguments, 0, tile, worker, INPUTS)[IMAGES]
    if longs(arguments, 0, tile, worker, INPUTS)[VIEWS] != 0:
        images = address_of(arguments, 23, tile, worker)
    return images


@kernel
def _tile_inputs(arguments, tile, worker):
    """What both gathers read: rows, count, first example, geometry, scale, offset."""
    block = longs(arguments, 0, tile, worker, INPUTS)
    geometry = (
        integer(arguments, 12),
        integer(arguments, 13),
        integer(arguments, 14),
        integer(arguments, 15),
        integer(arguments, 16),
        integer(arguments, 17),
        integer(arguments, 18),
        integer(arguments, 19),
    )
    channels, lanes = geometry[0], geometry[7]
    scale = floats(arguments, 3, tile, worker, channels)
    offset = floats(arguments, 6, tile, worker, channels)
    rows, count, first = block[ROWS], block[COUNT], tile * lanes
    if block[VIEWS] != 0:  # `views_entry` has laid the tile's images side by side
        rows = address_of(arguments, 26, tile, worker)
        count, first = lanes, 0
    return (
        carray(long_pointer(rows), (count,)),
        count,
        first,
        geometry,
        scale,
        offset,
    )


@kernel
def turn_planes(planes, channel, geometry, outputs):
    """One channel of each example, side by side, to (height, width, tile).

    Sixteen pixels of sixteen examples at once; the last block of a line begins early
    enough to end with the line.
    """
    _, height, width, tall, wide, top, left, tile = geometry
    size = height * width
    start = (channel * tall + top) * wide + left
    for line in range(height):
        column = 0
        while column < width:
            column = min(column, width - LANES)
            for lane in range(0, tile, LANES):
                transpose_block(
                    planes + 4 * (lane * size + line * width + column),
                    4 * size,
                    outputs + 4 * ((start + line * wide + column) * tile + lane),
                    4 * tile,
                )
            column += LANES


@kernel
def fetch_last(images, arguments, tile, worker):
    """Narrow pictures pixel by pixel; others normalised as they lie, then turned."""
    rows, count, first, geometry, scale, offset = _tile_inputs(arguments, tile, worker)
    lanes, pixels = geometry[7], geometry[1] * geometry[2]
    size = geometry[0] * geometry[3] * geometry[4] * lanes
    if geometry[2] < LANES or lanes % LANES != 0:
        outputs = floats(arguments, 9, tile, worker, size)
        gather_last(images, rows, count, first, geometry, scale, offset, outputs)
        return
    planes = floats(arguments, 20, tile, worker, lanes * pixels)
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
                target[pixel] = normalised(source[pixel], times, plus)
        turn_planes(
            address_of(arguments, 20, tile, worker),
            channel,
            geometry,
            address_of(arguments, 9, tile, worker),
        )


@kernel
def fetch_first(images, arguments, tile, worker):
    """An example a row."""
    rows, count, first, geometry, scale, offset = _tile_inputs(arguments, tile, worker)
    outputs = floats(arguments, 9, tile, worker, geometry[3] * geometry[7])
    gather_first(images, rows, count, first, geometry, scale, offset, outputs)


def _gather_last_entry(arguments: int, tile: int, worker: int) -> None:
    """0 inputs block, 3 scale, 6 offset, 9 outputs; 12 geometry (8); then arrays.

    The arrays are 20 planes, 23 pictures of `views_entry`, 26 their numbers. `planes`
    has room for one channel of each example.
    """
    images = byte_pointer(_images_at(arguments, tile, worker))
    fetch_last(carray(images, (HUGE,)), arguments, tile, worker)


def _gather_first_entry(arguments: int, tile: int, worker: int) -> None:
    """0 inputs block, 3 scale, 6 offset, 9 outputs; 12 geometry; the same arrays."""
    images = byte_pointer(_images_at(arguments, tile, worker))
    fetch_first(carray(images, (HUGE,)), arguments, tile, worker)


def _gather_floats_last_entry(arguments: int, tile: int, worker: int) -> None:
    """The arguments of `_gather_last_entry`, for float32 inputs."""
    images = float_pointer(_images_at(arguments, tile, worker))
    fetch_last(carray(images, (HUGE,)), arguments, tile, worker)


def _gather_floats_first_entry(arguments: int, tile: int, worker: int) -> None:
    """The arguments of `_gather_first_entry`, for float32 inputs."""
    images = float_pointer(_images_at(arguments, tile, worker))
    fetch_first(carray(images, (HUGE,)), arguments, tile, worker)


GATHER_LAST = {
    "uint8": Entry(_gather_last_entry),
    "float32": Entry(_gather_floats_last_entry),
}
GATHER_FIRST = {
    "uint8": Entry(_gather_first_entry),
    "float32": Entry(_gather_floats_first_entry),
}
