"""Dropout, in its inverted form."""

from typing import TypeGuard

from array_api_compat import device
from jaxtyping import Float

from handgrad.arrays import Array, Gradients, Shape, array_namespace
from handgrad.errors import ConfigError
from handgrad.layers.layer import Layer
from handgrad.randomness import Key, keep_threshold, random_bits
from handgrad.ranges import check_fraction


class Dropout(Layer[Array | None]):
    """Silence a random part of the values while training; do nothing when predicting.

    `rate` is the fraction DROPPED. Where a source states the fraction kept, `rate` is
    one less that. What stays is made larger at once (inverted dropout), so that the
    mean is the same and prediction needs no correction.

    Whether a value is kept is a function of the key: of the seed, the step and the
    number of its example (`key.examples`), not of its place in the batch.

    Shapes
        inputs, outputs  (batch, ...)
        mask             (batch, ...), true where a value is kept

    Equations
        training:   mask     = random bits of the key >= rate * 2**32
                    outputs  = inputs / (1 - rate) where mask, else 0
                    d_inputs = d_outputs / (1 - rate) where mask, else 0
        prediction: outputs  = inputs
                    d_inputs = d_outputs

    Cache
        the mask; None when not training

    Units
        rate  a fraction from 0 up to, but not including, 1

    Source
        Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov (2014), Dropout: a
        simple way to prevent neural networks from overfitting, sections 4 and 10.
    """

    def __init__(self, rate: float) -> None:
        check_fraction("Dropout", "rate (the fraction dropped)", rate)
        self.rate = rate

    def output_shape(self, input_shape: Shape) -> Shape:
        """Unchanged."""
        return input_shape

    def forward(
        self,
        inputs: Float[Array, "batch *features"],
        *,
        training: bool = False,
        key: Key | None = None,
    ) -> tuple[Float[Array, "batch *features"], Array | None]:
        """What is kept, made larger; everything when not training."""
        if not training:
            return inputs, None
        if not names_examples(key):
            raise ConfigError(
                f"{self} draws when training from a key that names its examples, got "
                f"{key}. Pass key=key.at(step, examples), or training=False to predict."
            )
        xp = array_namespace(inputs)
        bits = random_bits(key, tuple(inputs.shape))
        kept = bits >= keep_threshold(self.rate)
        mask = xp.asarray(kept, device=device(inputs))
        return self._keep(inputs, mask), mask

    def backward(
        self, d_outputs: Float[Array, "batch *features"], mask: Array | None, /
    ) -> tuple[Float[Array, "batch *features"], Gradients]:
        """Blame for what was kept, made larger alike; none for the rest."""
        return (d_outputs if mask is None else self._keep(d_outputs, mask)), {}

    def _keep(self, values: Array, mask: Array) -> Array:
        xp = array_namespace(values)
        return xp.where(mask, values * (1 / (1 - self.rate)), xp.zeros_like(values))

    def __repr__(self) -> str:
        return f"Dropout({self.rate:g})"


def names_examples(key: Key | None) -> TypeGuard[Key]:
    """Whether there is a key, and it says which examples are in the batch."""
    return key is not None and key.examples is not None
