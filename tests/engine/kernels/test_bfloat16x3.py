import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handgrad.engine.kernels.amx import SIDE, UNIT_BYTES
from handgrad.engine.kernels.bfloat16x3 import TRANSPOSE_BYTES, pack, packed_bytes
from handgrad.engine.kernels.entry import kernel
from handgrad.engine.processor import has_matrix_unit, rounds_to_bfloat16

from .run import floats, rounded

pytestmark = pytest.mark.skipif(not has_matrix_unit(), reason="needs a matrix unit")
needs_all_parts = pytest.mark.skipif(rounds_to_bfloat16(), reason="one part is kept")
NORMAL = st.floats(2.0**-90, 2.0**120, width=32)  # all parts are normal numbers
LARGEST = np.finfo(np.float32).max


@kernel
def run_pack(source, stride, is_along, is_left, lines, steps, target, scratch):
    pack(source, stride, is_along, is_left, lines, steps, target, scratch)


def parts(matrix, *, is_along=True, is_left=True):
    """The parts of a matrix (lines, steps), float32: (3, lines, steps)."""
    lines, steps = matrix.shape
    stored = np.ascontiguousarray(matrix if is_along else matrix.T)
    packed = np.full(packed_bytes(lines, steps), 0xFF, np.uint8)
    scratch = np.empty(TRANSPOSE_BYTES, np.uint8)
    stride = stored.strides[0]
    addresses = (packed.ctypes.data, scratch.ctypes.data)
    run_pack(stored.ctypes.data, stride, is_along, is_left, lines, steps, *addresses)
    units = -(-steps // 32)
    blocks = -(-lines // SIDE)
    assert packed.size == blocks * units * UNIT_BYTES
    if is_left:  # block, unit, part, half, line, step
        shaped = packed.view(np.uint16).reshape(blocks, units, 3, 2, 16, 32)
        shaped = shaped.transpose(2, 0, 3, 4, 1, 5)
    else:  # block, unit, part, half, pair, line, first or second
        shaped = packed.view(np.uint16).reshape(blocks, units, 3, 2, 16, 16, 2)
        shaped = shaped.transpose(2, 0, 3, 5, 1, 4, 6)
    words = shaped.reshape(3, blocks * SIDE, units * 32).astype(np.uint32) << 16
    return words.view(np.float32)


@needs_all_parts
@pytest.mark.parametrize("is_left", [False, True])
@pytest.mark.parametrize("is_along", [False, True])
@pytest.mark.parametrize("shape", [(1, 1), (16, 32), (17, 33), (40, 31), (70, 100)])
def test_parts_add_up_and_what_does_not_exist_is_zero(shape, is_along, is_left):
    lines, steps = shape
    matrix = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    found = parts(matrix, is_along=is_along, is_left=is_left)
    np.testing.assert_array_equal(found.sum(0)[:lines, :steps], matrix)
    assert not found[:, lines:].any()
    assert not found[:, :, steps:].any()


@needs_all_parts
@given(values=st.lists(NORMAL, min_size=1, max_size=40), sign=st.sampled_from([-1, 1]))
def test_three_parts_are_the_number(values, sign):
    matrix = sign * np.array([values], np.float32)
    first, second, third = parts(matrix)[:, :1, : len(values)]
    np.testing.assert_array_equal(first + (second + third), matrix)
    assert (np.abs(second) <= np.abs(matrix) * 2.0**-8).all()
    assert (np.abs(third) <= np.abs(matrix) * 2.0**-16).all()


@needs_all_parts
def test_parts_are_rounded_not_cut_off():
    """Cut off, every second part would have the sign of its number."""
    matrix = np.random.default_rng(1).random((64, 64), np.float32) + 1
    second = parts(matrix)[1, :64, :64]
    assert 0.4 < (second < 0).mean() < 0.6


@needs_all_parts
@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan, LARGEST, -LARGEST, 0.0])
def test_numbers_at_the_edge(value):
    first, second, third = parts(np.array([[value]], np.float32))[:, 0, 0]
    np.testing.assert_array_equal(first + (second + third), np.float32(value))
    if not np.isfinite(value):
        assert second == third == 0


@pytest.mark.parametrize("is_left", [False, True])
@pytest.mark.parametrize("is_along", [False, True])
def test_the_first_part_is_the_number_rounded(is_along, is_left):
    matrix = floats(17, 33)
    first = parts(matrix, is_along=is_along, is_left=is_left)[0]
    np.testing.assert_array_equal(first[:17, :33], rounded(matrix))
    assert not first[17:].any()
    assert not first[:, 33:].any()
