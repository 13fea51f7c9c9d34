import numpy as np
import pytest

from handgrad.engine import processor
from handgrad.engine.kernels import gather, pixels, skinny
from handgrad.engine.memory import pointer_to

from .run import floats, run_entry


@pytest.mark.skipif(
    not processor.has_wide_registers(), reason="needs registers of 16 floats"
)
@pytest.mark.parametrize(
    ("outs", "channels", "vectors", "count"),
    [(1, 1, 1, 32), (10, 1, 49, 31), (12, 3, 4, 2), (7, 2, 3, 17)],
)
def test_bytes_give_the_bits_of_images_normalised_beforehand(
    outs, channels, vectors, count
):
    features, examples, stride = channels * vectors * 16, 16, 40
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (50, features), dtype=np.uint8)
    rows = rng.permutation(50)[:count]
    scale, shift = floats(channels, seed=1), floats(channels, seed=2)
    weight = floats(outs, features, seed=3)
    block = np.zeros(gather.INPUTS, np.int64)
    block[gather.IMAGES], block[gather.ROWS] = images.ctypes.data, rows.ctypes.data
    block[gather.COUNT] = count
    outputs = np.full((outs, stride), 9, np.float32)
    columns = pointer_to(outputs).by_tile(4 * examples)
    for tile in range(2):
        run_entry(
            pixels.pixels_forward_kernel(outs),
            *(block, scale, shift, weight, columns),
            *(np.zeros(outs * 128, np.float32), np.zeros(2, np.int64)),
            *(channels, vectors, examples, stride),
            tile=tile,
        )

    # examples beyond the batch's end repeat its first one
    chosen = rows[np.where(np.arange(32) < count, np.arange(32), 0)]
    spread = [np.repeat(values, vectors * 16) for values in (scale, shift)]
    ready = images[chosen].astype(np.float32) * spread[0] + spread[1]
    expected = np.zeros((outs, 32), np.float32)
    run_entry(
        skinny.forward_kernel(outs, 4),
        *(weight, ready, expected, np.arange(4, dtype=np.int64) * features * 4),
        *(np.zeros(2, np.int64), 1, features, 32, 32),
    )
    np.testing.assert_array_equal(outputs[:, :32], expected)
    np.testing.assert_array_equal(outputs[:, 32:], 9)
