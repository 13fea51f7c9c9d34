"""Bytes of one training step and of one prediction, by what they are for.

Predicted by equations, and measured: the arrays that a step of the plain layers holds,
and the most that NumPy had allocated at once.
"""

import gc
import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import prod
from typing import Any

import numpy as np

from handgrad.arrays import NumpyArray, Shape
from handgrad.inspection.summary import summary
from handgrad.layers import Flatten, Sequential
from handgrad.losses import SoftmaxCrossEntropy
from handgrad.optimizers import Optimizer
from handgrad.randomness import Key, normal
from handgrad.ranges import check_at_least

FLOAT32_BYTES = 4

Roles = dict[str, int]  # bytes by what they are for


@dataclass(frozen=True)
class Memory:
    """What one network takes.

    Units
        training, prediction  bytes by role, predicted
        measured              bytes of the arrays of a training step, by role
        *_peak                the most at once, measured, parameters included
    """

    batch_size: int
    training: Roles
    measured: Roles
    prediction: Roles
    training_peak: int
    prediction_peak: int

    @property
    def bars(self) -> dict[str, Roles]:
        """The three tables of bytes by their names."""
        return {
            "training, predicted": self.training,
            "training, measured": self.measured,
            "prediction, predicted": self.prediction,
        }

    @property
    def finding(self) -> str:
        """Training against prediction, in words from the numbers."""
        predicted = sum(self.training.values()) / sum(self.prediction.values())
        peaks = self.training_peak / self.prediction_peak
        return (
            f"In batches of {self.batch_size} training takes {predicted:.2f} times the "
            f"memory of prediction by the equations, and {peaks:.2f} times at the peak."
        )


def memory(
    model: Sequential,
    optimizer: Optimizer,
    image_shape: Shape,
    *,
    batch_size: int = 256,
    seed: int = 0,
) -> Memory:
    """Predict and measure, on random images.

    Equations
        parameters  = gradients = 4 * their count
        optimizer   = 4 * count * states      (SGD 0, momentum and RMSProp 1, Adam 2)
        input       = 4 * batch * pixels
        activations = 4 * batch * sum of all layers' outputs               (training)
        activations = 4 * batch * largest outputs of two layers in turn  (prediction)
    """
    check_at_least("memory", "batch_size", batch_size, 1)
    inputs = normal(Key(seed), (batch_size, *image_shape)).astype(np.float32)
    training = predicted_in_training(model, optimizer, image_shape, batch_size)
    own = training["parameters"]
    return Memory(
        batch_size,
        training,
        measured_roles(model, optimizer, inputs),
        predicted_in_prediction(model, image_shape, batch_size),
        own + peak(lambda: one_step(model, optimizer, inputs)),
        own + peak(lambda: layerwise(model, inputs)),
    )


def predicted_in_training(
    model: Sequential, optimizer: Optimizer, image_shape: Shape, batch_size: int
) -> Roles:
    """By the equations: every layer's outputs are kept."""
    parameters = model.parameters().values()
    count = sum(parameter.value.size for parameter in parameters)
    states = max((len(optimizer.initial_state(p)) for p in parameters), default=0)
    outputs = sum(output_sizes(model, image_shape))
    return {
        "parameters": FLOAT32_BYTES * count,
        "gradients": FLOAT32_BYTES * count,
        "optimizer": FLOAT32_BYTES * count * states,
        "input": FLOAT32_BYTES * batch_size * prod(image_shape),
        "activations": FLOAT32_BYTES * batch_size * outputs,
    }


def predicted_in_prediction(
    model: Sequential, image_shape: Shape, batch_size: int
) -> Roles:
    """By the equations: a layer's outputs are kept until the next has its own."""
    count = sum(parameter.value.size for parameter in model.parameters().values())
    sizes = output_sizes(model, image_shape)
    pairs = [a + b for a, b in pairwise(sizes)] or sizes
    return {
        "parameters": FLOAT32_BYTES * count,
        "input": FLOAT32_BYTES * batch_size * prod(image_shape),
        "activations": FLOAT32_BYTES * batch_size * max(pairs),
    }


def output_sizes(model: Sequential, image_shape: Shape) -> list[int]:
    """How many numbers each layer gives for one example; flattening makes no copy."""
    rows = summary(model, image_shape).rows
    return [prod(r.output_shape) for r in rows if r.layer != Flatten.__name__]


def measured_roles(
    model: Sequential, optimizer: Optimizer, inputs: NumpyArray
) -> Roles:
    """Bytes of the arrays that a step of the plain layers holds, each once."""
    states = {n: optimizer.initial_state(p) for n, p in model.parameters().items()}
    logits, caches, of_loss, gradients = _there_and_back(model, inputs)
    values = [parameter.value for parameter in model.parameters().values()]
    own = distinct([values, inputs])
    kept = distinct([caches, logits, of_loss])
    return {
        "parameters": sum(distinct(values).values()),
        "gradients": sum(distinct(gradients).values()),
        "optimizer": sum(distinct(states).values()),
        "input": inputs.nbytes,
        "activations": sum(size for at, size in kept.items() if at not in own),
    }


def distinct(nested: Any) -> dict[int, int]:
    """Bytes of all arrays in nested caches by where they lie, so that none is twice."""
    return {array.ctypes.data: array.nbytes for array in arrays_in(nested)}


def arrays_in(nested: Any) -> Iterator[NumpyArray]:
    """Every array in mappings, lists and tuples."""
    if isinstance(nested, np.ndarray):
        yield nested
    elif isinstance(nested, Mapping):
        yield from arrays_in(list(nested.values()))
    elif isinstance(nested, list | tuple):
        for part in nested:
            yield from arrays_in(part)


def one_step(model: Sequential, optimizer: Optimizer, inputs: NumpyArray) -> None:
    """A training step of the plain layers; the parameters are put back as they were."""
    states = {n: optimizer.initial_state(p) for n, p in model.parameters().items()}
    *_, gradients = _there_and_back(model, inputs.copy())
    for name, parameter in model.parameters().items():
        before = parameter.value
        optimizer.update(parameter, gradients[name], states[name], 1)
        parameter.value = before


def layerwise(model: Sequential, inputs: NumpyArray) -> None:
    """A prediction that lets go of each layer's inputs and cache at once."""
    outputs = inputs.copy()
    for layer in model.layers.values():
        outputs = layer.forward(outputs)[0]


def peak(work: Callable[[], None]) -> int:
    """The most bytes that were allocated at once, beyond those before."""
    gc.collect()
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def _there_and_back(model: Sequential, inputs: NumpyArray) -> tuple[Any, ...]:
    """Logits, the caches of layers and loss, and the gradients."""
    key = Key(0).at(1, np.arange(len(inputs)))
    logits, caches = model.forward(inputs, training=True, key=key)
    loss = SoftmaxCrossEntropy()
    _, of_loss = loss.forward(logits, np.zeros(len(inputs), dtype=np.int64))
    _, gradients = model.backward(loss.backward(of_loss), caches)
    return logits, caches, of_loss, gradients
