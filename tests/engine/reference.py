"""The plain layers in float64, looked at layer by layer: what the engine is held to."""

from dataclasses import dataclass, field
from math import inf, prod

import numpy as np

from handgrad.layers import (
    AveragePool2d,
    BatchNorm1d,
    BatchNorm2d,
    GlobalAveragePool2d,
    LeakyReLU,
    MaxPool2d,
    ReLU,
)
from handgrad.randomness import Key
from handgrad.testing.closeness import rounding_bound


@dataclass
class Reference:
    """One step's loss, gradients, and how far float32 may stray from them."""

    loss: float
    correct: int
    logits: np.ndarray
    gradients: dict
    scales: dict = field(default_factory=dict)
    sums: dict = field(default_factory=dict)
    path: int = 1  # the lengths of all sums on the way, added up
    largest_logit: float = 0.0

    def assert_agrees(self, result, gradients):
        """The loss, the number right and every gradient, within rounding.

        Equations
            bound = 4 * eps * sqrt(path * terms) * scale
            terms = examples * places, which the gradient adds up
            scale = largest |d_outputs| * largest |inputs| of the layer: what is added;
                |d_outputs| from before the activation that follows, if it was larger
            path  = sum over the layers of the terms in one of their outputs
        """
        bound = rounding_bound(self.path, max(self.largest_logit, self.loss))
        assert abs(result.loss - self.loss) <= bound
        assert result.correct == self.correct
        assert gradients.keys() == self.gradients.keys()
        for name, expected in self.gradients.items():
            bound = rounding_bound(self.path * self.sums[name], self.scales[name])
            np.testing.assert_allclose(
                gradients[name], expected, rtol=0, atol=bound, err_msg=name
            )


def reference_step(network, settings, parameters, batch, step, *, follows_norms=False):
    """Forward and backward in float64 from these parameters.

    `follows_norms`: the bound knows what batch norm does to the roundings before it,
    as it must where a random layer stands before it.
    """
    model = network.model()
    for name, parameter in model.parameters().items():
        parameter.value = parameters[name].astype(np.float64)
    values = network.normalization.apply(batch.images[batch.rows]).astype(np.float64)
    targets = batch.targets[batch.rows]
    key = Key(settings.seed).child("dropout").at(step, batch.examples)
    inputs, caches, path = {}, {}, 1
    for name, layer in model.layers.items():
        inputs[name] = values
        values, caches[name] = layer.forward(values, training=True, key=key.child(name))
        if follows_norms:
            path *= growth(layer, inputs[name], values)
        path += terms_of(layer, inputs[name])
    loss, cache = settings.loss.forward(values, targets)
    right = int(np.count_nonzero(values.argmax(axis=1) == targets))
    found = Reference(loss, right, values, {}, path=2 * path + len(values[0]))
    found.largest_logit = float(np.abs(values).max())
    d_values = settings.loss.backward(cache)
    # probabilities lose digits when the true class takes its 1 away
    scale = max(1.0, found.largest_logit) / len(batch)
    for name, layer in reversed(model.layers.items()):
        # a slope such as 1 - tanh**2 may cancel: what came in before it counts too
        scale = max(scale, float(np.abs(d_values).max()))
        d_inputs, gradients = layer.backward(d_values, caches[name])
        for part, gradient in gradients.items():
            is_weight = part.endswith("weight")
            reach = float(np.abs(inputs[name]).max()) if is_weight else 1.0
            if follows_norms and is_weight and is_batch_norm(layer):
                reach = largest_normalized(layer, inputs[name])
            found.gradients[f"{name}.{part}"] = gradient
            found.scales[f"{name}.{part}"] = scale * reach
            found.sums[f"{name}.{part}"] = d_values.size // gradient.shape[0]
        kept = scale
        if gradients:
            kept = before_cancelling(layer, inputs[name], scale) if follows_norms else 0
        d_values, scale = d_inputs, kept
    found.gradients = {n: found.gradients[n] for n in model.parameters()}
    return found


def is_batch_norm(layer):
    return isinstance(layer, BatchNorm1d | BatchNorm2d)


def channel_spread(layer, inputs):
    """The standard deviation of each channel, eps in it, as batch norm divides by."""
    axes = (0, *range(2, inputs.ndim))
    return np.sqrt(inputs.var(axis=axes) + layer.eps)


def largest_normalized(layer, inputs):
    """The largest size of what batch norm makes of these, rounding included."""
    axes = (0, *range(2, inputs.ndim))
    apart = np.abs(inputs - inputs.mean(axis=axes, keepdims=True)).max()
    rounded = np.finfo(np.float32).eps * np.abs(inputs).max()
    return float(max(apart, rounded) / channel_spread(layer, inputs).min())


def is_constant(layer, inputs):
    """Whether batch norm finds a channel whose values are all but alike."""
    if not is_batch_norm(layer):
        return False
    return bool(channel_spread(layer, inputs).min() ** 2 < 2 * layer.eps)


def growth(layer, inputs, outputs):
    """By what a layer multiplies the square of its inputs' relative roundings.

    Batch norm divides by a spread, and a mean may cancel.
    """
    largest, after = np.abs(inputs).max(), np.abs(outputs).max()
    if is_batch_norm(layer):
        after = channel_spread(layer, inputs).min()
    elif not isinstance(layer, AveragePool2d | GlobalAveragePool2d) or after == 0:
        return 1
    return max(1, (largest / after) ** 2)


def before_cancelling(layer, inputs, scale):
    """The largest of the terms that batch norm's d_inputs subtract from each other."""
    if not is_batch_norm(layer):
        return 0.0
    largest = np.abs(layer.weight.value / channel_spread(layer, inputs)).max()
    return float(scale * largest)


def terms_of(layer, inputs):
    """How many products one output adds up."""
    if not layer.parameters():
        windows = getattr(layer, "windows", None)
        return prod(windows.kernel_size) if windows else 1
    if "running_mean" in layer.buffers():
        return inputs.size // inputs.shape[1]
    shapes = [parameter.shape for parameter in layer.parameters().values()]
    sums = [prod(shape[1:]) for shape in shapes if len(shape) > 1]
    if layer.buffers():  # a residual layer with a batch norm inside
        sums.append(inputs.size // inputs.shape[1])
    return sum(sums)


def distance_from_kinks(
    network, settings, parameters, batch, step, *, follows_norms=False
):
    """How near a value comes to where a slope jumps, in units of float32 rounding.

    There, engines that round differently may take different derivatives.
    """
    model = network.model()
    for name, parameter in model.parameters().items():
        parameter.value = parameters[name].astype(np.float64)
    values = network.normalization.apply(batch.images[batch.rows]).astype(np.float64)
    key = Key(settings.seed).child("dropout").at(step, batch.examples)
    nearest, path = inf, 1
    for name, layer in model.layers.items():
        # images are the same bits for both engines
        if isinstance(layer, ReLU | LeakyReLU | MaxPool2d) and path > 1:
            nearest = min(
                nearest, in_roundings(kink_margin(layer, values), path, values)
            )
        before = values
        values, _ = layer.forward(values, training=True, key=key.child(name))
        if follows_norms and is_constant(layer, before):
            return 0.0  # the outputs are nothing but rounding
        if follows_norms:
            path *= growth(layer, before, values)
        path += terms_of(layer, before)
    if follows_norms:  # the class of the largest logit is chosen too
        second, first = np.sort(values, axis=1)[:, -2:].T
        leads = (first - second)[first != second]
        nearest = min(nearest, in_roundings(leads.min(initial=inf), path, values))
    return nearest


def in_roundings(margin, path, values):
    """A margin in units of what float32 may stray in these values."""
    bound = rounding_bound(path, float(np.abs(values).max()))
    return float(margin) / bound if bound else inf


def kink_margin(layer, values):
    """The smallest size of a ReLU's input; the smallest lead of a window's winner."""
    if not isinstance(layer, MaxPool2d):
        sizes = np.abs(values)
        return float(sizes[sizes > 0].min(initial=inf))
    windows = layer.windows
    padded = windows.pad(values, -inf)
    grid = windows.grid(values.shape[2:])
    seen = np.stack([padded[tap.place] for tap in windows.taps(grid)])
    if len(seen) == 1:
        return inf
    second, first = np.partition(seen, len(seen) - 2, axis=0)[-2:]
    leads = (first - second)[np.isfinite(second) & (first != second)]
    return float(leads.min(initial=inf))
