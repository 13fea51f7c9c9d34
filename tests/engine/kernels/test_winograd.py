"""Windows to points and back, and sums over panels, against float64."""

import numpy as np
import pytest

from handgrad.engine.kernels.panels import PANEL
from handgrad.engine.kernels.winograd import (
    gradient_kernel,
    transform_kernel,
    winograd_weight_gradient,
)
from handgrad.engine.kernels.winograd_transforms import ALL, D_WEIGHTS, MATRICES, RESULT
from handgrad.testing.closeness import assert_close

from .run import floats, run_entry


def test_every_window_and_channel_is_turned_and_its_start_added():
    windows, channels = 2, 3
    source = floats(36, windows, channels, PANEL)
    target = np.zeros((windows, channels, 16, PANEL), np.float32)
    places = np.array(
        [[w * channels * 128, w * channels * 16 * 128, 0, 0] for w in range(windows)],
        np.int64,
    )
    start, masks = floats(channels, seed=1), np.full(36, ALL, np.int16)
    cell = windows * channels * 128
    run_entry(
        transform_kernel(RESULT),
        *(source, target, places, masks, start, windows, channels, 2),
        *(np.array([128, 6 * cell, cell]), np.array([16 * 128, 4 * 128, 128]), 4),
    )
    matrix = np.array(MATRICES[RESULT], dtype=np.float64)
    squares = source.reshape(6, 6, windows, channels, PANEL)
    expected = np.einsum("ia,abwcn,jb->wcijn", matrix, squares, matrix)
    expected += start[:, None, None, None]
    assert_close(target.reshape(expected.shape), expected, 36)


@pytest.mark.parametrize("vectors", [1, 2])
@pytest.mark.parametrize(("outs", "blocks", "groups"), [(4, 2, 1), (5, 1, 2)])
def test_the_gradient_at_a_point_is_a_sum_over_panels(outs, blocks, groups, vectors):
    count, rows, channels = 3, outs * blocks, groups * PANEL
    blame, inputs = floats(count, rows, PANEL), floats(count, channels, PANEL, seed=1)
    table = np.array(
        [[p * rows * 128, p * channels * 128] for p in range(count)], np.int64
    )
    scratch = np.zeros(groups * count * PANEL * PANEL, np.float32)
    found = np.zeros((rows, channels), np.float32)
    run_entry(
        gradient_kernel(outs, vectors),
        *(blame, inputs, table, scratch, found),
        *(count, blocks, groups, 4 * channels),
    )
    expected = np.einsum("pkn,pcn->kc", blame.astype(np.float64), inputs)
    assert_close(found, expected, count * PANEL)


def test_the_gradient_of_the_weights_lands_tap_by_tap():
    outputs, channels = 2, 32
    points = floats(36, outputs, channels)
    found = np.zeros((outputs, channels, 9), np.float32)
    scratch, zero = np.zeros(9 * 16, np.float32), np.zeros(1, np.float32)
    run_entry(
        winograd_weight_gradient,
        *(points, found, scratch, np.full(36, ALL, np.int16), zero),
        *(outputs, channels, 4 * outputs * channels),
    )
    matrix = np.array(MATRICES[D_WEIGHTS], dtype=np.float64)
    squares = points.reshape(6, 6, outputs, channels)
    expected = np.einsum("ia,abkc,jb->kcij", matrix, squares, matrix)
    assert_close(found, expected.reshape(found.shape), 36)
