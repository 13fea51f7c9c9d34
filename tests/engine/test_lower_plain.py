"""What the plain voice sees of a program's memory; that it is right: test_walk."""

import numpy as np
import pytest

from handgrad.engine.lower_plain import read, views, write
from handgrad.engine.memory import Memory, Pointer, Tensor


@pytest.fixture
def memory():
    return Memory(32, 3, 2, per_tile=True)


@pytest.fixture(params=["dense", "matrix"])
def tensor(request, memory):
    return getattr(memory, request.param)("outputs", "activations", (2, 3))


def test_what_is_written_is_read_and_the_rest_is_zero(tensor, memory):
    values = np.arange(70 * 6, dtype=np.float32).reshape(70, 2, 3) + 1
    write(tensor, memory, np.full((96, 2, 3), 7, np.float32))
    write(tensor, memory, values)
    np.testing.assert_array_equal(read(tensor, memory, 70), values)
    np.testing.assert_array_equal(read(tensor, memory, 96)[70:], 0)


def test_a_tile_is_seen_where_it_stands(tensor, memory):
    values = np.arange(96 * 6, dtype=np.float32).reshape(96, 6)
    write(tensor, memory, values.reshape(96, 2, 3))
    for number, tile in enumerate(views(tensor, memory)):
        np.testing.assert_array_equal(tile.T, values[32 * number : 32 * (number + 1)])
    views(tensor, memory)[1][0, 0] = -1
    assert read(tensor, memory, 96)[32, 0, 0] == -1


def test_examples_may_stand_one_after_another(memory):
    flat = memory.array("inputs", "activations", 96 * 6)
    flat[:] = np.arange(96 * 6)
    moving = Pointer(flat.ctypes.data, tile_stride=32 * 6 * 4)
    inputs = Tensor((2, 3), moving, 6, is_batch_first=True)
    np.testing.assert_array_equal(read(inputs, memory, 40), flat.reshape(-1, 2, 3)[:40])
