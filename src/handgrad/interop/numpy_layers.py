"""The layers for prediction, on NumPy alone: what `to_python` copies into its files.

Each function stands alone, or calls others of this module.
"""

import math
from typing import Any, TypeAlias

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

Array: TypeAlias = Any  # np.ndarray in the programs
Pair: TypeAlias = tuple[int, int]


def center_crop(images: Array, fraction: float) -> Array:
    """outputs at p = images at centre + fraction * (p - centre), interpolated"""
    places = []
    for size in images.shape[2:]:
        first = np.float32((1 - fraction) * (size - 1) / 2)
        at = np.float32(fraction) * np.arange(size, dtype=np.float32) + first
        before = np.floor(at).astype(int)
        after = np.minimum(before + 1, size - 1)
        places.append((at - before.astype(np.float32), before, after))
    (b, up, down), (a, left, right) = places
    upper, lower = (
        (1 - a) * rows[..., left] + a * rows[..., right]
        for rows in (images[:, :, up], images[:, :, down])
    )
    outputs = (1 - b[:, None]) * upper + b[:, None] * lower
    if images.dtype != np.uint8:
        return outputs
    return (np.clip(outputs, 0, 255) + np.float32(0.5)).astype(np.uint8)


def normalize_bytes(inputs: Array, scale: Array, shift: Array) -> Array:
    """outputs = (inputs / 255 - mean) / std = inputs * scale + shift"""
    return inputs.astype(np.float32) * scale + shift


def normalize(inputs: Array, scale: Array, shift: Array) -> Array:
    """outputs = (inputs - mean) / std = (inputs + shift) * scale"""
    return (inputs + shift) * scale


def linear(inputs: Array, weight: Array, bias: Array) -> Array:
    """outputs = inputs @ weight.T + bias"""
    return inputs @ weight.T + bias


def windows_of(
    images: Array, size: Pair, stride: Pair, padding: Pair, border: float = 0.0
) -> Array:
    """The windows that slide over padded images.

    windows[n, c, y, x, i, j] = padded[n, c, y * stride + i, x * stride + j]
    """
    rows, columns = padding
    sides = ((0, 0), (0, 0), (rows, rows), (columns, columns))
    padded = np.pad(images, sides, constant_values=border)
    windows = sliding_window_view(padded, size, axis=(2, 3))
    return windows[:, :, :: stride[0], :: stride[1]]


def conv2d(
    inputs: Array, weight: Array, bias: Array, stride: Pair, padding: Pair
) -> Array:
    """outputs[n, k, y, x] = bias[k] + sum over c, i, j of
    weight[k, c, i, j] * windows[n, c, y, x, i, j]
    """
    height, width = weight.shape[2:]
    windows = windows_of(inputs, (height, width), stride, padding)
    sums = np.tensordot(windows, weight, axes=((1, 4, 5), (1, 2, 3)))
    return np.moveaxis(sums + bias, 3, 1)


def max_pool2d(inputs: Array, size: Pair, stride: Pair, padding: Pair) -> Array:
    """outputs[n, c, y, x] = max over i, j of windows[n, c, y, x, i, j]"""
    windows = windows_of(inputs, size, stride, padding, -np.inf)
    return windows.max(axis=(4, 5))


def average_pool2d(inputs: Array, size: Pair, stride: Pair, padding: Pair) -> Array:
    """outputs[n, c, y, x] = mean over i, j of windows[n, c, y, x, i, j]"""
    return windows_of(inputs, size, stride, padding).mean(axis=(4, 5))


def global_average_pool2d(inputs: Array) -> Array:
    """outputs[n, c] = mean over y, x of inputs[n, c, y, x]"""
    return inputs.mean(axis=(2, 3))


def batch_norm(
    inputs: Array, weight: Array, bias: Array, mean: Array, var: Array, eps: float
) -> Array:
    """outputs = weight * (inputs - mean) / sqrt(var + eps) + bias, for each channel"""
    axes = (-1, *(1,) * (inputs.ndim - 2))
    weight, bias, mean, var = (a.reshape(axes) for a in (weight, bias, mean, var))
    return weight * (inputs - mean) / np.sqrt(var + eps) + bias


def flatten(inputs: Array) -> Array:
    """outputs[n] = all numbers of inputs[n], in one row"""
    return inputs.reshape(len(inputs), -1)


def relu(inputs: Array) -> Array:
    """outputs = max(inputs, 0)"""
    return np.maximum(inputs, 0)


def leaky_relu(inputs: Array, slope: float) -> Array:
    """outputs = inputs where inputs > 0, else slope * inputs"""
    return np.where(inputs > 0, inputs, slope * inputs)


def sigmoid(inputs: Array) -> Array:
    """outputs = 1 / (1 + exp(-inputs)) = (1 + tanh(inputs / 2)) / 2"""
    return (1 + np.tanh(inputs / 2)) / 2


def tanh(inputs: Array) -> Array:
    """outputs = tanh(inputs)"""
    return np.tanh(inputs)


def silu(inputs: Array) -> Array:
    """outputs = inputs * sigmoid(inputs)"""
    return inputs * sigmoid(inputs)


def gelu(inputs: Array) -> Array:
    """outputs = inputs * (1 + erf(inputs / sqrt(2))) / 2"""
    erfs = np.vectorize(math.erf, otypes=[np.float32])(inputs / math.sqrt(2))
    return inputs * (1 + erfs) / 2


def gelu_tanh(inputs: Array) -> Array:
    """outputs = inputs * (1 + tanh(u)) / 2
    u = sqrt(2 / pi) * (inputs + 0.044715 * inputs**3)
    """
    near = np.clip(inputs, -40, 40)  # beyond, tanh(u) is -1 or 1
    u = math.sqrt(2 / math.pi) * (near + 0.044715 * near**3)
    return inputs * (1 + np.tanh(u)) / 2


def softmax(inputs: Array) -> Array:
    """outputs = exp(inputs) / sum of exp(inputs) over the last axis"""
    exps = np.exp(inputs - inputs.max(axis=-1, keepdims=True))
    return exps / exps.sum(axis=-1, keepdims=True)
