"""The kernel shows what `look` shows, tile by tile."""

import numpy as np
import pytest

from handgrad.augmentation import Cutout, RandomCrop, RandomFlip
from handgrad.augmentation.source_coordinates import Views, look
from handgrad.engine.kernels.gather import COUNT, INPUTS
from handgrad.engine.kernels.views import look_at, views_kernel
from handgrad.randomness import Key, random_bits

from .run import run_entry

SHAPE, TILE = (2, 6, 7), 4
IMAGES = (random_bits(Key(1), (20, *SHAPE)) % 255 + 1).astype(np.uint8)
ROWS = np.array([3, 19, 0, 3, 7, 8], np.int64)
CHANGES = {
    "none": [],
    "flip": [RandomFlip()],
    "crop": [RandomCrop(4)],
    "far crop": [RandomCrop(9)],
    "all": [Cutout(5), RandomFlip(), RandomCrop(2), Cutout(3)],
}


@pytest.fixture(params=CHANGES)
def views(request):
    made, key = Views(len(ROWS), *SHAPE[1:]), Key(2).at(1, ROWS)
    for number, change in enumerate(CHANGES[request.param]):
        change.view(made, key.child(str(number)))
    return np.ascontiguousarray(made.table)


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
@pytest.mark.parametrize("tile", [0, 1])
def test_a_tile_of_views(views, tile, dtype):
    """Beyond the batch's end, the first image again."""
    images = IMAGES.astype(dtype)
    addresses = (images.ctypes.data, 0, ROWS.ctypes.data, 0, len(ROWS))
    numbers = (views.ctypes.data, views.shape[1], 0, 0)
    block = np.zeros(INPUTS, np.int64)
    block[: len(addresses) + len(numbers)] = [*addresses, *numbers]
    pictures = np.zeros((TILE, *SHAPE), dtype)
    run_entry(views_kernel(dtype), block, pictures, *SHAPE, TILE, tile=tile)
    numbers = [n if n < len(ROWS) else 0 for n in range(tile * TILE, (tile + 1) * TILE)]
    np.testing.assert_array_equal(pictures, look(images[ROWS[numbers]], views[numbers]))


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_without_views_nothing_is_touched(dtype):
    block = np.zeros(INPUTS, np.int64)
    block[COUNT] = len(ROWS)
    pictures = np.full((TILE, *SHAPE), 7, dtype)
    run_entry(views_kernel(dtype), block, pictures, *SHAPE, TILE)
    np.testing.assert_array_equal(pictures, 7)


def test_one_image_in_python(views):
    for number, row in enumerate(ROWS):
        outputs = np.full(IMAGES[0].size, 7, np.uint8)
        look_at.py_func(IMAGES[row].reshape(-1), views[number], outputs, SHAPE)
        expected = look(IMAGES[[row]], views[[number]])[0]
        np.testing.assert_array_equal(outputs.reshape(SHAPE), expected)
