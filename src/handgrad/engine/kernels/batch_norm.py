"""Batch normalization over tiles: the one layer that mixes examples.

Each tile records (count, mean, sum of squared distances) of each channel. After a
barrier every tile combines the records of all tiles in the same order, so the result
does not depend on the number of workers. Columns beyond the batch's end do not count.

Layout: (channels, places, columns), rows `stride` floats apart.

Source
    Chan, Golub, LeVeque (1983), Algorithms for computing the sample variance.
"""

import numpy as np

from handgrad.engine.kernels.declaration import (
    DOUBLES,
    FLOATS,
    LONGS,
    TILE,
    Sizes,
    matrix,
    reads,
    times,
    updates,
    writes,
)
from handgrad.engine.kernels.entry import (
    Kernel,
    kernel,
    kernel_entry,
    kernel_family,
    summing_kernel,
)
from handgrad.engine.kernels.gather import COUNT, INPUTS

f32 = np.float32
ZERO = f32(0)
NOTES = 3  # count, mean, sum of squared distances


@summing_kernel
def sums_of_row(row, columns, level):
    """Sum and sum of squares of the distances from a level."""
    total, squares = ZERO, ZERO
    for n in range(columns):
        distance = row[n] - level
        total += distance
        squares += distance * distance
    return total, squares


@kernel
def note(values, sizes, valid, notes):
    """notes[c] = count, mean and sum of squared distances of a tile's channel.

    Its own function, because the order of its sums depends on what the compiler knows
    of `valid`.
    """
    channels, places, columns, stride = sizes
    count = places * valid
    for channel in range(channels):
        notes[NOTES * channel] = count
        if count == 0:
            continue
        level = values[channel * places * stride]  # any value of the channel
        total, squares = 0.0, 0.0
        for place in range(channel * places, (channel + 1) * places):
            row = values[place * stride : place * stride + columns]
            some, more = sums_of_row(row, valid, level)
            total += some
            squares += more
        shift = total / count
        notes[NOTES * channel + 1] = level + shift
        notes[NOTES * channel + 2] = squares - total * shift


@kernel
def join(notes, tiles, channels, channel):
    """Count, mean and biased variance of a channel over all tiles, in their order."""
    count, mean, distances = 0.0, 0.0, 0.0
    for tile in range(tiles):
        at = (tile * channels + channel) * NOTES
        more = notes[at]
        if more > 0:
            gap = notes[at + 1] - mean
            both = count + more
            distances += notes[at + 2] + gap * gap * count * more / both
            mean += gap * more / both
            count = both
    return count, mean, distances / count


@summing_kernel
def gradient_sums_of_row(d_row, row, columns, mean, scale):
    """Sum of d, and of d times the standardized value."""
    level, tilt = ZERO, ZERO
    for n in range(columns):
        level += d_row[n]
        tilt += d_row[n] * ((row[n] - mean) * scale)
    return level, tilt


@kernel
def valid_columns(block, tile, columns):
    """How many of a tile's columns are examples of the batch."""
    return max(0, min(columns, block[COUNT] - tile * columns))


ROWS = ("channels", "places")
SOURCE = matrix(ROWS, "columns", "stride")
OUTPUTS = matrix(ROWS, "columns", "out_stride")
D_VALUES = matrix(ROWS, "columns", "d_stride")
PAIRS, NUMBERS = times(2, "channels"), (*ROWS, "columns")


@kernel_entry(operations=times(3, *NUMBERS))
def batch_norm_notes(
    block: reads(LONGS, INPUTS),
    inputs: reads(FLOATS, SOURCE),
    notes: writes(DOUBLES, times(NOTES, "channels")),
    sizes: Sizes("channels places columns stride"),
    tile: TILE,
):
    """The notes of a tile."""
    note(inputs, sizes, valid_columns(block, tile, sizes[2]), notes)


@kernel_family
def forward_kernel(*, training: bool, has_relu: bool) -> Kernel:
    """Standardize a tile, scale and shift it; tile 0 updates the running statistics.

    `notes` are those of all tiles; `statistics`, for the backward pass, scale and mean
    of each channel; `settings` eps and momentum.

    Stands for
        BatchNorm2d.forward, BatchNorm1d.forward, with the ReLU after them
    """
    running = updates if training else reads

    @kernel_entry(operations=times(4, *NUMBERS))
    def batch_norm(
        inputs: reads(FLOATS, SOURCE),
        notes: reads(DOUBLES, times("tiles", "channels", NOTES) if training else 0),
        outputs: writes(FLOATS, OUTPUTS),
        weight: reads(FLOATS, "channels"),
        bias: reads(FLOATS, "channels"),
        running_mean: running(FLOATS, "channels"),
        running_var: running(FLOATS, "channels"),
        statistics: writes(FLOATS, PAIRS if training else 0),
        settings: reads(DOUBLES, 2),
        sizes: Sizes("channels places columns stride out_stride tiles"),
        tile: TILE,
    ):
        channels, places, columns, stride, out_stride, tiles = sizes
        eps, momentum = settings[0], settings[1]
        old = 1.0 - momentum
        for channel in range(channels):
            if training:
                count, mean, variance = join(notes, tiles, channels, channel)
                if tile == 0:
                    unbiased = variance * count / max(count - 1.0, 1.0)
                    before, spread = running_mean[channel], running_var[channel]
                    running_mean[channel] = old * before + momentum * mean
                    running_var[channel] = old * spread + momentum * unbiased
            else:
                mean = np.float64(running_mean[channel])
                variance = np.float64(running_var[channel])
            scale, middle = f32(1.0 / np.sqrt(variance + eps)), f32(mean)
            if training:
                statistics[2 * channel] = scale
                statistics[2 * channel + 1] = middle
            factor, shift = weight[channel], bias[channel]
            for place in range(channel * places, (channel + 1) * places):
                row = inputs[place * stride : place * stride + columns]
                target = outputs[place * out_stride : place * out_stride + columns]
                for n in range(columns):
                    value = factor * ((row[n] - middle) * scale) + shift
                    if has_relu:
                        value = ZERO if value < ZERO else value
                    target[n] = value

    return batch_norm


@kernel_family
def sums_kernel(*, has_relu: bool) -> Kernel:
    """Sum d and d * standardized of each channel, after the ReLU's derivative.

    `d_outputs` become the gradient of the batch norm's own outputs.
    """

    @kernel_entry(operations=times(4, *NUMBERS))
    def batch_norm_sums(
        d_outputs: (updates if has_relu else reads)(FLOATS, D_VALUES),
        outputs: reads(FLOATS, OUTPUTS if has_relu else 0),
        inputs: reads(FLOATS, SOURCE),
        statistics: reads(FLOATS, PAIRS),
        sums: writes(FLOATS, PAIRS),
        sizes: Sizes("channels places columns stride d_stride out_stride"),
    ):
        channels, places, columns, stride, d_stride, out_stride = sizes
        for channel in range(channels):
            level, tilt = 0.0, 0.0
            for place in range(channel * places, (channel + 1) * places):
                d_row = d_outputs[place * d_stride : place * d_stride + columns]
                if has_relu:
                    shown = outputs[place * out_stride : place * out_stride + columns]
                    for n in range(columns):
                        d_row[n] = d_row[n] if shown[n] > ZERO else ZERO
                row = inputs[place * stride : place * stride + columns]
                scale, mean = statistics[2 * channel], statistics[2 * channel + 1]
                some, more = gradient_sums_of_row(d_row, row, columns, mean, scale)
                level += some
                tilt += more
            sums[2 * channel] = level
            sums[2 * channel + 1] = tilt

    return batch_norm_sums


@kernel_entry(operations=times(6, *NUMBERS))
def batch_norm_backward(
    block: reads(LONGS, INPUTS),
    d_values: updates(FLOATS, D_VALUES),
    inputs: reads(FLOATS, SOURCE),
    statistics: reads(FLOATS, PAIRS),
    sums: reads(FLOATS, matrix("tiles", (2, "channels"), "step")),
    weight: reads(FLOATS, "channels"),
    d_weight: writes(FLOATS, "channels"),
    d_bias: writes(FLOATS, "channels"),
    sizes: Sizes("channels places columns stride d_stride tiles step"),
    tile: TILE,
):
    """d of a batch norm's outputs become d_inputs; tile 0 writes d_weight and d_bias.

    `sums` are those of all tiles, `step` floats apart.

    Stands for
        BatchNorm2d.backward, BatchNorm1d.backward
    """
    channels, places, columns, stride, d_stride, tiles, step = sizes
    valid = valid_columns(block, tile, columns)
    total = block[COUNT] * places
    for channel in range(channels):
        level, tilt = 0.0, 0.0
        for number in range(tiles):
            level += sums[number * step + 2 * channel]
            tilt += sums[number * step + 2 * channel + 1]
        if tile == 0:
            d_weight[channel] = tilt
            d_bias[channel] = level
        scale, mean = statistics[2 * channel], statistics[2 * channel + 1]
        mean_level, mean_tilt = f32(level / total), f32(tilt / total)
        factor = weight[channel] * scale
        for place in range(channel * places, (channel + 1) * places):
            d_row = d_values[place * d_stride : place * d_stride + columns]
            row = inputs[place * stride : place * stride + columns]
            for n in range(columns):
                standardized = (row[n] - mean) * scale
                d_row[n] = factor * (d_row[n] - mean_level - standardized * mean_tilt)
            for n in range(valid, columns):
                d_row[n] = ZERO
