"""Whether training fits in memory, before any of it is taken.

First by the least that any engine needs, which takes no time; then by what the engine
itself foresees: the CPU engine plans every buffer before it uses one, and the plain
engine tries a step with a few images where memory may be short.
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
COPIES = 3  # of what a checkpoint holds, while it is saved: arrays, bytes, the file's
# The C library keeps some of what NumPy gives back; both were found by measuring.
HELD = 9 / 8  # of what a plain step takes, arrays of many sizes
SMALL = 2_000_000  # records, lines and whatever else a run makes in passing
AMPLE = 32  # no network here takes so many times the least
NEXT = (
    "Take a smaller batch size, a smaller network or fewer images, or close other "
    "programs. handgrad train --force tries it all the same."
)


def check_least(
    model: Sequential, optimizer: Optimizer, input_shape: Shape, examples: int
) -> None:
    """ResourceError if the least that training needs is more than is free."""
    wanted = least_bytes(model, optimizer, input_shape, examples)
    check_memory(wanted, _what(examples), NEXT)


def check_room(
    engine: Engine, optimizer: Optimizer, train: Split, examples: int, predicted: int
) -> None:
    """ResourceError if what the engine foresees is more than is free."""
    free, shape = free_memory(), train.image_shape
    least = least_bytes(engine.model, optimizer, shape, examples)
    if isinstance(engine, PlainEngine) and (free is None or AMPLE * least < free):
        return
    wanted = training_bytes(engine, optimizer, train, examples, predicted)
    check_memory(wanted, _what(examples), NEXT)


def least_bytes(
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
    return FLOAT_BYTES * (examples * numbers + trained * (1 + states_of(optimizer)))


def training_bytes(
    engine: Engine, optimizer: Optimizer, train: Split, examples: int, predicted: int
) -> int:
    """The most that training takes at once, besides the parameters and the data.

    A step sees so many `examples`; so many images are `predicted` after an epoch.

    Equations
        held  = SMALL + the arrays in which the parameters were drawn
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

    assert isinstance(engine, CpuEngine), "an engine that nobody has counted"
    return held + states + engine.planned_bytes(predicted) + COPIES * saved


def states_of(optimizer: Optimizer) -> int:
    """How many arrays of a parameter's size the optimizer keeps for it."""
    return len(optimizer.initial_state(Parameter(np.zeros(1, dtype=np.float32))))


def _what(examples: int) -> str:
    return f"Training with {examples:,} images at once"
