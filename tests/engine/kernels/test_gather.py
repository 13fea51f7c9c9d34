import numpy as np
import pytest

from handgrad.datasets.normalization import Normalization
from handgrad.engine.kernels import gather
from handgrad.randomness import Key, random_bits

from .run import run_entry

TILE = 8
NORMALIZATION = Normalization((0.1, 0.5, 0.9), (0.3, 0.2, 0.7))
SHAPE = (3, 4, 5)
IMAGES = (random_bits(Key(1), (20, *SHAPE)) % 256).astype(np.uint8)
ROWS = np.array([3, 19, 0, 3, 7, 8, 1, 2, 14, 5, 6], np.int64)


def settings(first_last):
    """What a program's block says, and the sizes of a border of 2 and 1."""
    block = np.array(
        [IMAGES.ctypes.data, 0, ROWS.ctypes.data, 0, len(ROWS), 0, 0], np.int64
    )
    channels, height, width = SHAPE
    top, left = (2, 1) if first_last else (0, 0)
    tall, wide = height + 2 * top, width + 2 * left
    return block, (channels, height, width, tall, wide, top, left, TILE)


def expected(tile):
    """The tile's images, normalised; its first rows again beyond the batch's end."""
    places = [n if n < len(ROWS) else 0 for n in range(tile * TILE, (tile + 1) * TILE)]
    return NORMALIZATION.apply(IMAGES[ROWS[places]])


def gathered(kernel, entry, geometry, block, outputs, tile, compiled):
    scale, shift = NORMALIZATION.scale, NORMALIZATION.shift
    if compiled:
        planes = np.zeros(geometry[1] * geometry[2] * geometry[7], np.float32)
        run_entry(entry, block, scale, shift, outputs, *geometry, planes, tile=tile)
        return
    kernel.py_func(
        *(IMAGES.reshape(-1), ROWS, len(ROWS), tile * TILE, geometry),
        *(scale, shift, outputs.reshape(-1)),
    )


@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize("tile", [0, 1])
def test_batch_last_inside_a_border_of_zeros(tile, compiled):
    block, geometry = settings(True)
    outputs = np.zeros((3, 8, 7, TILE), np.float32)
    gathered(
        *(gather.gather_last, gather.gather_last_entry),
        *(geometry, block, outputs, tile, compiled),
    )
    inside = np.moveaxis(outputs[:, 2:-2, 1:-1], -1, 0)
    np.testing.assert_array_equal(inside, expected(tile))
    outputs[:, 2:-2, 1:-1] = 0
    assert not outputs.any()


@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize("tile", [0, 1])
def test_batch_first_in_rows(tile, compiled):
    block, geometry = settings(False)
    geometry = (*geometry[:3], 64, *geometry[4:])  # floats from example to example
    outputs = np.zeros((TILE, 64), np.float32)
    gathered(
        *(gather.gather_first, gather.gather_first_entry),
        *(geometry, block, outputs, tile, compiled),
    )
    np.testing.assert_array_equal(outputs[:, :60], expected(tile).reshape(TILE, -1))
    assert not outputs[:, 60:].any()


@pytest.mark.parametrize("width", [16, 17, 28, 33])
@pytest.mark.parametrize("tile", [0, 1])
def test_wide_pictures_are_turned_by_registers(tile, width):
    lanes, shape = 32, (2, 3, width)
    images = (random_bits(Key(2), (50, *shape)) % 256).astype(np.uint8)
    rows = np.arange(45, 0, -1, dtype=np.int64)
    block = np.array([images.ctypes.data, 0, rows.ctypes.data, 0, 45, 0, 0], np.int64)
    normalization = Normalization((0.1, 0.5), (0.3, 0.2))
    outputs = np.zeros((2, 5, width + 4, lanes), np.float32)
    planes = np.zeros(3 * width * lanes, np.float32)
    run_entry(
        gather.gather_last_entry,
        *(block, normalization.scale, normalization.shift, outputs),
        *(*shape, 5, width + 4, 1, 2, lanes, planes),
        tile=tile,
    )
    places = [n if n < 45 else 0 for n in range(tile * lanes, (tile + 1) * lanes)]
    wanted = normalization.apply(images[rows[places]])
    inside = np.moveaxis(outputs[:, 1:-1, 2:-2], -1, 0)
    np.testing.assert_array_equal(inside, wanted)
    outputs[:, 1:-1, 2:-2] = 0
    assert not outputs.any()


@pytest.mark.parametrize("entry", [gather.gather_last_entry, gather.gather_first_entry])
def test_pictures_that_were_looked_at_come_from_their_own_place(entry):
    block, geometry = settings(False)
    block[gather.VIEWS] = 1
    pictures = np.ascontiguousarray(IMAGES[5 : 5 + TILE])
    numbers, planes = np.arange(TILE), np.zeros(20 * TILE, np.float32)
    outputs = np.zeros((TILE, 60), np.float32)
    sizes = (
        geometry
        if entry is gather.gather_last_entry
        else (*geometry[:3], 60, *geometry[4:])
    )
    run_entry(
        *(entry, block, NORMALIZATION.scale, NORMALIZATION.shift, outputs),
        *(*sizes, planes, pictures, numbers),
        tile=1,
    )
    found = outputs
    if entry is gather.gather_last_entry:
        found = outputs.reshape(60, TILE).T
    expected_values = NORMALIZATION.apply(IMAGES[5 : 5 + TILE])
    np.testing.assert_array_equal(found, expected_values.reshape(TILE, 60))
