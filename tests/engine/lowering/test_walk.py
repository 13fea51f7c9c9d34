"""How layers are laid one after another; that it is right is shown in test_cpu."""

import numpy as np
import pytest

from handgrad.datasets.normalization import half
from handgrad.engine.cpu import CpuEngine
from handgrad.engine.known import BATCH_NORMS, KNOWN
from handgrad.engine.lowering.walk import ALONE
from handgrad.engine.plain import PlainEngine
from handgrad.layers import (
    Conv2d,
    Flatten,
    Layer,
    LeakyReLU,
    Linear,
    MaxPool2d,
    Residual,
    Sequential,
)
from handgrad.losses import SoftmaxCrossEntropy
from handgrad.optimizers import SGD
from handgrad.randomness import Key

from ..networks import NETWORKS, cpu_engine, network

KEY = Key(5)


def shown(name):
    return repr(cpu_engine(NETWORKS[name]).training.program)


def test_relu_before_a_max_pooling_becomes_part_of_it():
    text = shown("lenet")
    assert "relu + max_pool2d_1 forward" in text
    assert "relu_1 forward" not in text


def test_relu_after_batch_norm_becomes_part_of_it():
    assert "batch_norm2d_1 + relu forward" in shown("batch norm of pictures")


def test_an_activation_takes_the_bias_of_the_linear_layer_before_it():
    assert "bias" not in shown("perceptron").split("linear_2 forward")[0]


def test_tiles_meet_where_examples_do_and_nowhere_else():
    assert "forward to batch_norm2d_2" in shown("batch norm of pictures")
    assert "forward to" not in shown("lenet")


class Shifted(Layer):
    """A user's own layer: one parameter, added to all."""

    def __init__(self):
        from handgrad.parameter import Parameter

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


def test_every_known_layer_has_its_way_down():
    assert {*ALONE, *BATCH_NORMS, Linear, Residual} == set(KNOWN)
