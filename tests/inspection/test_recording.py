import numpy as np

from handgrad.inspection.differentiable import in_float64
from handgrad.inspection.recording import record_layers
from handgrad.layers import Dropout, Flatten, Linear, ReLU, Residual, Sequential
from handgrad.randomness import Key, normal

INPUTS = normal(Key(1), (4, 2, 3))


class Skipping(Sequential):
    """A user-defined container that skips its last layer."""

    def forward(self, inputs, *, training=False, key=None):
        (first, *_) = self.layers.values()
        return first.forward(inputs, training=training, key=key)

    def backward(self, d_outputs, cache, /):
        (first, *_) = self.layers.values()
        return first.backward(d_outputs, cache)


def network():
    body = Sequential([Linear(6, 6), Residual(ReLU(), Linear(6, 6)), Dropout(0.5)])
    return in_float64(
        Sequential([Flatten(), Residual(body), Skipping([ReLU(), ReLU()])])
    )


def run(model):
    key = Key(0).at(1, np.arange(len(INPUTS)))
    outputs, caches = model.forward(INPUTS, training=True, key=key)
    return outputs, *model.backward(outputs**2, caches)


def test_nested_layers_are_recorded_a_container_before_its_parts():
    records = record_layers(network())
    assert [one.name for one in records] == [
        "flatten_1",
        "residual_1",
        "residual_1.body",
        "residual_1.body.linear_1",
        "residual_1.body.residual_1",
        "residual_1.body.residual_1.body",
        "residual_1.body.residual_1.shortcut",
        "residual_1.body.dropout_1",
        "skipping_1",
        "skipping_1.relu_1",
        "skipping_1.relu_2",
    ]
    containers = [one.name for one in records if one.is_container]
    assert containers == [
        "residual_1", "residual_1.body", "residual_1.body.residual_1", "skipping_1"
    ]  # fmt: skip


def test_recording_does_not_change_the_results():
    plain, recorded = network(), network()
    records = {one.name: one for one in record_layers(recorded)}
    outputs, d_inputs, gradients = run(plain)
    found = run(recorded)
    np.testing.assert_array_equal(found[0], outputs)
    np.testing.assert_array_equal(found[1], d_inputs)
    assert list(recorded.parameters()) == list(plain.parameters())
    assert found[2].keys() == gradients.keys() == recorded.parameters().keys()
    for name, gradient in gradients.items():
        np.testing.assert_array_equal(found[2][name], gradient)
    assert repr(recorded) == repr(plain)
    assert recorded.output_shape((2, 3)) == plain.output_shape((2, 3))
    assert recorded.buffers() == {}
    np.testing.assert_array_equal(records["flatten_1"].arrays["inputs"], INPUTS)
    np.testing.assert_array_equal(records["skipping_1"].arrays["outputs"], outputs)
    assert records["skipping_1.relu_2"].arrays == {}


def test_outputs_of_a_layer_are_inputs_of_the_next():
    model = network()
    records = {one.name: one for one in record_layers(model)}
    _, _, gradients = run(model)
    first = records["residual_1.body.linear_1"]
    inner = records["residual_1.body.residual_1"]
    np.testing.assert_array_equal(first.arrays["outputs"], inner.arrays["inputs"])
    np.testing.assert_array_equal(first.arrays["d_outputs"], inner.arrays["d_inputs"])
    for name, gradient in first.gradients.items():
        expected = gradients[f"residual_1.body.linear_1.{name}"]
        np.testing.assert_array_equal(gradient, expected)
