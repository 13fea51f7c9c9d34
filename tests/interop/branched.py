"""A network of branches, norms and options, to write and read as ONNX."""

import numpy as np

from handgrad import layers
from handgrad.layers import Sequential
from handgrad.models import from_layers
from handgrad.network import (
    average_pool2d,
    batch_norm2d,
    concatenate,
    conv2d,
    elu,
    global_average_pool2d,
    group_norm,
    hardsigmoid,
    hardswish,
    layer_norm,
    linear,
    max_pool2d,
    multiply,
    relu,
    relu6,
    residual,
    sigmoid,
    softmax,
)

SHAPE = (1, 9, 9)
SMALL_POOL = average_pool2d(3, stride=1, padding=1, count_include_pad=False)
ROWS = [
    conv2d(8, 3, padding=1, bias=False),
    *(batch_norm2d(), relu6()),
    conv2d(8, 3, padding=((0, 1), (0, 1)), stride=2, groups=8, bias=False),
    *(group_norm(2), hardswish()),
    multiply([global_average_pool2d(), linear(4), relu(), linear(8), hardsigmoid()]),
    concatenate([[], [conv2d(4, 1), elu(0.5)], [SMALL_POOL, conv2d(2, 1)]]),
    multiply(
        [conv2d(14, 1), sigmoid()], shortcut=[conv2d(14, 3, dilation=2, padding=2)]
    ),
    *(max_pool2d(2, ceil_mode=True), softmax(), residual([conv2d(14, 1)])),
    *(layer_norm(), global_average_pool2d(), layer_norm(), linear(bias=False)),
]


def branched():
    """The network, with parameters and statistics that are not initial."""
    network = from_layers(layers=ROWS, input_shape=SHAPE, classes=4)
    rng = np.random.default_rng(0)
    for name, held in {**network.parameters(), **network.buffers()}.items():
        noise = rng.uniform(0.5, 1.5, held.value.shape).astype(np.float32)
        held.value = noise if name.endswith("var") else held.value + noise - 1
    return network


def some_images():
    return np.random.default_rng(1).normal(size=(4, *SHAPE)).astype(np.float32)


def windowed():
    """The network of all settings of windows, for images of SHAPE."""
    uneven = {"padding": ((1, 0), (0, 1))}
    counted = {"ceil_mode": True, **uneven}
    pools = [
        layers.MaxPool2d(2, stride=3, **counted),
        layers.MaxPool2d((3, 2), stride=3, ceil_mode=True),
        layers.AveragePool2d(2, stride=3, **counted),
        layers.AveragePool2d(2, stride=3, count_include_pad=False, **counted),
        layers.AveragePool2d(3, stride=2, padding=1, count_include_pad=False),
        layers.AveragePool2d(2, **uneven),
        layers.Conv2d(4, 4, 2, stride=2, dilation=(1, 2), groups=2, **uneven),
    ]
    branches = [Sequential([each, layers.GlobalAveragePool2d()]) for each in pools]
    first = layers.Conv2d(1, 4, 1, bias=False)
    return Sequential([first, layers.Concatenate(branches)])
