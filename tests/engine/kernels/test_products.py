import numpy as np
import pytest

from handgrad.engine.kernels import products
from handgrad.testing.closeness import assert_close

from .run import floats, run_entry

SIZES = [
    *((1, 1, 1), (2, 32, 3), (17, 5, 33), (64, 128, 100)),
    *((9, 50, 40), (7, 96, 16), (20, 63, 130), (3, 16, 65)),
]


@pytest.mark.parametrize("right_transposed", [0, 1])
@pytest.mark.parametrize("left_transposed", [0, 1])
@pytest.mark.parametrize("together", [7, 32, 1000])
@pytest.mark.parametrize("sizes", SIZES)
def test_products_of_transposed_and_strided_matrices(
    sizes, together, left_transposed, right_transposed
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
        packed=np.full(products.packed_floats(together), np.nan, np.float32),
        together=together,
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
    alone = in_order(wide_left, wide_right, left_transposed, right_transposed)
    np.testing.assert_array_equal(outputs[:, :columns], alone)


def in_order(left, right, left_transposed, right_transposed):
    """Each sum in the order of its terms, with one rounding a step.

    A product of two float32 numbers is exact in float64; the sum is rounded to odd
    there, so that rounding it to float32 is rounding it once.
    """
    left = left.T if left_transposed else left
    right = right.T if right_transposed else right
    sums = np.zeros((len(left), right.shape[1]))
    for k in range(right.shape[0]):
        term = left[:, k : k + 1] * right[k]
        total = sums + term
        small = np.where(np.abs(sums) < np.abs(term), sums, term)
        large = np.where(np.abs(sums) < np.abs(term), term, sums)
        lost = small - (total - large)
        is_even = (total.view(np.int64) & 1) == 0
        toward = np.where(lost > 0, np.inf, -np.inf)
        odd = np.where((lost != 0) & is_even, np.nextafter(total, toward), total)
        sums = odd.astype(np.float32).astype(np.float64)
    return sums.astype(np.float32)


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
