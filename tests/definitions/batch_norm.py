"""Batch norm, one channel and one number at a time; the channel is axis 1."""

import math

import numpy as np


def values_of(array, channel):
    """The numbers of one channel, as (place, value)."""
    places = [place for place in np.ndindex(*array.shape) if place[1] == channel]
    return [(place, array[place]) for place in places]


def statistics(inputs):
    """Mean, biased variance and unbiased variance (of one value: 0) by channel."""
    rows = []
    for channel in range(inputs.shape[1]):
        values = [value for _, value in values_of(inputs, channel)]
        mean = math.fsum(values) / len(values)
        squares = math.fsum((value - mean) ** 2 for value in values)
        rows.append((mean, squares / len(values), squares / max(len(values) - 1, 1)))
    return tuple(np.array(column) for column in zip(*rows, strict=True))


def normalize(inputs, mean, var, eps):
    """(inputs - mean) / sqrt(var + eps)."""
    normalized = np.zeros(inputs.shape)
    for place in np.ndindex(*inputs.shape):
        channel = place[1]
        std = math.sqrt(var[channel] + eps)
        normalized[place] = (inputs[place] - mean[channel]) / std
    return normalized


def batch_norm(inputs, weight, bias, mean, var, eps):
    """weight * normalized + bias."""
    outputs = normalize(inputs, mean, var, eps)
    for place in np.ndindex(*inputs.shape):
        outputs[place] = weight[place[1]] * outputs[place] + bias[place[1]]
    return outputs


def d_parameters(d_outputs, normalized):
    """d_weight and d_bias."""
    channels = d_outputs.shape[1]
    d_weight, d_bias = np.zeros(channels), np.zeros(channels)
    for place in np.ndindex(*d_outputs.shape):
        d_weight[place[1]] += d_outputs[place] * normalized[place]
        d_bias[place[1]] += d_outputs[place]
    return d_weight, d_bias


def d_inputs(d_outputs, inputs, weight, eps):
    """Through the batch statistics: the full Jacobian of a channel, entry by entry.

    d normalized[m] / d inputs[n] =
        ([m = n] - (1 + normalized[m] * normalized[n]) / N) / sqrt(var + eps)
    """
    mean, var, _ = statistics(inputs)
    normalized = normalize(inputs, mean, var, eps)
    result = np.zeros(inputs.shape)
    for channel in range(inputs.shape[1]):
        units = values_of(normalized, channel)
        std = math.sqrt(var[channel] + eps)
        for n, at_n in units:
            for m, at_m in units:
                slope = ((m == n) - (1 + at_m * at_n) / len(units)) / std
                result[n] += weight[channel] * d_outputs[m] * slope
    return result
