"""Optimizer updates over a block of one parameter, while its gradient is in the cache.

Operations and their order are those of the plain optimizers, so the bits are the same.

Rates (float32, written before each step)
    0 learning rate, 1 gradient scale (clipping), 2 weight decay, 3 first factor
    (momentum, decay or beta1), 4 one minus it, 5 beta2, 6 one minus it, 7 eps,
    8 one minus beta1**step, 9 one minus beta2**step, 10 learning rate * weight decay
"""

import numpy as np

from handgrad.engine.kernels.declaration import (
    DOUBLES,
    FLAG,
    FLOATS,
    Sizes,
    matrix,
    reads,
    times,
    updates,
    writes,
)
from handgrad.engine.kernels.entry import (
    Kernel,
    kernel_entry,
    kernel_family,
    summing_kernel,
)

SGD, MOMENTUM, NESTEROV, RMSPROP, ADAM, ADAMW, MUON = range(7)
RATES = 11
f32 = np.float32
ONE, ZERO = f32(1), f32(0)


@summing_kernel
def sum_of_squares(values, size):
    """The sum of squares in float64: squares of float32 may overflow."""
    total = 0.0
    for place in range(size):
        wide = np.float64(values[place])
        total += wide * wide
    return total


BLOCK = matrix("rows", "columns", "stride")
GRADIENT = matrix("rows", "columns", "gradient_stride")
STATES = {SGD: 0, MOMENTUM: 1, NESTEROV: 1, RMSPROP: 1, ADAM: 2, ADAMW: 2, MUON: 1}


@kernel_family
def update_kernel(kind: int) -> Kernel:
    """Update a block of rows of a parameter, if all `losses` are finite.

    `losses` are those of the tiles, and the gradient norm.

    Stands for
        SGD.update, RMSProp.update, Adam.update, AdamW.update
    """
    states = STATES[kind]

    @kernel_entry(
        operations=lambda rows, columns: (2 + 5 * states) * rows * columns,
        bytes_moved=lambda rows, columns: 4 * (3 + 2 * states) * rows * columns,
    )
    def update(
        parameter: updates(FLOATS, BLOCK),
        gradient: updates(FLOATS, GRADIENT),
        state_1: updates(FLOATS, BLOCK if states > 0 else 0),
        state_2: updates(FLOATS, BLOCK if states > 1 else 0),
        rates: reads(FLOATS, RATES),
        losses: reads(DOUBLES, "count"),
        sizes: Sizes("rows columns stride gradient_stride count"),
    ):
        rows, columns, stride, gradient_stride, count = sizes
        total = 0.0
        for number in range(count):
            total += losses[number]
        if not np.isfinite(total):
            return
        rate, clip, decay = rates[0], rates[1], rates[2]
        first, first_rest = rates[3], rates[4]
        second, second_rest, eps = rates[5], rates[6], rates[7]
        correction_1, correction_2, shrink = rates[8], rates[9], rates[10]
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

    return update


@kernel_entry(
    operations=times("lane_count", "rows", "columns"),
    bytes_moved=lambda lane_count, rows, columns: 4 * (lane_count + 1) * rows * columns,
)
def finish_gradient(
    lanes: reads(
        FLOATS,
        matrix("lane_count", ("rows", "gradient_stride"), "lane_stride"),
    ),
    gradient: updates(FLOATS, GRADIENT),
    parameter: reads(FLOATS, BLOCK),
    l2: reads(FLOATS, 1),
    squares: writes(DOUBLES, times(2, "wants")),
    sizes: Sizes("lane_count lane_stride rows columns stride gradient_stride"),
    wants: FLAG,
):
    """Add the tiles' gradients (lanes) and the L2 term to a gradient.

    Without lanes the gradient is complete. `l2` is 2 * factor * strength. If `wants`,
    `squares` become the sums of squares of the gradient and of the parameter.

    Stands for
        the sum over tiles, L2.gradients, and the sums in clip_by_norm and L2.penalty
    """
    lane_count, lane_stride, rows, columns, stride, gradient_stride = sizes
    if lane_count > 0:
        size = rows * gradient_stride
        for i in range(size):
            gradient[i] = lanes[i]
        for lane in range(1, lane_count):
            source = lanes[lane * lane_stride : lane * lane_stride + size]
            for i in range(size):
                gradient[i] = gradient[i] + source[i]
    if wants:
        squares[0] = 0.0
        squares[1] = 0.0
    strength = l2[0]
    for row in range(rows):
        p = parameter[row * stride : row * stride + columns]
        d = gradient[row * gradient_stride : row * gradient_stride + columns]
        if strength != ZERO:
            if wants:
                squares[1] += sum_of_squares(p, columns)
            for i in range(columns):
                d[i] = d[i] + strength * p[i]
        if wants:
            squares[0] += sum_of_squares(d, columns)
