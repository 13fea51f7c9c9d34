"""Dropout, in its inverted form."""

import numpy as np
from array_api_compat import device
from jaxtyping import Float

from handgrad.arrays import Array, Gradients, Shape, array_namespace
from handgrad.errors import ConfigError
from handgrad.layers.layer import Layer
from handgrad.randomness import Key, keep_threshold, random_bits
from handgrad.setting import fraction


class Dropout(Layer[Array | None]):
    """Dropout: in training, set a random fraction of the values to 0.

    `rate` is the fraction DROPPED; where a source states the fraction kept, `rate` is 1
    minus that. The values that are kept are divided by 1 - rate (inverted dropout), so
    the expected value is unchanged and prediction needs no rescaling.

    Whether a value is kept is a function of the key: of the seed, the step and the
    number of its example (`key.examples`), not of its position in the batch. A key
    without example numbers uses 0 .. batch - 1.

    ConfigError for a rate that is not from 0 up to, but not including, 1, and from
    `forward` for training without a key.

    Shapes
        inputs, outputs  (batch, ...), float32 or float64
        mask             (batch, ...), bool, true where a value is kept

    Equations
        training:   mask     = random bits of the key >= rate * 2**32
                    outputs  = inputs / (1 - rate) where mask, else 0
                    d_inputs = d_outputs / (1 - rate) where mask, else 0
        prediction: outputs  = inputs
                    d_inputs = d_outputs

    Cache
        the mask; None in prediction

    Units
        rate  fraction, 0 <= rate < 1

    Example
        layer, inputs = Dropout(0.5), np.ones((2, 8), dtype=np.float32)
        outputs, mask = layer.forward(inputs, training=True, key=Key(0).at(step=1))

    Source
        Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov (2014), Dropout: a
        simple way to prevent neural networks from overfitting, sections 4 and 10.
    """

    rate = fraction("rate (the fraction dropped)")

    def __init__(self, rate: float) -> None:
        self.rate = rate

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return the shape of the inputs."""
        return input_shape

    def forward(
        self,
        inputs: Float[Array, "batch *features"],
        *,
        training: bool = False,
        key: Key | None = None,
    ) -> tuple[Float[Array, "batch *features"], Array | None]:
        """Return the kept values, rescaled; in prediction, the inputs."""
        if not training:
            return inputs, None
        xp = array_namespace(inputs)
        shape = tuple(inputs.shape)
        bits = random_bits(self._key_of_examples(key, shape[0]), shape)
        kept = bits >= keep_threshold(self.rate)
        mask = xp.asarray(kept, device=device(inputs))
        return self._keep(inputs, mask), mask

    def backward(
        self, d_outputs: Float[Array, "batch *features"], mask: Array | None, /
    ) -> tuple[Float[Array, "batch *features"], Gradients]:
        """Apply the same mask and factor to the gradient."""
        return (d_outputs if mask is None else self._keep(d_outputs, mask)), {}

    def _keep(self, values: Array, mask: Array) -> Array:
        xp = array_namespace(values)
        return xp.where(mask, values * (1 / (1 - self.rate)), xp.zeros_like(values))

    def _key_of_examples(self, key: Key | None, batch: int) -> Key:
        """Return the key with example numbers; ConfigError without a key."""
        if key is None:
            raise ConfigError(
                f"{self} needs a key in training, got None. Pass "
                "key=key.at(step, examples), or training=False to predict."
            )
        return key if key.examples is not None else key.at(key.step, np.arange(batch))

    def __repr__(self) -> str:
        return f"Dropout({self.rate:g})"
