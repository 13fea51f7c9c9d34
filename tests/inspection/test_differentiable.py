import numpy as np
import pytest

from handgrad.errors import ConfigError, DatasetError, ShapeError
from handgrad.inspection import (
    LayerValue,
    LossValue,
    NetworkValue,
    by_entry,
    by_projection,
)
from handgrad.inspection.differentiable import in_float64
from handgrad.layers import Flatten, Linear, ReLU, Sequential
from handgrad.losses import (
    L2,
    MeanSquaredError,
    MulticlassSVM,
    SoftmaxCrossEntropy,
)
from handgrad.randomness import Key, normal

KEY = Key(0).child("differentiable")
INPUTS = normal(KEY, (4, 3)).astype(np.float32)
TARGETS = np.array([0, 1, 1, 0])


def network():
    return Sequential([Flatten(), Linear(3, 2, key=KEY)])


def test_the_value_of_a_layer_is_the_weighted_sum_of_its_outputs():
    layer = Linear(3, 2, key=KEY)
    value = LayerValue(layer, INPUTS, key=KEY)
    outputs, _ = in_float64(layer).forward(INPUTS.astype(np.float64))
    expected = np.sum(outputs * value.d_outputs)
    assert value.evaluate(value.point)[0] == pytest.approx(expected, rel=1e-14)
    assert set(value.point) == set(value.gradients()) == {"inputs", "weight", "bias"}


def test_the_value_of_a_network_is_its_loss_and_its_l2_term():
    loss, l2 = MeanSquaredError(), L2(0.3, factor=1.0)
    value = NetworkValue(network(), loss, INPUTS, TARGETS, key=KEY, l2=l2)
    model = in_float64(network())
    logits, _ = model.forward(INPUTS.astype(np.float64))
    weight = model.parameters()["linear_1.weight"].value
    expected = loss.forward(logits, TARGETS)[0] + 0.3 * np.sum(weight**2)
    assert value.evaluate(value.point)[0] == pytest.approx(expected, rel=1e-14)


def test_the_l2_term_is_in_the_gradients():
    loss = MeanSquaredError()
    plain = NetworkValue(network(), loss, INPUTS, TARGETS, key=KEY)
    priced = NetworkValue(network(), loss, INPUTS, TARGETS, key=KEY, l2=L2(0.3))
    name = "linear_1.weight"
    np.testing.assert_allclose(
        priced.gradients()[name] - plain.gradients()[name],
        0.3 * plain.point[name],
        rtol=1e-12,
    )
    bias = "linear_1.bias"
    np.testing.assert_array_equal(priced.gradients()[bias], plain.gradients()[bias])


def test_the_value_of_a_loss_depends_on_the_logits_alone():
    value = LossValue(MeanSquaredError(), INPUTS[:, :2], TARGETS)
    assert value.point["logits"].dtype == np.float64
    assert value.gradients()["logits"].shape == (4, 2)


def test_the_given_layer_is_not_modified():
    layer = Linear(3, 2, key=KEY)
    before = layer.weight.value.copy()
    value = LayerValue(layer, INPUTS, key=KEY)
    value.evaluate({name: array + 1 for name, array in value.point.items()})
    assert layer.weight.value.dtype == np.float32
    np.testing.assert_array_equal(layer.weight.value, before)


def test_methods_that_return_no_pair_are_named():
    class Alone(ReLU):
        def forward(self, inputs, *, training=False, key=None):
            return super().forward(inputs) if training else inputs

        def backward(self, d_outputs, cache, /):
            return d_outputs

    with pytest.raises(ConfigError, match="forward of Alone returned one ndarray"):
        LayerValue(Alone(), INPUTS, key=KEY, training=False)
    with pytest.raises(ConfigError, match="backward of Alone returned one ndarray"):
        LayerValue(Alone(), INPUTS, key=KEY).gradients()


def of_loss(targets, loss=None):
    logits = normal(KEY.child("logits"), (3, 4))
    return LossValue(loss or SoftmaxCrossEntropy(), logits, targets)


def of_network(targets):
    return NetworkValue(network(), SoftmaxCrossEntropy(), INPUTS, targets, key=KEY)


@pytest.mark.parametrize(
    ("make", "targets", "said"),
    [
        (of_loss, [0, 1, 5], "from 0 to 3, got 5 at row 2"),
        (of_loss, [1, 4, 2], "from 0 to 3, got 4 at row 1"),
        (of_loss, [-1, 0, 1], "from 0 to 3, got -1 at row 0"),
        (of_network, [0, 1, 1, 2], "from 0 to 1, got 2 at row 3"),
    ],
)
def test_a_class_that_does_not_exist_is_named(make, targets, said):
    with pytest.raises(DatasetError, match=said):
        make(np.array(targets))


@pytest.mark.parametrize(
    ("make", "targets", "said"),
    [
        (of_loss, np.array([0, 1]), r"each of 3 examples.*got .* shape \(2,\)"),
        (of_loss, np.array([0.0, 1.0, 2.0]), r"shape \(3,\) of float64"),
        (of_loss, np.full((3, 3), 1 / 3), r"soft labels of shape \(3, 4\)"),
        (of_network, np.array([0, 1, 1]), "each of 4 examples"),
        (
            lambda soft: of_loss(soft, MulticlassSVM()),
            np.full((3, 4), 0.25),
            r"got an array of shape \(3, 4\)",
        ),
    ],
)
def test_other_targets_than_one_for_each_example_are_refused(make, targets, said):
    with pytest.raises(ShapeError, match=said):
        make(targets)


@pytest.mark.parametrize(
    ("targets", "loss"),
    [
        (np.array([3, -100, 0]), SoftmaxCrossEntropy(ignore_index=-100)),
        (np.full((3, 4), 0.25), SoftmaxCrossEntropy()),
        ([0, 1, 3], MeanSquaredError()),
    ],
)
def test_targets_that_a_loss_takes_are_checked(targets, loss):
    assert by_projection(of_loss(targets, loss), key=KEY).passed
    assert by_entry(of_loss(targets, loss), key=KEY).relative_error < 1e-6


@pytest.mark.parametrize(
    "make",
    [
        lambda empty: LayerValue(ReLU(), empty, key=KEY),
        lambda empty: LossValue(MeanSquaredError(), empty, TARGETS[:0]),
        lambda empty: NetworkValue(
            network(), MeanSquaredError(), empty, TARGETS[:0], key=KEY
        ),
    ],
)
def test_a_function_of_no_examples_is_refused(make):
    with pytest.raises(ConfigError, match=r"at least one example, got .* \(0, 3\)"):
        make(np.ones((0, 3)))
