"""What the plain layers see of a program's memory, and what they may return."""

from functools import partial

import numpy as np
import pytest

from handgrad.engine.lowering.plain import read, views, write
from handgrad.engine.memory import Memory, Pointer, Tensor

from ..agreement import assert_two_steps_agree, engines
from ..altered import WholeNetwork, as_subclass
from ..networks import FLATTEN, TANH, Settings, linear, network


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


def wide(array):
    return array.astype(np.float64)


def strided(array):
    return np.asfortranarray(np.stack([array, array], axis=-1))[..., 0]


def backwards(array):
    return np.ascontiguousarray(array[::-1])[::-1]


def own_linear(turn, kind):
    """A linear layer that returns the same numbers, turned into other arrays."""

    class Own(kind):
        def forward(self, inputs, **options):
            outputs, cache = kind.forward(self, inputs, **options)
            return turn(outputs), cache

        def backward(self, d_outputs, cache):
            d_inputs, gradients = kind.backward(self, d_outputs, cache)
            return turn(d_inputs), {n: turn(g) for n, g in gradients.items()}

    return Own


ROWS = (FLATTEN, linear(5), TANH, linear(6), TANH, linear(4))


def with_second_linear(alter):
    """A network whose middle linear layer is of another class."""

    def rebuilt(model):
        as_subclass(model.layers["linear_2"], alter)
        return model

    return WholeNetwork(ROWS, alter=rebuilt)


@pytest.mark.parametrize("turn", [wide, strided, backwards])
def test_arrays_of_another_dtype_or_order_are_taken(turn):
    assert_two_steps_agree(Settings(), with_second_linear(partial(own_linear, turn)))


def returning(outputs=None, d_inputs=None, gradients=None):
    """A linear layer of which one result of a step is replaced."""

    def alter(kind):
        class Wrong(kind):
            def forward(self, inputs, **options):
                found, cache = kind.forward(self, inputs, **options)
                is_step = outputs is not None and len(inputs) == len(outputs)
                return (outputs if is_step else found), cache

            def backward(self, d_outputs, cache):
                found, own = kind.backward(self, d_outputs, cache)
                own = own if gradients is None else gradients
                return (found if d_inputs is None else d_inputs), own

        return Wrong

    return alter


def test_overflow_in_a_layer_of_ones_own_warns_of_nothing():
    """As on the plain engine: the step's loss tells."""
    huge = returning(outputs=np.full((70, 6), 1e300))
    fast, plain = engines(Settings(), with_second_linear(huge))
    batch = network(*ROWS).batch(70)
    assert fast.train_step(batch, 1).is_finite
    assert plain.train_step(batch, 1).is_finite
