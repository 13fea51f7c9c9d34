import numpy as np
import pytest
import torch

from handgrad.errors import ConfigError, ShapeError
from handgrad.inspection.differentiable import NetworkValue
from handgrad.inspection.jacobians import chained, jacobians, point_of
from handgrad.losses import SoftmaxCrossEntropy
from handgrad.models import lenet, perceptron
from handgrad.randomness import Key, normal


@pytest.fixture(scope="module")
def model():
    return perceptron(hidden=5, classes=3, input_shape=(1, 2, 3))


@pytest.fixture(scope="module")
def image():
    return normal(Key(1), (1, 2, 3))


@pytest.fixture(scope="module")
def found(model, image):
    return jacobians(model, image)


def test_all_six_agree_with_finite_differences(found):
    assert [one.shape for one in found] == [
        (3, 3), (3, 3, 5), (3, 5), (5, 5), (5, 5), (5, 5, 6),
    ]  # fmt: skip
    for one in found:
        assert one.columns == one.value[0].size
        assert one.max_error < 1e-8


def test_a_wrong_formula_is_detected(model, image, monkeypatch):
    monkeypatch.setattr("numpy.diag", lambda values: 2 * np.eye(len(values)))
    wrong = {one.name: one.max_error for one in jacobians(model, image)}
    assert wrong["df1/da1"] > 0.1


def test_all_six_agree_with_torch(found, model, image):
    point = point_of(model, image)
    x, w1, b1, w2, b2 = (
        torch.tensor(array)
        for array in (point.x, point.w1, point.b1, point.w2, point.b2)
    )
    a1 = w1 @ x + b1
    f1 = torch.sigmoid(a1)
    functions = {
        "da2/db2": (lambda b: w2 @ f1 + b, b2),
        "da2/dW2": (lambda w: w @ f1 + b2, w2),
        "da2/df1": (lambda f: w2 @ f + b2, f1),
        "df1/da1": (torch.sigmoid, a1),
        "da1/db1": (lambda b: w1 @ x + b, b1),
        "da1/dW1": (lambda w: w @ x + b1, w1),
    }
    for one in found:
        expected = torch.autograd.functional.jacobian(*functions[one.name])
        np.testing.assert_allclose(one.value, expected.numpy(), atol=1e-12)


def test_their_products_are_the_gradients_of_backpropagation(found, model, image):
    value = NetworkValue(
        model, SoftmaxCrossEntropy(), image[None], np.array([2]), key=Key(0)
    )
    gradients = value.gradients()
    for name, gradient in chained(found, model, image, 2).items():
        np.testing.assert_allclose(gradient, gradients[name], atol=1e-12)


def test_columns_limits_the_entries_checked_of_a_large_jacobian(model, image):
    assert [one.columns for one in jacobians(model, image, columns=4)] == [
        3, 4, 4, 4, 4, 4,
    ]  # fmt: skip


def test_other_networks_and_sizes_are_refused(model):
    with pytest.raises(ConfigError, match="two-layer perceptron"):
        jacobians(lenet(), np.zeros((1, 28, 28)))
    with pytest.raises(ShapeError, match="Resize them"):
        jacobians(model, np.zeros((1, 2, 2)))


def test_the_network_is_that_of_a_run_or_an_untrained_perceptron(run):
    assert [one.shape[-1] for one in jacobians(run, columns=2, image=1)] == [
        10, 12, 12, 12, 12, 64
    ]  # fmt: skip
    assert jacobians(columns=1)[5].shape == (64, 64, 784)


def test_values_are_printed_when_asked_for(model, image):
    found = jacobians(model, image)
    assert len(found.table().below) == 1
    assert found.table(show_values=True).below[1].startswith("da2/db2\n[[1. 0.")
