import numpy as np
import pytest

from handgrad.engine.kernels import amx_products
from handgrad.engine.kernels.amx_products import scratch_bytes
from handgrad.engine.kernels.bfloat16x3 import TRANSPOSE_BYTES, packed_bytes
from handgrad.engine.processor import has_matrix_unit

from .run import as_multiplied, floats, run_entry

pytestmark = pytest.mark.skipif(not has_matrix_unit(), reason="needs a matrix unit")
SIZES = [
    (1, 1, 1),
    (2, 32, 3),
    (17, 5, 33),
    (64, 96, 100),
    (33, 70, 513),
    (32, 40, 1100),
]


def room(size):
    """Bytes from the start of a cache line on."""
    whole = np.zeros(size + 64, np.uint8)
    start = -whole.ctypes.data % 64
    return whole[start : start + size]


def matrix(lines, steps, is_along, seed):
    """(lines, steps) as NumPy sees it, and as it is stored."""
    stored = floats(*((lines, steps) if is_along else (steps, lines)), seed=seed)
    return (stored if is_along else stored.T), stored


def assert_as_good_as_float32(actual, left, right):
    """No farther from float64's product than sums of float32 may be."""
    exact = as_multiplied(left) @ as_multiplied(right)
    weight = np.abs(left).astype(np.float64) @ np.abs(right)
    bound = (np.sqrt(left.shape[1]) + 4) * 2.0**-24 * weight
    assert (np.abs(actual - exact) <= bound).all()


@pytest.mark.parametrize("right_along", [False, True])
@pytest.mark.parametrize("left_along", [False, True])
@pytest.mark.parametrize("sizes", SIZES)
def test_products_of_matrices_either_way_round(sizes, left_along, right_along):
    rows, columns, count = sizes
    left, stored_left = matrix(rows, count, left_along, 0)
    right, stored_right = matrix(columns, count, right_along, 1)
    outputs = np.full((rows, columns + 3), 2, np.float32)
    run_entry(
        amx_products.matrix_product,
        *(stored_left, stored_right, outputs),
        room(scratch_bytes(rows, 64, is_packed=False)),
        *(4 * stored.shape[1] for stored in (stored_left, stored_right, outputs)),
        *(left_along, right_along, rows, columns, count, 64),
    )
    assert_as_good_as_float32(outputs[:, :columns], left, right.T)
    np.testing.assert_array_equal(outputs[:, columns:], 2)


@pytest.mark.parametrize("is_along", [False, True])
@pytest.mark.parametrize("sizes", SIZES)
def test_products_of_a_packed_right_side(sizes, is_along):
    rows, columns, count = sizes
    left, (right, stored) = floats(rows, count), matrix(columns, count, is_along, 1)
    packed = room(packed_bytes(columns, count))
    step = stored.shape[1] if is_along else 1
    for first in range(0, columns, 32):
        here = min(32, columns - first)
        start = stored.reshape(-1)[first * step :]
        run_entry(
            amx_products.pack_right,
            *(start, packed, room(TRANSPOSE_BYTES)),
            *(4 * stored.shape[1], is_along, here, count, first, columns),
        )
    outputs = np.full((rows, columns + 1), 2, np.float32)
    run_entry(
        amx_products.product_of_packed,
        *(left, packed, outputs, room(scratch_bytes(rows, is_packed=True))),
        *(4 * count, 4 * (columns + 1), rows, columns, count),
    )
    assert_as_good_as_float32(outputs[:, :columns], left, right.T)
    np.testing.assert_array_equal(outputs[:, columns:], 2)


def test_nothing_is_missing_on_one_side_only():
    """With numbers of one sign a bias of the parts would not average out."""
    generator = np.random.default_rng(0)
    left = generator.random((64, 256), np.float32) + 1
    right = generator.random((256, 64), np.float32) + 1
    outputs = np.empty((64, 64), np.float32)
    run_entry(
        amx_products.matrix_product,
        *(left, right, outputs, room(scratch_bytes(64, is_packed=False))),
        *(4 * 256, 4 * 64, 4 * 64, True, False, 64, 64, 256, 512),
    )
    exact = as_multiplied(left) @ as_multiplied(right)
    assert abs((outputs / exact - 1).mean()) < 2.0**-26


@pytest.mark.parametrize("value", [np.inf, np.nan])
def test_what_is_not_finite_stays_visible(value):
    left, right = floats(32, 40), floats(40, 32, seed=1)
    left[3, 5] = value
    outputs = np.zeros((32, 32), np.float32)
    run_entry(
        amx_products.matrix_product,
        *(left, right, outputs, room(scratch_bytes(32, is_packed=False))),
        *(4 * 40, 4 * 32, 4 * 32, True, False, 32, 32, 40, 512),
    )
    is_finite = np.isfinite(outputs).all(axis=1)
    assert not is_finite[3]
    assert is_finite[np.arange(32) != 3].all()
