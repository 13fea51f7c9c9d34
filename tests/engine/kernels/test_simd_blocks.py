"""The two blocks, for some shapes, against sums in float64 and to the bit."""

import numpy as np
import pytest
from numba import njit

from handgrad.engine.kernels.registers import LANES
from handgrad.engine.kernels.simd_blocks import dots_block, row_sum, taps_block
from handgrad.testing.closeness import assert_close

from .run import floats


def taps_of(outs, vectors):
    """The block as a function of its ten integers."""

    @njit
    def block(x, x_step, w, w_step, taps, count, channels, start, out, out_step):
        # by position: a literal in a tuple would lose its value
        taps_block(
            outs,
            vectors,
            x,
            x_step,
            w,
            w_step,
            taps,
            count,
            channels,
            start,
            out,
            out_step,
        )

    return block


def dots_of(outs, taps):
    """The block as a function of its nine integers."""

    @njit
    def block(d, d_step, x, offsets, rows, count, run, gradients, step):
        dots_block(outs, taps, d, d_step, x, offsets, rows, count, run, gradients, step)

    return block


def addresses(*arguments):
    """Arrays become where they stand."""
    return [a.ctypes.data if isinstance(a, np.ndarray) else a for a in arguments]


@pytest.mark.parametrize(("outs", "vectors"), [(1, 1), (3, 2), (5, 2)])
def test_taps_are_multiplied_and_added(outs, vectors):
    channels, places, width = 3, 4, vectors * LANES
    inputs, weights = floats(channels, places, width), floats(channels, 2, outs, seed=1)
    start, outputs = floats(outs, seed=2), np.zeros((outs, width + 16), np.float32)
    pairs = np.array([[3 * 4 * width, 0], [4 * width, 4 * outs]], np.int64)
    taps_of(outs, vectors)(
        *addresses(inputs, 4 * places * width, weights, 4 * 2 * outs, pairs, 2),
        *addresses(channels, start, outputs, 4 * (width + 16)),
    )
    picked = inputs[:, [3, 1]].astype(np.float64)
    expected = np.einsum("cto,ctn->on", weights, picked) + start[:, None]
    assert_close(outputs[:, :width], expected, 7)
    np.testing.assert_array_equal(outputs[:, width:], 0)


def test_a_lane_and_an_output_do_not_feel_the_block_around_them():
    """So a block's shape, and an example's place, change no bit."""
    width = 2 * LANES
    column = floats(2, 3, 1)
    inputs = np.ascontiguousarray(np.broadcast_to(column, (2, 3, width)))
    one = floats(2, 3, 1, seed=1)
    weights = np.ascontiguousarray(np.broadcast_to(one, (2, 3, 4)))
    start, outputs = np.full(4, 0.3, np.float32), np.zeros((4, width), np.float32)
    pairs = np.array([[4 * t * width, 16 * t] for t in range(3)], np.int64)
    taps_of(4, 2)(
        *addresses(inputs, 12 * width, weights, 48, pairs, 3, 2, start, outputs),
        4 * width,
    )
    assert len(np.unique(outputs)) == 1


@pytest.mark.parametrize(("outs", "taps"), [(1, 1), (2, 3), (4, 2)])
def test_places_and_examples_are_added_up(outs, taps):
    rows, run = 3, 2
    width = run * LANES
    blame = floats(outs, rows, width)
    inputs = floats(rows + taps, width, seed=1)
    gradients = floats(outs, taps + 1, seed=2)
    expected = gradients.astype(np.float64)
    for tap in range(taps):
        seen = inputs[tap : tap + rows].astype(np.float64)
        expected[:, tap] += np.einsum("orn,rn->o", blame, seen)
    offsets = np.arange(taps, dtype=np.int64) * 4 * width
    pairs = np.array([[4 * r * width] * 2 for r in range(rows)], np.int64)
    dots_of(outs, taps)(
        *addresses(blame, 4 * rows * width, inputs, offsets, pairs, rows, run),
        *addresses(gradients, 4 * (taps + 1)),
    )
    assert_close(gradients, expected, rows * width)


@njit
def sum_of(address, vectors):
    return row_sum(address, vectors)


@pytest.mark.parametrize("vectors", [2, 4, 26])
def test_a_row_is_added_up(vectors):
    values = floats(vectors * LANES)
    expected = np.array([values.astype(np.float64).sum()])
    found = np.array([sum_of(values.ctypes.data, vectors)], np.float32)
    assert abs(found - expected)[0] < 1e-6 * np.abs(values).sum()
