"""The linear layer, one product at a time."""

import numpy as np


def linear(inputs, weight, bias):
    """outputs[b, k] = sum over d of inputs[b, d] * weight[k, d], + bias[k]."""
    outputs = np.zeros((len(inputs), len(weight)))
    for b, k in np.ndindex(*outputs.shape):
        outputs[b, k] = bias[k]
        for d in range(weight.shape[1]):
            outputs[b, k] += inputs[b, d] * weight[k, d]
    return outputs


def linear_backward(d_outputs, inputs, weight):
    """d_inputs, d_weight, d_bias: the product rule for every product."""
    d_inputs, d_weight = np.zeros(inputs.shape), np.zeros(weight.shape)
    d_bias = np.zeros(len(weight))
    for b, k in np.ndindex(*d_outputs.shape):
        d_bias[k] += d_outputs[b, k]
        for d in range(weight.shape[1]):
            d_inputs[b, d] += d_outputs[b, k] * weight[k, d]
            d_weight[k, d] += d_outputs[b, k] * inputs[b, d]
    return d_inputs, d_weight, d_bias
