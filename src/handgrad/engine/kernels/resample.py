"""Bilinear resampling of one image, and rounding to pixels."""

import numpy as np
from numba import types
from numba.extending import overload

from handgrad.engine.kernels.entry import inlined, kernel

f32, u64 = np.float32, np.uint64
NEXT = u64(1)
ZERO, HALF, ONE, WHITE = f32(0), f32(0.5), f32(1), f32(255)


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
    return value if outputs.dtype != np.uint8 else np.uint8(value + HALF)


@overload(rounded, inline="always")
def _rounded(value, outputs):
    """The same for compiled code."""
    if outputs.dtype is types.uint8:
        return lambda value, outputs: np.uint8(value + HALF)
    return lambda value, outputs: value


@kernel
def folded(place, length):
    """The index inside an image that an integer has by reflection."""
    if 0 <= place < length:
        return place
    place = place % (2 * length)
    return place if place < length else 2 * length - 1 - place


@inlined
def split(position):
    """The floor of a position, and the fraction above it."""
    whole = np.int64(position)
    whole -= np.int64(f32(whole) > position)
    return whole, position - f32(whole)


@kernel
def resample_at(image, affine, outputs, shape):
    """Bilinear interpolation at the positions of an affine map.

    Stands for
        augmentation.resample

    Why
        four pixels inside the image need no reflection
    """
    channels, height, width = shape
    size = height * width
    a, b, c = f32(affine[0]), f32(affine[1]), f32(affine[2])
    d, e, f = f32(affine[3]), f32(affine[4]), f32(affine[5])
    for line in range(height):
        down_line, right_line = a * f32(line), d * f32(line)
        for column in range(width):
            x = f32(column)
            i, v = split((down_line + b * x) + c)
            j, u = split((right_line + e * x) + f)
            above, before = ONE - v, ONE - u
            place = line * width + column
            if 0 <= i < height - 1 and 0 <= j < width - 1:
                top, target = u64(i * width + j), u64(place)
                for _ in range(channels):
                    low = top + u64(width)
                    upper = before * f32(image[top]) + u * f32(image[top + NEXT])
                    lower = before * f32(image[low]) + u * f32(image[low + NEXT])
                    outputs[target] = rounded(above * upper + v * lower, outputs)
                    top += u64(size)
                    target += u64(size)
                continue
            first, second = folded(i, height) * width, folded(i + 1, height) * width
            left, next_ = folded(j, width), folded(j + 1, width)
            for channel in range(channels):
                plane = image[channel * size : (channel + 1) * size]
                upper = before * f32(plane[first + left])
                upper += u * f32(plane[first + next_])
                lower = before * f32(plane[second + left])
                lower += u * f32(plane[second + next_])
                outputs[place] = rounded(above * upper + v * lower, outputs)
                place += size
