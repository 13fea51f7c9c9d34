"""The passes of a network by its layers' own methods, with their results checked."""

from typing import Any, NamedTuple

from handgrad.arrays import Gradients, NumpyArray, Shape
from handgrad.engine.engine import Between, nothing
from handgrad.engine.network_layers import frozen_count, layer_key, layers_of
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

    `between` is called before each layer. In training, nothing is kept of the first
    layers that are frozen.
    """
    kept, layers = [], layers_of(model)
    frozen = frozen_count(layer for _, layer in layers) if training else 0
    for place, (name, layer) in enumerate(layers):
        between()
        is_frozen = place < frozen
        own_key = None if key is None or is_frozen else layer_key(key, name)
        results = layer.forward(
            inputs, training=training and not is_frozen, key=own_key
        )
        outputs, cache = forward_pair(name, layer, results)
        expected = (len(inputs), *layer.output_shape(inputs.shape[1:]))
        if not is_frozen:
            kept.append(Kept(name, layer, cache, inputs.shape))
        inputs = returned(name, layer, "outputs", outputs, expected)
    return inputs, kept


def backward(
    d_outputs: NumpyArray, kept: list[Kept], between: Between = nothing
) -> Gradients:
    """Through the kept layers, last to first: each parameter's gradient, by name."""
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
