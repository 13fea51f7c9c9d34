"""Pooling over one tile, with ReLU after max pooling where a network has it.

Layout: (channels, height, width, tile); the pooled picture may have a stride from place
to place, so that it can be some columns of a whole batch's matrix.

Sizes: channels, height, width, pooled height, pooled width, kernel height, kernel
width, stride down, stride across, padding top, padding left, tile, pooled stride.
"""

import numpy as np

from handgrad.engine.kernels.entry import Entry, floats, integer, kernel, octets

f32 = np.float32
ZERO = f32(0)
CLOSED = np.uint8(255)  # the winner of a window that ReLU closed
SIZES = 13


@kernel
def window(index, stride, before, size, extent):
    """The corner of a window along one axis, and its first and last place inside."""
    corner = index * stride - before
    return corner, max(corner, 0), min(corner + size, extent)


@kernel
def paves(sizes):
    """Whether windows cover every place of the picture exactly once."""
    _, height, width, tall, wide, kernel_h, kernel_w = sizes[:7]
    stride_h, stride_w, top, left, _, _ = sizes[7:]
    is_tight = stride_h == kernel_h and stride_w == kernel_w and top == 0 and left == 0
    return is_tight and tall * kernel_h == height and wide * kernel_w == width


@kernel
def max_pool(inputs, outputs, winners, sizes, has_relu):
    """outputs = max of each window; winners = which place of the window it was.

    Stands for
        MaxPool2d.forward, or ReLU then MaxPool2d (the maximum may be taken first)

    Why
        the first of equal values wins, and any NaN: as in the plain layer
    """
    channels, height, width, tall, wide, kernel_h, kernel_w = sizes[:7]
    stride_h, stride_w, top, left, tile, stride = sizes[7:]
    for channel in range(channels):
        for i in range(tall):
            corner_r, r0, r1 = window(i, stride_h, top, kernel_h, height)
            for j in range(wide):
                corner_q, q0, q1 = window(j, stride_w, left, kernel_w, width)
                place = (channel * tall + i) * wide + j
                best = outputs[place * stride : place * stride + tile]
                winner = winners[place * tile : place * tile + tile]
                for r in range(r0, r1):
                    for q in range(q0, q1):
                        at = ((channel * height + r) * width + q) * tile
                        values = inputs[at : at + tile]
                        number = np.uint8((r - corner_r) * kernel_w + q - corner_q)
                        if r == r0 and q == q0:
                            for n in range(tile):
                                best[n] = values[n]
                                winner[n] = number
                        else:
                            for n in range(tile):
                                wins = values[n] > best[n] or values[n] != values[n]
                                winner[n] = number if wins else winner[n]
                                best[n] = values[n] if wins else best[n]
                if has_relu:
                    for n in range(tile):
                        winner[n] = winner[n] if best[n] > ZERO else CLOSED
                        best[n] = ZERO if best[n] < ZERO else best[n]


@kernel
def max_unpool(d_outputs, winners, d_inputs, sizes):
    """d_inputs = d_outputs at the winner of each window, 0 elsewhere.

    Stands for
        MaxPool2d.backward (with ReLU.backward: a closed window has no winner)

    Why
        last window first: the plain layer goes tap by tap, and adds in this order
    """
    channels, height, width, tall, wide, kernel_h, kernel_w = sizes[:7]
    stride_h, stride_w, top, left, tile, stride = sizes[7:]
    is_paved = paves(sizes)
    if not is_paved:
        d_inputs[: channels * height * width * tile] = ZERO
    for channel in range(channels):
        for i in range(tall - 1, -1, -1):
            corner_r, r0, r1 = window(i, stride_h, top, kernel_h, height)
            for j in range(wide - 1, -1, -1):
                corner_q, q0, q1 = window(j, stride_w, left, kernel_w, width)
                place = (channel * tall + i) * wide + j
                blame = d_outputs[place * stride : place * stride + tile]
                winner = winners[place * tile : place * tile + tile]
                for r in range(r0, r1):
                    for q in range(q0, q1):
                        at = ((channel * height + r) * width + q) * tile
                        target = d_inputs[at : at + tile]
                        number = np.uint8((r - corner_r) * kernel_w + q - corner_q)
                        if is_paved:
                            for n in range(tile):
                                target[n] = blame[n] if winner[n] == number else ZERO
                        else:
                            for n in range(tile):
                                target[n] += blame[n] if winner[n] == number else ZERO


@kernel
def average_pool(inputs, outputs, sizes):
    """outputs = sum of each window / its size, padding counted.

    Stands for
        AveragePool2d.forward, GlobalAveragePool2d.forward
    """
    channels, height, width, tall, wide, kernel_h, kernel_w = sizes[:7]
    stride_h, stride_w, top, left, tile, stride = sizes[7:]
    share = f32(1) / f32(kernel_h * kernel_w)
    for channel in range(channels):
        for i in range(tall):
            _, r0, r1 = window(i, stride_h, top, kernel_h, height)
            for j in range(wide):
                _, q0, q1 = window(j, stride_w, left, kernel_w, width)
                place = ((channel * tall + i) * wide + j) * stride
                total = outputs[place : place + tile]
                total[:] = ZERO
                for r in range(r0, r1):
                    for q in range(q0, q1):
                        at = ((channel * height + r) * width + q) * tile
                        values = inputs[at : at + tile]
                        for n in range(tile):
                            total[n] += values[n]
                for n in range(tile):
                    total[n] *= share


@kernel
def average_unpool(d_outputs, d_inputs, sizes):
    """Every input of a window gets its share of the blame.

    Stands for
        AveragePool2d.backward, GlobalAveragePool2d.backward
    """
    channels, height, width, tall, wide, kernel_h, kernel_w = sizes[:7]
    stride_h, stride_w, top, left, tile, stride = sizes[7:]
    share = f32(1) / f32(kernel_h * kernel_w)
    is_paved = paves(sizes)
    if not is_paved:
        d_inputs[: channels * height * width * tile] = ZERO
    for channel in range(channels):
        for i in range(tall):
            _, r0, r1 = window(i, stride_h, top, kernel_h, height)
            for j in range(wide):
                _, q0, q1 = window(j, stride_w, left, kernel_w, width)
                place = ((channel * tall + i) * wide + j) * stride
                blame = d_outputs[place : place + tile]
                for r in range(r0, r1):
                    for q in range(q0, q1):
                        at = ((channel * height + r) * width + q) * tile
                        target = d_inputs[at : at + tile]
                        if is_paved:
                            for n in range(tile):
                                target[n] = blame[n] * share
                        else:
                            for n in range(tile):
                                target[n] += blame[n] * share


@kernel
def _sizes(arguments, slot):
    return (
        integer(arguments, slot),
        integer(arguments, slot + 1),
        integer(arguments, slot + 2),
        integer(arguments, slot + 3),
        integer(arguments, slot + 4),
        integer(arguments, slot + 5),
        integer(arguments, slot + 6),
        integer(arguments, slot + 7),
        integer(arguments, slot + 8),
        integer(arguments, slot + 9),
        integer(arguments, slot + 10),
        integer(arguments, slot + 11),
        integer(arguments, slot + 12),
    )


@kernel
def _extents(sizes):
    """How many numbers the full picture, the pooled one and the winners hold."""
    pooled = sizes[0] * sizes[3] * sizes[4]
    return (
        sizes[0] * sizes[1] * sizes[2] * sizes[11],
        pooled * sizes[12],
        pooled * sizes[11],
    )


def _max_pool_entry(arguments: int, tile: int, worker: int) -> None:
    """0 inputs, 3 outputs, 6 winners; 9 sizes (13), 22 has_relu."""
    sizes = _sizes(arguments, 9)
    full, pooled, dense = _extents(sizes)
    max_pool(
        floats(arguments, 0, tile, worker, full),
        floats(arguments, 3, tile, worker, pooled),
        octets(arguments, 6, tile, worker, dense),
        sizes,
        integer(arguments, 22) != 0,
    )


def _max_unpool_entry(arguments: int, tile: int, worker: int) -> None:
    """0 d_outputs, 3 winners, 6 d_inputs; 9 sizes (13)."""
    sizes = _sizes(arguments, 9)
    full, pooled, dense = _extents(sizes)
    max_unpool(
        floats(arguments, 0, tile, worker, pooled),
        octets(arguments, 3, tile, worker, dense),
        floats(arguments, 6, tile, worker, full),
        sizes,
    )


def _average_pool_entry(arguments: int, tile: int, worker: int) -> None:
    """0 inputs, 3 outputs; 6 sizes (13)."""
    sizes = _sizes(arguments, 6)
    full, pooled, _ = _extents(sizes)
    average_pool(
        floats(arguments, 0, tile, worker, full),
        floats(arguments, 3, tile, worker, pooled),
        sizes,
    )


def _average_unpool_entry(arguments: int, tile: int, worker: int) -> None:
    """0 d_outputs, 3 d_inputs; 6 sizes (13)."""
    sizes = _sizes(arguments, 6)
    full, pooled, _ = _extents(sizes)
    average_unpool(
        floats(arguments, 0, tile, worker, pooled),
        floats(arguments, 3, tile, worker, full),
        sizes,
    )


max_pool_entry = Entry(_max_pool_entry)
max_unpool_entry = Entry(_max_unpool_entry)
average_pool_entry = Entry(_average_pool_entry)
average_unpool_entry = Entry(_average_unpool_entry)
