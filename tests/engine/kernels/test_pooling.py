"""Each kernel compiled and as plain Python, against the plain layer, to the bit."""

import numpy as np
import pytest

from handgrad.engine.kernels import pooling
from handgrad.layers import AveragePool2d, GlobalAveragePool2d, MaxPool2d, ReLU
from handgrad.testing.closeness import assert_close

from .run import assert_same, floats, run_entry, run_python

TILE = 32
GEOMETRIES = {  # channels, height, width, then the layer's options
    "paved": ((2, 4, 6), {"kernel_size": 2}),
    "overlapping": ((1, 5, 4), {"kernel_size": 3, "stride": 1}),
    "padded": ((2, 5, 5), {"kernel_size": (3, 2), "stride": 2, "padding": 1}),
    "with a rest": ((1, 5, 7), {"kernel_size": (2, 3)}),
    "with gaps": ((1, 7, 5), {"kernel_size": 1, "stride": 3}),
    "one pixel": ((3, 1, 1), {"kernel_size": 1}),
}


def sizes_of(shape, layer, stride):
    """The numbers that a pooling kernel asks for."""
    _, tall, wide = layer.output_shape(shape)
    return (
        *(*shape, tall, wide, *layer.kernel_size, *layer.stride, *layer.padding),
        *(TILE, stride),
    )


def batch_last(values):
    return np.ascontiguousarray(np.moveaxis(values, 0, -1))


def batch_first(values):
    return np.ascontiguousarray(np.moveaxis(values, -1, 0))


def call(kernel, compiled, *arguments):
    """The compiled kernel, or the same kernel as plain Python over flat arrays."""
    (run_entry if compiled else run_python)(kernel, *arguments)


@pytest.fixture(params=[True, False], ids=["compiled", "python"])
def compiled(request):
    return request.param


@pytest.fixture(params=GEOMETRIES)
def geometry(request):
    return GEOMETRIES[request.param]


@pytest.mark.parametrize("has_relu", [False, True])
def test_max_pooling_is_the_plain_layer_to_the_bit(geometry, compiled, has_relu):
    shape, options = geometry
    layer, relu = MaxPool2d(**options), ReLU()
    inputs = np.round(2 * floats(TILE, *shape)) / 2  # with ties
    kept, gate = relu.forward(inputs) if has_relu else (inputs, None)
    expected, cache = layer.forward(kept)
    d_outputs = floats(*expected.shape, seed=1)
    blamed, _ = layer.backward(d_outputs, cache)
    if has_relu:
        blamed, _ = relu.backward(blamed, gate)
    outputs = batch_last(np.zeros_like(expected))
    winners = np.zeros(outputs.shape, np.uint8)
    sizes = sizes_of(shape, layer, TILE)
    call(
        *(pooling.max_pool, compiled),
        *(batch_last(inputs), outputs, winners, *sizes, has_relu),
    )
    np.testing.assert_array_equal(batch_first(outputs), expected)
    d_inputs = np.full((*shape, TILE), 9, np.float32)
    call(
        *(pooling.max_unpool, compiled),
        *(batch_last(d_outputs), winners, d_inputs, *sizes),
    )
    np.testing.assert_array_equal(batch_first(d_inputs), blamed)


def test_nan_reaches_the_outputs_and_takes_the_blame(compiled):
    layer, inputs = MaxPool2d(2), floats(TILE, 1, 4, 4, nan=True)
    inputs[0, 0, :2, :2] = [[np.nan, 1], [np.nan, 2]]
    expected, cache = layer.forward(inputs)
    d_outputs = floats(*expected.shape, seed=1)
    outputs = batch_last(np.zeros_like(expected))
    winners = np.zeros(outputs.shape, np.uint8)
    sizes = sizes_of((1, 4, 4), layer, TILE)
    call(
        *(pooling.max_pool, compiled),
        *(batch_last(inputs), outputs, winners, *sizes, False),
    )
    assert_same(batch_first(outputs), expected)
    np.testing.assert_array_equal(batch_first(winners), cache.winners)
    d_inputs = np.zeros((1, 4, 4, TILE), np.float32)
    call(
        *(pooling.max_unpool, compiled),
        *(batch_last(d_outputs), winners, d_inputs, *sizes),
    )
    assert_same(batch_first(d_inputs), layer.backward(d_outputs, cache)[0])


def test_a_nan_passes_relu_and_pooling_but_its_blame_does_not(compiled):
    layer, relu, inputs = MaxPool2d(2), ReLU(), floats(TILE, 1, 4, 4, nan=True)
    kept, gate = relu.forward(inputs)
    expected, cache = layer.forward(kept)
    d_outputs = floats(*expected.shape, seed=1)
    blamed, _ = relu.backward(layer.backward(d_outputs, cache)[0], gate)
    outputs = batch_last(np.zeros_like(expected))
    winners = np.zeros(outputs.shape, np.uint8)
    sizes = sizes_of((1, 4, 4), layer, TILE)
    call(
        *(pooling.max_pool, compiled),
        *(batch_last(inputs), outputs, winners, *sizes, True),
    )
    np.testing.assert_array_equal(batch_first(outputs), expected)
    d_inputs = np.zeros((1, 4, 4, TILE), np.float32)
    call(
        *(pooling.max_unpool, compiled),
        *(batch_last(d_outputs), winners, d_inputs, *sizes),
    )
    np.testing.assert_array_equal(batch_first(d_inputs), blamed)


def test_average_pooling_is_the_plain_layer(geometry, compiled):
    """Within rounding: here a product with 1 / area, there a quotient."""
    shape, options = geometry
    layer, inputs = AveragePool2d(**options), floats(TILE, *shape)
    expected, cache = layer.forward(inputs)
    d_outputs = floats(*expected.shape, seed=1)
    sizes = sizes_of(shape, layer, TILE)
    outputs = batch_last(np.full_like(expected, 9))
    call(
        *(pooling.average_pool, compiled),
        *(batch_last(inputs), outputs, *sizes),
    )
    assert_close(batch_first(outputs), expected, 9)
    d_inputs = np.full((*shape, TILE), 9, np.float32)
    call(
        *(pooling.average_unpool, compiled),
        *(batch_last(d_outputs), d_inputs, *sizes),
    )
    assert_close(batch_first(d_inputs), layer.backward(d_outputs, cache)[0], 9)


def test_a_global_average_is_one_window():
    shape = (3, 4, 5)
    inputs = floats(TILE, *shape)
    outputs = np.zeros((3, TILE), np.float32)
    sizes = (*shape, 1, 1, 4, 5, 4, 5, 0, 0, TILE, TILE)
    run_entry(pooling.average_pool, batch_last(inputs), outputs, *sizes)
    expected, _ = GlobalAveragePool2d().forward(inputs)
    assert_close(outputs.T, expected, 20)


def test_pooled_places_may_be_part_of_a_larger_matrix():
    shape, layer = (2, 4, 4), MaxPool2d(2)
    inputs = floats(TILE, *shape)
    outputs = np.full((8, TILE + 5), 7, np.float32)
    winners = np.zeros((8, TILE), np.uint8)
    sizes = sizes_of(shape, layer, TILE + 5)
    run_entry(pooling.max_pool, batch_last(inputs), outputs, winners, *sizes, 0)
    expected = batch_last(layer.forward(inputs)[0]).reshape(8, TILE)
    np.testing.assert_array_equal(outputs[:, :TILE], expected)
    np.testing.assert_array_equal(outputs[:, TILE:], 7)
