"""Batch normalization of rows."""

import numpy as np
from jaxtyping import Float

from handgrad.arrays import Array, Gradients, Shape
from handgrad.errors import ShapeError
from handgrad.layers.batch_statistics import (
    BatchNormCache,
    batch_statistics,
    check_settings,
    count_of,
    move,
    normalize,
    normalize_backward,
    spread,
    total,
    unbiased,
)
from handgrad.layers.layer import Layer
from handgrad.parameter import Buffer, Parameter
from handgrad.randomness import Key


class BatchNorm1d(Layer[BatchNormCache]):
    """Give every feature mean 0 and variance 1, then a scale and a shift of its own.

    In training mean and variance are those of the batch, so its examples meet. In
    prediction they are the running statistics, and only then: `training=False` changes
    nothing.

    Shapes
        inputs, outputs             (batch, features)
        weight, bias                (features,)
        running_mean, running_var   (features,)

        Mean and variance of a feature run over the batch.

    Equations
        normalized   = (inputs - mean) / sqrt(var + eps)
        outputs      = weight * normalized + bias
        d_weight     = sum of d_outputs * normalized over the batch
        d_bias       = sum of d_outputs over the batch
        d_normalized = weight * d_outputs
        d_inputs     = (d_normalized - mean of d_normalized
                       - normalized * mean of d_normalized * normalized)
                       / sqrt(var + eps)
        in prediction, where mean and var are constants:
        d_inputs     = d_normalized / sqrt(var + eps)

        var is the biased variance, divided by the number of values n. Each training
        pass moves
        running_mean = (1 - momentum) * running_mean + momentum * mean
        running_var  = (1 - momentum) * running_var + momentum * var * n / (n - 1)
        A single value (n = 1) has no unbiased variance; the biased one, 0, stands in.

    Cache
        normalized, 1 / sqrt(var + eps), and whether the batch's statistics were used

    Source
        Ioffe, Szegedy (2015), Batch normalization, algorithms 1 and 2.
        Derived in docs/derivations/batch_norm.md.
    """

    def __init__(
        self, features: int, *, eps: float = 1e-5, momentum: float = 0.1
    ) -> None:
        check_settings("BatchNorm1d", "features", features, eps, momentum)
        self.features = features
        self.eps = eps
        self.momentum = momentum
        self.weight = Parameter(np.ones(features, dtype=np.float32))
        self.bias = Parameter(np.zeros(features, dtype=np.float32))
        self.running_mean = Buffer(np.zeros(features, dtype=np.float32))
        self.running_var = Buffer(np.ones(features, dtype=np.float32))

    def output_shape(self, input_shape: Shape) -> Shape:
        """Unchanged."""
        if input_shape != (self.features,):
            hint = " For images, take BatchNorm2d." if len(input_shape) == 3 else ""
            raise ShapeError(
                f"{self} takes examples of shape ({self.features},), "
                f"got {input_shape}.{hint or ' Set features to the size of a row.'}"
            )
        return input_shape

    def forward(
        self,
        inputs: Float[Array, "batch features"],
        *,
        training: bool = False,
        key: Key | None = None,
    ) -> tuple[Float[Array, "batch features"], BatchNormCache]:
        """Each feature normalized, scaled and shifted."""
        mean, var = self.running_mean.value, self.running_var.value
        from_batch = training and count_of(inputs) > 0
        if from_batch:
            mean, var = batch_statistics(inputs)
            move(self.running_mean, mean, self.momentum)
            move(self.running_var, unbiased(var, count_of(inputs)), self.momentum)
        normalized, inverse_std = normalize(inputs, mean, var, self.eps)
        weight, bias = self.weight.value, self.bias.value
        outputs = spread(weight, inputs) * normalized + spread(bias, inputs)
        return outputs, BatchNormCache(normalized, inverse_std, from_batch)

    def backward(
        self,
        d_outputs: Float[Array, "batch features"],
        cache: BatchNormCache,
        /,
    ) -> tuple[Float[Array, "batch features"], Gradients]:
        """Blame without its mean and without its part along the normalized values."""
        d_weight = total(d_outputs * cache.normalized)
        d_bias = total(d_outputs)
        d_normalized = spread(self.weight.value, d_outputs) * d_outputs
        d_inputs = normalize_backward(d_normalized, cache)
        return d_inputs, {"weight": d_weight, "bias": d_bias}

    def parameters(self) -> dict[str, Parameter]:
        """The weight and the bias."""
        return {"weight": self.weight, "bias": self.bias}

    def buffers(self) -> dict[str, Buffer]:
        """The running statistics."""
        return {"running_mean": self.running_mean, "running_var": self.running_var}

    def __repr__(self) -> str:
        return (
            f"BatchNorm1d({self.features}, eps={self.eps:g}, "
            f"momentum={self.momentum:g})"
        )
