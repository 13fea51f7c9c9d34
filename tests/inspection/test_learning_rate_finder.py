from functools import partial

import numpy as np
import pytest

from handgrad import datasets
from handgrad.datasets import Split, normalization
from handgrad.errors import ConfigError, HandgradError
from handgrad.inspection.learning_rate_finder import (
    as_given,
    learning_rate_finder,
    smooth,
    suggest,
    sweep_rates,
)
from handgrad.layers import Flatten, Linear, Sequential
from handgrad.losses import SoftmaxCrossEntropy
from handgrad.models import mlp
from handgrad.optimizers import SGD
from handgrad.randomness import Key, normal
from handgrad.training.run_images import run_images
from handgrad.training.trained_network import load


@pytest.fixture(scope="module")
def digits():
    return datasets.load("digits").train


@pytest.fixture(scope="module")
def find(digits):
    return partial(
        sweep_rates,
        mlp(hidden_sizes=[16], input_shape=digits.image_shape),
        digits,
        loss=SoftmaxCrossEntropy(),
        optimizer=SGD,
        normalization=normalization("standard", digits.images),
        steps=60,
    )


def test_the_suggestion_learns_faster_than_a_tenth_of_it(find, digits):
    sweep = find(low=1e-4, high=100.0)
    assert sweep.suggestion is not None
    assert f"{sweep.smoothed.min():.3g}" in sweep.reason

    def last(rate):
        return find(low=rate, high=rate * 1.0001).smoothed[-1]

    assert last(sweep.suggestion) < last(sweep.suggestion / 10)


def test_nan_ends_the_sweep_and_is_not_kept(find):
    with np.errstate(all="raise"):  # nothing of it may leak out
        sweep = find(low=1e-2, high=1e30)
    assert "NaN or infinity" in sweep.ended or "rose" in sweep.ended
    assert len(sweep.rates) == len(sweep.losses) < 60
    assert np.isfinite(sweep.losses).all()


def test_images_that_give_nan_at_once_leave_no_suggestion(find, digits):
    model = mlp(hidden_sizes=[4], input_shape=digits.image_shape)
    model.parameters()["linear_1.bias"].value[:] = np.nan
    sweep = sweep_rates(model, digits, **find.keywords)
    assert len(sweep.losses) == 0
    assert sweep.suggestion is None
    assert "step 1 gave NaN" in sweep.ended


def test_the_network_itself_does_not_move(find):
    (model, _), before = find.args, {}
    for name, parameter in model.parameters().items():
        before[name] = parameter.value.copy()
    find(low=0.1, high=1.0)
    for name, parameter in model.parameters().items():
        np.testing.assert_array_equal(parameter.value, before[name])


def test_few_images_are_seen_again(find, digits):
    few = Split(digits.images[:5], digits.targets[:5])
    sweep = sweep_rates(
        find.args[0], few, **find.keywords, low=1e-4, high=1e-3, batch_size=8
    )
    assert len(sweep.losses) == 60


def test_a_suggestion_lies_below_the_lowest_loss():
    rates = np.geomspace(1e-4, 1, 41)
    losses = 2 - 1 / (1 + np.exp(-4 * (np.log10(rates) + 2)))
    rate, reason = suggest(rates, losses)
    assert rate == pytest.approx(1e-2, rel=0.2)
    assert "falls fastest here" in reason
    assert suggest(rates, losses[::-1])[0] is None
    assert suggest(np.zeros(0), np.zeros(0))[0] is None


def test_a_constant_loss_stays_itself_when_smoothed():
    np.testing.assert_allclose(smooth(np.full(30, 2.5)), 2.5)


@pytest.mark.parametrize(
    "options", [{"low": 0}, {"low": 1, "high": 1}, {"steps": 2}, {"steps": 10**9}]
)
def test_a_sweep_that_is_none_is_refused(find, options):
    with pytest.raises(HandgradError, match="learning_rate_finder"):
        find(**{"low": 1e-3, "high": 1.0, **options})


def test_a_network_by_name_is_trained_on_a_data_set():
    found = learning_rate_finder("softmax_regression", steps=10, batch_size=4)
    assert len(found.rates) <= 10
    assert "of 10 steps on the first 40 training images of digits" in str(found)


def test_a_run_is_trained_further_on_its_training_images(run):
    found = learning_rate_finder(run, steps=10, batch_size=8, low=1e-4, high=1e-3)
    assert f"the first 80 train images of {run}" in str(found)
    result = load(run).evaluate(run_images(load(run).config, "train")[1])
    assert found.losses[0] == pytest.approx(result.loss, rel=0.5)
    with pytest.raises(ConfigError, match="Leave them out"):
        learning_rate_finder(run, options={"hidden": 3})


@pytest.mark.parametrize("shape", [(5, 1, 3, 4), (5, 12)])
def test_inputs_of_a_bare_network_stay_as_they_are(shape):
    inputs = normal(Key(2), shape)
    images, scaling = as_given(inputs)
    np.testing.assert_array_equal(scaling.apply(images), inputs.astype(np.float32))
    network = Sequential([Flatten(), Linear(12, 3)])
    found = learning_rate_finder(network, inputs, np.arange(5) % 3, steps=10)
    first, _ = SoftmaxCrossEntropy().forward(
        network.forward(np.tile(inputs, (13,) + (1,) * (len(shape) - 1))[:64])[0],
        np.arange(65)[:64] % 5 % 3,
    )
    assert found.losses[0] == pytest.approx(first, rel=0.1)
