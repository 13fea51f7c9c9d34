"""Pooling over one tile, with ReLU after max pooling where a network has it.

Layout: (channels, height, width, lanes); `lanes` are the examples of a tile. Pooled
images are `tall` x `wide`, with a stride from pixel to pixel, so that a tile can be
some columns of a whole batch's matrix.
"""

import numpy as np

from handgrad.engine.kernels.declaration import (
    FLAG,
    FLOATS,
    OCTETS,
    Sizes,
    matrix,
    reads,
    times,
    writes,
)
from handgrad.engine.kernels.entry import kernel, kernel_entry

f32 = np.float32
ZERO = f32(0)
CLOSED = np.uint8(255)  # the winner of a window whose maximum ReLU set to 0
SIZES = (
    *("channels", "height", "width", "tall", "wide", "kernel_h", "kernel_w"),
    *("stride_h", "stride_w", "top", "left", "lanes", "stride"),
)
GEOMETRY = Sizes(" ".join(SIZES))


@kernel
def window(index, stride, before, size, extent):
    """The corner of a window along one axis, and the range of it inside the image."""
    corner = index * stride - before
    return corner, max(corner, 0), min(corner + size, extent)


@kernel
def tiles_axis(size, stride, before, count, extent):
    """Whether windows cover every pixel along one axis exactly once."""
    return stride == size and before == 0 and count * size == extent


@kernel
def tiles_image(sizes):
    """Whether windows cover every pixel exactly once, so that none is added to."""
    _, height, width, tall, wide, kernel_h, kernel_w = sizes[:7]
    stride_h, stride_w, top, left = sizes[7:11]
    is_tall = tiles_axis(kernel_h, stride_h, top, tall, height)
    return is_tall and tiles_axis(kernel_w, stride_w, left, wide, width)


FULL = times("channels", "height", "width", "lanes")
PLACES = ("channels", "tall", "wide")
POOLED, DENSE = matrix(PLACES, "lanes", "stride"), times(*PLACES, "lanes")


@kernel_entry(operations=FULL)
def max_pool(
    inputs: reads(FLOATS, FULL),
    outputs: writes(FLOATS, POOLED),
    winners: writes(OCTETS, DENSE),
    sizes: GEOMETRY,
    has_relu: FLAG,
):
    """outputs = max of each window; winners = which place of the window it was.

    Stands for
        MaxPool2d.forward, or ReLU then MaxPool2d (the maximum may be taken first)

    Why
        the first of equal values wins, and any NaN, as in the plain layer; all values
        are loaded before the comparison, so that it compiles to no branch
    """
    channels, height, width, tall, wide, kernel_h, kernel_w = sizes[:7]
    stride_h, stride_w, top, left, lanes, stride = sizes[7:]
    for channel in range(channels):
        for i in range(tall):
            corner_r, r0, r1 = window(i, stride_h, top, kernel_h, height)
            for j in range(wide):
                corner_q, q0, q1 = window(j, stride_w, left, kernel_w, width)
                place = (channel * tall + i) * wide + j
                best = outputs[place * stride : place * stride + lanes]
                winner = winners[place * lanes : place * lanes + lanes]
                for r in range(r0, r1):
                    for q in range(q0, q1):
                        at = ((channel * height + r) * width + q) * lanes
                        values = inputs[at : at + lanes]
                        number = np.uint8((r - corner_r) * kernel_w + q - corner_q)
                        if r == r0 and q == q0:
                            for n in range(lanes):
                                best[n] = values[n]
                                winner[n] = number
                        else:
                            for n in range(lanes):
                                value, most, known = values[n], best[n], winner[n]
                                wins = (value > most) | (value != value)
                                winner[n] = known ^ (known ^ number) * wins
                                best[n] = value if wins else most
                if has_relu:
                    for n in range(lanes):
                        most, known = best[n], winner[n]
                        winner[n] = known if most > ZERO else CLOSED
                        best[n] = ZERO if most < ZERO else most


@kernel_entry(operations=FULL)
def max_unpool(
    d_outputs: reads(FLOATS, POOLED),
    winners: reads(OCTETS, DENSE),
    d_inputs: writes(FLOATS, FULL),
    sizes: GEOMETRY,
):
    """d_inputs = d_outputs at the winner of each window, 0 elsewhere.

    Stands for
        MaxPool2d.backward (with ReLU.backward: CLOSED windows have no winner)

    Why
        last window first: the order in which the plain layer adds, tap by tap
    """
    channels, height, width, tall, wide, kernel_h, kernel_w = sizes[:7]
    stride_h, stride_w, top, left, lanes, stride = sizes[7:]
    is_paved = tiles_image(sizes)
    if not is_paved:
        d_inputs[: channels * height * width * lanes] = ZERO
    for channel in range(channels):
        for i in range(tall - 1, -1, -1):
            corner_r, r0, r1 = window(i, stride_h, top, kernel_h, height)
            for j in range(wide - 1, -1, -1):
                corner_q, q0, q1 = window(j, stride_w, left, kernel_w, width)
                place = (channel * tall + i) * wide + j
                d_values = d_outputs[place * stride : place * stride + lanes]
                winner = winners[place * lanes : place * lanes + lanes]
                for r in range(r0, r1):
                    for q in range(q0, q1):
                        at = ((channel * height + r) * width + q) * lanes
                        target = d_inputs[at : at + lanes]
                        number = np.uint8((r - corner_r) * kernel_w + q - corner_q)
                        if is_paved:
                            for n in range(lanes):
                                value = d_values[n]
                                target[n] = value if winner[n] == number else ZERO
                        else:
                            for n in range(lanes):
                                value = d_values[n]
                                target[n] += value if winner[n] == number else ZERO


@kernel_entry(operations=FULL)
def average_pool(
    inputs: reads(FLOATS, FULL),
    outputs: writes(FLOATS, POOLED),
    sizes: GEOMETRY,
):
    """outputs = sum of each window / its size, padding counted.

    Stands for
        AveragePool2d.forward, GlobalAveragePool2d.forward
    """
    channels, height, width, tall, wide, kernel_h, kernel_w = sizes[:7]
    stride_h, stride_w, top, left, lanes, stride = sizes[7:]
    share = f32(1) / f32(kernel_h * kernel_w)
    for channel in range(channels):
        for i in range(tall):
            _, r0, r1 = window(i, stride_h, top, kernel_h, height)
            for j in range(wide):
                _, q0, q1 = window(j, stride_w, left, kernel_w, width)
                place = ((channel * tall + i) * wide + j) * stride
                total = outputs[place : place + lanes]
                total[:] = ZERO
                for r in range(r0, r1):
                    for q in range(q0, q1):
                        at = ((channel * height + r) * width + q) * lanes
                        values = inputs[at : at + lanes]
                        for n in range(lanes):
                            total[n] += values[n]
                for n in range(lanes):
                    total[n] *= share


@kernel_entry(operations=FULL)
def average_unpool(
    d_outputs: reads(FLOATS, POOLED),
    d_inputs: writes(FLOATS, FULL),
    sizes: GEOMETRY,
):
    """d_inputs = sum over windows of d_outputs / size of the window.

    Stands for
        AveragePool2d.backward, GlobalAveragePool2d.backward
    """
    channels, height, width, tall, wide, kernel_h, kernel_w = sizes[:7]
    stride_h, stride_w, top, left, lanes, stride = sizes[7:]
    share = f32(1) / f32(kernel_h * kernel_w)
    is_paved = tiles_image(sizes)
    if not is_paved:
        d_inputs[: channels * height * width * lanes] = ZERO
    for channel in range(channels):
        for i in range(tall):
            _, r0, r1 = window(i, stride_h, top, kernel_h, height)
            for j in range(wide):
                _, q0, q1 = window(j, stride_w, left, kernel_w, width)
                place = ((channel * tall + i) * wide + j) * stride
                d_values = d_outputs[place : place + lanes]
                for r in range(r0, r1):
                    for q in range(q0, q1):
                        at = ((channel * height + r) * width + q) * lanes
                        target = d_inputs[at : at + lanes]
                        if is_paved:
                            for n in range(lanes):
                                target[n] = d_values[n] * share
                        else:
                            for n in range(lanes):
                                target[n] += d_values[n] * share
