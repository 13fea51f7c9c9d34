"""The concatenation of branches along the channels."""

from collections.abc import Sequence
from typing import Any

from jaxtyping import Float

from handgrad.arrays import Array, Gradients, Shape, array_namespace
from handgrad.errors import ConfigError, ShapeError
from handgrad.layers.branches import Branches, named, shape_of
from handgrad.layers.initial_keys import choose_keys
from handgrad.layers.layer import Layer, check_layer
from handgrad.randomness import Key, child
from handgrad.ranges import shown


class Concatenate(Branches[list[tuple[Any, int]]]):
    """Concatenation: the outputs of several branches, one after the other.

    `branches` is a list of layers, usually `Sequential`s; an empty Sequential is the
    identity. Images are concatenated along their channels, vectors along their
    features. `self.branches` holds them by name: branch_1, branch_2; parameters are
    named after their branch: branch_1.conv2d_1.weight.

    ConfigError for anything but a list of at least one layer, or a layer that occurs
    twice; ShapeError from `output_shape` if height and width of the branches differ.

    Shapes
        inputs   those of every branch
        outputs  (batch, sum of the branches' channels, height, width), or
                 (batch, sum of the branches' features)

    Equations
        outputs  = [branch_1(inputs), branch_2(inputs), ...] along the channels
        d_inputs = sum over the branches of branch.backward(its channels of d_outputs)

    Cache
        the cache and the number of channels of each branch

    Example
        branches = [Conv2d(8, 4, 1), Conv2d(8, 6, 3, padding=1)]
        Concatenate(branches).output_shape((8, 16, 16)) == (10, 16, 16)

    Source
        Szegedy et al. (2015), Going deeper with convolutions, section 4.
    """

    def __init__(self, branches: Sequence[Layer[Any]]) -> None:
        if not isinstance(branches, Sequence) or not branches:
            raise ConfigError(
                "Concatenate takes branches as a list of layers, got "
                f"{shown(branches)}. Give at least one layer in a list."
            )
        for part in branches:
            check_layer("A Concatenate", part)
        self.branches = {f"branch_{n}": part for n, part in enumerate(branches, 1)}
        choose_keys(self.parameters())

    def parts(self) -> dict[str, Layer[Any]]:
        """Return the branches by name."""
        return self.branches

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return the sum of the channels, with the height and width of each branch."""
        parts = self.branches.items()
        shapes = [shape_of(name, layer, input_shape) for name, layer in parts]
        if len({shape[1:] for shape in shapes}) > 1:
            raise ShapeError(
                "Concatenate takes branches whose outputs differ in their channels "
                f"only, got {', '.join(map(str, shapes))}. Give their convolutions "
                "and poolings the same strides, and padding."
            )
        return (sum(shape[0] for shape in shapes), *shapes[0][1:])

    def forward(
        self,
        inputs: Float[Array, "batch *features"],
        *,
        training: bool = False,
        key: Key | None = None,
    ) -> tuple[Float[Array, "batch *outputs"], list[tuple[Any, int]]]:
        """Return the outputs of all branches, concatenated."""
        found, caches = [], []
        for name, layer in self.branches.items():
            outputs, cache = layer.forward(
                inputs, training=training, key=child(key, name)
            )
            found.append(outputs)
            caches.append((cache, outputs.shape[1]))
        return array_namespace(inputs).concat(found, axis=1), caches

    def backward(
        self,
        d_outputs: Float[Array, "batch *outputs"],
        caches: list[tuple[Any, int]],
        /,
    ) -> tuple[Float[Array, "batch *features"], Gradients]:
        """Return the sum of the branches' input gradients, and all gradients.

        `caches` is the list that `forward` returned.
        """
        d_inputs, gradients, first = None, Gradients(), 0
        steps = zip(self.branches.items(), caches, strict=True)
        for (name, layer), (cache, channels) in steps:
            own = d_outputs[:, first : first + channels, ...]
            d_own, parameters = layer.backward(own, cache)
            d_inputs = d_own if d_inputs is None else d_inputs + d_own
            gradients |= named(name, parameters)
            first += channels
        return d_inputs, gradients

    def __repr__(self) -> str:
        return f"Concatenate([{', '.join(map(repr, self.branches.values()))}])"
