"""Activations and their derivatives, one number at a time, with Python's math."""

import math

import numpy as np


def apply(function, inputs, *arguments):
    """Apply the function to every number, one after another."""
    outputs = np.zeros(inputs.shape)
    for place in np.ndindex(*inputs.shape):
        outputs[place] = function(float(inputs[place]), *arguments)
    return outputs


def relu(x):
    return x if x > 0 or math.isnan(x) else 0.0


def relu_slope(x):
    return 1.0 if x > 0 else 0.0


def leaky_relu(x, negative_slope):
    return negative_slope * x if x < 0 else x


def leaky_relu_slope(x, negative_slope):
    return 1.0 if x > 0 else negative_slope


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def sigmoid_slope(x):
    return 1 / (2 + math.exp(x) + math.exp(-x))


def silu(x):
    return x / (1 + math.exp(-x))


def silu_slope(x):
    return sigmoid(x) + x * sigmoid_slope(x)


def tanh(x):
    return (math.exp(x) - math.exp(-x)) / (math.exp(x) + math.exp(-x))


def tanh_slope(x):
    return 1 / math.cosh(x) ** 2


def gelu(x):
    return x * math.erfc(-x / math.sqrt(2)) / 2


def gelu_slope(x):
    density = math.exp(-(x**2) / 2) / math.sqrt(2 * math.pi)
    return math.erfc(-x / math.sqrt(2)) / 2 + x * density


def gelu_tanh(x):
    """(1 + tanh(u)) / 2 is the sigmoid of 2 u."""
    return x * sigmoid(2 * gelu_inner(x))


def gelu_tanh_slope(x):
    d_inner = math.sqrt(2 / math.pi) * (1 + 3 * 0.044715 * x**2)
    inner = gelu_inner(x)
    return sigmoid(2 * inner) + x * sigmoid_slope(2 * inner) * 2 * d_inner


def gelu_inner(x):
    return math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)


def relu6(x):
    return min(max(x, 0.0), 6.0)


def relu6_slope(x):
    return 1.0 if 0 < x < 6 else 0.0


def elu(x, alpha):
    return x if x > 0 else alpha * (math.exp(x) - 1)


def elu_slope(x, alpha):
    return 1.0 if x > 0 else alpha * math.exp(x)


def hardsigmoid(x, slope, offset):
    return min(max(slope * x + offset, 0.0), 1.0)


def hardsigmoid_slope(x, slope, offset):
    return slope if 0 < slope * x + offset < 1 else 0.0


def hardswish(x):
    return x * relu6(x + 3) / 6


def hardswish_slope(x):
    return relu6(x + 3) / 6 + x * relu6_slope(x + 3) / 6
