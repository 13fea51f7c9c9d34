import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from definitions import dropout as definition
from handgrad.arrays import to_numpy
from handgrad.errors import ConfigError, ShapeError
from handgrad.layers.dropout import Dropout
from handgrad.randomness import Key, random_bits

from .elementwise import EPS, OTHER_LIBRARIES, SHAPES, close

KEY = Key(0).child("dropout")
RATES = st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.9])


@st.composite
def draws(draw):
    """A batch, and a key for examples of any numbers at any step."""
    shape = draw(SHAPES)
    number = st.integers(0, 2**32 - 1)
    examples = draw(st.lists(number, min_size=shape[0], max_size=shape[0]))
    key = KEY.at(draw(number), np.array(examples))
    return np.random.default_rng(draw(st.integers(0, 99))).normal(size=shape), key


@settings(max_examples=40)
@given(case=draws(), rate=RATES)
def test_equals_the_definition(case, rate):
    inputs, key = case
    outputs, mask = Dropout(rate).forward(inputs, training=True, key=key)
    words = key.words, key.step, key.examples
    expected, kept = definition.dropout(inputs, rate, *words)
    np.testing.assert_array_equal(mask, kept)
    close(outputs, expected, 1e-12)
    d_outputs = np.ones_like(inputs)
    d_inputs, gradients = Dropout(rate).backward(d_outputs, mask)
    close(d_inputs, definition.dropout(d_outputs, rate, *words)[0], 1e-12)
    assert gradients == {}


@given(case=draws(), rate=RATES)
def test_equals_autograd(case, rate):
    inputs, key = case
    outputs, mask = Dropout(rate).forward(inputs, training=True, key=key)
    x = torch.tensor(inputs, requires_grad=True)
    theirs = x * torch.tensor(mask) / (1 - rate)
    d_outputs = np.random.default_rng(0).normal(size=inputs.shape)
    theirs.backward(torch.tensor(d_outputs))
    close(outputs, theirs.detach(), 1e-9)
    close(Dropout(rate).backward(d_outputs, mask)[0], x.grad, 1e-9)


@given(case=draws(), rate=RATES)
def test_float32_rounds_the_factor_and_the_product(case, rate):
    inputs, key = case
    coarse = inputs.astype(np.float32)
    outputs, mask = Dropout(rate).forward(coarse, training=True, key=key)
    d_inputs, _ = Dropout(rate).backward(coarse, mask)
    exact = np.where(mask, coarse.astype(np.float64) / (1 - rate), 0)
    for found in (outputs, d_inputs):
        assert found.dtype == np.float32
        assert np.all(abs(found - exact) <= EPS * abs(exact))


@settings(max_examples=15)
@given(case=draws(), rate=RATES)
@pytest.mark.parametrize("xp", OTHER_LIBRARIES)
def test_other_array_libraries_drop_the_same(xp, case, rate):
    inputs, key = case
    layer, theirs = Dropout(rate), xp.asarray(inputs)
    expected, _ = layer.forward(inputs, training=True, key=key)
    outputs, mask = layer.forward(theirs, training=True, key=key)
    d_inputs, _ = layer.backward(theirs, mask)
    for found in (outputs, d_inputs):
        assert type(found) is type(theirs)
        np.testing.assert_array_equal(to_numpy(found), expected)


@given(case=draws(), rate=RATES)
def test_prediction_is_the_identity_and_needs_no_key(case, rate):
    inputs, key = case
    for given_key in (None, key):
        outputs, cache = Dropout(rate).forward(inputs, training=False, key=given_key)
        assert cache is None
        np.testing.assert_array_equal(outputs, inputs)
        np.testing.assert_array_equal(Dropout(rate).backward(inputs, cache)[0], inputs)


@settings(max_examples=30)
@given(case=draws())
def test_the_mask_depends_on_the_example_not_on_its_position(case):
    inputs, key = case
    _, together = Dropout(0.5).forward(inputs, training=True, key=key)
    for place, example in enumerate(key.examples):
        own_key = key.at(key.step, np.array([example]))
        one = inputs[place : place + 1]
        _, alone = Dropout(0.5).forward(one, training=True, key=own_key)
        np.testing.assert_array_equal(together[place], alone[0])


def test_a_key_without_examples_uses_the_first_numbers():
    inputs = np.ones((5, 40))
    _, mask = Dropout(0.5).forward(inputs, training=True, key=KEY.at(3))
    named = KEY.at(3, np.arange(5))
    _, expected = Dropout(0.5).forward(inputs, training=True, key=named)
    np.testing.assert_array_equal(mask, expected)
    assert len({tuple(row) for row in mask}) == 5


def test_the_mask_differs_between_steps_and_layers():
    inputs = np.ones((2, 64))
    keys = [KEY.at(1), KEY.at(2), KEY.child("dropout_2").at(1), Key(1).at(1)]
    masks = [Dropout(0.5).forward(inputs, training=True, key=key)[1] for key in keys]
    assert len({mask.tobytes() for mask in masks}) == 4


@pytest.mark.parametrize("rate", [0.1, 0.25, 0.5, 0.75, 0.9])
def test_the_rate_is_the_fraction_dropped_and_the_mean_is_preserved(rate):
    inputs = np.full((500, 500), 10.0)
    outputs, mask = Dropout(rate).forward(inputs, training=True, key=KEY.at(1))
    spread = np.sqrt(rate * (1 - rate) / inputs.size)
    assert abs(np.mean(~mask) - rate) < 5 * spread
    assert abs(outputs.mean() - 10) < 5 * 10 * spread / (1 - rate)
    np.testing.assert_array_equal(outputs[~mask], 0)


def test_a_draw_at_the_rate_itself_is_kept():
    """So a rate of r drops exactly r * 2**32 of the 2**32 values."""
    draw = int(random_bits(KEY.at(1, np.array([0])), (1, 1))[0, 0])
    for rate, is_kept in ((draw / 2**32, True), ((draw + 1) / 2**32, False)):
        _, mask = Dropout(rate).forward(np.ones((1, 1)), training=True, key=KEY.at(1))
        assert bool(mask[0, 0]) is is_kept


def test_more_is_dropped_at_a_higher_rate():
    """One draw for all rates: what is dropped at 0.3 is dropped at 0.6."""
    masks = [
        Dropout(rate).forward(np.ones((50, 50)), training=True, key=KEY)[1]
        for rate in (0.3, 0.6)
    ]
    assert np.all(masks[0] | ~masks[1])


def test_what_is_dropped_is_zero_even_if_it_was_nan():
    inputs = np.full((4, 50), np.nan)
    outputs, mask = Dropout(0.5).forward(inputs, training=True, key=KEY)
    np.testing.assert_array_equal(np.isnan(outputs), mask)
    d_inputs, _ = Dropout(0.5).backward(np.full_like(inputs, np.inf), mask)
    np.testing.assert_array_equal(d_inputs, np.where(mask, np.inf, 0))


def test_arguments_are_not_modified():
    inputs = np.random.default_rng(0).normal(size=(3, 8))
    before = inputs.copy()
    layer = Dropout(0.5)
    fields = dict(vars(layer))
    outputs, mask = layer.forward(inputs, training=True, key=KEY)
    layer.backward(outputs, mask)
    np.testing.assert_array_equal(inputs, before)
    assert vars(layer) == fields
    assert layer.parameters() == layer.buffers() == {}
    assert layer.output_shape((3, 4, 5)) == (3, 4, 5)


def test_an_empty_batch_gives_an_empty_batch():
    outputs, mask = Dropout(0.5).forward(np.ones((0, 3)), training=True, key=KEY)
    assert outputs.shape == mask.shape == (0, 3)


def test_training_needs_a_key():
    message = r"Dropout\(0.5\) needs a key in training, got None\. Pass key="
    with pytest.raises(ConfigError, match=message):
        Dropout(0.5).forward(np.ones((2, 3)), training=True)


def test_a_key_of_another_batch():
    with pytest.raises(ShapeError, match="one example index per row"):
        Dropout(0.5).forward(
            np.ones((2, 3)), training=True, key=KEY.at(1, np.arange(3))
        )


@pytest.mark.parametrize("rate", [-0.1, 1.0, 50, np.nan])
def test_an_invalid_rate_is_refused(rate):
    message = (
        r"Dropout takes rate \(the fraction dropped\) from 0 up to, but not.* 1, got"
    )
    with pytest.raises(ConfigError, match=message):
        Dropout(rate)


def test_repr():
    assert repr(Dropout(0.25)) == "Dropout(0.25)"
