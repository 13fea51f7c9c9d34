"""Pooling as a textbook writes it: one window at a time, in plain loops."""

from math import inf, isnan

import numpy as np


def max_pool2d(inputs, kernel_size, stride, padding):
    """The largest pixel of each window, and its position: a list of pixel indices."""
    outputs = np.zeros(output_shape(inputs, kernel_size, stride, padding))
    winners = {}
    for place, pixels in windows(inputs, kernel_size, stride, padding):
        best, winner = -inf, pixels[0]
        for pixel in pixels:
            if inputs[pixel] > best or isnan(inputs[pixel]):
                best, winner = inputs[pixel], pixel
        outputs[place], winners[place] = best, winner
    return outputs, winners


def max_pool2d_backward(d_outputs, winners, input_shape):
    """d_inputs: the gradient of a window goes to its maximum."""
    d_inputs = np.zeros(input_shape)
    for place, winner in winners.items():
        d_inputs[winner] += d_outputs[place]
    return d_inputs


def average_pool2d(inputs, kernel_size, stride, padding):
    """The mean of each window; padded zeros are included."""
    outputs = np.zeros(output_shape(inputs, kernel_size, stride, padding))
    for place, pixels in windows(inputs, kernel_size, stride, padding):
        total = sum(inputs[pixel] for pixel in pixels)
        outputs[place] = total / (kernel_size[0] * kernel_size[1])
    return outputs


def average_pool2d_backward(d_outputs, inputs, kernel_size, stride, padding):
    """d_inputs: every pixel of a window takes an equal share."""
    d_inputs = np.zeros(inputs.shape)
    for place, pixels in windows(inputs, kernel_size, stride, padding):
        for pixel in pixels:
            d_inputs[pixel] += d_outputs[place] / (kernel_size[0] * kernel_size[1])
    return d_inputs


def output_shape(inputs, kernel_size, stride, padding):
    batch, channels, height, width = inputs.shape
    rows = (height + 2 * padding[0] - kernel_size[0]) // stride[0] + 1
    columns = (width + 2 * padding[1] - kernel_size[1]) // stride[1] + 1
    return batch, channels, rows, columns


def windows(inputs, kernel_size, stride, padding):
    """Every output position with the pixels of its window, row by row."""
    _, _, height, width = inputs.shape
    for place in np.ndindex(*output_shape(inputs, kernel_size, stride, padding)):
        b, c, y, x = place
        top, left = y * stride[0] - padding[0], x * stride[1] - padding[1]
        rows = range(max(top, 0), min(top + kernel_size[0], height))
        columns = range(max(left, 0), min(left + kernel_size[1], width))
        yield place, [(b, c, row, column) for row in rows for column in columns]
