import subprocess
import sys

import numpy as np
import pytest

from handgrad.datasets.normalization import unit
from handgrad.engine.engine import Batch
from handgrad.engine.plain import PlainEngine
from handgrad.errors import ConfigError, ShapeError
from handgrad.inspection import trace
from handgrad.inspection.differentiable import in_float64
from handgrad.layers import (
    AveragePool2d,
    BatchNorm2d,
    Conv2d,
    Dropout,
    Flatten,
    Linear,
    MaxPool2d,
    ReLU,
    Residual,
    Sequential,
    Tanh,
)
from handgrad.losses import MulticlassSVM, SoftmaxCrossEntropy
from handgrad.optimizers import SGD
from handgrad.parameter import Buffer
from handgrad.randomness import Key, normal

from .fitted import fitted

IMAGES = normal(Key(8), (3, 2, 6, 6))
LABELS = np.array([2, 0, 1])


@pytest.fixture
def network():
    body = Sequential([Conv2d(4, 5, 3, padding=1), Tanh()])
    norm = BatchNorm2d(4)
    norm.running_mean = Buffer(np.array([0.1, -0.2, 0.3, 0.0], dtype=np.float32))
    return Sequential(
        [
            Conv2d(2, 4, 3, padding=1), norm, ReLU(), MaxPool2d(2),
            Residual(body, Conv2d(4, 5, 1)), Flatten(), Dropout(0.25), Linear(45, 3),
        ]
    )  # fmt: skip


def by_hand(network, inputs, targets):
    """Every layer's forward and backward pass, called one by one."""
    model = in_float64(network)
    conv, norm, relu, pool, skip, flat, drop, linear = model.layers.values()
    (body_conv, body_tanh), shortcut = skip.body.layers.values(), skip.shortcut
    seen = {}

    def forward(name, layer, values):
        outputs, cache = layer.forward(values)
        seen[name] = {"inputs": values, "outputs": outputs}
        return outputs, cache

    def backward(name, layer, d_outputs, cache):
        d_inputs, gradients = layer.backward(d_outputs, cache)
        seen[name] |= {"d_outputs": d_outputs, "d_inputs": d_inputs}
        seen[name] |= {f"d_{key}": value for key, value in gradients.items()}
        return d_inputs

    values, c1 = forward("conv2d_1", conv, inputs)
    values, c2 = forward("batch_norm2d_1", norm, values)
    values, c3 = forward("relu_1", relu, values)
    entered, c4 = forward("max_pool2d_1", pool, values)
    values, c5 = forward("residual_1.body.conv2d_1", body_conv, entered)
    found, c6 = forward("residual_1.body.tanh_1", body_tanh, values)
    kept, c7 = forward("residual_1.shortcut", shortcut, entered)
    added = found + kept
    values, c8 = forward("flatten_1", flat, added)
    values, c9 = forward("dropout_1", drop, values)
    logits, c10 = forward("linear_1", linear, values)
    loss, cache = SoftmaxCrossEntropy().forward(logits, targets)
    d = d_logits = SoftmaxCrossEntropy().backward(cache)
    d = backward("linear_1", linear, d, c10)
    d = backward("dropout_1", drop, d, c9)
    d_added = backward("flatten_1", flat, d, c8)
    d_kept = backward("residual_1.shortcut", shortcut, d_added, c7)
    d = backward("residual_1.body.tanh_1", body_tanh, d_added, c6)
    d_body = backward("residual_1.body.conv2d_1", body_conv, d, c5)
    seen["residual_1.body"] = {
        "inputs": entered, "outputs": found, "d_outputs": d_added, "d_inputs": d_body
    }  # fmt: skip
    d_entered = d_body + d_kept
    seen["residual_1"] = {
        "inputs": entered, "outputs": added, "d_outputs": d_added, "d_inputs": d_entered
    }  # fmt: skip
    d = backward("max_pool2d_1", pool, d_entered, c4)
    d = backward("relu_1", relu, d, c3)
    d = backward("batch_norm2d_1", norm, d, c2)
    backward("conv2d_1", conv, d, c1)
    seen["loss"] = {"logits": logits, "loss": loss, "d_logits": d_logits}
    seen["loss"] |= {"probabilities": cache.probabilities}
    return seen


def test_every_number_is_that_of_the_layers_run_by_hand(network):
    found = trace(network, IMAGES, LABELS)
    expected = by_hand(network, IMAGES, LABELS)
    assert {step.name for step in (*found, found.loss)} == set(expected)
    for name, arrays in expected.items():
        for key, value in arrays.items():
            np.testing.assert_array_equal(found[name][key], value, f"{name} {key}")
    for step in found:
        for name, parameter in step.parameters.items():
            own = network.parameters()[f"{step.name}.{name}"].value
            np.testing.assert_array_equal(parameter, own)
            assert parameter.dtype == np.float64
    mean = found["batch_norm2d_1"].buffers["running_mean"]
    np.testing.assert_allclose(mean, [0.1, -0.2, 0.3, 0.0], rtol=1e-6)
    assert found["loss"].value == expected["loss"]["loss"]


def test_finite_differences_agree_with_every_gradient():
    network = Sequential(
        [Conv2d(2, 3, 3), Tanh(), AveragePool2d(2), Flatten(), Linear(12, 3)]
    )
    found = trace(network, IMAGES, LABELS)
    layers = list(in_float64(network).layers.values())

    def loss_from(number, values):
        for layer in layers[number:]:
            values, _ = layer.forward(values)
        return SoftmaxCrossEntropy().forward(values, LABELS)[0]

    for number, step in enumerate(found):
        place = np.unravel_index(step.d_inputs.size // 2, step.d_inputs.shape)
        move = np.zeros(step.inputs.shape)
        move[place] = 1e-6
        pair = [loss_from(number, step.inputs + sign * move) for sign in (1, -1)]
        numeric = (pair[0] - pair[1]) / 2e-6
        assert step.d_inputs[place] == pytest.approx(numeric, rel=1e-5, abs=1e-10)
        for name, gradient in step.gradients.items():
            parameter = layers[number].parameters()[name]
            before, place = parameter.value, np.unravel_index(1, gradient.shape)
            losses = []
            for sign in (1, -1):
                parameter.value = before.copy()
                parameter.value[place] += sign * 1e-6
                losses.append(loss_from(0, IMAGES))
            parameter.value = before
            numeric = (losses[0] - losses[1]) / 2e-6
            assert gradient[place] == pytest.approx(numeric, rel=1e-5, abs=1e-10)


def test_the_network_itself_does_not_change(network):
    before = {n: p.value.copy() for n, p in network.parameters().items()}
    norm = network.layers["batch_norm2d_1"]
    trace(network, IMAGES, LABELS, training=True)
    np.testing.assert_allclose(norm.running_mean.value, [0.1, -0.2, 0.3, 0.0])
    for name, parameter in network.parameters().items():
        assert parameter.value.dtype == np.float32
        np.testing.assert_array_equal(parameter.value, before[name])


def test_training_mode_equals_the_first_step_of_a_training_with_seed_0(network):
    found = trace(network, IMAGES, LABELS, training=True)
    assert 0 < found["dropout_1"].cache["mask"].mean() < 1
    assert found["batch_norm2d_1"].cache["from_batch"] is True
    start = {n: p.value.copy() for n, p in network.parameters().items()}
    engine = PlainEngine(
        network,
        SoftmaxCrossEntropy(),
        SGD(1.0),
        unit(2),
        input_shape=(2, 6, 6),
        input_dtype="float32",
        seed=0,
    )
    rows = np.arange(3)
    batch = Batch(IMAGES.astype(np.float32), LABELS, rows, rows)
    result = engine.train_step(batch, 1)
    assert found.loss.value == pytest.approx(result.loss, rel=1e-5)
    moved = {n: start[n] - p.value for n, p in network.parameters().items()}
    for step in found:
        for name, gradient in step.gradients.items():
            np.testing.assert_allclose(
                gradient, moved[f"{step.name}.{name}"], rtol=1e-3, atol=1e-5
            )


def test_another_key_draws_another_mask(network):
    masks = [
        trace(network, IMAGES, LABELS, training=True, key=Key(seed).at(1, np.arange(3)))
        ["dropout_1"].cache["mask"]
        for seed in (1, 1, 2)
    ]  # fmt: skip
    np.testing.assert_array_equal(masks[0], masks[1])
    assert (masks[0] != masks[2]).any()


def test_a_classifier_takes_one_image_and_a_name():
    images = np.arange(24, dtype=np.uint8).reshape(2, 1, 3, 4)
    trained = fitted(class_names=("cat", "dog", "hen"))
    for found in (
        trace(trained, images[1], "hen"),
        trace(trained, images, ["cat", "hen"], image=1),
    ):
        assert isinstance(trained.loss, MulticlassSVM)
        assert found.loss.kind == "MulticlassSVM"
        np.testing.assert_array_equal(found.loss.targets, [2])
        np.testing.assert_allclose(
            found.loss.logits, trained.logits(images[1:]), rtol=1e-5, atol=1e-6
        )
        np.testing.assert_array_equal(found.images, images[1:])


def test_an_image_of_a_run_needs_no_arrays(run):
    found = trace(run, image=2)
    assert [step.name for step in found] == [
        "flatten_1", "linear_1", "sigmoid_1", "linear_2"
    ]  # fmt: skip
    assert len(found.loss.logits) == 1
    assert "1 image; loss" in str(found)


def test_layers_are_indexed_by_name_and_number(network):
    found = trace(network, IMAGES, LABELS)
    assert found[0] is found["conv2d_1"] is found.layers[0]
    assert len(found) == len(list(found)) == 12
    with pytest.raises(ConfigError, match="Did you mean 'conv2d_1'"):
        found["conv2d_2"]
    with pytest.raises(ConfigError, match="Did you mean 'd_weight'"):
        found["conv2d_1"]["d_wieght"]


def test_labels_and_fitting_images_are_needed(network):
    with pytest.raises(ConfigError, match="Give the labels as well"):
        trace(network, IMAGES)
    with pytest.raises(ShapeError, match="Resize them"):
        trace(network, IMAGES[:, :1], LABELS)


def test_it_displays_itself(network):
    found = trace(network, IMAGES, LABELS)
    lines = str(found).splitlines()
    assert lines[1].split()[:2] == ["conv2d_1", "4"]
    assert f"loss {found.loss.value:.6g}" in lines[-1]
    assert "residual_1.body.tanh_1" in found._repr_html_()
    assert found["linear_1"].gradients["bias"].shape == (3,)
    values = found.as_dict()
    assert values["layers"][0]["arrays"]["d_bias"]["equation"].startswith("sum of")
    assert np.shape(values["loss"]["arrays"]["d_logits"]["value"]) == (3, 3)


WITHOUT_DOCSTRINGS = """
import numpy as np
from handgrad.inspection import trace
from handgrad.layers import Flatten, Linear, ReLU, Sequential

found = trace(Sequential([Flatten(), Linear(4, 3), ReLU()]), np.ones((2, 2)), 1)
assert __doc__ is None
print(repr(found["linear_1"].equations), found["linear_1"]["d_weight"].shape)
print(found["linear_1"], found["loss"], found)
found._repr_html_()
"""


def test_equations_are_available_without_docstrings():
    code = [sys.executable, "-OO", "-W", "error", "-c", WITHOUT_DOCSTRINGS]
    done = subprocess.run(code, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("'outputs  = inputs @ weight.T + bias")
