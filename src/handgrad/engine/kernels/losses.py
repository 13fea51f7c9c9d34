"""Losses over one tile: logits become their own gradient, in place.

Layout: (classes, columns) with a stride from class to class; a column is an example.
Columns beyond the batch's end get no gradient and do not count. `factors` hold

    weight * count / (sum of the batch's weights)       for each example

or 1 where examples have no weights; multiplying by 1 changes no bit.
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
)
from handgrad.engine.kernels.gather import (
    COUNT,
    FACTORS,
    HUGE,
    INPUTS,
    ROWS,
    TARGETS,
)
from handgrad.engine.kernels.machine import (
    double_pointer,
    float_pointer,
    long_pointer,
)
from handgrad.engine.kernels.mathematics import fast_exp

CROSS_ENTROPY, SVM, SQUARED = range(3)
f32 = np.float32
ZERO, ONE = f32(0), f32(1)
SMALLEST = f32(1e-35)  # below it numbers lose digits, and processors their speed


@kernel
def best_class(logits, sizes, best, choice):
    """The largest logit of each column, and its class (the first of equals)."""
    classes, columns, stride = sizes
    for n in range(columns):
        best[n] = logits[n]
        choice[n] = ZERO
    for k in range(1, classes):
        row = logits[k * stride : k * stride + columns]
        for n in range(columns):
            wins = row[n] > best[n]
            choice[n] = f32(k) if wins else choice[n]
            best[n] = row[n] if wins else best[n]


@kernel
def cross_entropy(logits, targets, factors, sizes, setting, share, best, total):
    """loss = sum of factor * surprise; logits become factor * share * difference.

    Stands for
        SoftmaxCrossEntropy.forward and backward, with label smoothing `setting`
    """
    classes, columns, stride = sizes
    elsewhere = setting / f32(classes)
    total[:columns] = ZERO
    losses = 0.0
    for n in range(columns):
        if targets[n] >= 0:
            surprise = (ONE - setting) * (best[n] - logits[targets[n] * stride + n])
            losses += surprise * factors[n]
    for k in range(classes):
        row = logits[k * stride : k * stride + columns]
        if setting != ZERO:
            for n in range(columns):
                if targets[n] >= 0:
                    losses += elsewhere * (best[n] - row[n]) * factors[n]
        for n in range(columns):
            row[n] = fast_exp(row[n] - best[n])
            total[n] += row[n]
    for n in range(columns):
        if targets[n] >= 0:
            losses += np.log(total[n]) * factors[n]
        total[n] = share * factors[n] / total[n] if targets[n] >= 0 else ZERO
    lift = elsewhere * share
    for k in range(classes):
        row = logits[k * stride : k * stride + columns]
        for n in range(columns):
            blame = row[n] * total[n]
            blame = blame if blame > SMALLEST else ZERO  # or products would crawl
            row[n] = blame - lift * factors[n] if total[n] != ZERO else ZERO
    for n in range(columns):
        if targets[n] >= 0:
            logits[targets[n] * stride + n] -= (ONE - setting) * share * factors[n]
    return losses


@kernel
def svm(logits, targets, factors, sizes, setting, share, best, total):
    """loss = sum of factor * hinges; logits become the active classes' share.

    Stands for
        MulticlassSVM.forward and backward, with margin `setting`
    """
    classes, columns, stride = sizes
    losses = 0.0
    for n in range(columns):
        target = targets[n]
        true = logits[target * stride + n] if target >= 0 else ZERO
        active = ZERO
        for k in range(classes):
            hinge = logits[k * stride + n] - true + setting
            counts = not (hinge <= ZERO) and k != target and target >= 0
            losses += hinge * factors[n] if counts else ZERO
            logits[k * stride + n] = share * factors[n] if counts else ZERO
            active += ONE if counts else ZERO
        if target >= 0:
            logits[target * stride + n] = -active * share * factors[n]
    return losses


@kernel
def squared(logits, targets, factors, sizes, setting, share, best, total):
    """loss = sum of factor * mean square; logits become their gradient.

    Equations
        d_logits = 2 * difference * share * factor / classes

    Stands for
        MeanSquaredError.forward and backward
    """
    classes, columns, stride = sizes
    losses = 0.0
    scale = f32(2) * share / f32(classes)
    for k in range(classes):
        for n in range(columns):
            place = k * stride + n
            difference = logits[place] - (ONE if targets[n] == k else ZERO)
            counts = targets[n] >= 0
            square = difference * difference / f32(classes)
            losses += square * factors[n] if counts else ZERO
            logits[place] = difference * scale * factors[n] if counts else ZERO
    return losses


@cache
def loss_entry(kind: int) -> Entry:
    """The loss of one tile, how many it got right, and d_logits.

    Arguments
        0 inputs block, 3 logits (become d_logits), 6 setting (one float), 9 scratch
        (5 * columns floats), 12 losses (float64 for each tile), 15 correct (int64 for
        each tile); 18 classes, 19 columns, 20 stride
    """

    def loss_entry_function(arguments: int, tile: int, worker: int) -> None:
        block = longs(arguments, 0, tile, worker, INPUTS)
        columns, stride = integer(arguments, 19), integer(arguments, 20)
        sizes = (integer(arguments, 18), columns, stride)
        logits = floats(arguments, 3, tile, worker, sizes[0] * stride)
        setting = floats(arguments, 6, tile, worker, 1)[0]
        scratch = floats(arguments, 9, tile, worker, 5 * columns)
        all_targets = carray(long_pointer(block[TARGETS]), (HUGE,))
        rows = carray(long_pointer(block[ROWS]), (block[COUNT],))
        targets = carray(
            long_pointer(address_of(arguments, 9, tile, worker) + 8 * columns),
            (columns,),
        )
        best, total = scratch[:columns], scratch[columns : 2 * columns]
        factors = scratch[4 * columns :]
        own = carray(float_pointer(block[FACTORS]), (HUGE,))
        has_factors = block[FACTORS] != 0
        for n in range(columns):
            example = tile * columns + n
            is_there = example < block[COUNT]
            targets[n] = all_targets[rows[example]] if is_there else -1
            factors[n] = own[example] if has_factors and is_there else ONE
        best_class(logits, sizes, best, total)
        right = 0
        for n in range(columns):
            right += 1 if targets[n] == np.int64(total[n]) else 0
        share = ONE / f32(block[COUNT])
        if kind == CROSS_ENTROPY:
            loss = cross_entropy(
                logits, targets, factors, sizes, setting, share, best, total
            )
        elif kind == SVM:
            loss = svm(logits, targets, factors, sizes, setting, share, best, total)
        else:
            loss = squared(logits, targets, factors, sizes, setting, share, best, total)
        carray(double_pointer(address_of(arguments, 12, tile, worker)), (1,))[0] = loss
        longs(arguments, 15, tile, worker, 1)[0] = right

    return Entry(loss_entry_function)
