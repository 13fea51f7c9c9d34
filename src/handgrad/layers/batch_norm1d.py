"""Batch normalization of feature vectors."""

import numpy as np
from jaxtyping import Float

from handgrad.arrays import Array, Gradients, Shape, array_namespace
from handgrad.errors import ShapeError
from handgrad.layers.batch_statistics import (
    BatchNormCache,
    mean_over,
    momentum_setting,
    unbiased,
    update_running,
)
from handgrad.layers.layer import Layer
from handgrad.parameter import Buffer, Parameter
from handgrad.randomness import Key
from handgrad.setting import count, positive


class BatchNorm1d(Layer[BatchNormCache]):
    """Batch normalization of feature vectors, with a learned scale and shift.

    In training, the mean and variance of the batch are used and running averages of
    them are updated; prediction uses the running averages.

    ConfigError for features below 1, an eps that is not above 0, or a momentum outside
    0 to 1; ShapeError from `output_shape` for examples that are not (features,).

    Shapes
        inputs, outputs            (batch, features), float32 or float64
        weight, bias               (features,), float32
        running_mean, running_var  (features,), float32; buffers, without a gradient
        mean, var, inverse_std     (features,)

    Equations
        mean        = sum of inputs over the batch / batch
        var         = sum of (inputs - mean)**2 over the batch / batch   (biased)
        inverse_std = 1 / sqrt(var + eps)
        normalized  = (inputs - mean) * inverse_std
        outputs     = weight * normalized + bias

        running_mean = (1 - momentum) * running_mean + momentum * mean
        running_var  = (1 - momentum) * running_var
                       + momentum * var * batch / (batch - 1)            (unbiased)

        d_weight     = sum of d_outputs * normalized over the batch
        d_bias       = sum of d_outputs over the batch
        d_normalized = weight * d_outputs
        d_inputs     = inverse_std * (d_normalized - mean of d_normalized
                       - normalized * mean of (d_normalized * normalized))

        prediction: mean and var are running_mean and running_var, constants, so
        d_inputs     = inverse_std * d_normalized

        For a single value (batch = 1) the unbiased variance is undefined; the biased
        variance, 0, is used.
        For an empty batch the running statistics are used, as in prediction.

    Cache
        normalized, inverse_std, and whether the statistics came from the batch

    Units
        momentum  weight of the new batch, from 0 to 1 (as in PyTorch)

    Source
        Ioffe, Szegedy (2015), Batch normalization, algorithm 1. Derived in
        docs/derivations/batch_norm.md.
    """

    features = count("Give the number of features of the layer before it.")
    eps = positive()
    momentum = momentum_setting()

    def __init__(
        self, features: int, *, eps: float = 1e-5, momentum: float = 0.1
    ) -> None:
        self.features = features
        self.eps = eps
        self.momentum = momentum
        self.weight = Parameter(np.ones(self.features, dtype=np.float32))
        self.bias = Parameter(np.zeros(self.features, dtype=np.float32))
        self.running_mean = Buffer(np.zeros(self.features, dtype=np.float32))
        self.running_var = Buffer(np.ones(self.features, dtype=np.float32))

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return the shape of the inputs."""
        if input_shape != (self.features,):
            raise ShapeError(
                f"{self} takes examples of shape ({self.features},), got "
                f"{input_shape}. Set features to those of the layer before it, or use "
                "BatchNorm2d for images."
            )
        return input_shape

    def forward(
        self,
        inputs: Float[Array, "batch features"],
        *,
        training: bool = False,
        key: Key | None = None,
    ) -> tuple[Float[Array, "batch features"], BatchNormCache]:
        """Normalize each feature, then scale and shift it.

        In training the running statistics are updated.
        """
        xp = array_namespace(inputs)
        from_batch = training and inputs.shape[0] > 0
        if from_batch:
            mean, var = self._batch_statistics(inputs)
        else:
            mean, var = self.running_mean.value, self.running_var.value
        inverse_std = 1 / xp.sqrt(var + self.eps)
        normalized = (inputs - mean) * inverse_std
        outputs = self.weight.value * normalized + self.bias.value
        return outputs, BatchNormCache(normalized, inverse_std, from_batch)

    def backward(
        self, d_outputs: Float[Array, "batch features"], cache: BatchNormCache, /
    ) -> tuple[Float[Array, "batch features"], Gradients]:
        """Return the gradients of inputs, weight and bias.

        In training the statistics depend on the inputs, and the gradient passes through
        them.
        """
        xp = array_namespace(d_outputs)
        normalized, inverse_std, from_batch = cache
        d_weight = xp.sum(d_outputs * normalized, axis=0)
        d_bias = xp.sum(d_outputs, axis=0)
        d_inputs = d_normalized = self.weight.value * d_outputs
        if from_batch:
            through_mean = mean_over(d_normalized, (0,))
            through_var = mean_over(d_normalized * normalized, (0,))
            d_inputs = d_normalized - through_mean - normalized * through_var
        return inverse_std * d_inputs, {"weight": d_weight, "bias": d_bias}

    def _batch_statistics(self, inputs: Array) -> tuple[Array, Array]:
        """Return the batch mean and variance, and update the running statistics."""
        mean = mean_over(inputs, (0,))
        var = mean_over((inputs - mean) ** 2, (0,))
        update_running(self.running_mean, mean, self.momentum)
        update_running(self.running_var, unbiased(var, inputs.shape[0]), self.momentum)
        return mean, var

    def parameters(self) -> dict[str, Parameter]:
        """Return the scale (weight) and the shift (bias)."""
        return {"weight": self.weight, "bias": self.bias}

    def buffers(self) -> dict[str, Buffer]:
        """Return the running mean and the running variance."""
        return {"running_mean": self.running_mean, "running_var": self.running_var}

    def __repr__(self) -> str:
        settings = f"eps={self.eps:g}, momentum={self.momentum:g}"
        return f"BatchNorm1d({self.features}, {settings})"
