"""ONNX's own tests of single operators, run by the layers that stand for them.

In scope are the operators of `OPERATORS` on float32 arrays with the batch first: all
cases of the package onnx but those that `outside` excludes, each with its reason.
`NOT_RUN` names the cases in scope that no layer covers.
"""

import re
import warnings
from functools import cache
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from handgrad import layers
from handgrad.interop.onnx_layers import layer_of
from handgrad.interop.onnx_source import attributes
from handgrad.layers import Layer
from handgrad.losses import SoftmaxCrossEntropy

onnx = pytest.importorskip("onnx")
OPERATORS = [
    *("Add", "AveragePool", "Batch_Normalization", "Concat", "Conv", "Dropout", "Elu"),
    *("Flatten", "Gelu", "Gemm", "GlobalAveragePool", "GroupNormalization"),
    *("HardSigmoid", "HardSwish", "LayerNormalization", "LeakyRelu", "MaxPool", "Mul"),
    *("Relu", "Sigmoid", "Softmax", "Softmax_Cross_Entropy_Loss", "Tanh"),
]
MODULES = [f"onnx.backend.test.case.node.{name.lower()}" for name in OPERATORS]
OPERATORS = [name.replace("_", "") for name in OPERATORS]
NOT_RUN = {
    "a variance of the batch that is biased": [
        "batchnorm_epsilon_training_mode",
        "batchnorm_example_training_mode",
    ],
    "padding of more than half a window": [
        "averagepool_2d_pads",
        "averagepool_2d_pads_count_include_pad",
        "maxpool_2d_pads",
    ],
    "pooling with dilation": ["averagepool_2d_dilations", "maxpool_2d_dilations"],
    "a bias for each example": ["gemm_default_matrix_bias"],
    "images that stay images": [
        *("flatten_axis2", "flatten_axis3"),
        *("flatten_negative_axis1", "flatten_negative_axis2"),
    ],
    "random numbers of another generator": [
        *("training_dropout_default", "training_dropout_default_mask"),
        *("training_dropout", "training_dropout_mask"),
    ],
    "an operand that is broadcast": ["add_bcast", "mul_bcast"],
}
REASONS = {f"test_{name}": why for why, names in NOT_RUN.items() for name in names}
LEAST_RUN = 130


def outside(node, given):
    """Why a case is out of scope; None if it is in scope."""
    first, rank = given[0], given[0].ndim
    axis = attributes(node).get("axis", 1)
    if first.dtype != np.float32:
        return "integers"
    if "Pool" in node.op_type and rank != 4:
        return "no images"
    transposed = node.op_type == "Gemm" and attributes(node).get("transA", 0)
    over_batch = node.op_type not in ("Conv", "Elu") and axis in (0, -rank)
    return "the batch is not the first axis" if transposed or over_batch else None


@cache
def cases():
    """The cases in scope by name: node, inputs and outputs."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from onnx.backend.test.case import node as collected

        for module in MODULES:  # all others take 20 seconds
            import_module(module)
    found = {}
    for case in collected._NodeTestCases:
        nodes = case.model.graph.node
        if len(nodes) != 1 or nodes[0].op_type not in OPERATORS:
            continue
        given, expected = case.data_sets[0]
        arrays = [np.asarray(each) for each in given]
        if outside(nodes[0], arrays) is None:
            found[case.name] = (nodes[0], arrays, list(map(np.asarray, expected)))
    return found


class Known:
    """The constants of an operator: all inputs but the first."""

    opset, ones = 20, {}

    def __init__(self, node, given):
        names = [name for name in node.input if name]
        self.constants = dict(zip(names[1:], given[1:], strict=True))


class Given(Layer):
    """A branch that returns an array, whatever its inputs."""

    def __init__(self, array):
        self.array = array

    def output_shape(self, input_shape):
        return self.array.shape[1:]

    def forward(self, inputs, *, training=False, key=None):
        return self.array, None

    def backward(self, d_outputs, cache, /):
        return np.zeros_like(d_outputs), {}


def outputs_of(node, given):
    """What our layers and losses return for an operator and its inputs."""
    if node.op_type == "SoftmaxCrossEntropyLoss":
        return losses_of(node, *given)
    if node.op_type in ("Add", "Mul"):
        kind = layers.Residual if node.op_type == "Add" else layers.Multiply
        return [kind(Given(given[1])).forward(given[0])[0]]
    axis = attributes(node).get("axis", -1)
    if node.op_type == "Concat":
        first, *others = (np.moveaxis(each, axis, 1) for each in given)
        block = layers.Concatenate([layers.Sequential([]), *map(Given, others)])
        return [np.moveaxis(block.forward(first)[0], 1, axis)]
    if node.op_type == "Softmax":
        outputs, _ = layers.Softmax().forward(np.moveaxis(given[0], axis, -1))
        return [np.moveaxis(outputs, -1, axis)]
    return by_import(node, given)


def by_import(node, given):
    """The outputs of the layer that `from_onnx` makes of an operator."""
    made = layer_of(Known(node, given), node, given[0].shape[1:])
    if made is None:  # dropout in prediction, or of nothing
        return [given[0], np.ones(given[0].shape, dtype=bool)]
    outputs, cache = made.forward(given[0])
    if node.op_type == "GlobalAveragePool":
        outputs = outputs[:, :, None, None]
    if node.op_type == "LayerNormalization":  # the second output is the mean
        ones = (1,) * len(made.shape)
        lead = outputs.shape[: outputs.ndim - len(ones)]
        return [outputs, None, cache.inverse_std.reshape(*lead, *ones)]
    if node.op_type == "MaxPool":
        by_column = attributes(node).get("storage_order", 0)
        return [outputs, places_of(made, cache, by_column=by_column)]
    return [outputs]


def places_of(layer, cache, *, by_column):
    """The index of each maximum in its whole input, from its tap in the cache."""
    tap = np.divmod(cache.winners, layer.kernel_size[1])
    grid = np.indices(cache.winners.shape)
    sides = zip(tap, grid[2:], layer.stride, layer.windows.borders, strict=True)
    row, column = (t + n * stride - edge[0] for t, n, stride, edge in sides)
    height, width = cache.input_size
    channel = grid[0] * cache.winners.shape[1] + grid[1]
    inside = column * height + row if by_column else row * width + column
    return channel * height * width + inside


def losses_of(node, scores, labels, class_weights=None):
    """The loss, and the log-probabilities; pixels count as examples."""
    options = attributes(node)
    classes = scores.shape[1]
    logits = np.moveaxis(scores, 1, -1).reshape(-1, classes)
    targets = labels.reshape(-1)
    reduction, ignored = options.get("reduction", "mean"), options.get("ignore_index")
    weights = None
    if class_weights is not None:
        weights = class_weights[np.where(targets == ignored, 0, targets)]
    if reduction == "none":
        loss = SoftmaxCrossEntropy(ignore_index=ignored, reduction="sum")
        rows = [slice(n, n + 1) for n in range(len(targets))]
        values = [
            loss.forward(
                logits[n], targets[n], None if weights is None else weights[n]
            )[0]
            for n in rows
        ]
        value = np.array(values).reshape(labels.shape)
        _, cache = loss.forward(logits, targets)
    else:
        loss = SoftmaxCrossEntropy(ignore_index=ignored, reduction=reduction)
        value, cache = loss.forward(logits, targets, weights)
    by_pixel = np.log(cache.probabilities).reshape(*labels.shape, classes)
    return [np.asarray(value), np.moveaxis(by_pixel, -1, 1)]


@pytest.mark.parametrize("operator", OPERATORS)
def test_every_case_of_an_operator_but_those_named(operator):
    """Within rounding, and within four decimals, as ONNX writes some outputs."""
    own = {name: case for name, case in cases().items() if case[0].op_type == operator}
    for name, (node, given, expected) in own.items():
        if name in REASONS:
            continue
        found = outputs_of(node, given)
        for ours, theirs in zip(found, expected, strict=False):
            if ours is None:
                continue
            assert np.shape(ours) == theirs.shape, name
            np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-4, err_msg=name)
        assert len(found) >= len(expected), name
    assert own


def test_how_many_run():
    assert set(REASONS) <= set(cases())
    assert len(cases()) - len(REASONS) >= LEAST_RUN


def test_the_others_are_in_the_results():
    page = Path(__file__).parents[2] / "docs" / "results" / "exchange.md"
    rows = page.read_text().partition("ONNX's own")[2].partition("\n## ")[0]
    assert {f"test_{name}" for name in re.findall("`([a-z]+_[a-z0-9_]+)`", rows)} == {
        *REASONS,
        "test_from_onnx",
    }
    assert f"{len(cases()) - len(REASONS)} of the {len(cases())} cases" in rows
