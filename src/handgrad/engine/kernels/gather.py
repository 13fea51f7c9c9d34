"""The first operation: fetch a tile's images, normalise them, lay them out.

    value = pixel * scale[channel] + shift[channel]

which is `Normalization.apply`, to the bit. Examples beyond the batch's end repeat its
first one; the loss gives them no gradient.
"""

import numpy as np
from numba import carray

from handgrad.engine.kernels.entry import (
    Entry,
    address_of,
    floats,
    integer,
    kernel,
    longs,
)
from handgrad.engine.kernels.machine import byte_pointer, long_pointer
from handgrad.engine.kernels.registers import LANES
from handgrad.engine.kernels.vector import transpose_block

f32 = np.float32
HUGE = 1 << 62
# the numbers of the program's `inputs` block: addresses, and how many examples
# of the batch, where its table of views stands (or 0), and numbers in one view;
# when predicting, where the logits go
IMAGES, TARGETS, ROWS, EXAMPLES, COUNT, VIEWS, NUMBERS, LOGITS = range(8)
INPUTS = 8


@kernel
def gather_last(images, rows, count, first, geometry, scale, shift, outputs):
    """Images to (channels, height, width, tile), inside a border of zeros.

    Shapes
        images    (all, channels, height, width) flat, uint8
        rows      numbers of the batch's images
        geometry  channels, height, width, padded height, padded width, top, left, tile
        outputs   (channels, padded height, padded width, tile) flat

    Cost
        one byte read (scattered over `tile` images) and four written for each pixel
    """
    channels, height, width, tall, wide, top, left, tile = geometry
    size = height * width
    for lane in range(tile):
        example = first + lane
        row = rows[example if example < count else 0]
        for channel in range(channels):
            source = (row * channels + channel) * size
            start = (channel * tall + top) * wide + left
            times, plus = scale[channel], shift[channel]
            for line in range(height):
                place = (start + line * wide) * tile + lane
                for column in range(width):
                    pixel = f32(images[source + line * width + column])
                    outputs[place + column * tile] = pixel * times + plus


@kernel
def gather_first(images, rows, count, first, geometry, scale, shift, outputs):
    """Images to (tile, channels * height * width), as a first linear layer wants.

    In the place of the padded height, `geometry` says how many floats lie from example
    to example.
    """
    channels, height, width, stride, _, _, _, tile = geometry
    size = height * width
    for lane in range(tile):
        example = first + lane
        row = rows[example if example < count else 0]
        for channel in range(channels):
            source = (row * channels + channel) * size
            place = lane * stride + channel * size
            times, plus = scale[channel], shift[channel]
            pixels = images[source : source + size]
            target = outputs[place : place + size]
            for pixel in range(size):
                target[pixel] = f32(pixels[pixel]) * times + plus


@kernel
def _tile_inputs(arguments, tile, worker):
    """What both gathers read: images, rows, count, first example, geometry, scale."""
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
    shift = floats(arguments, 6, tile, worker, channels)
    images, rows, count, first = block[IMAGES], block[ROWS], block[COUNT], tile * lanes
    if block[VIEWS] != 0:  # `views_entry` has laid the tile's images side by side
        images = address_of(arguments, 23, tile, worker)
        rows = address_of(arguments, 26, tile, worker)
        count, first = lanes, 0
    return (
        carray(byte_pointer(images), (HUGE,)),
        carray(long_pointer(rows), (count,)),
        count,
        first,
        geometry,
        scale,
        shift,
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


def _gather_last_entry(arguments: int, tile: int, worker: int) -> None:
    """0 inputs block, 3 scale, 6 shift, 9 outputs; 12 geometry (8); then arrays.

    The arrays are 20 planes, 23 pictures of `views_entry`, 26 their numbers. `planes`
    has room for one channel of each example: there they are normalised as they lie,
    then turned by whole registers. Narrow pictures go pixel by pixel.
    """
    images, rows, count, first, geometry, scale, shift = _tile_inputs(
        arguments, tile, worker
    )
    lanes, pixels = geometry[7], geometry[1] * geometry[2]
    size = geometry[0] * geometry[3] * geometry[4] * lanes
    if geometry[2] < LANES or lanes % LANES != 0:
        outputs = floats(arguments, 9, tile, worker, size)
        gather_last(images, rows, count, first, geometry, scale, shift, outputs)
        return
    planes = floats(arguments, 20, tile, worker, lanes * pixels)
    for channel in range(geometry[0]):
        offset = channel * pixels
        for lane in range(lanes):
            example = first + lane
            row = rows[example if example < count else 0]
            begin = row * geometry[0] * pixels + offset
            times, plus = scale[channel], shift[channel]
            source = images[begin : begin + pixels]
            target = planes[lane * pixels : (lane + 1) * pixels]
            for pixel in range(pixels):
                target[pixel] = f32(source[pixel]) * times + plus
        turn_planes(
            address_of(arguments, 20, tile, worker),
            channel,
            geometry,
            address_of(arguments, 9, tile, worker),
        )


def _gather_first_entry(arguments: int, tile: int, worker: int) -> None:
    """0 inputs block, 3 scale, 6 shift, 9 outputs; 12 geometry; the same arrays."""
    images, rows, count, first, geometry, scale, shift = _tile_inputs(
        arguments, tile, worker
    )
    outputs = floats(arguments, 9, tile, worker, geometry[3] * geometry[7])
    gather_first(images, rows, count, first, geometry, scale, shift, outputs)


gather_last_entry = Entry(_gather_last_entry)
gather_first_entry = Entry(_gather_first_entry)
