import numpy as np
import pytest

from handgrad.engine.compiler import for_the_set
from handgrad.engine.kernels.entry import kernel
from handgrad.engine.kernels.product_blocks import (
    ROWS,
    VECTORS,
    WIDTH,
    copy_rows,
    has_short_registers,
    rows_in_long_registers,
    rows_in_short_registers,
    some_rows,
)
from handgrad.engine.kernels.registers import LANES, own_lanes
from handgrad.testing.closeness import assert_close

from .run import floats

OWN = rows_in_long_registers if own_lanes() == LANES else rows_in_short_registers


@kernel
def asked():
    return has_short_registers()


def test_registers_are_those_of_the_instruction_set():
    with for_the_set():
        assert asked() == (own_lanes() < LANES)


@pytest.mark.parametrize("adds", [False, True])
@pytest.mark.parametrize("vectors", range(1, VECTORS + 1))
@pytest.mark.parametrize("rows", [1, 3, 4, 7, 8, 12, 21])
@pytest.mark.parametrize("product", [some_rows, OWN])
def test_rows_of_a_product(product, rows, vectors, adds):
    """Left in blocks of eight rows that lie apart, right in panels."""
    count, columns = 5, vectors * LANES
    blocks = floats(-(-rows // ROWS), ROWS + 1, count)
    left = blocks[:, :ROWS].reshape(-1, count)[:rows]
    right = floats(count, WIDTH, seed=1)
    outputs = floats(rows + 1, columns + 3, seed=2)
    before = outputs.copy()
    row, block = 4 * count, 4 * count * (ROWS + 1)
    sizes = (row, block, 4, 4 * WIDTH, count, 4 * (columns + 3), -int(adds))
    with for_the_set():
        product(rows, vectors, *addresses(blocks, right, outputs), sizes)
    expected = left.astype(np.float64) @ right[:, :columns]
    expected += before[:rows, :columns] * adds
    assert_close(outputs[:rows, :columns], expected, count + 1)
    np.testing.assert_array_equal(outputs[:, columns:], before[:, columns:])
    np.testing.assert_array_equal(outputs[rows], before[rows])


def test_rows_are_copied_in_whole_registers():
    source, target = floats(3, 40), np.zeros((3, 33), np.float32)
    copy_rows(*addresses(source), 160, *addresses(target), 132, 3, 2)
    np.testing.assert_array_equal(target[:, :32], source[:, :32])
    np.testing.assert_array_equal(target[:, 32], 0)


def addresses(*arrays):
    return [array.ctypes.data for array in arrays]
