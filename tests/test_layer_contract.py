"""One table, every layer, every law. A layer that is not in the table fails it."""

import inspect

import numpy as np
import pytest

from handgrad import layers
from handgrad.inspection.check_cases import LAYER_CASES
from handgrad.layers import (
    GELU,
    AveragePool2d,
    BatchNorm1d,
    BatchNorm2d,
    Concatenate,
    Conv2d,
    Dropout,
    Flatten,
    GlobalAveragePool2d,
    GroupNorm,
    Layer,
    LayerNorm,
    Linear,
    MaxPool2d,
    Multiply,
    ReLU,
    Residual,
    Sequential,
    Softmax,
    Tanh,
)
from handgrad.models.named_layers import ACTIVATIONS
from handgrad.randomness import Key
from handgrad.testing import LAYER_LAWS, Trial

KEY = Key(0).child("table")


def block():
    """Convolution, batch norm, ReLU, pooling, dropout: layers within layers."""
    return Sequential(
        [
            Residual(
                Sequential([Conv2d(2, 2, 3, padding=1, key=KEY), BatchNorm2d(2)]),
                Conv2d(2, 2, 1, key=KEY.child("shortcut")),
            ),
            ReLU(),
            MaxPool2d(2),
            Dropout(0.3),
            Flatten(),
            Linear(8, 3, key=KEY),
        ]
    )


# name: a layer, the shape of one example
TABLE = {
    "linear": (lambda: Linear(4, 3, key=KEY), (4,)),
    "linear, one to one": (lambda: Linear(1, 1, key=KEY), (1,)),
    "conv2d": (lambda: Conv2d(2, 3, 3, key=KEY), (2, 5, 4)),
    "conv2d, pairs": (
        lambda: Conv2d(1, 2, (3, 2), stride=(2, 1), padding=(1, 2), key=KEY),
        (1, 6, 4),
    ),
    "conv2d, 1 x 1": (lambda: Conv2d(3, 2, 1, key=KEY), (3, 3, 3)),
    "conv2d, rows left over": (lambda: Conv2d(1, 1, 2, stride=3, key=KEY), (1, 7, 7)),
    "linear, no bias": (lambda: Linear(4, 3, bias=False, key=KEY), (4,)),
    "conv2d, depthwise": (
        lambda: Conv2d(2, 4, 3, padding=1, groups=2, bias=False, key=KEY),
        (2, 4, 5),
    ),
    "conv2d, dilation and uneven padding": (
        lambda: Conv2d(1, 2, 2, dilation=2, padding=((1, 0), (0, 2)), key=KEY),
        (1, 4, 3),
    ),
    "max_pool2d, ceil_mode": (lambda: MaxPool2d(2, ceil_mode=True), (2, 3, 5)),
    "average_pool2d, ceil_mode, without the padding": (
        lambda: AveragePool2d(
            3, stride=2, padding=1, ceil_mode=True, count_include_pad=False
        ),
        (1, 4, 5),
    ),
    "max_pool2d": (lambda: MaxPool2d(2), (2, 4, 6)),
    "max_pool2d, overlapping": (
        lambda: MaxPool2d(3, stride=(2, 1), padding=1),
        (1, 5, 4),
    ),
    "max_pool2d, pairs": (
        lambda: MaxPool2d((2, 3), stride=(1, 2), padding=(0, 1)),
        (2, 4, 5),
    ),
    "average_pool2d": (lambda: AveragePool2d(2), (2, 4, 6)),
    "average_pool2d, overlapping": (
        lambda: AveragePool2d(3, stride=(2, 1), padding=1),
        (1, 5, 4),
    ),
    "global_average_pool2d": (GlobalAveragePool2d, (3, 4, 2)),
    "batch_norm1d": (lambda: BatchNorm1d(4), (4,)),
    "batch_norm2d": (lambda: BatchNorm2d(2), (2, 3, 2)),
    "dropout": (lambda: Dropout(0.5), (2, 3, 4)),
    "dropout of nothing": (lambda: Dropout(0.0), (5,)),
    "flatten": (Flatten, (2, 3, 4)),
    **{name: (make, (2, 3, 4)) for name, make in ACTIVATIONS.items()},
    "gelu of rows": (GELU, (5,)),
    "softmax": (Softmax, (5,)),
    "layer_norm": (lambda: LayerNorm((2, 3)), (2, 3)),
    "layer_norm of channels": (lambda: LayerNorm(3), (4, 2, 3)),
    "group_norm": (lambda: GroupNorm(2, 4), (4, 3, 2)),
    "multiply": (
        lambda: Multiply(Sequential([GlobalAveragePool2d(), Linear(3, 3, key=KEY)])),
        (3, 4, 2),
    ),
    "concatenate": (
        lambda: Concatenate([Sequential([]), Linear(4, 3, key=KEY)]),
        (4,),
    ),
    "residual": (lambda: Residual(Linear(4, 4, key=KEY)), (4,)),
    "sequential": (lambda: Sequential([Linear(4, 3, key=KEY), Tanh()]), (4,)),
    "layers within layers": (block, (2, 4, 4)),
}
EXAMPLES_MEET = {"batch_norm1d", "batch_norm2d", "layers within layers"}


def kinds():
    """Every layer of `handgrad.layers`, by name."""
    return {
        name: kind
        for name, kind in inspect.getmembers(layers, inspect.isclass)
        if issubclass(kind, Layer) and kind is not Layer
    }


@pytest.mark.parametrize("law", LAYER_LAWS)
@pytest.mark.parametrize("row", TABLE)
def test_contract(row, law, seed):
    make, input_shape = TABLE[row]
    meet = row in EXAMPLES_MEET
    LAYER_LAWS[law](Trial(make, input_shape, seed=seed, examples_meet=meet))


@pytest.mark.parametrize("row", sorted(set(TABLE) - EXAMPLES_MEET))
def test_contract_of_a_single_example(row, seed):
    make, input_shape = TABLE[row]
    for law in LAYER_LAWS.values():
        law(Trial(make, input_shape, batch=1, seed=seed))


@pytest.mark.parametrize(
    "container",
    [
        lambda layer: Sequential([layer]),
        Residual,
        lambda layer: Residual(ReLU(), layer),
    ],
)
def test_containers_hand_on_training_and_the_key(container):
    trial = Trial(lambda: container(Dropout(0.5)), (20,))
    layer, inputs = trial.make(), trial.inputs()
    trained, _ = trial.forward(layer, inputs, training=True)
    predicted, _ = trial.forward(layer, inputs, training=False)
    assert not np.array_equal(trained, predicted)
    other_step = trial.forward_key.at(2, trial.forward_key.examples)
    again, _ = layer.forward(inputs, training=True, key=other_step)
    assert not np.array_equal(trained, again)


def test_every_layer_is_in_the_table():
    assert {type(make()) for make, _ in TABLE.values()} == set(kinds().values())


def test_every_layer_is_in_the_table_of_gradient_checks():
    assert set(LAYER_CASES) == set(kinds())


def test_every_layer_file_is_exported():
    files = {name for name in vars(layers) if inspect.ismodule(getattr(layers, name))}
    homes = {kind.__module__.rpartition(".")[2] for kind in kinds().values()}
    assert homes <= files
    assert set(kinds()) <= set(layers.__all__)
