"""The passes of a network by its layers' own methods, with their results checked."""

from typing import Any, NamedTuple

from handgrad.arrays import Gradients, NumpyArray, Shape
from handgrad.engine.engine import Between, nothing
from handgrad.engine.network_layers import layer_key, layers_of
from handgrad.engine.returned import gradients_of, returned
from handgrad.layers import Layer
from handgrad.layers.returned_pairs import backward_pair, forward_pair
from handgrad.randomness import Key


class Kept(NamedTuple):
    """The cache of a layer, and the shape of its d_inputs."""

    name: str
    layer: Layer[Any]
    cache: Any
    input_shape: Shape


def forward(
    model: Layer[Any],
    inputs: NumpyArray,
    *,
    training: bool = False,
    key: Key | None = None,
    between: Between = nothing,
) -> tuple[NumpyArray, list[Kept]]:
    """Through all layers, first to last: (batch, classes), and what is kept of each.

    `between` is called before each layer.
    """
    kept = []
    for name, layer in layers_of(model):
        between()
        own_key = None if key is None else layer_key(key, name)
        results = layer.forward(inputs, training=training, key=own_key)
        outputs, cache = forward_pair(name, layer, results)
        expected = (len(inputs), *layer.output_shape(inputs.shape[1:]))
        kept.append(Kept(name, layer, cache, inputs.shape))
        inputs = returned(name, layer, "outputs", outputs, expected)
    return inputs, kept


def backward(
    d_outputs: NumpyArray, kept: list[Kept], between: Between = nothing
) -> Gradients:
    """Through all layers, last to first: the gradient of every parameter, by name."""
    gradients = {}
    for name, layer, cache, input_shape in reversed(kept):
        between()
        results = layer.backward(d_outputs, cache)
        d_inputs, own = backward_pair(name, layer, results)
        d_outputs = returned(name, layer, "d_inputs", d_inputs, input_shape)
        for parameter, gradient in gradients_of(name, layer, own).items():
            full = f"{name}.{parameter}" if name else parameter
            gradients[full] = gradient
    return gradients
