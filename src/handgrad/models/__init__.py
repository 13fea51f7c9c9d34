"""Ready-made networks, built from their options, and networks as lists and as code."""

from handgrad.models.airbench import airbench
from handgrad.models.alexnet import alexnet
from handgrad.models.as_code import as_python, as_toml
from handgrad.models.from_layers import from_layers
from handgrad.models.lenet import lenet
from handgrad.models.mlp import mlp
from handgrad.models.perceptron import perceptron
from handgrad.models.resnet import resnet
from handgrad.models.softmax_regression import softmax_regression
from handgrad.models.to_layers import to_layers
from handgrad.models.vgg import vgg

__all__ = [
    "airbench",
    "alexnet",
    "as_python",
    "as_toml",
    "from_layers",
    "lenet",
    "mlp",
    "perceptron",
    "resnet",
    "softmax_regression",
    "to_layers",
    "vgg",
]
