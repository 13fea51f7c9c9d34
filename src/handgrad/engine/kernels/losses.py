"""Losses over one tile, whose gradient overwrites the logits.

Layout: (classes, columns) with a stride from class to class; a column is an example.
Columns beyond the batch's end (target -1) get no gradient and do not count. `factors`
are 1 or, where examples have weights,

    weight * count / (sum of the batch's weights)       for each example

A mixed example has a second target, and `parts`, the share of the first; others have
the second target -1 and the share 1, which changes no bit.
"""

import numpy as np
from numba import carray

from handgrad.engine.kernels.declaration import (
    DOUBLES,
    FLOATS,
    LONGS,
    TILE,
    Sizes,
    matrix,
    reads,
    scratch,
    times,
    updates,
    writes,
)
from handgrad.engine.kernels.entry import Kernel, kernel, kernel_entry, kernel_family
from handgrad.engine.kernels.gather import (
    COUNT,
    FACTORS,
    HUGE,
    INPUTS,
    ROWS,
    SECOND,
    SHARES,
    TARGETS,
)
from handgrad.engine.kernels.machine import float_pointer, long_pointer
from handgrad.engine.kernels.mathematics import fast_exp

CROSS_ENTROPY, SVM, SQUARED = range(3)
f32 = np.float32
ZERO, HALF, ONE = f32(0), f32(0.5), f32(1)
SMALLEST = f32(1e-35)  # denormal products would be slow


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
def cross_entropy(logits, labels, factors, sizes, setting, share, best, total):
    """Sum of factor * cross-entropy; logits become factor * share * (p - target).

    Stands for
        SoftmaxCrossEntropy.forward and backward, with label smoothing `setting`
    """
    classes, columns, stride = sizes
    targets, seconds, parts = labels
    elsewhere = setting / f32(classes)
    total[:columns] = ZERO
    losses = 0.0
    for n in range(columns):
        if targets[n] >= 0:
            own_loss = (ONE - setting) * (best[n] - logits[targets[n] * stride + n])
            losses += own_loss * factors[n] * parts[n]
        if seconds[n] >= 0:
            its_loss = (ONE - setting) * (best[n] - logits[seconds[n] * stride + n])
            losses += its_loss * factors[n] * (ONE - parts[n])
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
            d_logit = row[n] * total[n]
            d_logit = d_logit if d_logit > SMALLEST else ZERO
            row[n] = d_logit - lift * factors[n] if total[n] != ZERO else ZERO
    for n in range(columns):
        if targets[n] >= 0:
            pull = (ONE - setting) * share * factors[n]
            logits[targets[n] * stride + n] -= pull * parts[n]
            if seconds[n] >= 0:
                logits[seconds[n] * stride + n] -= pull * (ONE - parts[n])
    return losses


@kernel
def svm(logits, labels, factors, sizes, setting, share, best, total):
    """Sum of factor * hinges; logits become their gradient. No example is mixed.

    Stands for
        MulticlassSVM.forward and backward, with margin `setting`
    """
    targets, _, _ = labels
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
def squared(logits, labels, factors, sizes, setting, share, best, total):
    """Sum of factor * mean square; logits become their gradient.

    Equations
        d_logits = 2 * difference * share * factor / classes

    Stands for
        MeanSquaredError.forward and backward
    """
    classes, columns, stride = sizes
    targets, seconds, parts = labels
    losses = 0.0
    scale = f32(2) * share / f32(classes)
    for k in range(classes):
        for n in range(columns):
            place = k * stride + n
            expected = parts[n] if targets[n] == k else ZERO
            expected += ONE - parts[n] if seconds[n] == k else ZERO
            difference = logits[place] - expected
            counts = targets[n] >= 0
            square = difference * difference / f32(classes)
            losses += square * factors[n] if counts else ZERO
            logits[place] = difference * scale * factors[n] if counts else ZERO
    return losses


@kernel_family
def loss_kernel(kind: int) -> Kernel:
    """The loss and correct predictions of a tile, and d_logits in place of logits."""
    measure = (cross_entropy, svm, squared)[kind]

    @kernel_entry(operations=times(10, "classes", "lanes"))
    def loss(
        block: reads(LONGS, INPUTS),
        logits: updates(FLOATS, matrix("classes", "lanes", "stride")),
        setting: reads(FLOATS, 1),
        notes: scratch(FLOATS, times(4, "lanes")),
        targets: scratch(LONGS, times(2, "lanes")),
        losses: writes(DOUBLES, 1),
        correct: writes(LONGS, 1),
        sizes: Sizes("classes lanes stride"),
        tile: TILE,
    ):
        lanes = sizes[1]
        all_targets = carray(long_pointer(block[TARGETS]), (HUGE,))
        rows = carray(long_pointer(block[ROWS]), (block[COUNT],))
        best, total = notes[:lanes], notes[lanes : 2 * lanes]
        factors, parts = notes[2 * lanes : 3 * lanes], notes[3 * lanes :]
        seconds = targets[lanes:]
        own = carray(float_pointer(block[FACTORS]), (HUGE,))
        has_factors = block[FACTORS] != 0
        others = carray(long_pointer(block[SECOND]), (block[COUNT],))
        shares = carray(float_pointer(block[SHARES]), (block[COUNT],))
        is_mixed = block[SECOND] != 0
        for n in range(lanes):
            example = tile * lanes + n
            is_there = example < block[COUNT]
            targets[n] = all_targets[rows[example]] if is_there else -1
            factors[n] = own[example] if has_factors and is_there else ONE
            has_second = is_mixed and is_there
            seconds[n] = all_targets[others[example]] if has_second else -1
            parts[n] = shares[example] if has_second else ONE
        best_class(logits, sizes, best, total)
        right = 0
        for n in range(lanes):
            main = targets[n] if parts[n] >= HALF else seconds[n]
            right += 1 if main == np.int64(total[n]) else 0
        share = ONE / f32(block[COUNT])
        labels = targets[:lanes], seconds, parts
        losses[0] = measure(
            logits, labels, factors, sizes, setting[0], share, best, total
        )
        correct[0] = right

    return loss
