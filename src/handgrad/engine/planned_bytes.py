"""The memory that training and prediction will take, in bytes by role.

The functions of this module need only shapes, and no array is allocated. Each engine's
`planned_bytes` adds what depends on how it works.
"""

from dataclasses import dataclass
from itertools import pairwise
from math import prod

import numpy as np

from handgrad.arrays import Shape
from handgrad.engine.memory_plan import FLOAT_BYTES, Memory
from handgrad.layers import Flatten, Sequential
from handgrad.optimizers import Optimizer
from handgrad.parameter import Parameter

Roles = dict[str, int]  # bytes by role


@dataclass(frozen=True)
class PlannedBytes:
    """Memory of an engine in training, in bytes by role.

    `is_kept` says whether all of it stays allocated between steps, as in the CPU
    engine; else only the parameters and the optimizer's state do.

    Units
        roles  bytes of the parameters, their gradients, the optimizer's state, the
               input as float32, activations (layers' outputs and the gradients with
               respect to them), and workspace (temporary arrays, lookup tables, the
               ends of pages)
    """

    roles: Roles
    is_kept: bool

    @property
    def total(self) -> int:
        """The peak of a step or a prediction."""
        return sum(self.roles.values())

    @property
    def between_steps(self) -> int:
        """The memory that stays allocated between steps."""
        kept = self.roles["parameters"] + self.roles["optimizer"]
        return self.total if self.is_kept else kept


def training_roles(
    model: Sequential, optimizer: Optimizer, input_shape: Shape, batch_size: int
) -> Roles:
    """Predicted bytes of a step in which the outputs of every layer are kept.

    Equations
        parameters  = gradients = 4 * their count
        optimizer   = 4 * count * states      (SGD 0, momentum and RMSProp 1, Adam 2)
        input       = 4 * batch * pixels
        activations = 4 * batch * sum of all layers' outputs
    """
    trained = FLOAT_BYTES * parameter_count(model)
    states = optimizer.initial_state(Parameter(np.zeros(1, dtype=np.float32)))
    outputs = sum(output_sizes(model, input_shape))
    return {
        "parameters": trained,
        "gradients": trained,
        "optimizer": trained * len(states),
        "input": FLOAT_BYTES * batch_size * prod(input_shape),
        "activations": FLOAT_BYTES * batch_size * outputs,
    }


def prediction_roles(model: Sequential, input_shape: Shape, batch_size: int) -> Roles:
    """Predicted bytes of a prediction: outputs are kept until the next layer is done.

    Equations
        activations = 4 * batch * largest sum of two successive outputs
    """
    sizes = output_sizes(model, input_shape)
    pairs = [a + b for a, b in pairwise(sizes)] or sizes
    return {
        "parameters": FLOAT_BYTES * parameter_count(model),
        "input": FLOAT_BYTES * batch_size * prod(input_shape),
        "activations": FLOAT_BYTES * batch_size * max(pairs),
    }


def parameter_count(model: Sequential) -> int:
    """The number of trainable parameters."""
    return sum(prod(parameter.shape) for parameter in model.parameters().values())


def output_sizes(model: Sequential, input_shape: Shape) -> list[int]:
    """The number of outputs of each layer for one example; flattening makes no copy."""
    sizes, shape = [], input_shape
    for layer in model.layers.values():
        shape = layer.output_shape(shape)
        if not isinstance(layer, Flatten):
            sizes.append(prod(shape))
    return sizes


def unused_bytes(memory: Memory, images: int) -> int:
    """Bytes of a program's activations in pages that so few images never use."""
    parts = (x for x in memory.table if x.role == "activations" and not x.is_whole)
    return round((1 - min(1.0, images / memory.capacity)) * sum(x.own for x in parts))
