"""Cases and comparisons with torch shared by the tests of spatial layers."""

from typing import NamedTuple

import array_api_strict
import numpy as np
import torch
from hypothesis import strategies as st

from handgrad.arrays import as_pair, to_numpy

OTHER_LIBRARIES = [torch, array_api_strict]


class Case(NamedTuple):
    """Settings of windows, images that they fit, and a seed for values."""

    kernel_size: object
    stride: object
    padding: object
    shape: tuple
    seed: int

    @property
    def settings(self):
        return {"stride": self.stride, "padding": self.padding}

    @property
    def pairs(self):
        return tuple(map(as_pair, (self.kernel_size, self.stride, self.padding)))

    def normal(self, shape=None):
        rng = np.random.default_rng(self.seed)
        return rng.normal(size=self.shape if shape is None else shape)

    def few_values(self, values=(-2.0, -1.0, 0.0, 1.0)):
        return np.random.default_rng(self.seed).choice(values, size=self.shape)


def scalars_or_pairs(least, most):
    numbers = st.integers(least, most)
    return st.one_of(numbers, st.tuples(numbers, numbers))


@st.composite
def cases(draw, *, most_kernel=4, most_extra=6, pooling=False):
    """Any windows, and images from the smallest that fits one window."""
    kernel_size = draw(scalars_or_pairs(1, most_kernel))
    kernel = as_pair(kernel_size)
    if pooling:
        padding = tuple(draw(st.integers(0, side // 2)) for side in kernel)
    else:
        padding = draw(scalars_or_pairs(0, 3))
    sides = zip(kernel, as_pair(padding), strict=True)
    size = (max(1, k - 2 * p) + draw(st.integers(0, most_extra)) for k, p in sides)
    shape = (draw(st.integers(1, 3)), draw(st.integers(1, 3)), *size)
    stride = draw(scalars_or_pairs(1, 3))
    return Case(kernel_size, stride, padding, shape, draw(st.integers(0, 9999)))


def assert_equals_autograd(layer, inputs, function, atol=1e-9):
    """Outputs, d_inputs and every gradient are those of torch in float64.

    `function(inputs, parameters)` is torch's own form of the layer.
    """
    outputs, cache = layer.forward(inputs)
    theirs = torch.tensor(inputs, requires_grad=True)
    parameters = {
        name: torch.tensor(parameter.value, requires_grad=True)
        for name, parameter in layer.parameters().items()
    }
    expected = function(theirs, parameters)
    d_outputs = np.random.default_rng(0).normal(size=outputs.shape)
    expected.backward(torch.tensor(d_outputs))
    d_inputs, gradients = layer.backward(d_outputs, cache)
    close(outputs, expected.detach(), atol)
    close(d_inputs, theirs.grad, atol)
    assert gradients.keys() == parameters.keys()
    for name, parameter in parameters.items():
        close(gradients[name], parameter.grad, atol)
    assert layer.output_shape(inputs.shape[1:]) == outputs.shape[1:]


def assert_slope(layer, inputs, step=1e-5):
    """The backward pass gives the directional derivative along a random direction."""
    rng = np.random.default_rng(1)
    outputs, cache = layer.forward(inputs)
    weights = rng.normal(size=outputs.shape)
    d_inputs, gradients = layer.backward(weights, cache)
    direction = rng.normal(size=inputs.shape)
    moves = {name: rng.normal(size=g.shape) for name, g in gradients.items()}
    start = {name: p.value for name, p in layer.parameters().items()}
    values = []
    for sign in (step, -step):
        for name, parameter in layer.parameters().items():
            parameter.value = start[name] + sign * moves[name]
        moved, _ = layer.forward(inputs + sign * direction)
        values.append(np.sum(weights * moved))
    expected = (values[0] - values[1]) / (2 * step)
    slope = np.sum(d_inputs * direction)
    slope += sum(np.sum(gradients[name] * move) for name, move in moves.items())
    np.testing.assert_allclose(slope, expected, rtol=1e-6)


def assert_same_in(xp, layer, inputs):
    """Another array library gives the same numbers, in its own arrays."""
    as_numpy = run(layer, np, inputs)
    as_theirs = run(layer, xp, inputs)
    assert as_theirs.keys() == as_numpy.keys()
    for name, value in as_theirs.items():
        assert type(value) is type(xp.asarray(inputs))
        close(to_numpy(value), as_numpy[name], 1e-12)


def run(layer, xp, inputs):
    """Outputs, d_inputs and gradients with everything in this library's arrays."""
    for parameter in layer.parameters().values():
        parameter.value = xp.asarray(to_numpy(parameter.value))
    outputs, cache = layer.forward(xp.asarray(inputs))
    d_outputs = np.random.default_rng(0).normal(size=tuple(outputs.shape))
    d_inputs, gradients = layer.backward(xp.asarray(d_outputs), cache)
    return {"outputs": outputs, "d_inputs": d_inputs, **gradients}


def assert_keeps_what_it_is_given(layer, inputs):
    """Neither pass modifies inputs, d_outputs or parameters; float32 is kept."""
    for parameter in layer.parameters().values():
        parameter.value = parameter.value.astype(np.float32)
    inputs = inputs.astype(np.float32)
    outputs, cache = layer.forward(inputs)
    d_outputs = np.ones_like(outputs)
    given = [inputs, d_outputs, *(p.value for p in layer.parameters().values())]
    before = [array.copy() for array in given]
    d_inputs, gradients = layer.backward(d_outputs, cache)
    d_inputs += 1  # a new array, not a view of the arguments
    for array, copy in zip(given, before, strict=True):
        np.testing.assert_array_equal(array, copy)
    assert d_inputs.shape == inputs.shape
    found = [outputs, d_inputs, *gradients.values()]
    assert {array.dtype for array in found} == {np.dtype(np.float32)}


def in_float64(layer):
    """The same layer with float64 parameters and a nonzero bias."""
    for name, parameter in layer.parameters().items():
        parameter.value = parameter.value.astype(np.float64)
        if name.endswith("bias"):
            parameter.value += np.linspace(-1, 1, parameter.value.size)
    return layer


def close(found, expected, atol):
    np.testing.assert_allclose(found, expected, rtol=0, atol=atol)
