"""The dropout layer."""

import numpy as np
from array_api_compat import device
from jaxtyping import Float

from handgrad.arrays import Array, Gradients, Shape, array_namespace
from handgrad.errors import ConfigError, ShapeError
from handgrad.layers.layer import Layer
from handgrad.randomness import Key, keep_threshold, random_bits
from handgrad.ranges import check_fraction


class Dropout(Layer[Array | None]):
    """Silence random units in training, so that none can rely on another.

    `rate` is the fraction DROPPED. (Some texts state the fraction kept: theirs is
    1 - rate.) What is kept grows by 1 / (1 - rate), so the expected value stays
    and prediction needs no change.

    The draw of a unit is a function of the key, of the example's number in
    `key.examples` and of the unit's place in the example, not of the example's place in
    the batch. A key without examples is read as examples 0 .. batch - 1.

    Shapes
        inputs, outputs, kept  (batch, ...)

    Equations
        in training:
        kept     = draw >= rate * 2**32, the draws being uniform 32-bit integers
        outputs  = inputs / (1 - rate) where kept, else 0
        d_inputs = d_outputs / (1 - rate) where kept, else 0
        in prediction:
        outputs  = inputs
        d_inputs = d_outputs

    Cache
        kept, or None in prediction

    Units
        rate     fraction dropped, from 0 up to, but not including, 1

    Source
        Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov (2014), Dropout: a
        simple way to prevent neural networks from overfitting, sections 4 and 10.
    """

    def __init__(self, rate: float) -> None:
        check_fraction("Dropout", "rate, the fraction dropped,", rate)
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
        """In training, zeros where a unit is dropped; else the inputs."""
        if not training:
            return inputs, None
        xp = array_namespace(inputs)
        shape = tuple(inputs.shape)
        draws = random_bits(self._key_of(key, shape[0]), shape)
        kept = xp.asarray(draws >= keep_threshold(self.rate), device=device(inputs))
        return self._where_kept(kept, inputs), kept

    def backward(
        self, d_outputs: Float[Array, "batch *features"], kept: Array | None, /
    ) -> tuple[Float[Array, "batch *features"], Gradients]:
        """The gradient of what was kept; none for what was dropped."""
        return (d_outputs if kept is None else self._where_kept(kept, d_outputs)), {}

    def _where_kept(self, kept: Array, values: Array) -> Array:
        xp = array_namespace(values)
        return xp.where(kept, values * (1 / (1 - self.rate)), xp.zeros_like(values))

    def _key_of(self, key: Key | None, batch: int) -> Key:
        """The key with the numbers of the examples."""
        if key is None:
            raise ConfigError(
                f"{self} needs a key in training, got none. Give "
                'forward(..., training=True, key=Key(seed).child("dropout").at(step, '
                "examples))."
            )
        if key.examples is None:
            return key.at(key.step, np.arange(batch))
        if len(key.examples) != batch:
            raise ShapeError(
                f"{self} takes a key with one number for each of the {batch} examples, "
                f"got {len(key.examples)}. Give key.at(step, examples) of this batch."
            )
        return key

    def __repr__(self) -> str:
        return f"Dropout({self.rate:g})"
