import numpy as np
import pytest

from handgrad.datasets.normalization import Normalization
from handgrad.engine.kernels import gather
from handgrad.randomness import Key, normal, random_bits

from .run import run_entry

TILE = 8
NORMALIZATION = Normalization((0.1, 0.5, 0.9), (0.3, 0.2, 0.7))
SHAPE = (3, 4, 5)
IMAGES = (random_bits(Key(1), (20, *SHAPE)) % 256).astype(np.uint8)
SETS = {"uint8": IMAGES, "float32": normal(Key(1), IMAGES.shape).astype(np.float32)}
ROWS = np.array([3, 19, 0, 3, 7, 8, 1, 2, 14, 5, 6], np.int64)


def block_of(images, rows):
    """What a program's block says of a batch without views and weights."""
    block = np.zeros(gather.INPUTS, np.int64)
    block[gather.IMAGES], block[gather.ROWS] = images.ctypes.data, rows.ctypes.data
    block[gather.COUNT] = len(rows)
    return block


def settings(first_last, images=IMAGES):
    """A program's block, and the sizes of a border of 2 and 1."""
    block = block_of(images, ROWS)
    channels, height, width = SHAPE
    top, left = (2, 1) if first_last else (0, 0)
    tall, wide = height + 2 * top, width + 2 * left
    return block, (channels, height, width, tall, wide, top, left, TILE)


def expected(tile, images=IMAGES):
    """The tile's images, normalised; its first rows again beyond the batch's end."""
    places = [n if n < len(ROWS) else 0 for n in range(tile * TILE, (tile + 1) * TILE)]
    return NORMALIZATION.apply(images[ROWS[places]])


def gathered(kernel, entries, geometry, outputs, tile, compiled, dtype):
    images = SETS[dtype]
    numbers = NORMALIZATION.numbers(dtype)
    if compiled:
        block = block_of(images, ROWS)
        planes = np.zeros(geometry[1] * geometry[2] * geometry[7], np.float32)
        entry = entries[dtype]
        run_entry(entry, block, *numbers, outputs, *geometry, planes, tile=tile)
        return
    kernel.py_func(
        *(images.reshape(-1), ROWS, len(ROWS), tile * TILE, geometry),
        *(*numbers, outputs.reshape(-1)),
    )


@pytest.mark.parametrize("dtype", SETS)
@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize("tile", [0, 1])
def test_batch_last_inside_a_border_of_zeros(tile, compiled, dtype):
    _, geometry = settings(True)
    outputs = np.zeros((3, 8, 7, TILE), np.float32)
    gathered(
        *(gather.gather_last, gather.GATHER_LAST),
        *(geometry, outputs, tile, compiled, dtype),
    )
    inside = np.moveaxis(outputs[:, 2:-2, 1:-1], -1, 0)
    np.testing.assert_array_equal(inside, expected(tile, SETS[dtype]))
    outputs[:, 2:-2, 1:-1] = 0
    assert not outputs.any()


@pytest.mark.parametrize("dtype", SETS)
@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize("tile", [0, 1])
def test_batch_first_in_rows(tile, compiled, dtype):
    _, geometry = settings(False)
    geometry = (*geometry[:3], 64, *geometry[4:])  # floats from example to example
    outputs = np.zeros((TILE, 64), np.float32)
    gathered(
        *(gather.gather_first, gather.GATHER_FIRST),
        *(geometry, outputs, tile, compiled, dtype),
    )
    wanted = expected(tile, SETS[dtype]).reshape(TILE, -1)
    np.testing.assert_array_equal(outputs[:, :60], wanted)
    assert not outputs[:, 60:].any()


@pytest.mark.parametrize("batch_first", [True, False])
@pytest.mark.parametrize("dtype", SETS)
def test_vectors_have_numbers_for_each_feature(dtype, batch_first):
    features = 37
    vectors = SETS[dtype].reshape(20, 60)[:, :features].copy()
    normalization = Normalization(
        tuple(np.linspace(-1, 1, features)), tuple(np.linspace(0.5, 2, features))
    )
    outputs = np.zeros((TILE, 48) if batch_first else (features, TILE), np.float32)
    sizes = (features, 1, 1, 48, 1, 0, 0, TILE)
    if not batch_first:
        sizes = (features, 1, 1, 1, 1, 0, 0, TILE)
    entries = gather.GATHER_FIRST if batch_first else gather.GATHER_LAST
    run_entry(
        *(entries[dtype], block_of(vectors, ROWS), *normalization.numbers(dtype)),
        *(outputs, *sizes, np.zeros(TILE, np.float32)),
    )
    found = outputs[:, :features] if batch_first else outputs.T
    wanted = normalization.apply(vectors[ROWS[:TILE]])
    np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("dtype", SETS)
@pytest.mark.parametrize("width", [16, 17, 28, 33])
@pytest.mark.parametrize("tile", [0, 1])
def test_wide_pictures_are_turned_by_registers(tile, width, dtype):
    lanes, shape = 32, (2, 3, width)
    images = (random_bits(Key(2), (50, *shape)) % 256).astype(dtype)
    rows = np.arange(45, 0, -1, dtype=np.int64)
    block = block_of(images, rows)
    normalization = Normalization((0.1, 0.5), (0.3, 0.2))
    outputs = np.zeros((2, 5, width + 4, lanes), np.float32)
    planes = np.zeros(3 * width * lanes, np.float32)
    run_entry(
        gather.GATHER_LAST[dtype],
        *(block, *normalization.numbers(dtype), outputs),
        *(*shape, 5, width + 4, 1, 2, lanes, planes),
        tile=tile,
    )
    places = [n if n < 45 else 0 for n in range(tile * lanes, (tile + 1) * lanes)]
    wanted = normalization.apply(images[rows[places]])
    inside = np.moveaxis(outputs[:, 1:-1, 2:-2], -1, 0)
    np.testing.assert_array_equal(inside, wanted)
    outputs[:, 1:-1, 2:-2] = 0
    assert not outputs.any()


@pytest.mark.parametrize("dtype", SETS)
@pytest.mark.parametrize("batch_last", [True, False])
def test_pictures_that_were_looked_at_come_from_their_own_place(batch_last, dtype):
    images = SETS[dtype]
    block, geometry = settings(False, images)
    block[gather.VIEWS] = 1
    pictures = np.ascontiguousarray(images[5 : 5 + TILE])
    numbers, planes = np.arange(TILE), np.zeros(20 * TILE, np.float32)
    outputs = np.zeros((TILE, 60), np.float32)
    entry = (gather.GATHER_LAST if batch_last else gather.GATHER_FIRST)[dtype]
    sizes = geometry if batch_last else (*geometry[:3], 60, *geometry[4:])
    run_entry(
        *(entry, block, *NORMALIZATION.numbers(dtype), outputs),
        *(*sizes, planes, pictures, numbers),
        tile=1,
    )
    found = outputs.reshape(60, TILE).T if batch_last else outputs
    wanted = NORMALIZATION.apply(images[5 : 5 + TILE]).reshape(TILE, 60)
    np.testing.assert_array_equal(found, wanted)
