"""Muon's update between its matrix products, on one parameter.

The rates are those of `updates`.
"""

import numpy as np

from handgrad.engine.kernels.declaration import (
    DOUBLES,
    FLAG,
    FLOATS,
    SIZE,
    Sizes,
    reads,
    times,
    updates,
    writes,
)
from handgrad.engine.kernels.entry import kernel, kernel_entry
from handgrad.engine.kernels.updates import RATES, sum_of_squares
from handgrad.optimizers.muon import RMS
from handgrad.optimizers.orthogonalize import COEFFICIENTS, EPS

f32 = np.float32
LINEAR, CUBIC, QUINTIC = (f32(number) for number in COEFFICIENTS)
SQUARE = times("rows", "rows")
MATRIX = times("rows", "columns")


@kernel
def are_finite(losses, count):
    """Whether the sum of the losses is finite."""
    total = 0.0
    for number in range(count):
        total += losses[number]
    return np.isfinite(total)


@kernel_entry(operations=times(8, "size"))
def muon_direction(
    gradient: reads(FLOATS, "size"),
    velocity: updates(FLOATS, "size"),
    direction: writes(FLOATS, "size"),
    rates: reads(FLOATS, RATES),
    losses: reads(DOUBLES, "count"),
    sizes: Sizes("size count"),
):
    """The velocity, and the direction divided by its norm; zeros for no update.

    Stands for
        Muon.update, and the first lines of orthogonalize
    """
    size, count = sizes
    if not are_finite(losses, count):
        for i in range(size):
            direction[i] = 0
        return
    clip, momentum = rates[1], rates[3]
    for i in range(size):
        slope = clip * gradient[i]
        velocity[i] = momentum * velocity[i] + slope
        direction[i] = slope + momentum * velocity[i]
    norm = f32(np.sqrt(sum_of_squares(direction, size)) + EPS)
    for i in range(size):
        direction[i] = direction[i] / norm


@kernel_entry(operations=times(4, "rows", "rows"))
def muon_factor(
    gram: reads(FLOATS, SQUARE),
    factor: updates(FLOATS, SQUARE),
    rows: SIZE,
):
    """The factor of one iteration, from the square of the gram matrix.

    Stands for
        factor in orthogonalize
    """
    for row in range(rows):
        for column in range(rows):
            i = row * rows + column
            factor[i] = CUBIC * gram[i] + QUINTIC * factor[i]
        factor[row * rows + row] += LINEAR


@kernel_entry(operations=times(4, "rows", "columns"))
def muon_step(
    parameter: updates(FLOATS, MATRIX),
    direction: reads(FLOATS, MATRIX),
    rates: reads(FLOATS, RATES),
    losses: reads(DOUBLES, "count"),
    sizes: Sizes("rows columns count"),
    decays: FLAG,
):
    """Decay and move a parameter, if all `losses` are finite.

    Stands for
        the last lines of Muon.update
    """
    rows, columns, count = sizes
    if not are_finite(losses, count):
        return
    shrink = rates[10] if decays else f32(0)
    rate = rates[0] * f32(RMS * np.sqrt(float(max(rows, columns))))
    for i in range(rows * columns):
        kept = parameter[i] - shrink * parameter[i]
        parameter[i] = kept - rate * direction[i]
