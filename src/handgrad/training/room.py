"""Whether training fits in memory, before any of it is taken."""

from math import prod

import numpy as np

from handgrad.arrays import Shape
from handgrad.datasets.memory import check_memory
from handgrad.layers import Sequential
from handgrad.optimizers import Optimizer
from handgrad.parameter import Parameter

FLOAT_BYTES = 4


def check_room(
    model: Sequential, optimizer: Optimizer, input_shape: Shape, examples: int
) -> None:
    """ResourceError with the prediction if training needs more than is free."""
    wanted = predicted_bytes(model, optimizer, input_shape, examples)
    check_memory(wanted, f"Training with {examples:,} images at once")


def predicted_bytes(
    model: Sequential, optimizer: Optimizer, input_shape: Shape, examples: int
) -> int:
    """The least that training takes besides the parameters and the data.

    A gradient and the optimizer's state for each parameter, and the inputs and every
    layer's outputs for so many examples, all of which the plain engine keeps until the
    backward pass. Work space within a layer comes on top.
    """
    numbers = prod(input_shape)
    shape = input_shape
    for layer in model.layers.values():
        shape = layer.output_shape(shape)
        numbers += prod(shape)
    trained = sum(prod(parameter.shape) for parameter in model.parameters().values())
    kept = len(optimizer.initial_state(Parameter(np.zeros(1, dtype=np.float32))))
    return FLOAT_BYTES * (examples * numbers + trained * (1 + kept))
