import numpy as np
import pytest
from hypothesis import given, settings

from handgrad.errors import ConfigError, ShapeError
from handgrad.layers.batch_norm2d import BatchNorm2d

from .batch_norms import (
    SPREADS,
    assert_an_empty_batch_moves_nothing,
    assert_eps_stands_inside_the_root,
    assert_equals_the_definition_in_prediction,
    assert_equals_the_definition_in_training,
    assert_equals_torch,
    assert_float32_within_rounding,
    assert_only_training_moves_the_statistics,
    assert_same_in_every_library,
    assert_slope_in_training,
    batches,
    close,
    layer_for,
    passes,
)

BATCHES = batches(axes=4)
BOTH = pytest.mark.parametrize("training", [True, False])


@settings(max_examples=25)
@given(inputs=BATCHES)
def test_equals_the_definition(inputs):
    assert_equals_the_definition_in_training(BatchNorm2d, inputs)
    assert_equals_the_definition_in_prediction(BatchNorm2d, inputs)


@BOTH
@settings(max_examples=50)
@given(inputs=BATCHES)
def test_equals_torch(inputs, training):
    if inputs.size == inputs.shape[1]:  # torch refuses one value of a channel
        inputs = np.concatenate([inputs, -inputs])
    assert_equals_torch(BatchNorm2d, inputs, training=training)


@pytest.mark.parametrize("spread", SPREADS)
def test_eps_is_added_to_the_variance(spread):
    assert_eps_stands_inside_the_root(BatchNorm2d, (3, 2, 2, 3), spread)


@settings(max_examples=25)
@given(inputs=BATCHES)
def test_gradient_by_random_projection(inputs):
    assert_slope_in_training(BatchNorm2d, inputs)


@BOTH
@settings(max_examples=50)
@given(inputs=BATCHES)
def test_float32_stays_within_rounding(inputs, training):
    assert_float32_within_rounding(BatchNorm2d, inputs, training=training)


@BOTH
@settings(max_examples=15)
@given(inputs=BATCHES)
def test_other_array_libraries_give_the_same(inputs, training):
    assert_same_in_every_library(BatchNorm2d, inputs, training=training)


@settings(max_examples=25)
@given(inputs=BATCHES)
def test_only_training_updates_the_running_statistics(inputs):
    assert_only_training_moves_the_statistics(BatchNorm2d, inputs)


@settings(max_examples=50)
@given(inputs=BATCHES)
def test_every_channel_comes_out_with_the_same_mean_and_variance(inputs):
    """Mean bias; variance weight**2, reduced by eps; 0 for a single value."""
    layer = layer_for(BatchNorm2d, inputs)
    outputs, _ = layer.forward(inputs, training=True)
    close(outputs.mean(axis=(0, 2, 3)), layer.bias.value, 1e-12)
    var = inputs.var(axis=(0, 2, 3))
    expected = layer.weight.value**2 * var / (var + layer.eps)
    close(outputs.var(axis=(0, 2, 3)), expected, 1e-12)


@settings(max_examples=50)
@given(inputs=BATCHES)
def test_scale_and_shift_of_the_inputs_do_not_matter(inputs):
    layer = layer_for(BatchNorm2d, inputs)
    layer.eps = 1e-14
    if inputs.size == inputs.shape[1]:
        inputs = np.concatenate([inputs, -inputs])
    outputs, _ = layer.forward(inputs, training=True)
    close(layer.forward(3 * inputs + 5, training=True)[0], outputs, 1e-8)


@settings(max_examples=50)
@given(inputs=BATCHES)
def test_gradients_sum_to_zero(inputs):
    """Each channel's d_inputs sum to zero: a shift of its inputs changes nothing."""
    found, _ = passes(layer_for(BatchNorm2d, inputs), inputs)
    close(found["d_inputs"].sum(axis=(0, 2, 3)), np.zeros(inputs.shape[1]), 1e-10)


def test_a_single_value_becomes_the_bias_and_has_no_gradient():
    inputs = np.full((1, 3, 1, 1), 7.0)
    layer = layer_for(BatchNorm2d, inputs)
    running_var = layer.running_var.value
    found, _ = passes(layer, inputs)
    np.testing.assert_array_equal(found["outputs"].reshape(-1), layer.bias.value)
    np.testing.assert_array_equal(found["d_inputs"], 0)
    close(layer.running_var.value, (1 - layer.momentum) * running_var, 1e-15)


def test_running_statistics_converge_to_those_of_the_data():
    rng = np.random.default_rng(0)
    layer = BatchNorm2d(2)
    for _ in range(200):
        batch = rng.normal(5.0, 3.0, size=(4, 2, 4, 4)).astype(np.float32)
        layer.forward(batch, training=True)
    # the average of about 1 / momentum = 10 batches of 64 values at least
    assert np.all(abs(layer.running_mean.value - 5) < 5 * 3 / np.sqrt(10 * 64))
    assert np.all(abs(layer.running_var.value - 9) < 5 * 9 * np.sqrt(2 / (10 * 64)))


def test_a_small_variance_around_a_large_mean_is_accurate():
    """Multiples of 1/1024 around 4096 are exact in float32; so is their mean."""
    rng = np.random.default_rng(0)
    steps = rng.integers(-1024, 1024, size=(8, 2, 25, 25))
    inputs = (4096 + steps / 1024).astype(np.float32)
    outputs, _ = BatchNorm2d(2).forward(inputs, training=True)
    exact, _ = BatchNorm2d(2).forward(inputs.astype(np.float64), training=True)
    # the mean's last bit: 2**-12, in units of a standard deviation of about 0.58
    assert abs(outputs - exact).max() < 2.0**-12


def test_nan_fills_its_channel_and_no_other():
    inputs = np.arange(2.0 * 12).reshape(2, 2, 2, 3)
    inputs[1, 1, 0, 2] = np.nan
    found, _ = passes(BatchNorm2d(2), inputs)
    for name in ("outputs", "d_inputs"):
        by_channel = np.moveaxis(np.isnan(found[name]), 1, 0).reshape(2, -1)
        np.testing.assert_array_equal(by_channel.any(axis=1), [False, True])
        assert by_channel[1].all()


def test_an_empty_batch_updates_nothing():
    assert_an_empty_batch_moves_nothing(BatchNorm2d, np.ones((3, 2, 4, 5)))


def test_default_settings_and_initial_values():
    layer = BatchNorm2d(3)
    assert (layer.eps, layer.momentum) == (1e-5, 0.1)
    values = {**layer.parameters(), **layer.buffers()}
    found = {name: array.value.tolist() for name, array in values.items()}
    assert found == {
        "weight": [1.0] * 3,
        "bias": [0.0] * 3,
        "running_mean": [0.0] * 3,
        "running_var": [1.0] * 3,
    }
    assert {array.value.dtype for array in values.values()} == {np.dtype(np.float32)}


@pytest.mark.parametrize("shape", [(4, 5, 5), (2, 5, 5), (3,), (3, 5), (3, 5, 5, 5)])
def test_examples_of_the_wrong_shape_are_refused(shape):
    message = r"BatchNorm2d\(3, eps=1e-05, momentum=0.1\) takes .* got \(.*Set channels"
    with pytest.raises(ShapeError, match=message):
        BatchNorm2d(3).output_shape(shape)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"channels": 0}, "channels as an integer of at least 1, got 0. Give the"),
        ({"channels": 2.0}, "channels as an integer of at least 1, got 2.0. Give"),
        ({"channels": 2, "eps": 0.0}, "eps above 0, got 0.0. Give a finite number"),
        ({"channels": 2, "eps": np.nan}, "eps above 0, got nan"),
        ({"channels": 2, "momentum": 1.5}, "momentum from 0 to 1, got 1.5. It is the"),
        ({"channels": 2, "momentum": -0.1}, "momentum from 0 to 1, got -0.1"),
        ({"channels": 2, "momentum": np.nan}, "momentum from 0 to 1, got nan"),
    ],
)
def test_invalid_settings_are_refused(arguments, message):
    with pytest.raises(ConfigError, match=f"BatchNorm2d takes {message}"):
        BatchNorm2d(**arguments)


def test_repr():
    layer = BatchNorm2d(8, eps=0.001, momentum=0.2)
    assert repr(layer) == "BatchNorm2d(8, eps=0.001, momentum=0.2)"
