"""Sequential networks: the forward pass and backpropagation."""

from collections import Counter
from collections.abc import Sequence
from re import sub
from typing import Any

from jaxtyping import Float

from handgrad.arrays import Array, Gradients, Shape, check_floats
from handgrad.errors import ConfigError, ShapeError
from handgrad.layers.initial_keys import choose_keys
from handgrad.layers.layer import Layer, check_layer
from handgrad.layers.returned_pairs import backward_pair, forward_pair
from handgrad.parameter import Buffer, Parameter
from handgrad.randomness import Key, child


class Sequential(Layer[list[Any]]):
    """A chain of layers, each applied to the outputs of the one before it.

    `layers` is a list of layers. Each is named after its class, with a running number:
    linear_1, relu_1, linear_2; `self.layers` holds them by these names. Parameters and
    gradients are named after their layer: linear_1.weight. A layer created without a
    key gets one derived from its name in the network, so no two start with equal
    weights.

    ConfigError for layers that are not in a list, for one that occurs twice, for two
    already initialized from the same key, and from `forward` for integers; ShapeError
    from `output_shape`, naming the first layer whose input shape does not fit.

    Shapes
        inputs, outputs  those of the first and of the last layer

    Equations
        outputs  = layer_n(... layer_1(inputs))
        d_inputs = layer_1.backward(... layer_n.backward(d_outputs))

    Cache
        the cache of each layer, in order

    Example
        network = Sequential([Flatten(), Linear(784, 64), ReLU(), Linear(64, 10)])
        network.output_shape((1, 28, 28)) == (10,)

    Source
        Rumelhart, Hinton, Williams (1986), Learning representations by
        back-propagating errors.
    """

    def __init__(self, layers: Sequence[Layer[Any]]) -> None:
        if isinstance(layers, Layer):
            raise ConfigError(
                f"Sequential takes a list of layers, got {layers!r} without "
                "brackets. Write Sequential([...])."
            )
        self.layers = name_layers(layers)
        choose_keys(self.parameters())

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return the last layer's output shape.

        ShapeError names the first layer whose input shape does not fit.
        """
        shape = input_shape
        for name, layer in self.layers.items():
            try:
                shape = layer.output_shape(shape)
            except ShapeError as error:
                raise ShapeError(f"{name}: {error}") from error
        return shape

    def forward(
        self,
        inputs: Float[Array, "batch *features"],
        *,
        training: bool = False,
        key: Key | None = None,
    ) -> tuple[Float[Array, "batch *outputs"], list[Any]]:
        """Apply all layers, first to last; ConfigError for integers."""
        check_floats("A Sequential", inputs)
        outputs, caches = inputs, []
        for name, layer in self.layers.items():
            results = layer.forward(outputs, training=training, key=child(key, name))
            outputs, cache = forward_pair(name, layer, results)
            caches.append(cache)
        return outputs, caches

    def backward(
        self, d_outputs: Float[Array, "batch *outputs"], caches: list[Any], /
    ) -> tuple[Float[Array, "batch *features"], Gradients]:
        """Backpropagate through all layers, last to first.

        `caches` is the list that `forward` returned.
        """
        d_inputs, gradients = d_outputs, {}
        steps = zip(self.layers.items(), caches, strict=True)
        for (name, layer), cache in reversed(list(steps)):
            results = layer.backward(d_inputs, cache)
            d_inputs, own = backward_pair(name, layer, results)
            gradients.update({f"{name}.{key}": value for key, value in own.items()})
        return d_inputs, gradients

    def parameters(self) -> dict[str, Parameter]:
        """Return the parameters of all layers, first to last."""
        return {
            f"{name}.{key}": parameter
            for name, layer in self.layers.items()
            for key, parameter in layer.parameters().items()
        }

    def buffers(self) -> dict[str, Buffer]:
        """Return the buffers of all layers, first to last."""
        return {
            f"{name}.{key}": buffer
            for name, layer in self.layers.items()
            for key, buffer in layer.buffers().items()
        }

    def __repr__(self) -> str:
        lines = (f"    {name}: {layer!r}" for name, layer in self.layers.items())
        return "Sequential(\n" + "\n".join(lines) + "\n)"


def name_layers(layers: Sequence[Layer[Any]]) -> dict[str, Layer[Any]]:
    """Name each layer after its class, in snake case, with a running number."""
    counts: Counter[str] = Counter()
    named = {}
    for layer in layers:
        check_layer("A Sequential", layer)
        kind = snake_case(type(layer).__name__)
        counts[kind] += 1
        named[f"{kind}_{counts[kind]}"] = layer
    return named


def snake_case(name: str) -> str:
    """Convert `MaxPool2d` to `max_pool2d` and `LeakyReLU` to `leaky_relu`."""
    units = sub("(Re|Si|E)LU", r"\1lu", name)
    return sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", units).lower()
