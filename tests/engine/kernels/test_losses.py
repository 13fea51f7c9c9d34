"""Losses over a tile, compiled and as plain Python, against the plain losses."""

import numpy as np
import pytest

from handgrad.engine.kernels import losses
from handgrad.engine.kernels.gather import COUNT as IN_BATCH
from handgrad.engine.kernels.gather import (
    FACTORS,
    INPUTS,
    ROWS,
    SECOND,
    SHARES,
    TARGETS,
)
from handgrad.losses import MeanSquaredError, MulticlassSVM, SoftmaxCrossEntropy
from handgrad.randomness import Key, random_bits

from .run import floats, run_entry

COLUMNS, COUNT = 8, 11
PLAIN = {
    "cross entropy": (losses.CROSS_ENTROPY, SoftmaxCrossEntropy(), 0.0),
    "smoothed": (losses.CROSS_ENTROPY, SoftmaxCrossEntropy(label_smoothing=0.2), 0.2),
    "svm": (losses.SVM, MulticlassSVM(), 1.0),
    "svm of margin 3": (losses.SVM, MulticlassSVM(margin=3.0), 3.0),
    "squared": (losses.SQUARED, MeanSquaredError(), 0.0),
}
KERNELS = {
    losses.CROSS_ENTROPY: losses.cross_entropy,
    losses.SVM: losses.svm,
    losses.SQUARED: losses.squared,
}


def targets_of(classes):
    return (random_bits(Key(2), (20,)) % classes).astype(np.int64)


def over_tiles(kind, setting, logits, targets, factors=None, mixture=None):
    """Loss, number right, and d_logits of a batch of 11 in two tiles of 8.

    A `mixture` is the rows of second examples, and the shares of the first labels.
    """
    rows = np.arange(COUNT, dtype=np.int64)[::-1].copy() + 5
    block = np.zeros(INPUTS, np.int64)
    block[[TARGETS, ROWS]] = targets.ctypes.data, rows.ctypes.data
    block[IN_BATCH] = COUNT
    block[FACTORS] = 0 if factors is None else factors.ctypes.data
    if mixture is not None:
        block[[SECOND, SHARES]] = [each.ctypes.data for each in mixture]
    padded = np.full((logits.shape[1], 2 * COLUMNS), 3, np.float32)
    padded[:, :COUNT] = logits.T
    total, right = 0.0, 0
    for tile in (0, 1):
        part = np.ascontiguousarray(padded[:, tile * COLUMNS : (tile + 1) * COLUMNS])
        loss, correct = np.zeros(1), np.zeros(1, np.int64)
        run_entry(
            losses.loss_kernel(kind),
            *(block, part, np.array([setting], np.float32)),
            *(np.zeros(4 * COLUMNS, np.float32), np.zeros(2 * COLUMNS, np.int64)),
            *(loss, correct),
            *(logits.shape[1], COLUMNS, COLUMNS),
            tile=tile,
        )
        padded[:, tile * COLUMNS : (tile + 1) * COLUMNS] = part
        total, right = total + loss[0], right + correct[0]
    return total / COUNT, right, padded, targets[rows]


@pytest.mark.parametrize("size", [1.0, 30.0])
@pytest.mark.parametrize("classes", [2, 5, 10])
@pytest.mark.parametrize("name", PLAIN)
def test_a_loss_over_tiles_is_the_plain_loss(name, classes, size):
    kind, plain, setting = PLAIN[name]
    logits = (size * floats(COUNT, classes)).astype(np.float32)
    loss, right, padded, targets = over_tiles(
        kind, setting, logits, targets_of(classes)
    )
    expected, cache = plain.forward(logits.astype(np.float64), targets)
    assert loss == pytest.approx(expected, rel=1e-6, abs=1e-6)
    assert right == np.count_nonzero(logits.argmax(axis=1) == targets)
    d_logits = plain.backward(cache)
    bound = 1e-6 * max(float(np.abs(d_logits).max()), 1 / COUNT)
    np.testing.assert_allclose(padded[:, :COUNT].T, d_logits, rtol=0, atol=bound)
    np.testing.assert_array_equal(padded[:, COUNT:], 0)


@pytest.mark.parametrize("name", PLAIN)
def test_weights_make_it_the_weighted_plain_loss(name):
    kind, plain, setting = PLAIN[name]
    logits = floats(COUNT, 5)
    weights = np.array([0, 2, 0.5, 1, 3, 0, 7, 1, 1, 0.25, 1], np.float32)
    factors = (weights * (COUNT / weights.sum(dtype=np.float64))).astype(np.float32)
    loss, _, padded, targets = over_tiles(kind, setting, logits, targets_of(5), factors)
    expected, cache = plain.forward(logits.astype(np.float64), targets, weights)
    assert loss == pytest.approx(expected, rel=1e-6)
    d_logits = plain.backward(cache)
    bound = 1e-6 * float(np.abs(d_logits).max())
    np.testing.assert_allclose(padded[:, :COUNT].T, d_logits, rtol=0, atol=bound)
    np.testing.assert_array_equal(padded[:, [0, 5, *range(COUNT, 16)]], 0)


SECONDS = np.array([3, 0, 19, 5, 5, 7, 1, 2, 8, 11, 15], np.int64)
PARTS = np.array([1, 0.5, 0.25, 0, 0.75, 1, 0.5, 0.125, 0.875, 0.3125, 1], np.float32)


@pytest.mark.parametrize("name", [name for name in PLAIN if "svm" not in name])
@pytest.mark.parametrize("size", [1.0, 30.0])
def test_mixed_labels_make_it_the_plain_loss_of_soft_targets(name, size):
    kind, plain, setting = PLAIN[name]
    logits = (size * floats(COUNT, 5)).astype(np.float32)
    weights = np.array([0, 2, 0.5, 1, 3, 0, 7, 1, 1, 0.25, 1], np.float32)
    factors = (weights * (COUNT / weights.sum(dtype=np.float64))).astype(np.float32)
    loss, right, padded, targets = over_tiles(
        kind, setting, logits, targets_of(5), factors, (SECONDS, PARTS)
    )
    share, others = PARTS[:, None], targets_of(5)[SECONDS]
    soft = share * np.eye(5)[targets] + (1 - share) * np.eye(5)[others]
    expected, cache = plain.forward(logits.astype(np.float64), soft, weights)
    assert loss == pytest.approx(expected, rel=1e-6)
    main = np.where(PARTS >= 0.5, targets, others)
    assert right == np.count_nonzero(logits.argmax(axis=1) == main)
    d_logits = plain.backward(cache)
    bound = 1e-6 * float(np.abs(d_logits).max())
    np.testing.assert_allclose(padded[:, :COUNT].T, d_logits, rtol=0, atol=bound)
    np.testing.assert_array_equal(padded[:, [0, 5, *range(COUNT, 16)]], 0)


@pytest.mark.parametrize("name", PLAIN)
def test_factors_of_one_change_no_bit(name):
    kind, _, setting = PLAIN[name]
    logits, ones = floats(COUNT, 5), np.ones(COUNT, np.float32)
    loss, _, padded, _ = over_tiles(kind, setting, logits, targets_of(5))
    again, _, same, _ = over_tiles(kind, setting, logits, targets_of(5), ones)
    assert loss == again
    assert padded.tobytes() == same.tobytes()


@pytest.mark.parametrize("name", PLAIN)
def test_it_runs_without_compilation(name):
    kind, plain, setting = PLAIN[name]
    classes, targets = 4, targets_of(4)[:COLUMNS].copy()
    logits = floats(COLUMNS, classes)
    expected, cache = plain.forward(logits.astype(np.float64), targets)
    targets[-1] = -1  # beyond the batch's end
    values = np.ascontiguousarray(logits.T).reshape(-1)
    best, total = np.zeros(COLUMNS, np.float32), np.zeros(COLUMNS, np.float32)
    sizes, f32 = (classes, COLUMNS, COLUMNS), np.float32
    losses.best_class.py_func(values, sizes, best, total)
    np.testing.assert_array_equal(total, logits.argmax(axis=1))
    if kind == losses.CROSS_ENTROPY:
        return  # its exponential is machine code's
    share = f32(1 / COLUMNS)
    ones = np.ones(COLUMNS, np.float32)
    labels = targets, np.full(COLUMNS, -1), ones
    found = KERNELS[kind].py_func(
        values, labels, ones, sizes, f32(setting), share, best, total
    )
    last, _ = plain.forward(logits[-1:].astype(np.float64), targets_of(4)[7:8])
    assert found == pytest.approx(expected * COLUMNS - last, rel=1e-6)
    d_logits = plain.backward(cache)
    d_logits[-1] = 0
    np.testing.assert_allclose(
        values.reshape(classes, COLUMNS).T, d_logits, rtol=0, atol=1e-6
    )


@pytest.mark.parametrize("name", PLAIN)
def test_a_nan_shows_in_the_loss(name):
    kind, _, setting = PLAIN[name]
    logits = floats(COUNT, 5)
    logits[4, 2] = np.nan
    loss, *_ = over_tiles(kind, setting, logits, targets_of(5))
    assert np.isnan(loss)


@pytest.mark.parametrize("classes", [1, 3])
def test_equal_logits_name_the_first_class(classes):
    values = np.ones(classes * COLUMNS, np.float32)
    best, choice = np.zeros(COLUMNS, np.float32), np.ones(COLUMNS, np.float32)
    losses.best_class(values, (classes, COLUMNS, COLUMNS), best, choice)
    np.testing.assert_array_equal(choice, 0)
