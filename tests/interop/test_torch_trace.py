"""Values that a forward method changes in place."""

import operator

import pytest
import torch
from torch import nn

from handgrad.errors import ConfigError
from handgrad.interop.torch_graph import Graph
from handgrad.interop.torch_trace import changed_by, is_batch_size, sizes_in, traced

from .twins import Forward


def nodes_of(forward):
    module = Forward(forward)
    return traced(module, module)[1:-1]


@pytest.mark.parametrize(
    ("forward", "is_changed"),
    [
        (lambda x: x.relu(), False),
        (lambda x: x.relu_(), True),
        (torch.relu_, True),
        (lambda x: nn.functional.elu(x, inplace=True), True),
        (lambda x: operator.imul(x, 2), True),
        (lambda x: x.__add__(2), False),
        (lambda x: torch.sin(x, out=x), True),
    ],
)
def test_operations_that_change_their_input(forward, is_changed):
    (node,) = nodes_of(forward)
    changed = changed_by(node, None)
    assert changed is (node.all_input_nodes[0] if is_changed else None)


def test_sizes():
    nodes = nodes_of(lambda x: x.view(x.size(0), x.shape[0] * x.shape[1]))
    assert [is_batch_size(node) for node in nodes].count(True) == 2
    assert sizes_in(nodes) == {*nodes[:-1]}


@pytest.mark.parametrize(
    "forward",
    [
        lambda x: (x.flatten(1).relu_(), x)[1],
        lambda x: (x[:1].zero_(), x)[1],
        lambda x: operator.add((y := x.flatten(1)), (x.sigmoid_(), y)[1].tanh()),
    ],
)
def test_changes_of_memory_that_others_use_are_refused(forward):
    with pytest.raises(ConfigError, match=r"it changes values in place that later"):
        Graph(Forward(forward))


def test_copies_and_earlier_uses_are_not_changed():
    def forward(x):
        y, rows = x.tanh(), x.shape[0]
        x.clone().relu_()
        y.sigmoid_()
        return y + x.view(rows, -1)

    names = [node.name for node in Graph(Forward(forward)).nodes]
    assert names == ["tanh", "sigmoid_", "view", "add"]
