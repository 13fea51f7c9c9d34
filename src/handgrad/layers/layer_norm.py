"""Layer normalization."""

from math import prod
from typing import Any

import numpy as np
from jaxtyping import Float

from handgrad.arrays import Array, Gradients, Shape, array_namespace
from handgrad.errors import ConfigError, ShapeError
from handgrad.layers.example_statistics import (
    NormalizedCache,
    normalize_rows,
    normalize_rows_backward,
)
from handgrad.layers.layer import Layer
from handgrad.parameter import Parameter
from handgrad.randomness import Key
from handgrad.ranges import MOST, is_whole, shown
from handgrad.setting import positive


class LayerNorm(Layer[NormalizedCache]):
    """Layer normalization of each example by itself, with a learned scale and shift.

    `shape` is that of the last axes, over which mean and variance are taken, such as
    that of a whole example: one number of features, or a tuple. Training and prediction
    do the same, and no example depends on the others of its batch.

    ConfigError for a shape that is not of integers from 1, or an eps that is not above
    0; ShapeError from `output_shape` for examples whose last axes have another shape.

    Shapes
        inputs, outputs  (batch, ..., *shape), float32 or float64
        weight, bias     shape, float32
        inverse_std      one number for each mean

    Equations
        mean        = mean of inputs over the last axes
        var         = mean of (inputs - mean)**2 over the last axes
        inverse_std = 1 / sqrt(var + eps)
        normalized  = (inputs - mean) * inverse_std
        outputs     = weight * normalized + bias

        d_weight     = sum of d_outputs * normalized over the other axes
        d_bias       = sum of d_outputs over the other axes
        d_normalized = weight * d_outputs
        d_inputs     = inverse_std * (d_normalized - mean of d_normalized
                       - normalized * mean of (d_normalized * normalized))

    Cache
        normalized and inverse_std, a row for each mean

    Source
        Ba, Kiros, Hinton (2016), Layer normalization, section 3. Derived as in
        docs/derivations/batch_norm.md, with other axes.
    """

    eps = positive()

    def __init__(self, shape: int | tuple[int, ...], *, eps: float = 1e-5) -> None:
        self.shape = read_shape(shape)
        self.eps = eps
        self.weight = Parameter(np.ones(self.shape, dtype=np.float32))
        self.bias = Parameter(np.zeros(self.shape, dtype=np.float32))

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return the shape of the inputs."""
        if tuple(input_shape)[-len(self.shape) :] != self.shape:
            raise ShapeError(
                f"{self} takes examples whose last axes are {self.shape}, got "
                f"{input_shape}. Give it the shape of the layer before it."
            )
        return input_shape

    def forward(
        self,
        inputs: Float[Array, "batch *features"],
        *,
        training: bool = False,
        key: Key | None = None,
    ) -> tuple[Float[Array, "batch *features"], NormalizedCache]:
        """Normalize over the last axes, then scale and shift."""
        cache = normalize_rows(self._rows(inputs), self.eps)
        xp = array_namespace(inputs)
        normalized = xp.reshape(cache.normalized, inputs.shape)
        return self.weight.value * normalized + self.bias.value, cache

    def backward(
        self, d_outputs: Float[Array, "batch *features"], cache: NormalizedCache, /
    ) -> tuple[Float[Array, "batch *features"], Gradients]:
        """Return the gradients of inputs, weight and bias."""
        xp = array_namespace(d_outputs)
        d_rows = self._rows(d_outputs)
        d_weight = xp.sum(d_rows * cache.normalized, axis=0)
        d_bias = xp.sum(d_rows, axis=0)
        d_normalized = self._rows(self.weight.value * d_outputs)
        d_inputs = normalize_rows_backward(d_normalized, cache)
        gradients = {"weight": d_weight, "bias": d_bias}
        return xp.reshape(d_inputs, d_outputs.shape), {
            name: xp.reshape(value, self.shape) for name, value in gradients.items()
        }

    def parameters(self) -> dict[str, Parameter]:
        """Return the scale (weight) and the shift (bias)."""
        return {"weight": self.weight, "bias": self.bias}

    def _rows(self, values: Array) -> Array:
        """(numbers of means, numbers of each)."""
        count = prod(values.shape[: values.ndim - len(self.shape)])
        return array_namespace(values).reshape(values, (count, prod(self.shape)))

    def __repr__(self) -> str:
        shape = self.shape if len(self.shape) > 1 else self.shape[0]
        return f"LayerNorm({shape}, eps={self.eps:g})"


def read_shape(shape: Any) -> Shape:
    """A shape as a tuple of integers from 1; ConfigError for anything else."""
    sizes = (shape,) if is_whole(shape) else shape
    is_shape = isinstance(sizes, tuple | list) and bool(sizes)
    if is_shape and all(is_whole(size) and 1 <= size <= MOST for size in sizes):
        return tuple(int(size) for size in sizes)
    raise ConfigError(
        "LayerNorm takes shape as an integer of at least 1 or a tuple of them, got "
        f"{shown(shape)}. Give, for example, shape=64 or shape=(16, 8, 8)."
    )
