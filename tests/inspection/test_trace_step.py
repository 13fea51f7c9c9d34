import json
from typing import NamedTuple

import numpy as np
import pytest

from handgrad.inspection import trace
from handgrad.inspection.trace_step import (
    LayerTrace,
    NamedArray,
    TraceStep,
    loss_step,
    named_cache,
)
from handgrad.layers import (
    BatchNorm1d,
    Dropout,
    Flatten,
    Layer,
    Linear,
    MaxPool2d,
    ReLU,
    Sequential,
)
from handgrad.losses import SoftmaxCrossEntropy
from handgrad.randomness import Key, normal


class Pair(NamedTuple):
    first: int
    second: str


def test_caches_are_named_by_their_fields():
    assert named_cache(ReLU(), Pair(1, "b")) == {"first": 1, "second": "b"}
    assert named_cache(ReLU(), {"a": 2}) == {"a": 2}
    assert named_cache(Dropout(0.5), None) == {"mask": None}
    assert named_cache(Flatten(), (2, 3)) == {"input_shape": (2, 3)}
    _, cache = MaxPool2d(2).forward(np.zeros((1, 1, 4, 4)))
    assert list(named_cache(MaxPool2d(2), cache)) == ["winners", "input_size"]


def step_of(name, *, training=False) -> LayerTrace:
    model = Sequential([Linear(4, 5), BatchNorm1d(5), ReLU(), Dropout(0.5)])
    found = trace(model, normal(Key(3), (6, 4)), np.arange(6) % 5, training=training)
    return found[name]


def test_arrays_are_in_order_of_computation():
    names = [array.name for array in step_of("linear_1").arrays]
    assert names == [
        "inputs", "weight", "bias", "outputs",
        "d_outputs", "d_weight", "d_bias", "d_inputs",
    ]  # fmt: skip
    names = [array.name for array in step_of("batch_norm1d_1").arrays]
    assert names == [
        "inputs", "weight", "bias", "running_mean", "running_var",
        "normalized", "inverse_std", "from_batch", "outputs",
        "d_outputs", "d_weight", "d_bias", "d_inputs",
    ]  # fmt: skip
    assert [array.name for array in step_of("relu_1").arrays] == [
        "inputs", "outputs", "d_outputs", "d_inputs"
    ]  # fmt: skip
    assert step_of("relu_1").cache.keys() == {"outputs"}


def test_each_array_has_its_equation():
    equations = {one.name: one.equation for one in step_of("linear_1").arrays}
    assert equations["outputs"] == "inputs @ weight.T + bias"
    assert equations["inputs"] == equations["weight"] == equations["d_outputs"] == ""
    trained, predicting = (
        {one.name: one.equation for one in step_of("dropout_1", training=on).arrays}
        for on in (True, False)
    )
    assert trained["outputs"] == "inputs / (1 - rate) where mask, else 0"
    assert predicting["outputs"] == "inputs"


def test_the_table_has_a_row_for_each_array():
    step = step_of("linear_1")
    table = step.table()
    assert table.above == ("linear_1 (Linear)",)
    rows = {row[0]: row[1:] for row in table.rows}
    weight = step.parameters["weight"]
    sizes = [f"{n:.4g}" for n in (weight.min(), weight.max(), np.linalg.norm(weight))]
    assert rows["weight"] == ("5 x 4", *sizes, "")
    mask = dict.fromkeys(["mask"])
    assert {row[0] for row in step_of("dropout_1").table().rows} > mask.keys()
    flags = {row[0]: row[1] for row in step_of("batch_norm1d_1").table().rows}
    assert flags["from_batch"] == "False"


def test_values_and_equations_are_plain_in_the_dictionary():
    values = step_of("batch_norm1d_1").as_dict()
    assert values["kind"] == "BatchNorm1d"
    assert values["arrays"]["from_batch"] == {"value": False, "equation": ""}
    assert len(values["arrays"]["inverse_std"]["value"]) == 5
    assert "inverse_std" in values["equations"]


def test_arrays_become_what_one_asks_for():
    shapes = step_of("batch_norm1d_1").as_dict(np.shape)["arrays"]
    assert shapes["inverse_std"]["value"] == (5,)
    values = {"none": None, "scalar": np.float32(2), "own": np, "zero": np.array(3)}
    named = tuple(NamedArray(name, value, "") for name, value in values.items())
    plain = TraceStep("a", "A", "", named).as_dict()["arrays"]
    found = {name: one["value"] for name, one in plain.items()}
    assert found == {"none": None, "scalar": 2.0, "own": str(np), "zero": 3}


class Swish(Layer):
    """The layer of docs/guides/your_own_layer.md, whose cache is a plain tuple."""

    def __init__(self, wrap=tuple):
        self.wrap = wrap

    def output_shape(self, input_shape):
        return input_shape

    def forward(self, inputs, *, training=False, key=None):
        s = 1 / (1 + np.exp(-inputs))
        return inputs * s, self.wrap([s, inputs * s])

    def backward(self, d_outputs, cache, /):
        s, outputs = cache.values() if isinstance(cache, dict) else cache
        return d_outputs * (s + outputs * (1 - s)), {}


@pytest.mark.parametrize("wrap", [tuple, list, lambda both: dict(enumerate(both))])
def test_the_cache_of_an_own_layer_is_plain_in_the_dictionary(wrap):
    model = Sequential([Linear(4, 3), Swish(wrap)])
    found = trace(model, normal(Key(3), (6, 4)), np.arange(6) % 3)
    (step,) = (one for one in found if one.kind == "Swish")
    first, second = step.cache.values()
    assert first.shape == second.shape == (6, 3)
    assert {row[1] for row in step.table().rows} == {"6 x 3"}
    step.figure()
    values = json.loads(json.dumps(found.as_dict()))
    arrays = values["layers"][1]["arrays"]
    assert np.shape(arrays[next(iter(step.cache))]["value"]) == (6, 3)


def test_entries_of_a_tuple_of_arrays_are_numbered():
    both = (np.zeros(2), np.ones(3))
    assert list(named_cache(Swish(), both)) == ["cache[0]", "cache[1]"]
    assert named_cache(Swish(), (2, None)) == {"cache": (2, None)}


def test_nested_values_are_plain():
    pair = Pair(np.int64(1), "b")
    value = {"a": [np.ones(2), (np.float32(0.5), None)], 3: pair, "c": {"d": {1, 2}}}
    step = TraceStep("a", "A", "", (NamedArray("it", value, ""),))
    plain = step.as_dict()["arrays"]["it"]["value"]
    assert plain == {
        "a": [[1.0, 1.0], [0.5, None]],
        "3": {"first": 1, "second": "b"},
        "c": {"d": "{1, 2}"},
    }
    json.dumps(plain)
    assert len(step.table().rows[0][1]) < 90


def test_the_loss_is_a_step_with_its_cache():
    loss, logits, targets = SoftmaxCrossEntropy(), np.eye(3), np.array([0, 1, 1])
    step = loss_step(loss, logits, targets)
    value, cache = loss.forward(logits, targets)
    assert (step.name, step.value, step["loss"]) == ("loss", value, value)
    np.testing.assert_array_equal(step.cache["probabilities"], cache.probabilities)
    np.testing.assert_array_equal(step.d_logits, loss.backward(cache))
    assert [one.name for one in step.arrays] == [
        "logits", "targets", "probabilities", "expected", "loss", "d_logits"
    ]  # fmt: skip
    assert step.arrays[-1].equation == "(probabilities - expected) / batch"
