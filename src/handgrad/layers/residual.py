"""The residual connection."""

from typing import Any, NamedTuple

from jaxtyping import Float

from handgrad.arrays import Array, Gradients, Shape
from handgrad.errors import ShapeError
from handgrad.layers.branches import Branches, body_and_shortcut, named, shape_of
from handgrad.layers.initial_keys import choose_keys
from handgrad.layers.layer import Layer, check_layer
from handgrad.randomness import Key, child


class ResidualCache(NamedTuple):
    """Caches of the two branches of a residual connection."""

    body: Any
    shortcut: Any  # None for the identity


class Residual(Branches[ResidualCache]):
    """Residual connection: body(inputs) + shortcut(inputs).

    `body` and `shortcut` are layers, usually a `Sequential`; by default the shortcut is
    the identity. Parameters are named after their branch: body.weight,
    shortcut.conv2d_1.bias.

    ShapeError from `output_shape` if the outputs of body and shortcut differ in shape;
    ConfigError for a layer that is used in both.

    Shapes
        inputs   those of the body
        outputs  those of the body; the shortcut must have the same

    Equations
        outputs  = body(inputs) + shortcut(inputs)
        d_inputs = body.backward(d_outputs) + shortcut.backward(d_outputs)
        without a shortcut: shortcut(inputs) = inputs, the identity

    Cache
        the caches of body and shortcut

    Example
        block = Residual(Sequential([Conv2d(8, 8, 3, padding=1), ReLU()]))
        block.output_shape((8, 16, 16)) == (8, 16, 16)

    Source
        He, Zhang, Ren, Sun (2016), Deep residual learning for image recognition,
        section 3.2.
    """

    def __init__(self, body: Layer[Any], shortcut: Layer[Any] | None = None) -> None:
        for part in (body, *(() if shortcut is None else (shortcut,))):
            check_layer("A Residual", part)
        self.body = body
        self.shortcut = shortcut
        choose_keys(self.parameters())

    def parts(self) -> dict[str, Layer[Any]]:
        """Return the body, and the shortcut if there is one."""
        return body_and_shortcut(self)

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return the output shape of the body, which must equal the shortcut's."""
        found = shape_of("body", self.body, input_shape)
        kept = input_shape
        if self.shortcut is not None:
            kept = shape_of("shortcut", self.shortcut, input_shape)
        if found != kept:
            raise ShapeError(
                "Residual adds the outputs of body and shortcut, which must have equal "
                f"shapes, got {found} from the body and {kept} from the shortcut. "
                "Use a shortcut with the body's output shape, for example a Conv2d "
                "with kernel_size 1."
            )
        return found

    def forward(
        self,
        inputs: Float[Array, "batch *features"],
        *,
        training: bool = False,
        key: Key | None = None,
    ) -> tuple[Float[Array, "batch *outputs"], ResidualCache]:
        """Return the sum of both branches."""
        found, body_cache = self.body.forward(
            inputs, training=training, key=child(key, "body")
        )
        if self.shortcut is None:
            return found + inputs, ResidualCache(body_cache, None)
        kept, shortcut_cache = self.shortcut.forward(
            inputs, training=training, key=child(key, "shortcut")
        )
        return found + kept, ResidualCache(body_cache, shortcut_cache)

    def backward(
        self, d_outputs: Float[Array, "batch *outputs"], cache: ResidualCache, /
    ) -> tuple[Float[Array, "batch *features"], Gradients]:
        """Return the sum of both branches' input gradients, and all gradients."""
        d_body, body = self.body.backward(d_outputs, cache.body)
        gradients = named("body", body)
        if self.shortcut is None:
            return d_body + d_outputs, gradients
        d_shortcut, shortcut = self.shortcut.backward(d_outputs, cache.shortcut)
        return d_body + d_shortcut, gradients | named("shortcut", shortcut)

    def __repr__(self) -> str:
        shortcut = "" if self.shortcut is None else f", shortcut={self.shortcut!r}"
        return f"Residual({self.body!r}{shortcut})"
