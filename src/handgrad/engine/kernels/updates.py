"""Optimizer updates over a block of one parameter, while its gradient is in the cache.

The same operations in the same order as the plain optimizers, so the same bits.

Rates (float32, written before each step)
    0 learning rate, 1 gradient scale (clipping), 2 weight decay, 3 first factor
    (momentum, decay or beta1), 4 one minus it, 5 beta2, 6 one minus it, 7 eps,
    8 one minus beta1**step, 9 one minus beta2**step, 10 learning rate * weight decay
"""

from functools import cache

import numpy as np
from numba import carray

from handgrad.engine.kernels.entry import (
    Entry,
    address_of,
    floats,
    integer,
    summing_kernel,
)
from handgrad.engine.kernels.machine import double_pointer

SGD, MOMENTUM, NESTEROV, RMSPROP, ADAM, ADAMW = range(6)
RATES = 11
f32 = np.float32
ONE, ZERO = f32(1), f32(0)


@summing_kernel
def sum_of_squares(values, size):
    """In float64: squares of float32 may overflow."""
    total = 0.0
    for place in range(size):
        wide = np.float64(values[place])
        total += wide * wide
    return total


@cache
def update_entry(kind: int) -> Entry:
    """Move a block of rows of a parameter against its gradient.

    Stands for
        SGD.update, RMSProp.update, Adam.update, AdamW.update

    Arguments
        0 parameter, 3 gradient, 6 first state, 9 second state, 12 rates,
        15 losses of the tiles, and the norm (float64): nothing moves unless finite
        18 rows, 19 columns, 20 stride of parameter and states, 21 of gradient,
        22 how many losses, with the norm
    """

    def update_entry_function(arguments: int, tile: int, worker: int) -> None:
        tiles = integer(arguments, 22)
        total = 0.0
        losses = carray(
            double_pointer(address_of(arguments, 15, tile, worker)), (tiles,)
        )
        for number in range(tiles):
            total += losses[number]
        if not np.isfinite(total):
            return
        rates = floats(arguments, 12, tile, worker, RATES)
        rate, clip, decay = rates[0], rates[1], rates[2]
        first, first_rest = rates[3], rates[4]
        second, second_rest, eps = rates[5], rates[6], rates[7]
        correction_1, correction_2, shrink = rates[8], rates[9], rates[10]
        rows, columns = integer(arguments, 18), integer(arguments, 19)
        stride, gradient_stride = integer(arguments, 20), integer(arguments, 21)
        parameter = floats(arguments, 0, tile, worker, rows * stride)
        gradient = floats(arguments, 3, tile, worker, rows * gradient_stride)
        state_1 = floats(arguments, 6, tile, worker, rows * stride)
        state_2 = floats(arguments, 9, tile, worker, rows * stride)
        for row in range(rows):
            start, from_ = row * stride, row * gradient_stride
            p = parameter[start : start + columns]
            d = gradient[from_ : from_ + columns]
            a = state_1[start : start + columns]
            b = state_2[start : start + columns]
            if clip != ONE:
                for i in range(columns):
                    d[i] = d[i] * clip
            if decay != ZERO and kind != ADAMW:
                for i in range(columns):
                    d[i] = d[i] + decay * p[i]
            for i in range(columns):
                if kind == SGD:
                    p[i] = p[i] - rate * d[i]
                elif kind == MOMENTUM:
                    a[i] = first * a[i] + d[i]
                    p[i] = p[i] - rate * a[i]
                elif kind == NESTEROV:
                    a[i] = first * a[i] + d[i]
                    p[i] = p[i] - rate * (d[i] + first * a[i])
                elif kind == RMSPROP:
                    a[i] = first * a[i] + first_rest * (d[i] * d[i])
                    p[i] = p[i] - rate * (d[i] / (np.sqrt(a[i]) + eps))
                else:
                    a[i] = first * a[i] + first_rest * d[i]
                    b[i] = second * b[i] + second_rest * (d[i] * d[i])
                    direction = (a[i] / correction_1) / (
                        np.sqrt(b[i] / correction_2) + eps
                    )
                    kept = p[i] - shrink * p[i] if kind == ADAMW else p[i]
                    p[i] = kept - rate * direction

    return Entry(update_entry_function)


def _finish_gradient_entry(arguments: int, tile: int, worker: int) -> None:
    """Add lanes and the L2 term to a gradient; note the squares of both.

    Stands for
        the sum over tiles, L2.gradients, and the sums in clip_by_norm and L2.penalty

    Arguments
        0 lanes, 3 gradient, 6 parameter, 9 l2 (one float: 2 * factor * strength),
        12 squares (two float64: of the gradient, of the parameter)
        15 lane count (0: the gradient stands already), 16 lane stride in floats,
        17 rows, 18 columns, 19 stride of the parameter, 20 of the gradient,
        21 whether squares are wanted
    """
    rows, columns = integer(arguments, 17), integer(arguments, 18)
    stride, gradient_stride = integer(arguments, 19), integer(arguments, 20)
    lane_count, lane_stride = integer(arguments, 15), integer(arguments, 16)
    gradient = floats(arguments, 3, tile, worker, rows * gradient_stride)
    parameter = floats(arguments, 6, tile, worker, rows * stride)
    l2 = floats(arguments, 9, tile, worker, 1)[0]
    if lane_count > 0:
        size = rows * gradient_stride
        lanes = floats(arguments, 0, tile, worker, lane_count * lane_stride)
        for i in range(size):
            gradient[i] = lanes[i]
        for lane in range(1, lane_count):
            source = lanes[lane * lane_stride : lane * lane_stride + size]
            for i in range(size):
                gradient[i] = gradient[i] + source[i]
    squares = carray(double_pointer(address_of(arguments, 12, tile, worker)), (2,))
    wants = integer(arguments, 21) != 0
    if wants:
        squares[0] = 0.0
        squares[1] = 0.0
    for row in range(rows):
        p = parameter[row * stride : row * stride + columns]
        d = gradient[row * gradient_stride : row * gradient_stride + columns]
        if l2 != ZERO:
            if wants:
                squares[1] += sum_of_squares(p, columns)
            for i in range(columns):
                d[i] = d[i] + l2 * p[i]
        if wants:
            squares[0] += sum_of_squares(d, columns)


finish_gradient_entry = Entry(_finish_gradient_entry)
