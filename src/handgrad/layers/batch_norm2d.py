"""Batch normalization of images."""

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

AXES = (0, 2, 3)  # all but the channels


class BatchNorm2d(Layer[BatchNormCache]):
    """Batch normalization of images by channel, with a learned scale and shift.

    In training, the mean and variance over the examples, rows and columns of the batch
    are used and running averages of them are updated; prediction uses the running
    averages. In this layer and `BatchNorm1d` the outputs of an example depend on the
    other examples of its batch; in no other layer do they.

    ConfigError for channels below 1, an eps that is not above 0, or a momentum outside
    0 to 1; ShapeError from `output_shape` for inputs that are not images of these
    channels.

    Shapes
        inputs, outputs            (batch, channels, height, width), float32 or float64
        weight, bias               (channels,), float32
        running_mean, running_var  (channels,), float32; buffers, without a gradient
        mean, var, inverse_std     (channels,)

    Equations
        count       = batch * height * width
        mean        = sum of inputs / count
        var         = sum of (inputs - mean)**2 / count              (biased)
        inverse_std = 1 / sqrt(var + eps)
        normalized  = (inputs - mean) * inverse_std
        outputs     = weight * normalized + bias

        running_mean = (1 - momentum) * running_mean + momentum * mean
        running_var  = (1 - momentum) * running_var
                       + momentum * var * count / (count - 1)        (unbiased)

        d_weight     = sum of d_outputs * normalized
        d_bias       = sum of d_outputs
        d_normalized = weight * d_outputs
        d_inputs     = inverse_std * (d_normalized - mean of d_normalized
                       - normalized * mean of (d_normalized * normalized))

        prediction: mean and var are running_mean and running_var, constants, so
        d_inputs     = inverse_std * d_normalized

        For a single value (count = 1) the unbiased variance is undefined; the biased
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

    channels = count("Give the number of channels of the layer before it.")
    eps = positive()
    momentum = momentum_setting()

    def __init__(
        self, channels: int, *, eps: float = 1e-5, momentum: float = 0.1
    ) -> None:
        self.channels = channels
        self.eps = eps
        self.momentum = momentum
        self.weight = Parameter(np.ones(self.channels, dtype=np.float32))
        self.bias = Parameter(np.zeros(self.channels, dtype=np.float32))
        self.running_mean = Buffer(np.zeros(self.channels, dtype=np.float32))
        self.running_var = Buffer(np.ones(self.channels, dtype=np.float32))

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return the shape of the inputs."""
        if len(input_shape) != 3 or input_shape[0] != self.channels:
            raise ShapeError(
                f"{self} takes images of shape ({self.channels}, height, width), got "
                f"{input_shape}. Set channels to those of the layer before it, or use "
                "BatchNorm1d after a Flatten layer."
            )
        return input_shape

    def forward(
        self,
        inputs: Float[Array, "batch channels height width"],
        *,
        training: bool = False,
        key: Key | None = None,
    ) -> tuple[Float[Array, "batch channels height width"], BatchNormCache]:
        """Normalize each channel, then scale and shift it.

        In training the running statistics are updated.
        """
        xp = array_namespace(inputs)
        from_batch = training and inputs.shape[0] > 0
        if from_batch:
            mean, var = self._batch_statistics(inputs)
        else:
            mean, var = self.running_mean.value, self.running_var.value
        inverse_std = 1 / xp.sqrt(var + self.eps)
        normalized = (inputs - per_channel(mean)) * per_channel(inverse_std)
        weight, bias = per_channel(self.weight.value), per_channel(self.bias.value)
        outputs = weight * normalized + bias
        return outputs, BatchNormCache(normalized, inverse_std, from_batch)

    def backward(
        self,
        d_outputs: Float[Array, "batch channels height width"],
        cache: BatchNormCache,
        /,
    ) -> tuple[Float[Array, "batch channels height width"], Gradients]:
        """Return the gradients of inputs, weight and bias.

        In training the statistics depend on the inputs, and the gradient passes through
        them.
        """
        xp = array_namespace(d_outputs)
        normalized, inverse_std, from_batch = cache
        d_weight = xp.sum(d_outputs * normalized, axis=AXES)
        d_bias = xp.sum(d_outputs, axis=AXES)
        d_inputs = d_normalized = per_channel(self.weight.value) * d_outputs
        if from_batch:
            through_mean = per_channel(mean_over(d_normalized, AXES))
            through_var = per_channel(mean_over(d_normalized * normalized, AXES))
            d_inputs = d_normalized - through_mean - normalized * through_var
        d_inputs = per_channel(inverse_std) * d_inputs
        return d_inputs, {"weight": d_weight, "bias": d_bias}

    def _batch_statistics(self, inputs: Array) -> tuple[Array, Array]:
        """Return the batch mean and variance, and update the running statistics."""
        batch, _, height, width = inputs.shape
        count = batch * height * width
        mean = mean_over(inputs, AXES)
        var = mean_over((inputs - per_channel(mean)) ** 2, AXES)
        update_running(self.running_mean, mean, self.momentum)
        update_running(self.running_var, unbiased(var, count), self.momentum)
        return mean, var

    def parameters(self) -> dict[str, Parameter]:
        """Return the scale (weight) and the shift (bias)."""
        return {"weight": self.weight, "bias": self.bias}

    def buffers(self) -> dict[str, Buffer]:
        """Return the running mean and the running variance."""
        return {"running_mean": self.running_mean, "running_var": self.running_var}

    def __repr__(self) -> str:
        settings = f"eps={self.eps:g}, momentum={self.momentum:g}"
        return f"BatchNorm2d({self.channels}, {settings})"


def per_channel(values: Array) -> Array:
    """Reshape (channels,) to (1, channels, 1, 1), which broadcasts over images."""
    return values[None, :, None, None]
