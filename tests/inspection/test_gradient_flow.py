import numpy as np
import pytest
import torch

from handgrad.datasets.normalization import half
from handgrad.errors import ConfigError, HandgradError
from handgrad.inspection.differentiable import NetworkValue
from handgrad.inspection.gradient_flow import depth_finding, depth_flow, gradient_flow
from handgrad.losses import MulticlassSVM
from handgrad.models import mlp, perceptron
from handgrad.randomness import Key, normal

from .fitted import fitted

INPUTS = normal(Key(2), (12, 1, 3, 3))
TARGETS = np.arange(12) % 4


def test_norms_are_those_of_torch():
    model = perceptron(hidden=5, classes=4, input_shape=(1, 3, 3))
    arrays = [
        torch.tensor(np.float64(one.value), requires_grad=True)
        for one in model.parameters().values()
    ]
    hidden = torch.sigmoid(
        torch.tensor(INPUTS.reshape(12, -1)) @ arrays[0].T + arrays[1]
    )
    logits = hidden @ arrays[2].T + arrays[3]
    torch.nn.functional.cross_entropy(logits, torch.tensor(TARGETS)).backward()
    rows = gradient_flow(model, INPUTS, TARGETS)
    assert [row.layer for row in rows] == ["linear_1", "linear_2"]
    for row, pair in zip(rows, (arrays[:2], arrays[2:]), strict=True):
        flat = torch.cat([array.grad.ravel() for array in pair])
        assert row.gradient_norm == pytest.approx(float(flat.norm()), rel=1e-9)
        assert row.ratio == row.gradient_norm / row.weight_norm


def test_gradients_vanish_with_depth_for_sigmoid_and_not_for_relu():
    rows = depth_flow(INPUTS, TARGETS, depths=(1, 8), hidden=32)
    faded = {(row.activation, row.depth): row.faded for row in rows}
    assert faded["sigmoid", 8] < 1e-3 < faded["sigmoid", 1]
    assert faded["relu", 8] > 0.1
    assert [len(row.norms) for row in rows] == [2, 9, 2, 9]


def test_the_finding_names_the_deepest():
    rows = depth_flow(INPUTS, TARGETS, depths=(1, 3), hidden=8)
    assert "With 3 hidden layers" in depth_finding(rows)
    assert f"relu: {rows[-1].faded:.1e}" in depth_finding(rows)


def test_a_network_without_hidden_layers_is_refused():
    with pytest.raises(HandgradError, match="depths"):
        depth_flow(INPUTS, TARGETS, depths=(0,))


def test_a_classifier_has_its_own_loss_and_normalization():
    images = np.arange(6 * 12, dtype=np.uint8).reshape(6, 1, 3, 4)
    trained = fitted()
    (row,) = gradient_flow(trained, images, np.arange(6) % 3)
    value = NetworkValue(
        trained.model, MulticlassSVM(), half(1).apply(images), np.arange(6) % 3,
        key=Key(0), training=False,
    )  # fmt: skip
    gradients = value.gradients()
    squares = sum(np.sum(gradients[f"linear_1.{n}"] ** 2) for n in ("weight", "bias"))
    assert row.gradient_norm == pytest.approx(np.sqrt(squares))


def test_without_a_subject_depths_are_compared_on_a_data_set():
    found = gradient_flow(depths=(1, 2), count=9)
    assert [row.depth for row in found] == [1, 2, 1, 2]
    assert "a random sample of 9 training images of digits" in str(found)


def test_a_run_has_images_of_its_own(run):
    found = gradient_flow(run, count=5, split="train")
    assert [row.layer for row in found] == ["linear_1", "linear_2"]
    assert f"Measured on a random sample of 5 train images of {run}" in str(found)


def test_frozen_and_slowed_layers_are_named():
    model = perceptron(hidden=5, classes=4, input_shape=(1, 3, 3))
    before = gradient_flow(model, INPUTS, TARGETS)
    for layer, value in (("linear_1", 0), ("linear_2", 0.1)):
        for parameter in model.layers[layer].parameters().values():
            parameter.learning_rate_multiplier = value
    flow = gradient_flow(model, INPUTS, TARGETS)
    assert [row.trained for row in flow] == ["frozen", "x 0.1"]
    assert flow.table().below[1] == "Learning rate: linear_1 frozen; linear_2 x 0.1."
    assert flow.as_dict()["layers"][0]["trained"] == "frozen"
    norms = [row.gradient_norm for row in before]
    assert [row.gradient_norm for row in flow] == norms
    assert len(before.table().below) == 1


def test_depths_are_those_of_untrained_networks():
    network = mlp(input_shape=(1, 3, 3), classes=4)
    with pytest.raises(ConfigError, match=r"got \[1\] for an existing .* Omit depths"):
        gradient_flow(network, INPUTS, TARGETS, depths=[1])
