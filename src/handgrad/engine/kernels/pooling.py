"""Pooling over one tile, with ReLU after max pooling where a network has it.

Layout: (channels, height, width, lanes); the pooled picture may have a stride from
place to place, so that it can be some columns of a whole batch's matrix.

`tall` and `wide` are the pooled picture's size, `lanes` the examples of a tile.
"""

from typing import Any

import numpy as np

from handgrad.engine.kernels.declaration import (
    FLAG,
    FLOATS,
    OCTETS,
    SIZE,
    matrix,
    reads,
    times,
    writes,
)
from handgrad.engine.kernels.entry import kernel, kernel_entry

f32 = np.float32
ZERO = f32(0)
CLOSED = np.uint8(255)  # the winner of a window that ReLU closed
SIZES: Any = dict.fromkeys(
    (
        *("channels", "height", "width", "tall", "wide", "kernel_h", "kernel_w"),
        *("stride_h", "stride_w", "top", "left", "lanes", "stride"),
    ),
    SIZE,
)


@kernel
def window(index, stride, before, size, extent):
    """The corner of a window along one axis, and its first and last place inside."""
    corner = index * stride - before
    return corner, max(corner, 0), min(corner + size, extent)


@kernel
def paves(size, stride, before, count, extent):
    """Whether windows cover every place along one axis exactly once."""
    return stride == size and before == 0 and count * size == extent


FULL = times("channels", "height", "width", "lanes")
PLACES = ("channels", "tall", "wide")
POOLED, DENSE = matrix(PLACES, "lanes", "stride"), times(*PLACES, "lanes")


@kernel_entry(operations=FULL)
def max_pool(
    inputs: reads(FLOATS, FULL),
    outputs: writes(FLOATS, POOLED),
    winners: writes(OCTETS, DENSE),
    channels: SIZE,
    height: SIZE,
    width: SIZE,
    tall: SIZE,
    wide: SIZE,
    kernel_h: SIZE,
    kernel_w: SIZE,
    stride_h: SIZE,
    stride_w: SIZE,
    top: SIZE,
    left: SIZE,
    lanes: SIZE,
    stride: SIZE,
    has_relu: FLAG,
):
    """outputs = max of each window; winners = which place of the window it was.

    Stands for
        MaxPool2d.forward, or ReLU then MaxPool2d (the maximum may be taken first)

    Why
        the first of equal values wins, and any NaN: as in the plain layer; what may be
        kept is read before it is known, or a compiler sees a branch
    """
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
    channels: SIZE,
    height: SIZE,
    width: SIZE,
    tall: SIZE,
    wide: SIZE,
    kernel_h: SIZE,
    kernel_w: SIZE,
    stride_h: SIZE,
    stride_w: SIZE,
    top: SIZE,
    left: SIZE,
    lanes: SIZE,
    stride: SIZE,
):
    """d_inputs = d_outputs at the winner of each window, 0 elsewhere.

    Stands for
        MaxPool2d.backward (with ReLU.backward: a closed window has no winner)

    Why
        last window first: the plain layer goes tap by tap, and adds in this order
    """
    is_paved = paves(kernel_h, stride_h, top, tall, height) and paves(
        kernel_w, stride_w, left, wide, width
    )
    if not is_paved:
        d_inputs[: channels * height * width * lanes] = ZERO
    for channel in range(channels):
        for i in range(tall - 1, -1, -1):
            corner_r, r0, r1 = window(i, stride_h, top, kernel_h, height)
            for j in range(wide - 1, -1, -1):
                corner_q, q0, q1 = window(j, stride_w, left, kernel_w, width)
                place = (channel * tall + i) * wide + j
                blame = d_outputs[place * stride : place * stride + lanes]
                winner = winners[place * lanes : place * lanes + lanes]
                for r in range(r0, r1):
                    for q in range(q0, q1):
                        at = ((channel * height + r) * width + q) * lanes
                        target = d_inputs[at : at + lanes]
                        number = np.uint8((r - corner_r) * kernel_w + q - corner_q)
                        if is_paved:
                            for n in range(lanes):
                                value = blame[n]
                                target[n] = value if winner[n] == number else ZERO
                        else:
                            for n in range(lanes):
                                value = blame[n]
                                target[n] += value if winner[n] == number else ZERO


@kernel_entry(operations=FULL)
def average_pool(
    inputs: reads(FLOATS, FULL),
    outputs: writes(FLOATS, POOLED),
    channels: SIZE,
    height: SIZE,
    width: SIZE,
    tall: SIZE,
    wide: SIZE,
    kernel_h: SIZE,
    kernel_w: SIZE,
    stride_h: SIZE,
    stride_w: SIZE,
    top: SIZE,
    left: SIZE,
    lanes: SIZE,
    stride: SIZE,
):
    """outputs = sum of each window / its size, padding counted.

    Stands for
        AveragePool2d.forward, GlobalAveragePool2d.forward
    """
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
    channels: SIZE,
    height: SIZE,
    width: SIZE,
    tall: SIZE,
    wide: SIZE,
    kernel_h: SIZE,
    kernel_w: SIZE,
    stride_h: SIZE,
    stride_w: SIZE,
    top: SIZE,
    left: SIZE,
    lanes: SIZE,
    stride: SIZE,
):
    """Every input of a window gets its share of the blame.

    Stands for
        AveragePool2d.backward, GlobalAveragePool2d.backward
    """
    share = f32(1) / f32(kernel_h * kernel_w)
    is_paved = paves(kernel_h, stride_h, top, tall, height) and paves(
        kernel_w, stride_w, left, wide, width
    )
    if not is_paved:
        d_inputs[: channels * height * width * lanes] = ZERO
    for channel in range(channels):
        for i in range(tall):
            _, r0, r1 = window(i, stride_h, top, kernel_h, height)
            for j in range(wide):
                _, q0, q1 = window(j, stride_w, left, kernel_w, width)
                place = ((channel * tall + i) * wide + j) * stride
                blame = d_outputs[place : place + lanes]
                for r in range(r0, r1):
                    for q in range(q0, q1):
                        at = ((channel * height + r) * width + q) * lanes
                        target = d_inputs[at : at + lanes]
                        if is_paved:
                            for n in range(lanes):
                                target[n] = blame[n] * share
                        else:
                            for n in range(lanes):
                                target[n] += blame[n] * share
