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

from handgrad.engine.kernels.declaration import (
    FLOATS,
    LONGS,
    OCTETS,
    SIZE,
    TILE,
    Span,
    reads,
    scratch,
    strided,
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
def gather_last(images, rows, count, first, geometry, scale, offset, outputs, planes):
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
def gather_first(images, rows, count, first, geometry, stride, scale, offset, outputs):
    """Images to (tile, channels * height * width), as a first linear layer wants.

    `stride` floats lie from example to example.
    """
    channels, height, width, tile = geometry
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


def images_at(address, like):
    """So many numbers at an address, of the type of another array."""
    raise NotImplementedError("compiled code only")


@overload(images_at, inline="always")
def _images_at(address, like):
    if like.dtype is types.uint8:
        return lambda address, like: carray(byte_pointer(address), (HUGE,))
    return lambda address, like: carray(float_pointer(address), (HUGE,))


@kernel
def tile_rows(block, pictures, numbers, lanes, tile):
    """A tile's images: where, their rows, how many there are, and the first.

    The set's, or those that `views` has laid side by side.
    """
    if len(numbers) > 0 and block[VIEWS] != 0:
        images = images_at(pictures.ctypes.data, pictures)
        return images, numbers, lanes, 0
    rows = carray(long_pointer(block[ROWS]), (block[COUNT],))
    return images_at(block[IMAGES], pictures), rows, block[COUNT], tile * lanes


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
def gather_planes(images, rows, count, first, geometry, scale, offset, outputs, planes):
    """The same as `gather_last` for wide pictures: normalised as they lie, turned."""
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
                target[pixel] = normalised(source[pixel], times, plus)
        turn_planes(planes.ctypes.data, channel, geometry, outputs.ctypes.data)


def element_of(dtype):
    """What images of this type hold."""
    return OCTETS if dtype == "uint8" else FLOATS


def moved(dtype):
    """Bytes read and written for a tile."""
    size = element_of(dtype).dtype.itemsize + 4
    return times(size, "channels", "height", "width", "lanes")


WORK = times(2, "channels", "height", "width", "lanes")


def inside(channels, height, width, tall, wide, top, left, lanes):
    """How far pictures reach that stand inside a border."""
    line = ((channels - 1) * tall + top + height - 1) * wide + left + width
    return Span(0, line * lanes, channels * height * width * lanes)


@kernel_family
def gather_last_kernel(dtype: str, *, by_planes: bool) -> Kernel:
    """Images to (channels, padded height, padded width, lanes), normalised.

    Pixel by pixel, or by way of `planes`: pictures at least as wide as a register.
    """
    fill = gather_planes if by_planes else gather_last

    @kernel_entry(operations=WORK, bytes_moved=moved(dtype))
    def gather(
        block: reads(LONGS, INPUTS),
        scale: reads(FLOATS, "channels"),
        offset: reads(FLOATS, "channels"),
        pictures: reads(
            element_of(dtype), times("channels", "height", "width", "viewed")
        ),
        numbers: reads(LONGS, "viewed"),
        viewed: SIZE,
        channels: SIZE,
        height: SIZE,
        width: SIZE,
        lanes: SIZE,
        tile: TILE,
        outputs: updates(FLOATS, inside),  # zeros stay around the pictures
        planes: scratch(FLOATS, times("height", "width", "lanes")),
        tall: SIZE,
        wide: SIZE,
        top: SIZE,
        left: SIZE,
    ):
        images, rows, count, first = tile_rows(block, pictures, numbers, lanes, tile)
        geometry = (channels, height, width, tall, wide, top, left, lanes)
        fill(images, rows, count, first, geometry, scale, offset, outputs, planes)

    return gather


@kernel_family
def gather_first_kernel(dtype: str) -> Kernel:
    """Images to (lanes, features), `stride` floats apart, normalised."""

    @kernel_entry(operations=WORK, bytes_moved=moved(dtype))
    def gather(
        block: reads(LONGS, INPUTS),
        scale: reads(FLOATS, "channels"),
        offset: reads(FLOATS, "channels"),
        pictures: reads(
            element_of(dtype), times("channels", "height", "width", "viewed")
        ),
        numbers: reads(LONGS, "viewed"),
        viewed: SIZE,
        channels: SIZE,
        height: SIZE,
        width: SIZE,
        lanes: SIZE,
        tile: TILE,
        outputs: writes(
            FLOATS,
            lambda channels, height, width, lanes, stride: strided(
                lanes, channels * height * width, stride
            ),
        ),
        stride: SIZE,
    ):
        images, rows, count, first = tile_rows(block, pictures, numbers, lanes, tile)
        geometry = (channels, height, width, lanes)
        gather_first(
            images, rows, count, first, geometry, stride, scale, offset, outputs
        )

    return gather
