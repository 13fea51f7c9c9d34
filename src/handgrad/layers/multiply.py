"""The product of two branches, such as squeeze-and-excitation."""

from typing import Any

from jaxtyping import Float

from handgrad.arrays import Array, Gradients, Shape, array_namespace
from handgrad.errors import ShapeError
from handgrad.layers.branches import (
    BranchCache,
    Branches,
    body_and_shortcut,
    named,
    shape_of,
)
from handgrad.layers.initial_keys import choose_keys
from handgrad.layers.layer import Layer, check_layer
from handgrad.randomness import Key, child


class Multiply(Branches[BranchCache]):
    """Product of two branches: body(inputs) * shortcut(inputs).

    `body` and `shortcut` are layers, usually a `Sequential`; by default the shortcut is
    the identity. The body may return one number for each channel of the shortcut's
    images, which multiplies the whole channel: with a global average pooling and two
    linear layers as its body this is squeeze-and-excitation. Parameters are named after
    their branch: body.linear_1.weight.

    ShapeError from `output_shape` if the outputs of body and shortcut do not fit;
    ConfigError for a layer that is used in both.

    Shapes
        inputs    those of the body and the shortcut
        shortcut  its outputs: (batch, ...)
        body      its outputs: as the shortcut's, or (batch, channels) for images
        outputs   as the shortcut's

    Equations
        outputs    = body * shortcut
        d_shortcut = d_outputs * body
        d_body     = d_outputs * shortcut, summed over height and width if the body has
                     one number for each channel
        d_inputs   = body.backward(d_body) + shortcut.backward(d_shortcut)
        without a shortcut: shortcut = inputs, the identity

    Cache
        the outputs and caches of body and shortcut

    Example
        gate = [GlobalAveragePool2d(), Linear(8, 2), ReLU(), Linear(2, 8), Sigmoid()]
        Multiply(Sequential(gate)).output_shape((8, 16, 16)) == (8, 16, 16)

    Source
        Hu, Shen, Sun (2018), Squeeze-and-excitation networks, section 3.
    """

    def __init__(self, body: Layer[Any], shortcut: Layer[Any] | None = None) -> None:
        for part in (body, *(() if shortcut is None else (shortcut,))):
            check_layer("A Multiply", part)
        self.body = body
        self.shortcut = shortcut
        choose_keys(self.parameters())

    def parts(self) -> dict[str, Layer[Any]]:
        """Return the body, and the shortcut if there is one."""
        return body_and_shortcut(self)

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return the output shape of the shortcut, which the body's must fit."""
        found = shape_of("body", self.body, input_shape)
        kept = input_shape
        if self.shortcut is not None:
            kept = shape_of("shortcut", self.shortcut, input_shape)
        if found != kept and not (len(kept) == 3 and found == kept[:1]):
            raise ShapeError(
                "Multiply takes a body that returns the shape of the shortcut or, for "
                f"images, one number for each channel, got {found} from the body and "
                f"{kept} from the shortcut. End the body with a Linear layer of "
                f"{kept[0]} outputs."
            )
        return kept

    def forward(
        self,
        inputs: Float[Array, "batch *features"],
        *,
        training: bool = False,
        key: Key | None = None,
    ) -> tuple[Float[Array, "batch *outputs"], BranchCache]:
        """Return the product of both branches."""
        found, body_cache = self.body.forward(
            inputs, training=training, key=child(key, "body")
        )
        kept, shortcut_cache = inputs, None
        if self.shortcut is not None:
            kept, shortcut_cache = self.shortcut.forward(
                inputs, training=training, key=child(key, "shortcut")
            )
        cache = BranchCache(body_cache, shortcut_cache, found, kept)
        return spread(found, kept) * kept, cache

    def backward(
        self, d_outputs: Float[Array, "batch *outputs"], cache: BranchCache, /
    ) -> tuple[Float[Array, "batch *features"], Gradients]:
        """Return the sum of both branches' input gradients, and all gradients."""
        d_found, d_kept = d_outputs * cache.kept, d_outputs * spread(*cache[2:])
        if cache.found.ndim < cache.kept.ndim:
            d_found = array_namespace(d_found).sum(d_found, axis=(2, 3))
        d_body, body = self.body.backward(d_found, cache.body)
        gradients = named("body", body)
        if self.shortcut is None:
            return d_body + d_kept, gradients
        d_shortcut, shortcut = self.shortcut.backward(d_kept, cache.shortcut)
        return d_body + d_shortcut, gradients | named("shortcut", shortcut)

    def __repr__(self) -> str:
        shortcut = "" if self.shortcut is None else f", shortcut={self.shortcut!r}"
        return f"Multiply({self.body!r}{shortcut})"


def spread(found: Array, kept: Array) -> Array:
    """A view of `found` that broadcasts over the pixels of `kept`."""
    return found if found.ndim == kept.ndim else found[:, :, None, None]
