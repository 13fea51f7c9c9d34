"""Softmax of one row at a time, with its full Jacobian."""

import math

import numpy as np


def softmax(inputs):
    """Probabilities along the last axis."""
    outputs = np.zeros(inputs.shape)
    for row in np.ndindex(*inputs.shape[:-1]):
        powers = [math.exp(value) for value in inputs[row]]
        for k, power in enumerate(powers):
            outputs[(*row, k)] = power / sum(powers)
    return outputs


def softmax_backward(d_outputs, inputs):
    """d_inputs: d_outputs times d p_k / d z_i = p_k * ([k = i] - p_i)."""
    probabilities, d_inputs = softmax(inputs), np.zeros(inputs.shape)
    classes = range(inputs.shape[-1])
    for row in np.ndindex(*inputs.shape[:-1]):
        p = probabilities[row]
        for i in classes:
            d_inputs[(*row, i)] = sum(
                d_outputs[(*row, k)] * p[k] * ((k == i) - p[i]) for k in classes
            )
    return d_inputs
