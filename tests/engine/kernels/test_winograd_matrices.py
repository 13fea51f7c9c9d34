import numpy as np
import pytest

from handgrad.engine.kernels import winograd_matrices
from handgrad.engine.kernels.bfloat16x3 import TRANSPOSE_BYTES, packed_bytes
from handgrad.engine.kernels.winograd_matrices import (
    products_scratch_bytes,
    sum_scratch_bytes,
)
from handgrad.engine.processor import has_matrix_unit

from .run import floats, run_entry
from .test_amx_products import assert_as_good_as_float32, room

pytestmark = pytest.mark.skipif(not has_matrix_unit(), reason="needs a matrix unit")


@pytest.mark.parametrize("channels", [32, 33, 96])
def test_every_window_at_every_point_has_its_product(channels):
    cells, windows, blocks = 3, 2, 2
    weights = floats(cells, blocks, channels, 32)
    points = floats(cells, windows, channels, 32, seed=1)
    packed = room(cells * blocks * packed_bytes(32, channels))
    run_entry(
        winograd_matrices.winograd_pack,
        *(weights, packed, room(TRANSPOSE_BYTES), cells * blocks, channels),
    )
    outputs = np.full((cells, windows, blocks, 32, 32), np.nan, np.float32)
    run_entry(
        winograd_matrices.winograd_products,
        *(points, packed, outputs, room(products_scratch_bytes(channels))),
        *(cells, windows, channels, blocks),
    )
    for cell in range(cells):
        for window in range(windows):
            for block in range(blocks):
                found = outputs[cell, window, block]
                left, right = weights[cell, block].T, points[cell, window]
                assert_as_good_as_float32(found, left, right)


@pytest.mark.parametrize(("outputs", "channels"), [(32, 32), (40, 64), (96, 32)])
@pytest.mark.parametrize("count", [1, 8, 19])
def test_the_sum_runs_over_all_panels(count, outputs, channels):
    d_outputs = floats(count, outputs, 32)
    inputs = floats(count, channels, 32, seed=1)
    order = np.random.default_rng(0).permutation(count)  # panels lie anywhere
    steps = [array[0].nbytes for array in (d_outputs, inputs)]
    panels = np.array([[step * place for step in steps] for place in order])
    d_points = np.full((outputs + 1, channels), 2, np.float32)
    run_entry(
        winograd_matrices.winograd_sum,
        *(d_outputs, inputs, panels.reshape(-1), room(sum_scratch_bytes(outputs))),
        *(d_points, count, outputs, channels),
    )
    left = d_outputs.transpose(1, 0, 2).reshape(outputs, -1)
    right = inputs.transpose(1, 0, 2).reshape(channels, -1).T
    assert_as_good_as_float32(d_points[:outputs], left, right)
    np.testing.assert_array_equal(d_points[outputs:], 2)
