"""Checks shared by the tests of BatchNorm1d and BatchNorm2d."""

import numpy as np
import torch
from hypothesis import strategies as st

from definitions import batch_norm as definition
from handgrad.arrays import to_numpy

from .images import OTHER_LIBRARIES, close

EPS = float(np.finfo(np.float32).eps)


def layer_for(kind, inputs, seed=0):
    """A layer in float64 in which no parameter, buffer or setting is trivial."""
    rng = np.random.default_rng(seed)
    eps = float(rng.choice([1e-2, 1e-3, 1e-5]))
    layer = kind(inputs.shape[1], eps=eps, momentum=0.3)
    for array in (*layer.parameters().values(), *layer.buffers().values()):
        array.value = rng.uniform(0.5, 2.0, size=array.shape)
    layer.bias.value -= 1.0
    return layer


@st.composite
def batches(draw, axes):
    """Batches, also of one example or value, with a different mean for each channel."""
    shape = tuple(draw(st.integers(1, 4)) for _ in range(axes))
    rng = np.random.default_rng(draw(st.integers(0, 9999)))
    centre = rng.uniform(-3, 3, size=(1, shape[1], *[1] * (axes - 2)))
    return centre + rng.uniform(0.5, 2) * rng.normal(size=shape)


def passes(layer, inputs, *, training=True):
    """Outputs, d_inputs and gradients, and the d_outputs used."""
    outputs, cache = layer.forward(inputs, training=training)
    d_outputs = np.random.default_rng(1).normal(size=inputs.shape).astype(inputs.dtype)
    d_inputs, gradients = layer.backward(d_outputs, cache)
    assert layer.output_shape(inputs.shape[1:]) == outputs.shape[1:]
    return {"outputs": outputs, "d_inputs": d_inputs, **gradients}, d_outputs


def assert_equals_the_definition_in_training(kind, inputs):
    layer = layer_for(kind, inputs)
    start = {name: buffer.value.copy() for name, buffer in layer.buffers().items()}
    weight, bias, eps = layer.weight.value, layer.bias.value, layer.eps
    found, d_outputs = passes(layer, inputs)
    mean, var, unbiased = definition.statistics(inputs)
    expected = definition.batch_norm(inputs, weight, bias, mean, var, eps)
    close(found["outputs"], expected, 1e-10)
    expected = definition.d_inputs(d_outputs, inputs, weight, eps)
    close(found["d_inputs"], expected, 1e-9)
    normalized = definition.normalize(inputs, mean, var, eps)
    d_weight, d_bias = definition.d_parameters(d_outputs, normalized)
    close(found["weight"], d_weight, 1e-10)
    close(found["bias"], d_bias, 1e-12)
    moved = (1 - 0.3) * start["running_mean"] + 0.3 * mean
    close(layer.running_mean.value, moved, 1e-12)
    moved = (1 - 0.3) * start["running_var"] + 0.3 * unbiased
    close(layer.running_var.value, moved, 1e-12)


def assert_equals_the_definition_in_prediction(kind, inputs):
    layer = layer_for(kind, inputs)
    statistics = layer.running_mean.value, layer.running_var.value
    weight, bias, eps = layer.weight.value, layer.bias.value, layer.eps
    found, d_outputs = passes(layer, inputs, training=False)
    expected = definition.batch_norm(inputs, weight, bias, *statistics, eps)
    close(found["outputs"], expected, 1e-12)
    normalized = definition.normalize(inputs, *statistics, eps)
    d_weight, d_bias = definition.d_parameters(d_outputs, normalized)
    close(found["weight"], d_weight, 1e-12)
    close(found["bias"], d_bias, 1e-12)
    ones = np.ones_like(weight)
    zeros = np.zeros_like(weight)
    scale = definition.batch_norm(np.ones_like(inputs), weight, zeros, zeros, ones, 0)
    std = np.sqrt(statistics[1] + eps).reshape(1, -1, *[1] * (inputs.ndim - 2))
    close(found["d_inputs"], d_outputs * scale / std, 1e-12)


def assert_equals_torch(kind, inputs, *, training):
    """Torch refuses a single value per channel in training; the caller excludes it."""
    layer = layer_for(kind, inputs)
    arrays = {**layer.parameters(), **layer.buffers()}
    theirs = {name: torch.tensor(array.value) for name, array in arrays.items()}
    x = torch.tensor(inputs, requires_grad=True)
    for name in layer.parameters():
        theirs[name].requires_grad = True
    settings = {"momentum": layer.momentum, "eps": layer.eps, "training": training}
    outputs = torch.nn.functional.batch_norm(x, **theirs, **settings)
    found, d_outputs = passes(layer, inputs, training=training)
    outputs.backward(torch.tensor(d_outputs))
    close(found["outputs"], outputs.detach(), 1e-9)
    close(found["d_inputs"], x.grad, 1e-9)
    for name in layer.parameters():
        close(found[name], theirs[name].grad, 1e-9)
    for name, buffer in layer.buffers().items():
        close(buffer.value, theirs[name], 1e-12)


SPREADS = (0.0, 1e-12, 1e-7, 1e-4)  # standard deviations far below the root of eps


def assert_eps_stands_inside_the_root(kind, shape, spread):
    """eps is added to a small variance, and a variance of 0 gives the bias."""
    rng = np.random.default_rng(3)
    centre = rng.normal(size=(1, shape[1], *[1] * (len(shape) - 2)))
    inputs = np.broadcast_to(centre, shape) + spread * rng.normal(size=shape)
    assert_equals_the_definition_in_training(kind, inputs)
    assert_equals_torch(kind, inputs, training=True)
    layer = layer_for(kind, inputs)
    found, _ = passes(layer, inputs)
    if spread == 0:
        bias = layer.bias.value.reshape(centre.shape)
        close(found["outputs"], np.broadcast_to(bias, shape), 1e-12)
    largest = layer.weight.value.max() * 4 * spread / np.sqrt(layer.eps)
    moved = found["outputs"] - layer.bias.value.reshape(centre.shape)
    assert np.abs(moved).max() <= largest + 1e-12


def assert_slope_in_training(kind, inputs, step=1e-5):
    """The directional derivative along a random direction, through the statistics."""
    layer, rng = layer_for(kind, inputs), np.random.default_rng(2)
    found, d_outputs = passes(layer, inputs)
    moves = {"inputs": rng.normal(size=inputs.shape)}
    start = {name: parameter.value for name, parameter in layer.parameters().items()}
    moves |= {name: rng.normal(size=value.shape) for name, value in start.items()}
    values = []
    for sign in (step, -step):
        for name, parameter in layer.parameters().items():
            parameter.value = start[name] + sign * moves[name]
        outputs, _ = layer.forward(inputs + sign * moves["inputs"], training=True)
        values.append(np.sum(d_outputs * outputs))
    slope = np.sum(found["d_inputs"] * moves["inputs"])
    slope += sum(np.sum(found[name] * moves[name]) for name in start)
    measured = (values[0] - values[1]) / (2 * step)
    np.testing.assert_allclose(slope, measured, rtol=1e-6, atol=1e-8)


def assert_float32_within_rounding(kind, inputs, *, training):
    """Bounds derived from the operations; sums are in float64 and rounded once.

    The mean is off by eps / 2 of itself, so `inputs - mean` by eps * (|mean| + |it|),
    and `normalized` by this, times inverse_std, and by the error of inverse_std, which
    is relative and no larger. So everything computed from it is off by a few
    eps * (1 + largest |normalized|) * (1 + |mean| * inverse_std) of its size.
    """
    inputs = inputs.astype(np.float32)
    coarse, fine = layer_for(kind, inputs), layer_for(kind, inputs)
    for name, array in {**coarse.parameters(), **coarse.buffers()}.items():
        array.value = array.value.astype(np.float32)
        twin = {**fine.parameters(), **fine.buffers()}[name]
        twin.value = array.value.astype(np.float64)
    mean, var = fine.running_mean.value, fine.running_var.value
    if training:
        mean, var, _ = definition.statistics(inputs.astype(np.float64))
    found, d_outputs = passes(coarse, inputs, training=training)
    exact, _ = passes(fine, inputs.astype(np.float64), training=training)
    inverse_std = 1 / np.sqrt(var + fine.eps)
    normalized = definition.normalize(inputs.astype(np.float64), mean, var, fine.eps)
    off = 8 * EPS * (1 + abs(normalized).max()) * (1 + abs(mean * inverse_std).max())
    size = abs(normalized).max() + 1
    back = abs(d_outputs).astype(np.float64).max()
    scale = {
        "outputs": size * 2,
        "d_inputs": 2 * back * (1 + size**2) * inverse_std.max(),
        "weight": back * size * inputs.size,
        "bias": back * inputs.size,
    }
    for name, value in found.items():
        assert value.dtype == np.float32
        assert np.all(abs(value - exact[name]) <= off * scale[name]), name
    for name, buffer in coarse.buffers().items():
        assert buffer.value.dtype == np.float32
        exact_one = fine.buffers()[name].value
        assert np.all(abs(buffer.value - exact_one) <= off * (1 + abs(exact_one)))


def assert_same_in_every_library(kind, inputs, *, training):
    expected, d_outputs = passes(layer_for(kind, inputs), inputs, training=training)
    for xp in OTHER_LIBRARIES:
        layer = layer_for(kind, inputs)
        for array in (*layer.parameters().values(), *layer.buffers().values()):
            array.value = xp.asarray(array.value)
        outputs, cache = layer.forward(xp.asarray(inputs), training=training)
        d_inputs, gradients = layer.backward(xp.asarray(d_outputs), cache)
        found = {"outputs": outputs, "d_inputs": d_inputs, **gradients}
        for name, value in found.items():
            assert type(value) is type(xp.asarray(inputs))
            close(to_numpy(value), expected[name], 1e-10)
        for buffer in layer.buffers().values():
            assert type(buffer.value) is type(outputs)


def assert_only_training_moves_the_statistics(kind, inputs):
    """And it creates new arrays: the old ones are not modified."""
    layer = layer_for(kind, inputs)
    arrays = {**layer.parameters(), **layer.buffers()}
    held = {name: array.value for name, array in arrays.items()}
    copies = {name: value.copy() for name, value in held.items()}
    given, before = inputs, inputs.copy()
    passes(layer, given, training=False)
    assert all(array.value is held[name] for name, array in arrays.items())
    passes(layer, given, training=True)
    for name, array in arrays.items():
        assert (array.value is held[name]) == (name in layer.parameters())
        np.testing.assert_array_equal(held[name], copies[name])
    np.testing.assert_array_equal(given, before)


def assert_an_empty_batch_moves_nothing(kind, inputs):
    layer = layer_for(kind, inputs)
    held = {name: buffer.value for name, buffer in layer.buffers().items()}
    found, _ = passes(layer, inputs[:0])
    assert found["outputs"].shape == found["d_inputs"].shape == inputs[:0].shape
    assert not found["weight"].any()
    assert all(buffer.value is held[name] for name, buffer in layer.buffers().items())
