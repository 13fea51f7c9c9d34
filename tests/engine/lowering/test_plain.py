"""What the plain layers see of a program's memory, and what they may return."""

from functools import partial

import numpy as np
import pytest

from handgrad.datasets.normalization import half
from handgrad.engine.cpu import CpuEngine
from handgrad.engine.lowering.plain import read, views, write
from handgrad.engine.memory_plan import Memory, Pointer, Tensor
from handgrad.engine.plain import PlainEngine
from handgrad.layers import (
    Conv2d,
    Flatten,
    Layer,
    LeakyReLU,
    Linear,
    MaxPool2d,
    Sequential,
)
from handgrad.losses import SoftmaxCrossEntropy
from handgrad.optimizers import SGD
from handgrad.parameter import Parameter
from handgrad.randomness import Key

from ..agreement import assert_two_steps_agree, engines
from ..altered import WholeNetwork, as_subclass
from ..networks import FLATTEN, TANH, Settings, linear, network

KEY = Key(5)


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


class Shifted(Layer):
    """A user's own layer: one parameter, added to all."""

    def __init__(self):
        self.shift = Parameter(np.full(1, 0.5, np.float32))

    def output_shape(self, input_shape):
        return input_shape

    def forward(self, inputs, *, training=False, key=None):
        return inputs + self.shift.value, None

    def backward(self, d_outputs, cache):
        return d_outputs, {"shift": np.sum(d_outputs, keepdims=True).reshape(1)}

    def parameters(self):
        return {"shift": self.shift}


class HalfConv(Conv2d):
    """A user's own kind of convolution."""

    def forward(self, inputs, *, training=False, key=None):
        return super().forward(0.5 * inputs, training=training, key=key)

    def backward(self, d_outputs, cache):
        d_inputs, gradients = super().backward(d_outputs, cache)
        return 0.5 * d_inputs, gradients


OWN = {
    "own layer first": lambda: [Shifted(), Flatten(), Linear(30, 4, key=KEY)],
    "own layer of rows": lambda: [Flatten(), Linear(30, 4, key=KEY), Shifted()],
    "own layer of pictures": lambda: [
        *(Conv2d(1, 2, 2, key=KEY), Shifted(), LeakyReLU(), Conv2d(2, 2, 2, key=KEY)),
        *(Shifted(), Flatten(), Linear(24, 4, key=KEY)),
    ],
    "own convolution first": lambda: [
        *(HalfConv(1, 2, 3, padding=1, key=KEY), Flatten(), Linear(60, 4, key=KEY)),
    ],
    "closed leaky relu": lambda: [
        *(Flatten(), Linear(30, 5, key=KEY), LeakyReLU(0.0), Linear(5, 4, key=KEY)),
    ],
    "huge window": lambda: [
        *(Conv2d(1, 2, 3, padding=8, key=KEY), MaxPool2d((20, 19)), Flatten()),
        Linear(2, 4, key=KEY),
    ],
}


@pytest.mark.parametrize("name", OWN)
@pytest.mark.parametrize("workers", [1, 2])
def test_layers_that_the_engine_does_not_know_train_alike(name, workers):
    make, net = OWN[name], network()
    setting = (SoftmaxCrossEntropy(), SGD(0.05), half(1))
    fast = CpuEngine(
        Sequential(make()), *setting, input_shape=net.shape, workers=workers
    )
    plain = PlainEngine(Sequential(make()), *setting, input_shape=net.shape)
    for step in (1, 2):
        batch = net.batch(70, seed=step)
        found, expected = fast.train_step(batch, step), plain.train_step(batch, step)
        assert found.loss == pytest.approx(expected.loss, rel=1e-5)
        assert found.correct == expected.correct
    state = fast.state()
    for key, value in plain.state().items():
        np.testing.assert_allclose(state[key], value, rtol=0, atol=2e-5, err_msg=key)
    images = net.images(40)
    np.testing.assert_allclose(
        fast.logits(images), plain.logits(images), rtol=0, atol=1e-4
    )
