"""Plain layers, the reference implementation: each equation in array API code.

Each layer has a module of its own name. `Layer` defines the common interface.
"""

from handgrad.layers.average_pool2d import AveragePool2d
from handgrad.layers.batch_norm1d import BatchNorm1d
from handgrad.layers.batch_norm2d import BatchNorm2d
from handgrad.layers.concatenate import Concatenate
from handgrad.layers.conv2d import Conv2d
from handgrad.layers.dropout import Dropout
from handgrad.layers.elu import ELU
from handgrad.layers.flatten import Flatten
from handgrad.layers.gelu import GELU
from handgrad.layers.global_average_pool2d import GlobalAveragePool2d
from handgrad.layers.group_norm import GroupNorm
from handgrad.layers.hardsigmoid import Hardsigmoid
from handgrad.layers.hardswish import Hardswish
from handgrad.layers.layer import Layer
from handgrad.layers.layer_norm import LayerNorm
from handgrad.layers.leaky_relu import LeakyReLU
from handgrad.layers.linear import Linear
from handgrad.layers.max_pool2d import MaxPool2d
from handgrad.layers.multiply import Multiply
from handgrad.layers.relu import ReLU
from handgrad.layers.relu6 import ReLU6
from handgrad.layers.residual import Residual
from handgrad.layers.sequential import Sequential
from handgrad.layers.sigmoid import Sigmoid
from handgrad.layers.silu import SiLU
from handgrad.layers.softmax import Softmax
from handgrad.layers.tanh import Tanh

__all__ = [
    "ELU",
    "GELU",
    "AveragePool2d",
    "BatchNorm1d",
    "BatchNorm2d",
    "Concatenate",
    "Conv2d",
    "Dropout",
    "Flatten",
    "GlobalAveragePool2d",
    "GroupNorm",
    "Hardsigmoid",
    "Hardswish",
    "Layer",
    "LayerNorm",
    "LeakyReLU",
    "Linear",
    "MaxPool2d",
    "Multiply",
    "ReLU",
    "ReLU6",
    "Residual",
    "Sequential",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Tanh",
]
