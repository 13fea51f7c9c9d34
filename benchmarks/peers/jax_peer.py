"""The network in JAX: one compiled step with donated parameters."""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from handgrad import layers, optimizers
from handgrad.arrays import NumpyArray
from handgrad.engine.workers import available_cores
from peers.task import (
    Piece,
    Task,
    Way,
    plain_rate,
)

Function = Callable[[Any, Any], Any]  # function of a layer's parameters and inputs
TINY = -jnp.inf


def ways(task: Task) -> dict[str, Way]:
    """Gather batches in NumPy or in the compiled step, from floats or from bytes."""
    sources = {
        "gathers floats": (task.rows, task.channels_last),
        "gathers bytes": (
            task.images.reshape(len(task.images), -1),
            task.images.transpose(0, 2, 3, 1),
        ),
    }
    found = {}
    for name, (rows, pictures) in sources.items():
        images = rows if task.is_dense else np.ascontiguousarray(pictures)
        for place, inside in (("NumPy", False), ("jit", True)):
            make = partial(JaxStep, task, images, gathers_inside=inside)
            found[f"{place} {name}"] = Way(make, available_cores())
    return found


class JaxStep:
    """A training step with asynchronous dispatch, at most one step ahead.

    JAX runs a step asynchronously, so gathering the next batch overlaps with it. A call
    starts a step and then waits for the previous one.
    """

    def __init__(self, task: Task, images: NumpyArray, *, gathers_inside: bool) -> None:
        pieces = task.pieces()
        parts = [translate(task, pieces, place) for place in range(len(pieces))]
        self.parameters = [jax.tree.map(jnp.array, own) for _, own in parts]
        remembered, move = rule_of(task)
        self.state = [
            tuple(jnp.zeros_like(value) for _ in range(remembered))
            for value in jax.tree.leaves(self.parameters)
        ]
        prepare = partial(normalise, task) if images.dtype == np.uint8 else None
        self.compiled = compiled_step([part for part, _ in parts], move, prepare)
        self.images, self.targets = images, task.targets.astype(np.int32)
        self.gathers_inside = gathers_inside
        if gathers_inside:
            self.images, self.targets = map(jnp.array, (self.images, self.targets))
        self.number, self.loss = 0, None

    def __call__(self, rows: NumpyArray) -> Any:
        """Start a step, then wait for the loss of the previous one."""
        before = self.loss
        self.number += 1
        batch = (self.images, self.targets, rows.astype(np.int32))
        if not self.gathers_inside:
            batch = (np.take(self.images, rows, axis=0), self.targets[rows], None)
        self.parameters, self.state, self.loss = self.compiled(
            self.parameters, self.state, np.float32(self.number), *batch
        )
        if before is not None:
            before.block_until_ready()
        return self.loss


def compiled_step(forward: list[Function], move: Any, prepare: Any) -> Any:
    """Forward, backward and update as one compiled function."""

    def loss_of(parameters: Any, inputs: Any, targets: Any) -> Any:
        for function, own in zip(forward, parameters, strict=True):
            inputs = function(own, inputs)
        chances = jax.nn.log_softmax(inputs)
        return -jnp.take_along_axis(chances, targets[:, None], axis=1).mean()

    @partial(jax.jit, donate_argnums=(0, 1))
    def step(
        parameters: Any, state: Any, number: Any, images: Any, targets: Any, rows: Any
    ) -> Any:
        if rows is not None:
            images, targets = (
                whole.at[rows].get(mode="promise_in_bounds")
                for whole in (images, targets)
            )
        inputs = images if prepare is None else prepare(images)
        loss, gradients = jax.value_and_grad(loss_of)(parameters, inputs, targets)
        values, tree = jax.tree.flatten(parameters)
        triples = zip(values, jax.tree.leaves(gradients), state, strict=True)
        moved = [move(number, *pair, *own) for *pair, own in triples]
        return tree.unflatten([new[0] for new in moved]), [n[1:] for n in moved], loss

    return step


def normalise(task: Task, images: Any) -> Any:
    """Convert bytes to the network's normalised inputs."""
    scale, shift = (
        np.repeat(part, images.shape[1] // len(part)) if images.ndim == 2 else part
        for part in (task.network.normalization.scale, task.network.normalization.shift)
    )
    return images.astype(jnp.float32) * scale + shift


def translate(
    task: Task, pieces: list[Piece], place: int
) -> tuple[Function, dict[str, NumpyArray]]:
    """A layer as a function of its parameters and inputs, and its parameters."""
    piece, layer = pieces[place], pieces[place].layer
    match layer:
        case layers.Linear():
            weight = task.dense_weight(place)
            return _linear, {"weight": weight, "bias": piece.array("bias")}
        case layers.Conv2d():
            weight = piece.array("weight").transpose(2, 3, 1, 0)
            function = partial(_convolution, layer.stride, layer.padding)
            return function, {"weight": weight, "bias": piece.array("bias")}
        case layers.MaxPool2d():
            return _no_parameters(partial(_window, layer, TINY, lax.max))
        case layers.AveragePool2d() if layer.padding == (0, 0):
            count = np.float32(np.prod(layer.kernel_size))
            total = partial(_window, layer, 0.0, lax.add)
            return _no_parameters(lambda inputs: total(inputs) / count)
        case layers.GELU():
            approximate = layer.approximate == "tanh"
            return _no_parameters(partial(jax.nn.gelu, approximate=approximate))
        case layers.Flatten():
            return _no_parameters(lambda inputs: inputs.reshape(len(inputs), -1))
    plain = {
        layers.ReLU: jax.nn.relu,
        layers.Sigmoid: jax.nn.sigmoid,
        layers.SiLU: jax.nn.silu,
        layers.Tanh: jnp.tanh,
    }
    if type(layer) not in plain:
        raise task.refuse("The peer in JAX", layer)
    return _no_parameters(plain[type(layer)])


def _no_parameters(function: Any) -> tuple[Function, dict[str, NumpyArray]]:
    return (lambda own, inputs: function(inputs)), {}


def _linear(own: Any, inputs: Any) -> Any:
    return inputs @ own["weight"] + own["bias"]


def _convolution(stride: Any, padding: Any, own: Any, inputs: Any) -> Any:
    sides = [(side, side) for side in padding]
    order = ("NHWC", "HWIO", "NHWC")
    outputs = lax.conv_general_dilated(
        inputs, own["weight"], stride, sides, dimension_numbers=order
    )
    return outputs + own["bias"]


def _window(layer: Any, first: float, combine: Any, inputs: Any) -> Any:
    sides = [(0, 0), *((side, side) for side in layer.padding), (0, 0)]
    size, stride = (1, *layer.kernel_size, 1), (1, *layer.stride, 1)
    return lax.reduce_window(inputs, first, combine, size, stride, sides)


def rule_of(task: Task) -> tuple[int, Any]:
    """The number of state arrays per parameter, and the update function."""
    rule = task.network.build_optimizer()
    if rule.weight_decay:
        raise task.refuse("The peer in JAX", "weight decay")
    match rule:
        case optimizers.SGD():
            return int(rule.momentum != 0), partial(_sgd, rule)
        case optimizers.Adam():
            return 2, partial(_adam, rule)
    raise task.refuse("The peer in JAX", rule)


def _sgd(rule: Any, number: Any, value: Any, gradient: Any, *state: Any) -> Any:
    rate = plain_rate(rule)
    if not state:
        return (value - rate * gradient,)
    velocity = rule.momentum * state[0] + gradient
    ahead = gradient + rule.momentum * velocity
    return value - rate * (ahead if rule.nesterov else velocity), velocity


def _adam(rule: Any, number: Any, value: Any, gradient: Any, *state: Any) -> Any:
    mean = rule.beta1 * state[0] + (1 - rule.beta1) * gradient
    square = rule.beta2 * state[1] + (1 - rule.beta2) * gradient**2
    root = jnp.sqrt(square / (1 - rule.beta2**number)) + rule.eps
    rate = plain_rate(rule) / (1 - rule.beta1**number)
    return value - rate * mean / root, mean, square
