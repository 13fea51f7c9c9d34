"""Group normalization."""

import numpy as np
from jaxtyping import Float

from handgrad.arrays import Array, Gradients, Shape, array_namespace
from handgrad.errors import ShapeError
from handgrad.layers.conv2d import check_groups
from handgrad.layers.example_statistics import (
    NormalizedCache,
    normalize_rows,
    normalize_rows_backward,
)
from handgrad.layers.layer import Layer
from handgrad.parameter import Parameter
from handgrad.randomness import Key
from handgrad.setting import count, positive


class GroupNorm(Layer[NormalizedCache]):
    """Group normalization of images: mean and variance over each group of channels.

    `groups` is the number of groups into which the channels are divided. Each channel
    has a learned scale and shift. Training and prediction do the same, and
    no example depends on the others of its batch. One group is layer normalization over
    the image; as many groups as channels are instance normalization.

    ConfigError for groups or channels below 1, groups that do not divide the channels,
    or an eps that is not above 0; ShapeError from `output_shape` for inputs that are
    not images of these channels.

    Shapes
        inputs, outputs  (batch, channels, height, width), float32 or float64
        weight, bias     (channels,), float32
        inverse_std      one number for each group of each example

    Equations
        mean        = mean of inputs over a group's channels, height and width
        var         = mean of (inputs - mean)**2 over the same
        inverse_std = 1 / sqrt(var + eps)
        normalized  = (inputs - mean) * inverse_std
        outputs     = weight * normalized + bias

        d_weight     = sum of d_outputs * normalized over batch, height and width
        d_bias       = sum of d_outputs over batch, height and width
        d_normalized = weight * d_outputs
        d_inputs     = inverse_std * (d_normalized - mean of d_normalized
                       - normalized * mean of (d_normalized * normalized))

    Cache
        normalized and inverse_std, a row for each group of each example

    Source
        Wu, He (2018), Group normalization, section 3. Derived as in
        docs/derivations/batch_norm.md, with other axes.
    """

    groups = count()
    channels = count("Give the number of channels of the layer before it.")
    eps = positive()

    def __init__(self, groups: int, channels: int, *, eps: float = 1e-5) -> None:
        self.groups = groups
        self.channels = channels
        self.eps = eps
        check_groups("GroupNorm", self.groups, self.channels)
        self.weight = Parameter(np.ones(self.channels, dtype=np.float32))
        self.bias = Parameter(np.zeros(self.channels, dtype=np.float32))

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return the shape of the inputs."""
        if len(input_shape) != 3 or input_shape[0] != self.channels:
            raise ShapeError(
                f"{self} takes images of shape ({self.channels}, height, width), got "
                f"{input_shape}. Set channels to those of the layer before it."
            )
        return input_shape

    def forward(
        self,
        inputs: Float[Array, "batch channels height width"],
        *,
        training: bool = False,
        key: Key | None = None,
    ) -> tuple[Float[Array, "batch channels height width"], NormalizedCache]:
        """Normalize each group of channels, then scale and shift each channel."""
        xp = array_namespace(inputs)
        cache = normalize_rows(self._rows(inputs), self.eps)
        normalized = xp.reshape(cache.normalized, inputs.shape)
        weight, bias = (self._of_channels(p.value) for p in (self.weight, self.bias))
        return weight * normalized + bias, cache

    def backward(
        self,
        d_outputs: Float[Array, "batch channels height width"],
        cache: NormalizedCache,
        /,
    ) -> tuple[Float[Array, "batch channels height width"], Gradients]:
        """Return the gradients of inputs, weight and bias."""
        xp = array_namespace(d_outputs)
        normalized = xp.reshape(cache.normalized, d_outputs.shape)
        d_weight = xp.sum(d_outputs * normalized, axis=(0, 2, 3))
        d_bias = xp.sum(d_outputs, axis=(0, 2, 3))
        d_normalized = self._rows(self._of_channels(self.weight.value) * d_outputs)
        d_inputs = normalize_rows_backward(d_normalized, cache)
        d_inputs = xp.reshape(d_inputs, d_outputs.shape)
        return d_inputs, {"weight": d_weight, "bias": d_bias}

    def parameters(self) -> dict[str, Parameter]:
        """Return the scale (weight) and the shift (bias)."""
        return {"weight": self.weight, "bias": self.bias}

    def _rows(self, images: Array) -> Array:
        """(examples * groups, numbers of each group)."""
        batch, channels, height, width = images.shape
        size = channels // self.groups * height * width
        shape = (batch * self.groups, size)
        return array_namespace(images).reshape(images, shape)

    def _of_channels(self, values: Array) -> Array:
        return values[None, :, None, None]

    def __repr__(self) -> str:
        return f"GroupNorm({self.groups}, {self.channels}, eps={self.eps:g})"
