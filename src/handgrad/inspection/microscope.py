"""One number of one gradient: where it comes from, factor by factor.

Source
    Rumelhart, Hinton, Williams (1986), Learning representations by back-propagating
    errors, equation 6.
"""

from dataclasses import dataclass
from inspect import getsourcelines
from typing import Any

import numpy as np

from handgrad.arrays import NumpyArray
from handgrad.errors import ConfigError, ShapeError, unknown_name
from handgrad.inspection.differentiable import NetworkValue, in_float64
from handgrad.inspection.gradient_check import pattern_of, same_pattern, unit
from handgrad.layers import (
    GELU,
    Conv2d,
    Layer,
    Linear,
    Sequential,
    Sigmoid,
    Tanh,
)
from handgrad.losses import Loss, SoftmaxCrossEntropy
from handgrad.randomness import Key

STEPS = (1e-4, 1e-5, 1e-6)  # of the finite difference; smaller ones where it may kink
SMOOTH = (Linear, Conv2d, Sigmoid, Tanh, GELU)  # a sign in their caches is no kink
SHOWN = 6  # places of a convolution that are listed


@dataclass(frozen=True)
class Place:
    """One output that the weight acts on.

    Equations
        product = upstream * local

    Units
        output    the output's place: (unit,) or (channel, row, column)
        forward   the output's value
        upstream  d loss / d output
        local     d output / d weight: the input that the weight multiplies, or 1
    """

    output: tuple[int, ...]
    forward: float
    upstream: float
    local: float

    @property
    def product(self) -> float:
        """This place's part of the gradient."""
        return self.upstream * self.local


@dataclass(frozen=True)
class Reading:
    """The gradient of one sample's loss by one weight.

    Units
        gradient  the sum of all places' products
        backward  the same number, as the layer's own backward pass gives it
        numeric   its central finite difference; None where every step crossed a kink
        line      the file and line of the layer's equation, and the words there
    """

    layer: str
    parameter: str
    index: tuple[int, ...]
    sample: int
    value: float
    loss: float
    places: tuple[Place, ...]
    gradient: float
    backward: float
    numeric: float | None
    file: str
    line: int
    code: str

    @property
    def relative_error(self) -> float | None:
        """How far the finite difference is off, against the larger of the two."""
        if self.numeric is None:
            return None
        largest = max(abs(self.gradient), abs(self.numeric), 1e-8)
        return abs(self.gradient - self.numeric) / largest

    @property
    def largest(self) -> tuple[Place, ...]:
        """The places that matter most, largest product first."""
        ordered = sorted(self.places, key=lambda place: -abs(place.product))
        return tuple(ordered[:SHOWN])


def microscope(
    model: Sequential,
    inputs: NumpyArray,
    targets: NumpyArray,
    *,
    layer: str,
    sample: int,
    index: tuple[int, ...],
    parameter: str = "weight",
    loss: Loss[Any] | None = None,
) -> Reading:
    """Follow one sample's gradient by one weight, in prediction, in float64.

    Shapes
        inputs   (batch, ...), normalised as the network takes them
        targets  (batch,)
        index    the weight's place: (unit, input) of Linear, (out_channel, in_channel,
                 row, column) of Conv2d, (unit,) of a bias
    """
    loss = loss if loss is not None else SoftmaxCrossEntropy()
    part = _chosen(model, layer, parameter, index)
    _check_sample(sample, len(targets))
    one, target = inputs[sample : sample + 1], targets[sample : sample + 1]
    value = NetworkValue(model, loss, one, target, key=Key(0), training=False)
    name = f"{layer}.{parameter}"
    seen, outputs, upstream = _around(model, value.point["inputs"], target, loss, layer)
    places = _places(part, parameter, index, seen[0], outputs[0], upstream[0])
    number, _ = value.evaluate(value.point)
    file, line, code = equation_line(part, parameter)
    return Reading(
        layer=layer,
        parameter=parameter,
        index=index,
        sample=sample,
        value=float(value.point[name][index]),
        loss=number,
        places=places,
        gradient=float(sum(place.product for place in places)),
        backward=float(value.gradients()[name][index]),
        numeric=_numeric(value, name, index),
        file=file,
        line=line,
        code=code,
    )


def _around(
    model: Sequential,
    inputs: NumpyArray,
    target: NumpyArray,
    loss: Loss[Any],
    layer: str,
) -> tuple[NumpyArray, NumpyArray, NumpyArray]:
    """What goes into a layer, what comes out, and the gradient that comes back."""
    network = in_float64(model)
    assert isinstance(network, Sequential)
    entered, outputs, caches = {}, inputs, {}
    values = {}
    for name, part in network.layers.items():
        entered[name] = outputs
        outputs, caches[name] = part.forward(outputs)
        values[name] = outputs
    d_outputs = loss.backward(loss.forward(outputs, target)[1])
    for name, part in reversed(network.layers.items()):
        if name == layer:
            break
        d_outputs, _ = part.backward(d_outputs, caches[name])
    return entered[layer], values[layer], d_outputs


def _places(
    layer: Layer[Any],
    parameter: str,
    index: tuple[int, ...],
    inputs: NumpyArray,
    outputs: NumpyArray,
    upstream: NumpyArray,
) -> tuple[Place, ...]:
    """Every output that the weight acts on, with the input it meets there."""
    unit = index[0]
    if isinstance(layer, Linear):
        local = 1.0 if parameter == "bias" else float(inputs[index[1]])
        return (Place((unit,), float(outputs[unit]), float(upstream[unit]), local),)
    assert isinstance(layer, Conv2d)
    locals_ = np.ones(outputs.shape[1:])
    if parameter == "weight":
        locals_ = _seen_by(layer, inputs, index, outputs.shape[1:])
    return tuple(
        Place(
            (unit, row, column),
            float(outputs[unit, row, column]),
            float(upstream[unit, row, column]),
            float(locals_[row, column]),
        )
        for row, column in np.ndindex(*locals_.shape)
    )


def _seen_by(
    layer: Conv2d, inputs: NumpyArray, index: tuple[int, ...], sizes: tuple[int, ...]
) -> NumpyArray:
    """The pixel under one tap of the kernel, for each place of the kernel.

    Equations
        seen[r, c] = padded[channel, r * stride + tap row, c * stride + tap column]
    """
    _, channel, row, column = index
    down, across = layer.padding
    padded = np.pad(inputs[channel], ((down, down), (across, across)))
    (step_down, step_across), (rows, columns) = layer.stride, sizes
    seen: NumpyArray = padded[
        row : row + rows * step_down : step_down,
        column : column + columns * step_across : step_across,
    ]
    return seen[:rows, :columns]


def _numeric(value: NetworkValue, name: str, index: tuple[int, ...]) -> float | None:
    """The central difference, with the largest step that crosses no kink."""
    pattern = _kinks(value, value.evaluate(value.point)[1])
    direction = unit(value.point, name, index)[name]
    for step in STEPS:
        losses = []
        for move in (step, -step):
            moved = {**value.point, name: value.point[name] + move * direction}
            loss, caches = value.evaluate(moved)
            if same_pattern(pattern, _kinks(value, caches)):
                losses.append(loss)
        if len(losses) == 2:
            return (losses[0] - losses[1]) / (2 * step)
    return None


def _kinks(value: NetworkValue, caches: Any) -> list[NumpyArray]:
    """Which units are open and which entries won, in layers and losses that bend."""
    assert isinstance(value.network, Sequential)
    of_layers, of_loss = caches
    pairs = zip(value.network.layers.values(), of_layers, strict=True)
    sharp = [cache for layer, cache in pairs if not isinstance(layer, SMOOTH)]
    return pattern_of([*sharp, of_loss])


def equation_line(layer: Layer[Any], parameter: str) -> tuple[str, int, str]:
    """Where the layer's backward computes this gradient: file, line, words."""
    lines, first = getsourcelines(type(layer).backward)
    module = type(layer).__module__.replace(".", "/") + ".py"
    for number, text in enumerate(lines, first):
        if text.strip().startswith(f"d_{parameter} ="):
            return module, number, text.strip()
    for number, text in enumerate(lines, first):
        if f'"{parameter}":' in text:
            return module, number, text.strip()
    return module, first, lines[0].strip()


def _chosen(
    model: Sequential, name: str, parameter: str, index: tuple[int, ...]
) -> Layer[Any]:
    """The layer, if the microscope can look into it there."""
    known = {
        key: layer
        for key, layer in model.layers.items()
        if isinstance(layer, Linear | Conv2d)
    }
    if name not in known:
        raise unknown_name("linear or convolution layer", name, known)
    parameters = known[name].parameters()
    if parameter not in parameters:
        raise unknown_name(f"parameter of {name}", parameter, parameters)
    shape = parameters[parameter].shape
    fits = len(index) == len(shape) and all(
        0 <= place < size for place, size in zip(index, shape, strict=True)
    )
    if not fits:
        raise ShapeError(
            f"{name}.{parameter} has shape {shape}, got the place {index}. Give "
            f"{len(shape)} numbers, counted from 0, each below its size."
        )
    return known[name]


def _check_sample(sample: int, count: int) -> None:
    if not 0 <= sample < count:
        raise ConfigError(
            f"The microscope takes a sample from 0 to {count - 1}, got {sample}. "
            "Choose one of these images."
        )
