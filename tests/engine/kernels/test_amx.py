"""The matrix unit itself, on numbers that bfloat16 holds exactly."""

import numpy as np
import pytest

from handgrad.engine.kernels.amx import (
    PARTS,
    PRODUCTS,
    UNIT_BYTES,
    begin_matrices,
    end_matrices,
    matrix_block,
    matrix_runs,
)
from handgrad.engine.kernels.entry import kernel
from handgrad.engine.processor import has_matrix_unit

needs_unit = pytest.mark.skipif(not has_matrix_unit(), reason="needs a matrix unit")


@kernel
def run_block(adds, left, right, count, outputs, row):
    begin_matrices()
    if adds:
        matrix_block(1, left, right, count, outputs, row)
    else:
        matrix_block(0, left, right, count, outputs, row)
    end_matrices()


@kernel
def run_runs(adds, table, runs, steps, left, right, outputs, row):
    begin_matrices()
    if adds:
        matrix_runs(1, table, runs, steps, left, right, outputs, row)
    else:
        matrix_runs(0, table, runs, steps, left, right, outputs, row)
    end_matrices()


def upper(values):
    """The upper halves of float32 numbers: bfloat16."""
    return (values.astype(np.float32).view(np.uint32) >> 16).astype(np.uint16)


def units(parts, *, is_left):
    """Parts (3, 32, steps) of a left side, (3, steps, 32) of a right one, packed."""
    if is_left:
        shaped = upper(parts).reshape(PARTS, 2, 16, -1, 32).transpose(3, 0, 1, 2, 4)
    else:
        shaped = upper(parts).reshape(PARTS, -1, 16, 2, 2, 16)
        shaped = shaped.transpose(1, 0, 4, 2, 5, 3)
    packed = np.ascontiguousarray(shaped)
    assert packed.nbytes % UNIT_BYTES == 0
    return packed


@needs_unit
@pytest.mark.parametrize("adds", [0, 1])
@pytest.mark.parametrize("count", [1, 3])
def test_six_of_nine_products_are_summed(count, adds):
    """Small whole numbers: every product and every sum is exact."""
    generator = np.random.default_rng(count)
    left = generator.integers(-8, 8, (PARTS, 32, 32 * count)).astype(np.float32)
    right = generator.integers(-8, 8, (PARTS, 32 * count, 32)).astype(np.float32)
    outputs = generator.integers(-8, 8, (32, 40)).astype(np.float32)
    expected = outputs.copy()
    block = sum(left[i] @ right[j] for i, j in PRODUCTS)
    expected[:, :32] = block + (expected[:, :32] if adds else 0)
    packed = units(left, is_left=True), units(right, is_left=False)
    addresses = [side.ctypes.data for side in packed]
    run_block(adds, *addresses, count, outputs.ctypes.data, outputs.strides[0])
    np.testing.assert_array_equal(outputs, expected)


@needs_unit
@pytest.mark.parametrize("adds", [0, 1])
def test_runs_lie_anywhere_and_share_an_offset(adds):
    """Each run's sides begin where the table says, plus what is common to all."""
    generator = np.random.default_rng(7)
    left = generator.integers(-8, 8, (PARTS, 32, 32 * 5)).astype(np.float32)
    right = generator.integers(-8, 8, (PARTS, 32 * 6, 32)).astype(np.float32)
    outputs = generator.integers(-8, 8, (32, 32)).astype(np.float32)
    runs, steps, shared = [(2, 3), (0, 1)], 2, (1, 1)
    expected = outputs if adds else np.zeros_like(outputs)
    for places in runs:
        x, y = (32 * (place + more) for place, more in zip(places, shared, strict=True))
        some = slice(x, x + 32 * steps), slice(y, y + 32 * steps)
        expected = expected + sum(
            left[i][:, some[0]] @ right[j][some[1]] for i, j in PRODUCTS
        )
    packed = units(left, is_left=True), units(right, is_left=False)
    starts = np.array([side.ctypes.data for side in packed])
    table = starts + UNIT_BYTES * np.array(runs)
    offsets = [UNIT_BYTES * more for more in shared]
    addresses = (table.ctypes.data, len(runs), steps, *offsets, outputs.ctypes.data)
    run_runs(adds, *addresses, outputs.strides[0])
    np.testing.assert_array_equal(outputs, expected)


def test_what_is_left_out_is_the_smallest():
    """Part i is 2**-8 of the part before it: what is kept has i + j of at most 2."""
    everything = {(i, j) for i in range(PARTS) for j in range(PARTS)}
    assert {i + j for i, j in everything - set(PRODUCTS)} == {3, 4}
    assert [i + j for i, j in PRODUCTS] == [2, 1, 2, 1, 2, 0]  # the largest comes last
