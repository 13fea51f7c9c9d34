"""Ready-made networks: functions that build a `Sequential` from their options."""

from handgrad.models.airbench import airbench
from handgrad.models.alexnet import alexnet
from handgrad.models.from_layers import from_layers
from handgrad.models.lenet import lenet
from handgrad.models.mlp import mlp
from handgrad.models.perceptron import perceptron
from handgrad.models.resnet import resnet
from handgrad.models.softmax_regression import softmax_regression
from handgrad.models.vgg import vgg

__all__ = [
    "airbench",
    "alexnet",
    "from_layers",
    "lenet",
    "mlp",
    "perceptron",
    "resnet",
    "softmax_regression",
    "vgg",
]
