import numpy as np
import pytest
from numba import njit

from handgrad.engine.kernels.packing import copy_panel, transpose_panel
from handgrad.engine.kernels.product_blocks import WIDTH

from .run import floats


@njit
def transposed(matrix, row, outs, inputs, panel):
    transpose_panel(matrix.ctypes.data, row, outs, inputs, panel.ctypes.data)


@njit
def copied(matrix, row, count, columns, panel):
    copy_panel(matrix.ctypes.data, row, count, columns, panel.ctypes.data)


@pytest.mark.parametrize("inputs", [1, 15, 16, 33])
@pytest.mark.parametrize("columns", [1, 16, 31, 47, 48])
def test_a_panel_holds_the_columns_and_nothing_else_is_written(columns, inputs):
    panel = np.full((inputs + 1, WIDTH), 7, np.float32)
    matrix = floats(columns, inputs + 5)
    transposed(matrix, 4 * (inputs + 5), columns, inputs, panel)
    np.testing.assert_array_equal(panel[:inputs, :columns], matrix[:, :inputs].T)
    assert (panel[:, columns:] == 7).all()
    assert (panel[inputs] == 7).all()

    panel[:], matrix = 7, floats(inputs, columns + 5)
    copied(matrix, 4 * (columns + 5), inputs, columns, panel)
    np.testing.assert_array_equal(panel[:inputs, :columns], matrix[:, :columns])
    assert (panel[:, columns:] == 7).all()
    assert (panel[inputs] == 7).all()
