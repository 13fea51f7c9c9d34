"""Winograd's matrices are exact; the registers do what the matrices say."""

from fractions import Fraction

import numpy as np
import pytest
from numba import njit

from handgrad.engine.kernels.registers import LANES
from handgrad.engine.kernels.winograd_transforms import (
    ALL,
    D_RESULT,
    D_WEIGHTS,
    MATRICES,
    NONE,
    OUTPUTS,
    POINTS,
    RESULT,
    TAPS,
    WEIGHTS,
    WINDOW,
    sandwich,
)

from .run import floats


def product(matrix, vector):
    return [sum(a * b for a, b in zip(row, vector, strict=True)) for row in matrix]


def whole_numbers(count, seed):
    return [
        Fraction(int(n)) for n in np.random.default_rng(seed).integers(-9, 9, count)
    ]


@pytest.mark.parametrize("seed", range(3))
def test_a_convolution_along_one_side_is_exact(seed):
    inputs, taps = whole_numbers(POINTS, seed), whole_numbers(TAPS, seed + 10)
    there = zip(
        product(MATRICES[WINDOW], inputs), product(MATRICES[WEIGHTS], taps), strict=True
    )
    outputs = product(MATRICES[RESULT], [a * b for a, b in there])
    assert outputs == [
        sum(taps[k] * inputs[i + k] for k in range(TAPS)) for i in range(OUTPUTS)
    ]


@pytest.mark.parametrize("seed", range(3))
def test_the_gradient_of_the_taps_is_exact(seed):
    inputs, blame = whole_numbers(POINTS, seed), whole_numbers(OUTPUTS, seed + 10)
    there = zip(
        product(MATRICES[WINDOW], inputs),
        product(MATRICES[D_RESULT], blame),
        strict=True,
    )
    gradient = product(MATRICES[D_WEIGHTS], [a * b for a, b in there])
    assert gradient == [
        sum(blame[i] * inputs[i + k] for i in range(OUTPUTS)) for k in range(TAPS)
    ]


def block_of(kind):
    """The block as a function of its nine integers."""

    @njit
    def block(x, x_row, x_column, x_masks, y, y_row, y_column, y_masks, start):
        sandwich(
            kind,
            x,
            x_row,
            x_column,
            x_masks,
            y,
            y_row,
            y_column,
            y_masks,
            start,
        )

    return block


@pytest.mark.parametrize("kind", MATRICES)
def test_a_square_between_a_matrix_and_its_transpose(kind):
    matrix = np.array(MATRICES[kind], dtype=np.float64)
    made, size = matrix.shape
    source, target = (
        floats(size, size, LANES),
        np.zeros((made, made, LANES), np.float32),
    )
    read = np.full(size * size, ALL, np.int16)
    written = np.full(made * made, ALL, np.int16)
    read[1], written[2] = NONE, NONE
    start = floats(1, seed=1)
    block_of(kind)(
        *(source.ctypes.data, 4 * LANES * size, 4 * LANES, read.ctypes.data),
        *(target.ctypes.data, 4 * LANES * made, 4 * LANES, written.ctypes.data),
        start.ctypes.data,
    )
    seen = source.astype(np.float64)
    seen[0, 1] = 0
    expected = np.einsum("ia,abn,jb->ijn", matrix, seen, matrix) + start[0]
    expected[0, 2] = 0
    reach = np.abs(matrix).sum(axis=1).max() ** 2
    bound = (
        4 * np.finfo(np.float32).eps * np.sqrt(2 * size) * reach * np.abs(seen).max()
    )
    np.testing.assert_allclose(target, expected, rtol=0, atol=bound)
