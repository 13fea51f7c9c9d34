"""A product over panels, against a sum in float64."""

import numpy as np
import pytest
from numba import njit

from handgrad.engine.kernels.panels import PANEL, panels_block
from handgrad.engine.kernels.registers import VECTOR_BYTES
from handgrad.testing.closeness import assert_close

from .run import floats


def block_of(rows, vectors, goes_on=0):
    """The block as a function of its six integers."""

    @njit
    def block(left, panels, count, right, out, out_row):
        panels_block(rows, vectors, goes_on, left, panels, count, right, out, out_row)

    return block


@pytest.mark.parametrize("vectors", [1, 2])
@pytest.mark.parametrize(("rows", "count"), [(1, 1), (3, 2), (12, 5)])
def test_panels_anywhere_are_added_up(rows, count, vectors):
    left, right = floats(count, rows + 1, PANEL), floats(count, PANEL, PANEL, seed=1)
    order = np.arange(count)[::-1]
    table = np.array([[p * (rows + 1) * PANEL * 4, 99] for p in order], np.int64)
    outputs = np.zeros((rows, PANEL + 3), np.float32)
    for along in range(0, 4 * PANEL, vectors * VECTOR_BYTES):
        block_of(rows, vectors)(
            *(left.ctypes.data, table.ctypes.data, count, right.ctypes.data + along),
            *(outputs.ctypes.data + along, 4 * (PANEL + 3)),
        )
    chosen = left[order, :rows].astype(np.float64)
    expected = np.einsum("pik,pkj->ij", chosen, right)
    assert_close(outputs[:, :PANEL], expected, count * PANEL)
    np.testing.assert_array_equal(outputs[:, PANEL:], 0)


@pytest.mark.parametrize("vectors", [1, 2])
def test_a_sum_that_goes_on_has_the_bits_of_one_sum(vectors):
    rows, count, first = 12, 5, 2
    left, right = floats(count, rows, PANEL), floats(count, PANEL, PANEL, seed=1)
    table = np.array([[p * rows * PANEL * 4, 0] for p in range(count)], np.int64)
    whole = np.zeros((rows, PANEL), np.float32)
    parts = np.full((rows, PANEL), np.nan, np.float32)

    def add(goes_on, begin, end, outputs):
        for along in range(0, 4 * PANEL, vectors * VECTOR_BYTES):
            block_of(rows, vectors, goes_on)(
                *(left.ctypes.data, table[begin:].ctypes.data, end - begin),
                *(right[begin:].ctypes.data + along, outputs.ctypes.data + along),
                4 * PANEL,
            )

    add(0, 0, count, whole)
    add(0, 0, first, parts)
    add(1, first, count, parts)
    np.testing.assert_array_equal(parts, whole)
