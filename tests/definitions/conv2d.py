"""Convolution as a textbook writes it: one product at a time, in plain loops."""

from itertools import product

import numpy as np


def conv2d(inputs, weight, bias, stride, padding):
    """Outputs, from arrays of shapes (b, c, h, w), (o, c, kh, kw) and (o,)."""
    outputs = np.zeros(output_shape(inputs, weight, stride, padding))
    for b, o, y, x in np.ndindex(*outputs.shape):
        outputs[b, o, y, x] = bias[o]
    for place, pixel, entry in products(inputs, weight, stride, padding):
        outputs[place] += weight[entry] * inputs[pixel]
    return outputs


def conv2d_backward(d_outputs, inputs, weight, stride, padding):
    """d_inputs, d_weight, d_bias: the product rule for every product."""
    d_inputs = np.zeros(inputs.shape)
    d_weight = np.zeros(weight.shape)
    d_bias = np.zeros(weight.shape[0])
    for place, pixel, entry in products(inputs, weight, stride, padding):
        d_inputs[pixel] += d_outputs[place] * weight[entry]
        d_weight[entry] += d_outputs[place] * inputs[pixel]
    for b, o, y, x in np.ndindex(*d_outputs.shape):
        d_bias[o] += d_outputs[b, o, y, x]
    return d_inputs, d_weight, d_bias


def output_shape(inputs, weight, stride, padding):
    batch, _, height, width = inputs.shape
    out_channels, _, kernel_height, kernel_width = weight.shape
    rows = (height + 2 * padding[0] - kernel_height) // stride[0] + 1
    columns = (width + 2 * padding[1] - kernel_width) // stride[1] + 1
    return batch, out_channels, rows, columns


def products(inputs, weight, stride, padding):
    """Every (output position, pixel, weight entry) that form a product."""
    _, _, height, width = inputs.shape
    for place in np.ndindex(*output_shape(inputs, weight, stride, padding)):
        b, o, y, x = place
        for c, i, j in product(*map(range, weight.shape[1:])):
            row = y * stride[0] + i - padding[0]
            column = x * stride[1] + j - padding[1]
            if 0 <= row < height and 0 <= column < width:
                yield place, (b, c, row, column), (o, c, i, j)
