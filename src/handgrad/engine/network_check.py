"""Check that a network fits its inputs, once, when an engine is made.

So the sizes of all buffers and kernels are derived from checked shapes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from handgrad import layers
from handgrad.arrays import Shape
from handgrad.datasets.normalization import DTYPES, Normalization
from handgrad.errors import ConfigError, ShapeError, unknown_name
from handgrad.layers import Layer, Sequential
from handgrad.layers.branches import Branches
from handgrad.layers.returned_pairs import forward_pair
from handgrad.ranges import is_whole

TRUSTED = {getattr(layers, name) for name in layers.__all__}  # these have their tests
TRIED = 2  # examples that a user's own layer is tried with


@dataclass(frozen=True)
class Outputs:
    """The number of logits of a network, and the layer that computes them."""

    classes: int
    last_layer: str


def check_network(model: Sequential, input_shape: Shape) -> Outputs:
    """ShapeError with the layer's name, unless each takes the outputs before it."""
    if not model.layers:
        raise ShapeError(
            "A network takes at least one layer, got a Sequential of none. Give it a "
            "layer, such as Linear."
        )
    shape = _shape_after(model, input_shape, ())
    place, layer = _last_layer(model, ())
    last = _named(place, repr(layer))
    if len(shape) != 1:
        raise ShapeError(
            f"{last} gives outputs of shape {shape}, but a network ends with logits of "
            "shape (classes,). Put a Flatten and a Linear layer after it."
        )
    return Outputs(shape[0], last)


def check_channels(input_shape: Shape, normalization: Normalization) -> None:
    """ConfigError unless a normalization has as many means as inputs have channels."""
    given, channels = len(normalization.mean), input_shape[0]
    is_vector = len(input_shape) == 1
    if given != channels and not (is_vector and given == 1):
        raise ConfigError(
            f"Inputs of shape {input_shape} take {channels} means and deviations, one "
            f"for each {'feature' if is_vector else 'channel'}, got {given}. Give the "
            f"normalization {channels} of each."
        )


def read_shape(given: Any) -> Shape:
    """The shape of one input; ShapeError unless it is an image's or a vector's."""
    is_shape = isinstance(given, tuple | list) and len(given) in (1, 3)
    if not is_shape or not _are_sizes(given):
        raise ShapeError(
            "A network takes images of shape (channels, height, width) or vectors of "
            f"shape (features,), each from 1 up, got {given!r}. Reshape the inputs."
        )
    return tuple(int(size) for size in given)


def read_dtype(given: Any) -> str:
    """The name of the inputs' dtype; ConfigError unless a network takes such inputs."""
    try:
        name = "None" if given is None else np.dtype(given).name
    except TypeError:
        name = str(given)
    if name not in DTYPES:
        raise unknown_name("dtype of inputs", name, DTYPES)
    return name


def _shape_after(layer: Layer[Any], shape: Shape, place: Sequence[str]) -> Shape:
    """The output shape of a layer in this place, or of all layers within it."""
    if type(layer) is Sequential:
        for name, part in layer.layers.items():
            shape = _shape_after(part, shape, (*place, name))
        return shape
    if isinstance(layer, Branches) and type(layer) in TRUSTED:
        for name, part in layer.parts().items():
            _shape_after(part, shape, (*place, name))
    try:
        outputs = layer.output_shape(shape)
    except ShapeError as error:
        raise ShapeError(_named(place, str(error))) from error
    if type(layer) not in TRUSTED:
        _try_own(layer, shape, outputs, place)
    return outputs


def _try_own(
    layer: Layer[Any], shape: Shape, outputs: Shape, place: Sequence[str]
) -> None:
    """ShapeError unless the outputs of a user's own layer have its output_shape."""
    who = _named(place, repr(layer))
    if not (isinstance(outputs, tuple) and _are_sizes(outputs)):
        raise ShapeError(
            f"{who}: output_shape({shape}) returns {outputs!r}, which is not a tuple "
            "of integers of at least 1. Return the shape of one example's output."
        )
    zeros = np.zeros((TRIED, *shape), dtype=np.float32)
    with np.errstate(all="ignore"):
        results = layer.forward(zeros)
    found = tuple(np.shape(forward_pair(".".join(place), layer, results)[0]))
    if found != (TRIED, *outputs):
        raise ShapeError(
            f"{who}: output_shape({shape}) returns {outputs}, but forward returns "
            f"{found} for a batch of {TRIED}. Make the two agree."
        )


def _last_layer(
    layer: Layer[Any], place: tuple[str, ...]
) -> tuple[tuple[str, ...], Layer[Any]]:
    """The layer that computes the logits, and the names of the layers around it."""
    if type(layer) is Sequential and layer.layers:
        name, last = list(layer.layers.items())[-1]
        return _last_layer(last, (*place, name))
    return place, layer


def _named(place: Sequence[str], text: str) -> str:
    """The text after the names of the layers around it."""
    return ": ".join([*place, text])


def _are_sizes(shape: Shape) -> bool:
    """Whether these are integers of at least 1."""
    return all(is_whole(size) and size >= 1 for size in shape)
