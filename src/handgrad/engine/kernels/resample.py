"""Bilinear resampling of one image, and rounding to pixels.

A cell is a pixel with its right, lower and lower right neighbours, also across the
border, where the image is reflected. With a border of half a cell, cells repeat upside
down or mirrored beyond the image, so every position is a cell and four weights. Lines
of positions, cells and sums are separate loops, all but one of which are vectorized.
"""

import numpy as np
from numba import types
from numba.extending import overload

from handgrad.engine.kernels.entry import kernel

f32, i32, u64 = np.float32, np.int32, np.uint64
ZERO, HALF, ONE, WHITE = f32(0), f32(0.5), f32(1), f32(255)
BYTE, NEXT = i32(255), u64(1)
LINES = 7  # of the width: 4 of weights, 3 of places


def resample_numbers(channels: int, height: int, width: int) -> int:
    """How many numbers `resample_at` takes for its `work`."""
    return channels * ((height + 2) * (width + 2) + width) + LINES * width


def as_pixel(value, outputs):
    """A float32 value in the type of the outputs: clipped and rounded to bytes."""
    if outputs.dtype != np.uint8:
        return value
    return np.uint8(min(max(value, ZERO), WHITE) + HALF)


@overload(as_pixel, inline="always")
def _as_pixel(value, outputs):
    """The same for compiled code."""
    if outputs.dtype is types.uint8:
        return lambda value, outputs: np.uint8(min(max(value, ZERO), WHITE) + HALF)
    return lambda value, outputs: value


def rounded(value, outputs):
    """The same for a value from 0 to 255, which needs no clipping."""
    return value if outputs.dtype != np.uint8 else np.uint8(i32(value + HALF))


@overload(rounded, inline="always")
def _rounded(value, outputs):
    """The same for compiled code."""
    if outputs.dtype is types.uint8:
        return lambda value, outputs: np.uint8(i32(value + HALF))
    return lambda value, outputs: value


def pack_bytes(plane, cells, height, width):
    """The cells of a channel of bytes: four bytes each, (height + 1, width + 2)."""
    for line in range(height + 1):
        first, last = max(line - 1, 0) * width, min(line, height - 1) * width
        above, below = plane[first : first + width], plane[last : last + width]
        row = cells[1][line * (width + 2) : (line + 1) * (width + 2)]
        for x in range(width - 1):
            here, after = u64(x), u64(x) + NEXT
            left = i32(above[here]) | (i32(below[here]) << i32(16))
            right = i32(above[after]) | (i32(below[after]) << i32(16))
            row[after] = left | (right << i32(8))
        for x, place in ((0, 0), (width - 1, width)):
            both = i32(above[x]) | (i32(below[x]) << i32(16))
            row[place] = both | (both << i32(8))


def pad_floats(plane, cells, height, width):
    """A channel of float32 numbers inside a border: (height + 2, width + 2)."""
    for line in range(height + 2):
        source = min(max(line - 1, 0), height - 1) * width
        row = cells[0][line * (width + 2) : (line + 1) * (width + 2)]
        for x in range(width):
            row[x + 1] = plane[source + x]
        row[0], row[width + 1] = row[1], row[width]


@kernel
def read_words(packed, places, words, count):
    """The cells of a line of all channels: apart from the sums, which are vectorized.

    A channel has `count` cells.
    """
    width = len(places)
    for channel in range(len(words) // width):
        for x in range(width):
            cell = u64(places[x]) + u64(channel * count)
            words[u64(channel * width + x)] = packed[cell]


@kernel
def interpolate_words(words, above, below, left, right, outputs, start, size):
    """A line of all channels of bytes: columns first, then rows."""
    width = len(left)
    for channel in range(len(words) // width):
        for x in range(width):
            word = words[u64(channel * width + x)]
            first, second = f32(i32(word & BYTE)), f32(i32((word >> i32(8)) & BYTE))
            third, fourth = i32((word >> i32(16)) & BYTE), i32((word >> i32(24)) & BYTE)
            upper = left[x] * first + right[x] * second
            lower = left[x] * f32(third) + right[x] * f32(fourth)
            value = (above[x] * upper + below[x] * lower) + HALF
            outputs[u64(start + channel * size + x)] = np.uint8(i32(value))


def interpolate_bytes(cells, places, words, weights, outputs, line, sizes):
    """A line of all channels of bytes."""
    size, count = sizes
    above, below, left, right = weights
    read_words(cells[1], places, words, count)
    start = line * len(places)
    interpolate_words(words, above, below, left, right, outputs, start, size)


def interpolate_floats(cells, places, words, weights, outputs, line, sizes):
    """A line of all channels of float32 numbers."""
    (size, count), width, numbers = sizes, len(places), cells[0]
    above, below, left, right = weights
    for channel in range(len(words) // width):
        start = channel * size + line * width
        for x in range(width):
            top = u64(places[x]) + u64(channel * count)
            low = top + u64(width + 2)
            upper = left[x] * numbers[top] + right[x] * numbers[top + NEXT]
            lower = left[x] * numbers[low] + right[x] * numbers[low + NEXT]
            outputs[u64(start + x)] = above[x] * upper + below[x] * lower


def fill_cells(plane, cells, height, width):
    """The cells of a channel, by the type of its pixels."""
    pack = pack_bytes if plane.dtype == np.uint8 else pad_floats
    pack(plane, cells, height, width)


@overload(fill_cells)
def _fill_cells(plane, cells, height, width):
    return pack_bytes if plane.dtype is types.uint8 else pad_floats


def interpolate(cells, places, words, weights, outputs, line, sizes):
    """Bilinear interpolation of a line, by the type of its pixels.

    `sizes` are the pixels and the cells of a channel.
    """
    of_type = interpolate_bytes if outputs.dtype == np.uint8 else interpolate_floats
    of_type(cells, places, words, weights, outputs, line, sizes)


@overload(interpolate)
def _interpolate(cells, places, words, weights, outputs, line, sizes):
    is_bytes = outputs.dtype is types.uint8
    return interpolate_bytes if is_bytes else interpolate_floats


@kernel
def locate(start, step, offset, length, places, firsts, seconds):
    """Cells along one axis at positions of a line, and the weights of their pixels.

    Equations
        position = (start + step * x) + offset        fraction = position - whole
        q = (whole + 1) mod 2 * length                whole = floor(position)
        place = q if q <= length else 2 * length - q, mirrored: the weights change place
    """
    period, middle = f32(2 * length), f32(length)
    begin, end = start + offset, (start + step * f32(len(places) - 1)) + offset
    # positions rise or fall: the ends tell whether any lies a whole image outside
    is_near = min(begin, end) >= -middle and max(begin, end) < period - ONE
    for x in range(len(places)):
        position = (start + step * f32(x)) + offset
        whole = np.floor(position)
        second = position - whole
        first = ONE - second
        place = whole + ONE
        if is_near:  # the same without a division
            is_mirrored = (place < ZERO) | (place > middle)
            place = min(abs(place), period - place)
        else:
            place -= period * np.floor(place / period)
            is_mirrored = place > middle
            place = period - place if is_mirrored else place
        places[x] = i32(place)
        firsts[x] = second if is_mirrored else first
        seconds[x] = first if is_mirrored else second


@kernel
def resample_at(image, affine, outputs, shape, work):
    """Bilinear interpolation at the positions of an affine map.

    Stands for
        augmentation.resample

    Why
        positions of a line step evenly, and one load gives the four bytes of a cell;
        without rotation and shear, a line has one row, and lines have the same columns
    """
    channels, height, width = shape
    size, count = height * width, (height + 2) * (width + 2)
    packed = work.view(np.int32)  # the same numbers: cells of bytes, and places
    first = channels * count
    above, below = work[first : first + width], work[first + width : first + 2 * width]
    first += 2 * width
    left, right = work[first : first + width], work[first + width : first + 2 * width]
    first += 2 * width
    rows, columns = packed[first : first + width], packed[first + width :][:width]
    places = packed[first + 2 * width :][:width]
    words = packed[first + 3 * width :][: channels * width]
    cells, sizes = (work, packed), (size, count)
    weights = above, below, left, right
    for channel in range(channels):
        plane = image[channel * size : (channel + 1) * size]
        own = slice(channel * count, (channel + 1) * count)
        fill_cells(plane, (work[own], packed[own]), height, width)
    a, b, c = f32(affine[0]), f32(affine[1]), f32(affine[2])
    d, e, f = f32(affine[3]), f32(affine[4]), f32(affine[5])
    for line in range(height):
        x = f32(line)
        if b != ZERO:
            locate(a * x, b, c, height, rows, above, below)
        else:
            locate(a * x, b, c, height, rows[:1], above[:1], below[:1])
            rows[1:], above[1:], below[1:] = rows[0], above[0], below[0]
        if line == 0 or d != ZERO:
            locate(d * x, e, f, width, columns, left, right)
        for column in range(width):
            places[column] = columns[column] + rows[column] * i32(width + 2)
        interpolate(cells, places, words, weights, outputs, line, sizes)
