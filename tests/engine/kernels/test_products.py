import numpy as np
import pytest

from handgrad.engine.kernels import products
from handgrad.testing.closeness import assert_close

from .run import floats, run_entry

SIZES = [(1, 1, 1), (2, 32, 3), (17, 5, 33), (64, 128, 100)]


@pytest.mark.parametrize("right_transposed", [0, 1])
@pytest.mark.parametrize("left_transposed", [0, 1])
@pytest.mark.parametrize("sizes", SIZES)
def test_products_of_transposed_and_strided_matrices(
    sizes, left_transposed, right_transposed
):
    rows, columns, inner = sizes
    left = floats(*((inner, rows) if left_transposed else (rows, inner)))
    right = floats(
        *((columns, inner) if right_transposed else (inner, columns)), seed=1
    )
    outputs = np.full((rows, columns + 3), 2, np.float32)
    run_entry(
        products.product,
        left=left,
        right=right,
        outputs=outputs,
        rows=rows,
        columns=columns,
        inner=inner,
        left_stride=left.shape[1],
        right_stride=right.shape[1],
        out_stride=columns + 3,
        left_transposed=left_transposed,
        right_transposed=right_transposed,
    )
    wide_left, wide_right = left.astype(np.float64), right.astype(np.float64)
    expected = (wide_left.T if left_transposed else wide_left) @ (
        wide_right.T if right_transposed else wide_right
    )
    assert_close(outputs[:, :columns], expected, inner + 1)
    np.testing.assert_array_equal(outputs[:, columns:], 2)


@pytest.mark.parametrize("columns", [32, 128, 32 * 9])
def test_row_sums_are_added_to_what_stands_there(columns):
    values, sums = floats(5, columns + 16), floats(5, seed=1)
    expected = sums + values[:, :columns].astype(np.float64).sum(axis=1)
    run_entry(
        products.row_sums,
        values=values,
        sums=sums,
        rows=5,
        columns=columns,
        stride=columns + 16,
    )
    assert_close(sums, expected, columns)


def test_clearing_stops_at_the_size():
    values = np.ones(10, np.float32)
    run_entry(products.clear, values=values, size=7)
    np.testing.assert_array_equal(values, [0] * 7 + [1] * 3)
    products.clear.body(values, 9)
    np.testing.assert_array_equal(values, [0] * 9 + [1])
