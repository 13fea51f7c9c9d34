from functools import partial

import numpy as np
import pytest
from PIL import Image

from handgrad.errors import ConfigError, HandgradError
from handgrad.inspection.learning_rate_finder import as_given, learning_rate_finder
from handgrad.layers import Flatten, Linear, Sequential
from handgrad.losses import SoftmaxCrossEntropy
from handgrad.models import mlp
from handgrad.randomness import Key, normal
from handgrad.training.run_images import run_images
from handgrad.training.trained_network import load

find = partial(learning_rate_finder, "mlp", options={"hidden_sizes": [16]}, steps=60)


@pytest.mark.parametrize("seed", [0, 2])
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_the_suggestion_learns_faster_than_rates_far_from_it(seed, optimizer):
    sweep = find(optimizer=optimizer, seed=seed)
    assert sweep.suggestion in [trial.rate for trial in sweep.trials]
    assert f"{min(trial.loss for trial in sweep.trials):.3g}" in sweep.reason
    assert 1e-3 < sweep.suggestion < 1

    def last(rate):
        return find(
            optimizer=optimizer, seed=seed, low=rate, high=rate * 1.0001
        ).seen_losses[-1]

    assert last(sweep.suggestion) < 0.8 * last(sweep.suggestion / 20)


def test_nan_ends_the_sweep_and_is_not_recorded():
    with np.errstate(all="raise"):  # no floating-point error may escape
        sweep = find(low=1e-2, high=1e30)
    assert "not finite" in sweep.ended or "exceeded" in sweep.ended
    assert len(sweep.rates) == len(sweep.losses) < 60
    assert len(sweep.seen_rates) == len(sweep.seen_losses)
    assert np.isfinite(sweep.losses).all()
    assert np.isfinite(sweep.seen_losses).all()


def test_images_that_give_nan_at_once_leave_no_suggestion():
    model = mlp(hidden_sizes=[4], input_shape=(4,), classes=2)
    model.parameters()["linear_1.bias"].value[:] = np.nan
    inputs, labels = normal(Key(1), (20, 4)), np.arange(20) % 2
    sweep = learning_rate_finder(model, inputs, labels, steps=10)
    assert len(sweep.losses) == 0
    assert sweep.suggestion is None
    assert "not finite at step 1" in sweep.ended
    assert sweep.figure().axes


def test_the_network_is_not_modified():
    model = mlp(hidden_sizes=[4], input_shape=(4,), classes=2)
    before = {k: p.value.copy() for k, p in model.parameters().items()}
    inputs, labels = normal(Key(1), (5, 4)), np.arange(5) % 2  # fewer than a batch
    sweep = learning_rate_finder(model, inputs, labels, low=0.1, high=1.0, steps=20)
    assert len(sweep.losses) == 20
    for name, parameter in model.parameters().items():
        np.testing.assert_array_equal(parameter.value, before[name])


def test_inputs_without_information_give_no_suggestion():
    inputs, labels = np.zeros((100, 4), np.float32), np.arange(100) % 2
    network = Sequential([Linear(4, 2)])
    found = learning_rate_finder(network, inputs, labels, steps=20)
    assert found.suggestion is None
    assert "most frequent class" in str(found)


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (1e-7, 1e-5, "a larger high|most frequent"),
        (50.0, 1e4, "smaller low|most frequent"),
    ],
)
def test_an_edge_of_the_range_is_never_suggested(low, high, said):
    found = find(low=low, high=high)
    assert found.suggestion is None
    assert any(word in str(found) for word in said.split("|"))


def test_a_folder_is_sampled_from_all_classes(tmp_path):
    for number, name in enumerate(("ant", "bee")):
        (tmp_path / name).mkdir()
        for k in range(40):
            grey = np.full((8, 8), 40 + 150 * number + k, np.uint8)
            Image.fromarray(grey).save(tmp_path / name / f"{k}.png")
    found = find(dataset=str(tmp_path), steps=10, batch_size=2)
    assert "all 64 training images" in str(found)  # a fifth is held out
    few = find(dataset=str(tmp_path), steps=30, batch_size=4)
    assert few.suggestion is not None


@pytest.mark.parametrize(
    "options", [{"low": 0}, {"low": 1, "high": 1}, {"steps": 2}, {"steps": 10**9}]
)
def test_an_invalid_sweep_is_refused(options):
    with pytest.raises(HandgradError, match="learning_rate_finder"):
        find(**{"low": 1e-3, "high": 1.0, **options})


def test_a_network_by_name_is_trained_on_a_data_set():
    found = learning_rate_finder("softmax_regression", steps=10, batch_size=4)
    assert len(found.rates) <= 10
    assert "of 10 steps on a random sample of 512 training images of digits" in str(
        found
    )


def test_a_run_is_trained_further_on_its_training_images(run):
    found = learning_rate_finder(run, steps=10, batch_size=8, low=1e-4, high=1e-3)
    assert f"train images of {run}" in str(found)
    result = load(run).evaluate(run_images(load(run).config, "train")[1])
    assert found.losses[0] == pytest.approx(result.loss, rel=0.5)
    with pytest.raises(ConfigError, match="Omit options"):
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


def test_the_images_of_a_data_set_are_resized():
    small, usual = find(image_size=(3, 4)), find()
    assert small.what == usual.what
    assert small.seen_losses[0] != usual.seen_losses[0]


def test_a_size_without_a_data_set_is_refused():
    with pytest.raises(ConfigError, match="got images as well"):
        find(np.zeros((40, 8, 8)), np.arange(40) % 2, image_size=(9, 9))
    network = Sequential([Flatten(), Linear(64, 2, key=Key(0))])
    with pytest.raises(ConfigError, match="a trained one has its own"):
        learning_rate_finder(network, image_size=(9, 9))
