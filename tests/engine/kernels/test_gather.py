import numpy as np
import pytest

from handgrad.datasets.normalization import Normalization
from handgrad.engine.kernels import gather
from handgrad.engine.kernels.registers import LANES
from handgrad.engine.memory_plan import NOWHERE
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
    """The tile's images, normalized; its first rows again beyond the batch's end."""
    places = [n if n < len(ROWS) else 0 for n in range(tile * TILE, (tile + 1) * TILE)]
    return NORMALIZATION.apply(images[ROWS[places]])


LAST = ("channels", "height", "width", "tall", "wide", "top", "left", "lanes")
FIRST = ("channels", "height", "width", "lanes")


def run_gather(dtype, block, numbers, outputs, sizes, views=(), tile=0):
    """Through the compiled kernel: batch last where there are eight sizes."""
    pictures, places = views or (NOWHERE, NOWHERE)
    if len(sizes) == len(LAST):
        by_planes = sizes[2] >= LANES and sizes[-1] % LANES == 0
        kernel = gather.gather_last_kernel(dtype, by_planes=by_planes)
        named = dict(zip(LAST, sizes, strict=True))
        planes = np.zeros(sizes[1] * sizes[2] * sizes[-1], np.float32)
        named |= {"planes": planes}
    else:
        kernel, named = (
            gather.gather_first_kernel(dtype),
            dict(zip(FIRST, sizes, strict=True)),
        )
        named |= {"stride": outputs.shape[1]}
    run_entry(
        kernel,
        block=block,
        scale=numbers[0],
        offset=numbers[1],
        outputs=outputs,
        pictures=pictures,
        numbers=places,
        viewed=sizes[-1] if views else 0,
        tile=tile,
        **named,
    )


@pytest.mark.parametrize("dtype", SETS)
@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize("tile", [0, 1])
def test_batch_last_inside_a_border_of_zeros(tile, compiled, dtype):
    _, geometry = settings(True)
    outputs = np.zeros((3, 8, 7, TILE), np.float32)
    images, numbers = SETS[dtype], NORMALIZATION.numbers(dtype)
    if compiled:
        run_gather(dtype, block_of(images, ROWS), numbers, outputs, geometry, tile=tile)
    else:
        gather.gather_last.py_func(
            *(images.reshape(-1), ROWS, len(ROWS), tile * TILE, geometry),
            *(*numbers, outputs.reshape(-1), None),
        )
    inside = np.moveaxis(outputs[:, 2:-2, 1:-1], -1, 0)
    np.testing.assert_array_equal(inside, expected(tile, SETS[dtype]))
    outputs[:, 2:-2, 1:-1] = 0
    assert not outputs.any()


@pytest.mark.parametrize("dtype", SETS)
@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize("tile", [0, 1])
def test_batch_first_in_rows(tile, compiled, dtype):
    outputs, geometry = np.zeros((TILE, 64), np.float32), (*SHAPE, TILE)
    images, numbers = SETS[dtype], NORMALIZATION.numbers(dtype)
    if compiled:
        run_gather(dtype, block_of(images, ROWS), numbers, outputs, geometry, tile=tile)
    else:
        gather.gather_first.py_func(
            *(images.reshape(-1), ROWS, len(ROWS), tile * TILE, geometry, 64),
            *(*numbers, outputs.reshape(-1)),
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
    sizes = (features, 1, 1, *(() if batch_first else (1, 1, 0, 0)), TILE)
    numbers = normalization.numbers(dtype)
    run_gather(dtype, block_of(vectors, ROWS), numbers, outputs, sizes)
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
    sizes = (*shape, 5, width + 4, 1, 2, lanes)
    run_gather(dtype, block, normalization.numbers(dtype), outputs, sizes, tile=tile)
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
    views = (pictures, np.arange(TILE))
    outputs = np.zeros((TILE, 60), np.float32)
    sizes = geometry if batch_last else (*geometry[:3], TILE)
    numbers = NORMALIZATION.numbers(dtype)
    run_gather(dtype, block, numbers, outputs, sizes, views, tile=1)
    found = outputs.reshape(60, TILE).T if batch_last else outputs
    wanted = NORMALIZATION.apply(images[5 : 5 + TILE]).reshape(TILE, 60)
    np.testing.assert_array_equal(found, wanted)
