"""Check that training fits in memory, before allocating any of it.

First against the minimum for any engine, which takes no time; then against the engine's
own estimate: the CPU engine plans every buffer before it uses one, and the plain engine
runs a step with a few images if memory may be short.
"""

from math import prod

import numpy as np

from handgrad.arrays import Shape
from handgrad.datasets import Split
from handgrad.engine.engine import Engine
from handgrad.engine.plain import PlainEngine
from handgrad.layers import Sequential
from handgrad.memory import check_memory, free_memory
from handgrad.optimizers import Optimizer
from handgrad.parameter import Parameter

FLOAT_BYTES = 4
COPIES = 3  # of a checkpoint's content while it is saved: arrays, bytes, the file's
# The C library keeps some of the memory that NumPy frees; both values were measured.
HELD = 9 / 8  # times the memory of a plain step, which has arrays of many sizes
SMALL = 2_000_000  # bytes of records, lines and other small objects of a run
AMPLE = 32  # no network here takes this many times the minimum
NEXT = (
    "Use a smaller batch size, a smaller network or fewer images, or close other "
    "programs. handgrad train --force starts anyway."
)


def check_least(
    model: Sequential, optimizer: Optimizer, input_shape: Shape, examples: int
) -> None:
    """Raise ResourceError if the minimum for training exceeds the free memory."""
    wanted = least_bytes(model, optimizer, input_shape, examples)
    check_memory(wanted, _what(examples), NEXT)


def check_room(
    engine: Engine, optimizer: Optimizer, train: Split, examples: int, predicted: int
) -> None:
    """Raise ResourceError if the engine's estimate exceeds the free memory."""
    free, shape = free_memory(), train.image_shape
    least = least_bytes(engine.model, optimizer, shape, examples)
    if isinstance(engine, PlainEngine) and (free is None or AMPLE * least < free):
        return
    wanted = training_bytes(engine, optimizer, train, examples, predicted)
    check_memory(wanted, _what(examples), NEXT)


def least_bytes(
    model: Sequential, optimizer: Optimizer, input_shape: Shape, examples: int
) -> int:
    """Minimum memory of training, in bytes, without the parameters and the data.

    A gradient and the optimizer's state for each parameter, and the inputs and every
    layer's outputs for `examples` examples, which the plain engine keeps until the
    backward pass. Temporary arrays within a layer come on top.
    """
    numbers = prod(input_shape)
    shape = input_shape
    for layer in model.layers.values():
        shape = layer.output_shape(shape)
        numbers += prod(shape)
    trained = sum(prod(parameter.shape) for parameter in model.parameters().values())
    return FLOAT_BYTES * (examples * numbers + trained * (1 + states_of(optimizer)))


def training_bytes(
    engine: Engine, optimizer: Optimizer, train: Split, examples: int, predicted: int
) -> int:
    """Peak memory of training, in bytes, without the parameters and the data.

    `examples` is the batch size, `predicted` the number of images evaluated at once.

    Equations
        held  = SMALL + the arrays in which the parameters were initialized
        plain = held + HELD * (states + max(a step, COPIES * checkpoint))
        cpu   = held + states + pages of both programs + COPIES * checkpoint
    """
    parameters = [prod(p.shape) for p in engine.model.parameters().values()]
    buffers: list[int] = [prod(b.value.shape) for b in engine.model.buffers().values()]
    states = FLOAT_BYTES * sum(parameters) * states_of(optimizer)
    held = SMALL + FLOAT_BYTES * sum(parameters)
    saved = states + FLOAT_BYTES * (sum(parameters) + sum(buffers))
    if isinstance(engine, PlainEngine):
        from handgrad.training.trial_step import step_bytes

        step = step_bytes(engine, train, examples, predicted)
        return held + round(HELD * (states + max(step, COPIES * saved)))
    from handgrad.engine.cpu import CpuEngine

    assert isinstance(engine, CpuEngine), "an engine without a memory estimate"
    return held + states + engine.planned_bytes(predicted) + COPIES * saved


def states_of(optimizer: Optimizer) -> int:
    """The number of state arrays that the optimizer keeps per parameter."""
    return len(optimizer.initial_state(Parameter(np.zeros(1, dtype=np.float32))))


def _what(examples: int) -> str:
    return f"Training with {examples:,} images at once"
