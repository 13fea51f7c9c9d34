"""Which layers are lowered as one; that it is right is shown in test_cpu."""

import pytest

from handgrad.engine.lowering.fusion import fused
from handgrad.engine.lowering.table import TABLE
from handgrad.engine.network_layers import layers_of
from handgrad.layers import (
    BatchNorm1d,
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
from handgrad.randomness import Key

from ..networks import NETWORKS, cpu_engine

KEY = Key(0)


class OwnReLU(ReLU):
    """A user's own, of which the engine knows nothing."""


def dense():
    return Linear(3, 3, key=KEY)


def nodes(*layers):
    return fused(layers_of(Sequential(layers)))


@pytest.mark.parametrize(
    ("layers", "shown"),
    [
        ([dense(), Tanh()], "linear_1 + tanh_1"),
        ([dense(), ReLU(), ReLU()], "linear_1 + relu_1, relu_2"),
        ([dense(), dense()], "linear_1, linear_2"),
        ([dense(), OwnReLU()], "linear_1, own_relu_1"),
        ([dense(), Dropout(0.1), ReLU()], "linear_1, dropout_1, relu_1"),
        ([BatchNorm1d(3), ReLU()], "batch_norm1d_1 + relu_1"),
        ([BatchNorm1d(3), Tanh()], "batch_norm1d_1, tanh_1"),
        ([ReLU(), MaxPool2d(2)], "relu_1 + max_pool2d_1"),
        ([Tanh(), MaxPool2d(2)], "tanh_1, max_pool2d_1"),
        (
            [BatchNorm1d(3), ReLU(), MaxPool2d(2)],
            "batch_norm1d_1 + relu_1, max_pool2d_1",
        ),
        ([Conv2d(1, 1, 1, key=KEY), ReLU()], "conv2d_1, relu_1"),
        (
            [Residual(Sequential([dense(), ReLU(), dense()]), dense()), ReLU(), ReLU()],
            "residual_1 + relu_1 (body: linear_1 + relu_1, linear_2; "
            "shortcut: residual_1.shortcut), relu_2",
        ),
        ([Residual(Tanh()), Tanh()], "residual_1 (body: residual_1.body), tanh_1"),
    ],
)
def test_neighbours_become_one_node(layers, shown):
    assert ", ".join(map(str, nodes(*layers))) == shown


def test_a_new_layer_is_fused_by_its_row_alone(monkeypatch):
    monkeypatch.setitem(TABLE, OwnReLU, TABLE[ReLU])
    found = nodes(dense(), OwnReLU(), BatchNorm1d(3), OwnReLU())
    assert list(map(str, found)) == [
        "linear_1 + own_relu_1",
        "batch_norm1d_1 + own_relu_2",
    ]


@pytest.mark.parametrize(
    ("following", "expected"),
    [
        ([], False),
        ([dense()], True),
        ([Flatten(), Dropout(0.1), dense()], True),
        ([Tanh(), dense()], False),
        ([ReLU(), dense()], True),
        ([Flatten()], False),
    ],
)
def test_a_node_knows_whether_its_outputs_are_read_as_a_matrix(following, expected):
    assert nodes(BatchNorm1d(3), *following)[0].feeds_matrix is expected


def test_only_behind_a_parameter_are_gradients_of_inputs_asked_for():
    found = nodes(Flatten(), Tanh(), dense(), Tanh(), Flatten())
    assert [node.needs_d_inputs for node in found] == [False, False, False, True]
    first, second = nodes(Residual(Sequential([Tanh(), dense(), dense()])), Tanh())
    inner = first.branches["body"]
    assert [node.needs_d_inputs for node in inner] == [False, False, True]
    assert not first.needs_d_inputs
    assert second.needs_d_inputs


def shown(name):
    return repr(cpu_engine(NETWORKS[name]).training.program)


def test_the_program_shows_what_was_fused_and_then_its_operations():
    text = shown("lenet")
    assert "    relu_1 + max_pool2d_1\n" in text
    assert "    linear_1 + relu_3\n" in text
    assert text.index("linear_1 + relu_3") < text.index("linear_1 forward")


def test_relu_before_a_max_pooling_becomes_part_of_it():
    text = shown("lenet")
    assert "relu + max_pool2d_1 forward" in text
    assert "relu_1 forward" not in text


def test_relu_after_batch_norm_becomes_part_of_it():
    assert "batch_norm2d_1 + relu forward" in shown("batch norm of pictures")


def test_an_activation_takes_the_bias_of_the_linear_layer_before_it():
    assert "bias" not in shown("perceptron").split("linear_2 forward")[0]
