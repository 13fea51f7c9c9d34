"""A layer, a loss or a whole network as a scalar function of named arrays.

It provides what a gradient check needs: the values of the arrays (`point`), the value
of the function at any point, and its gradient at this one. All in float64, on a copy.
"""

from abc import ABC, abstractmethod
from copy import deepcopy
from typing import Any, TypeAlias

import numpy as np

from handgrad.arrays import NumpyArray, Shape, two_returned
from handgrad.errors import ConfigError, DatasetError, ShapeError
from handgrad.layers import Layer
from handgrad.losses import L2, Loss
from handgrad.losses.loss import forward_loss
from handgrad.parameter import Parameter
from handgrad.randomness import Key, normal

Point: TypeAlias = dict[str, NumpyArray]


class Differentiable(ABC):
    """A scalar function of named arrays, with its gradient for each of them."""

    point: Point

    @abstractmethod
    def evaluate(self, point: Point) -> tuple[float, Any]:
        """The value at a point, and the caches of the forward pass."""

    @abstractmethod
    def gradients(self) -> Point:
        """The analytic gradient at `self.point`, by array name."""


class LayerValue(Differentiable):
    """A layer as a scalar function: a weighted sum of outputs, with random weights.

    For `by_projection` and `by_entry`. A copy of the `layer` runs in float64;
    `training` selects training or prediction mode, and `key` determines the fixed
    weights and any dropout mask. ConfigError for empty inputs.

    Shapes
        inputs  (batch, ...)

    Equations
        value     = sum of outputs * d_outputs
        gradients = layer.backward(d_outputs, cache)

    Example
        value = LayerValue(Tanh(), np.ones((2, 3)), key=Key(0))
        by_projection(value, key=Key(1)).passed
    """

    def __init__(
        self, layer: Layer[Any], inputs: NumpyArray, *, key: Key, training: bool = True
    ) -> None:
        self.layer = in_float64(layer)
        self.training = training
        self.point = point_of(self.layer, inputs)
        self.key = key.child("forward").at(1, np.arange(len(self.point["inputs"])))
        shape = self._forward(self.point)[0].shape
        self.d_outputs = normal(key.child("d_outputs"), shape)

    def evaluate(self, point: Point) -> tuple[float, Any]:
        """Return the value at a `point` (arrays by name), and the cache."""
        outputs, cache = self._forward(point)
        return float(np.sum(outputs * self.d_outputs)), cache

    def gradients(self) -> Point:
        """Return the gradient for each array, computed by the backward pass."""
        _, cache = self._forward(self.point)
        results = self.layer.backward(self.d_outputs, cache)
        what = "d_inputs, gradients"
        d_inputs, gradients = two_returned("backward", self.layer, what, results)
        return {"inputs": d_inputs, **gradients}

    def _forward(self, point: Point) -> tuple[NumpyArray, Any]:
        move_to(self.layer, point)
        results = self.layer.forward(
            point["inputs"], training=self.training, key=self.key
        )
        return two_returned("forward", self.layer, "outputs, cache", results)


class LossValue(Differentiable):
    """A loss as a function of the logits, in float64.

    For `by_projection` and `by_entry`. ConfigError for empty logits; ShapeError or
    DatasetError for targets that do not fit them.

    Shapes
        logits   (batch, classes)
        targets  (batch,), true class numbers; or soft labels, (batch, classes)

    Equations
        value     = loss.forward(logits, targets)
        gradients = loss.backward(cache)
    """

    def __init__(
        self, loss: Loss[Any], logits: NumpyArray, targets: NumpyArray
    ) -> None:
        self.loss = loss
        self.point = {"logits": filled("logits", logits)}
        self.targets = fitting_targets(loss, targets, self.point["logits"].shape)

    def evaluate(self, point: Point) -> tuple[float, Any]:
        """Return the mean loss at a `point` (arrays by name), and the cache."""
        return forward_loss(self.loss, point["logits"], self.targets)

    def gradients(self) -> Point:
        """Return the gradient for the logits, computed by the backward pass."""
        _, cache = self.evaluate(self.point)
        return {"logits": self.loss.backward(cache)}


class NetworkValue(Differentiable):
    """The loss of a whole network on a batch, with its L2 term, in float64.

    For `by_projection` and `by_entry`. A copy of the network runs; `training` selects
    training or prediction mode, and `key` determines the dropout masks. ConfigError for
    empty inputs; ShapeError or DatasetError for targets that do not fit the logits.

    Shapes
        inputs   (batch, ...)
        targets  (batch,), true class numbers

    Equations
        value     = loss(network(inputs), targets) + l2.penalty(parameters)
        gradients = network.backward(loss.backward(...)) + l2.gradients(parameters)
    """

    def __init__(
        self,
        network: Layer[Any],
        loss: Loss[Any],
        inputs: NumpyArray,
        targets: NumpyArray,
        *,
        key: Key,
        l2: L2 | None = None,
        training: bool = True,
    ) -> None:
        self.network = in_float64(network)
        self.loss = loss
        self.l2 = l2 if l2 is not None else L2(0.0)
        self.training = training
        self.point = point_of(self.network, inputs)
        count, *shape = self.point["inputs"].shape
        self.key = key.child("forward").at(1, np.arange(count))
        logits = (count, *self.network.output_shape(tuple(shape)))
        self.targets = fitting_targets(loss, targets, logits)

    def evaluate(self, point: Point) -> tuple[float, Any]:
        """Return the loss with the L2 term at a `point`, and the caches."""
        move_to(self.network, point)
        logits, cache = self.network.forward(
            point["inputs"], training=self.training, key=self.key
        )
        loss, loss_cache = forward_loss(self.loss, logits, self.targets)
        return loss + self.l2.penalty(self.network.parameters()), (cache, loss_cache)

    def gradients(self) -> Point:
        """Return the gradients from backpropagation, including those of the L2 term."""
        _, (cache, loss_cache) = self.evaluate(self.point)
        d_logits = self.loss.backward(loss_cache)
        d_inputs, gradients = self.network.backward(d_logits, cache)
        for name, d_weight in self.l2.gradients(self.network.parameters()).items():
            gradients[name] = gradients[name] + d_weight
        return {"inputs": d_inputs, **gradients}


def in_float64(layer: Layer[Any]) -> Layer[Any]:
    """A copy of the layer with parameters and buffers in float64."""
    twin = deepcopy(layer)
    for array in named_arrays(twin).values():
        array.value = np.asarray(array.value, dtype=np.float64)
    return twin


def named_arrays(layer: Layer[Any]) -> dict[str, Parameter]:
    """Parameters and buffers by name."""
    return {**layer.parameters(), **layer.buffers()}


def point_of(layer: Layer[Any], inputs: NumpyArray) -> Point:
    """The inputs and the layer's parameters, by name."""
    values = {name: p.value for name, p in layer.parameters().items()}
    return {"inputs": filled("inputs", inputs), **values}


def filled(name: str, values: NumpyArray) -> NumpyArray:
    """The values in float64; ConfigError if there is nothing to check."""
    array = np.asarray(values, dtype=np.float64)
    if array.ndim == 0 or not array.size:
        raise ConfigError(
            f"A gradient check takes {name} of at least one example, got an array of "
            f"shape {array.shape}. Give some."
        )
    return array


def fitting_targets(loss: Loss[Any], targets: NumpyArray, logits: Shape) -> NumpyArray:
    """The targets; ShapeError or DatasetError unless they fit logits of that shape.

    A class that does not exist would look like a wrong gradient of a correct loss.
    """
    found = np.asarray(targets)
    batch, classes = logits[0], logits[-1]
    if loss.takes_soft_targets and found.ndim == 2 and found.shape == logits:
        return found
    if found.shape != (batch,) or found.dtype.kind not in "iu":
        soft = f", or soft labels of shape {logits}" if loss.takes_soft_targets else ""
        raise ShapeError(
            f"{loss!r} on logits of shape {logits} takes one class number for each of "
            f"{batch} examples{soft}, got an array of shape {found.shape} of "
            f"{found.dtype}. Give targets for these logits."
        )
    is_wrong = (found < 0) | (found >= classes)
    is_wrong &= found != getattr(loss, "ignore_index", None)
    if is_wrong.any():
        row = int(is_wrong.argmax())
        raise DatasetError(
            f"Targets are class numbers from 0 to {classes - 1}, got {found[row]} at "
            f"row {row}. Number the classes from 0."
        )
    return found


def move_to(layer: Layer[Any], point: Point) -> None:
    """Set the layer's parameters to their values at a point."""
    for name, parameter in layer.parameters().items():
        parameter.value = point[name]
