"""Batch normalisation over tiles: the one place where examples meet.

Each tile notes (count, mean, sum of squared distances) of each channel; when all tiles
have, every tile joins the notes in the same order, so the bits are the same for any
number of workers. Columns beyond the batch's end count nowhere.

Layout: (channels, places, columns), rows `stride` floats apart.

Source
    Chan, Golub, LeVeque (1983), Algorithms for computing the sample variance.
"""

from functools import cache

import numpy as np
from numba import carray

from handgrad.engine.kernels.entry import (
    Entry,
    address_of,
    floats,
    integer,
    kernel,
    longs,
    summing_kernel,
)
from handgrad.engine.kernels.gather import COUNT, INPUTS
from handgrad.engine.kernels.machine import double_pointer

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
    """notes[c] = count, mean and sum of squared distances of a tile's channel."""
    channels, places, columns, stride = sizes
    count = places * valid
    for channel in range(channels):
        notes[NOTES * channel] = count
        if count == 0:
            continue
        level = values[channel * places * stride]  # any value of the channel will do
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


@kernel
def normalise(row, target, columns, mean, scale, weight, bias, has_relu):
    """target = weight * (row - mean) * scale + bias, then ReLU where there is one."""
    for n in range(columns):
        value = weight * ((row[n] - mean) * scale) + bias
        if has_relu:
            value = ZERO if value < ZERO else value
        target[n] = value


@summing_kernel
def blame_of_row(d_row, row, columns, mean, scale):
    """Sum of d, and of d times the standardised value."""
    level, tilt = ZERO, ZERO
    for n in range(columns):
        level += d_row[n]
        tilt += d_row[n] * ((row[n] - mean) * scale)
    return level, tilt


@kernel
def doubles(arguments, slot, tile, worker, size):
    """A float64 array argument."""
    return carray(double_pointer(address_of(arguments, slot, tile, worker)), (size,))


@kernel
def valid_columns(arguments, tile, worker, columns):
    """How many of a tile's columns are examples of the batch."""
    count = longs(arguments, 0, tile, worker, INPUTS)[COUNT]
    return max(0, min(columns, count - tile * columns))


def _note_entry(arguments: int, tile: int, worker: int) -> None:
    """0 inputs block, 3 values, 6 notes of this tile; 9 channels, places, columns,
    stride."""
    channels, places = integer(arguments, 9), integer(arguments, 10)
    columns, stride = integer(arguments, 11), integer(arguments, 12)
    note(
        floats(arguments, 3, tile, worker, channels * places * stride),
        (channels, places, columns, stride),
        valid_columns(arguments, tile, worker, columns),
        doubles(arguments, 6, tile, worker, NOTES * channels),
    )


note_entry = Entry(_note_entry)


@cache
def forward_entry(*, training: bool, has_relu: bool) -> Entry:
    """Standardise a tile, scale it and set its level; tile 0 renews the running ones.

    Stands for
        BatchNorm2d.forward, BatchNorm1d.forward, with the ReLU after them

    Arguments
        0 inputs block, 3 inputs, 6 notes of all tiles, 9 outputs, 12 weight, 15 bias,
        18 running mean, 21 running variance, 24 statistics (scale and mean of each
        channel, kept for backward), 27 settings (eps, momentum: float64)
        30 channels, places, columns, stride of inputs, 34 stride of outputs, 35 tiles
    """

    def batch_norm_entry(arguments: int, tile: int, worker: int) -> None:
        channels, places = integer(arguments, 30), integer(arguments, 31)
        columns, stride = integer(arguments, 32), integer(arguments, 33)
        out_stride, tiles = integer(arguments, 34), integer(arguments, 35)
        rows = channels * places
        inputs = floats(arguments, 3, tile, worker, rows * stride)
        notes = doubles(arguments, 6, tile, worker, tiles * channels * NOTES)
        outputs = floats(arguments, 9, tile, worker, rows * out_stride)
        weight = floats(arguments, 12, tile, worker, channels)
        bias = floats(arguments, 15, tile, worker, channels)
        running_mean = floats(arguments, 18, tile, worker, channels)
        running_var = floats(arguments, 21, tile, worker, channels)
        statistics = floats(arguments, 24, tile, worker, 2 * channels)
        settings = doubles(arguments, 27, tile, worker, 2)
        eps, momentum = settings[0], settings[1]
        for channel in range(channels):
            if training:
                count, mean, variance = join(notes, tiles, channels, channel)
                if tile == 0:
                    unbiased = variance * count / max(count - 1.0, 1.0)
                    old = 1.0 - momentum
                    running_mean[channel] = (
                        old * running_mean[channel] + momentum * mean
                    )
                    running_var[channel] = (
                        old * running_var[channel] + momentum * unbiased
                    )
            else:
                mean = np.float64(running_mean[channel])
                variance = np.float64(running_var[channel])
            scale = f32(1.0 / np.sqrt(variance + eps))
            if training:
                statistics[2 * channel] = scale
                statistics[2 * channel + 1] = f32(mean)
            for place in range(channel * places, (channel + 1) * places):
                normalise(
                    inputs[place * stride : place * stride + columns],
                    outputs[place * out_stride : place * out_stride + columns],
                    columns,
                    f32(mean),
                    scale,
                    weight[channel],
                    bias[channel],
                    has_relu,
                )

    return Entry(batch_norm_entry)


@cache
def blame_entry(*, has_relu: bool) -> Entry:
    """Close the ReLU, and note each channel's sum of d and of d * standardised.

    Arguments
        0 d_outputs (become d of the batch norm's outputs), 3 outputs, 6 inputs,
        9 statistics, 12 sums of this tile (two floats a channel)
        15 channels, places, columns, 18 stride of d, 19 of outputs, 20 of inputs
    """

    def batch_norm_sums_entry(arguments: int, tile: int, worker: int) -> None:
        channels, places = integer(arguments, 15), integer(arguments, 16)
        columns, d_stride = integer(arguments, 17), integer(arguments, 18)
        out_stride, stride = integer(arguments, 19), integer(arguments, 20)
        rows = channels * places
        d_outputs = floats(arguments, 0, tile, worker, rows * d_stride)
        outputs = floats(arguments, 3, tile, worker, rows * out_stride)
        inputs = floats(arguments, 6, tile, worker, rows * stride)
        statistics = floats(arguments, 9, tile, worker, 2 * channels)
        sums = floats(arguments, 12, tile, worker, 2 * channels)
        for channel in range(channels):
            level, tilt = 0.0, 0.0
            for place in range(channel * places, (channel + 1) * places):
                blame = d_outputs[place * d_stride : place * d_stride + columns]
                if has_relu:
                    shown = outputs[place * out_stride : place * out_stride + columns]
                    for n in range(columns):
                        blame[n] = blame[n] if shown[n] > ZERO else ZERO
                some, more = blame_of_row(
                    blame,
                    inputs[place * stride : place * stride + columns],
                    columns,
                    statistics[2 * channel + 1],
                    statistics[2 * channel],
                )
                level += some
                tilt += more
            sums[2 * channel] = level
            sums[2 * channel + 1] = tilt

    return Entry(batch_norm_sums_entry)


def _backward_entry(arguments: int, tile: int, worker: int) -> None:
    """d of a batch norm's outputs become d_inputs; tile 0 notes d_weight and d_bias.

    Stands for
        BatchNorm2d.backward, BatchNorm1d.backward

    Arguments
        0 inputs block, 3 d (in place), 6 inputs, 9 statistics, 12 sums of all tiles,
        15 weight, 18 d_weight, 21 d_bias
        24 channels, places, columns, 27 stride of d, 28 of inputs, 29 tiles,
        30 floats from tile to tile in sums
    """
    channels, places = integer(arguments, 24), integer(arguments, 25)
    columns, d_stride = integer(arguments, 26), integer(arguments, 27)
    stride, tiles = integer(arguments, 28), integer(arguments, 29)
    step = integer(arguments, 30)
    rows = channels * places
    d_values = floats(arguments, 3, tile, worker, rows * d_stride)
    inputs = floats(arguments, 6, tile, worker, rows * stride)
    statistics = floats(arguments, 9, tile, worker, 2 * channels)
    sums = floats(arguments, 12, tile, worker, tiles * step)
    weight = floats(arguments, 15, tile, worker, channels)
    d_weight = floats(arguments, 18, tile, worker, channels)
    d_bias = floats(arguments, 21, tile, worker, channels)
    valid = valid_columns(arguments, tile, worker, columns)
    total = longs(arguments, 0, tile, worker, INPUTS)[COUNT] * places
    for channel in range(channels):
        level, tilt = 0.0, 0.0
        for number in range(tiles):
            level += sums[number * step + 2 * channel]
            tilt += sums[number * step + 2 * channel + 1]
        if tile == 0:
            d_weight[channel] = tilt
            d_bias[channel] = level
        scale, mean = statistics[2 * channel], statistics[2 * channel + 1]
        spread_level, spread_tilt = f32(level / total), f32(tilt / total)
        factor = weight[channel] * scale
        for place in range(channel * places, (channel + 1) * places):
            blame = d_values[place * d_stride : place * d_stride + columns]
            row = inputs[place * stride : place * stride + columns]
            for n in range(columns):
                standardised = (row[n] - mean) * scale
                blame[n] = factor * (
                    blame[n] - spread_level - standardised * spread_tilt
                )
            for n in range(valid, columns):
                blame[n] = ZERO


backward_entry = Entry(_backward_entry)
