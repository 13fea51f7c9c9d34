"""Solutions of the exercises of the lessons, in NumPy.

Do not read on before you have tried: `handgrad.testing.grade` says what is wrong with
an answer.
"""

import numpy as np

from handgrad.arrays import NumpyArray, Shape

Arrays = tuple[NumpyArray, ...]


# Lesson 1: softmax regression


def softmax(logits: NumpyArray) -> NumpyArray:
    """Divide exponentials by their sum, after subtracting the maximum of the row."""
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(exponentials / exponentials.sum(axis=1, keepdims=True))


def cross_entropy(logits: NumpyArray, targets: NumpyArray) -> float:
    """Mean of -log p of the true class, from logits: log(0) is never taken."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_sums = np.log(np.exp(shifted).sum(axis=1))
    return float((log_sums - shifted[np.arange(len(targets)), targets]).mean())


def cross_entropy_backward(logits: NumpyArray, targets: NumpyArray) -> NumpyArray:
    """(probabilities - one-hot targets) / batch."""
    d_logits = softmax(logits)
    d_logits[np.arange(len(targets)), targets] -= 1
    return d_logits / len(targets)


# Lesson 2: backpropagation by hand


def linear_backward(
    d_outputs: NumpyArray, inputs: NumpyArray, weight: NumpyArray
) -> Arrays:
    """The gradients of outputs = inputs @ weight.T + bias."""
    return d_outputs @ weight, d_outputs.T @ inputs, d_outputs.sum(axis=0)


def sigmoid_backward(d_outputs: NumpyArray, outputs: NumpyArray) -> NumpyArray:
    """The slope of the sigmoid is outputs * (1 - outputs)."""
    return np.asarray(d_outputs * outputs * (1 - outputs))


def weight_jacobian(hidden: NumpyArray, classes: int) -> NumpyArray:
    """Output k depends on row k of the weight alone, with the slopes `hidden`."""
    return np.eye(classes)[:, :, None] * hidden


def perceptron_gradients(
    inputs: NumpyArray, hidden: NumpyArray, d_logits: NumpyArray, weight_2: NumpyArray
) -> Arrays:
    """Both layers, the last one first."""
    d_hidden, d_weight_2, d_bias_2 = linear_backward(d_logits, hidden, weight_2)
    d_sums = sigmoid_backward(d_hidden, hidden)
    return d_sums.T @ inputs, d_sums.sum(axis=0), d_weight_2, d_bias_2


# Lesson 3: a layer of your own


def softplus(inputs: NumpyArray) -> NumpyArray:
    """log(1 + exp(inputs)) without overflow."""
    return np.asarray(np.maximum(inputs, 0) + np.log1p(np.exp(-np.abs(inputs))))


def softplus_backward(d_outputs: NumpyArray, inputs: NumpyArray) -> NumpyArray:
    """The slope of softplus is the sigmoid; tanh cannot overflow."""
    return np.asarray(d_outputs * (1 + np.tanh(inputs / 2)) / 2)


def scale_backward(
    d_outputs: NumpyArray, inputs: NumpyArray, weight: NumpyArray
) -> Arrays:
    """The gradients of outputs = inputs * weight, one weight for each feature."""
    return d_outputs * weight, (d_outputs * inputs).sum(axis=0)


# Lesson 4: convolution and pooling


def output_size(size: int, kernel_size: int, stride: int, padding: int) -> int:
    """The number of positions of a kernel along one axis."""
    return (size + 2 * padding - kernel_size) // stride + 1


def conv2d(inputs: NumpyArray, weight: NumpyArray, bias: NumpyArray) -> NumpyArray:
    """Stride 1, no padding: one sum over channels for each place of the kernel."""
    rows, columns = weight.shape[2:]
    windows = np.lib.stride_tricks.sliding_window_view(inputs, (rows, columns), (2, 3))
    found = np.einsum("bcijrs,kcrs->bkij", windows, weight)
    return np.asarray(found + bias[:, None, None])


def conv2d_backward(
    d_outputs: NumpyArray, inputs: NumpyArray, weight: NumpyArray
) -> Arrays:
    """Each place (r, s) of the kernel is a linear layer on a shifted image."""
    height, width = d_outputs.shape[2:]
    d_inputs, d_weight = np.zeros_like(inputs), np.zeros_like(weight)
    for r, s in np.ndindex(*weight.shape[2:]):
        place = (..., slice(r, r + height), slice(s, s + width))
        d_weight[:, :, r, s] = np.einsum("bkij,bcij->kc", d_outputs, inputs[place])
        d_inputs[place] += np.einsum("bkij,kc->bcij", d_outputs, weight[:, :, r, s])
    return d_inputs, d_weight, d_outputs.sum(axis=(0, 2, 3))


def max_pool_backward(d_outputs: NumpyArray, inputs: NumpyArray) -> NumpyArray:
    """Windows of 2 by 2: the maximum receives the whole gradient."""
    d_inputs = np.zeros_like(inputs)
    for b, c, i, j in np.ndindex(*d_outputs.shape):
        window = inputs[b, c, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2]
        r, s = divmod(int(window.argmax()), 2)
        d_inputs[b, c, 2 * i + r, 2 * j + s] = d_outputs[b, c, i, j]
    return d_inputs


# Lesson 5: initialization and vanishing gradients


def he_deviation(weight_shape: Shape) -> float:
    """Sqrt(2 / fan_in); fan_in is the product of all sizes but the first."""
    return float(np.sqrt(2 / np.prod(weight_shape[1:])))


def saturated_fraction(outputs: NumpyArray, bound: float) -> float:
    """The fraction of sigmoid outputs whose slope is below the bound."""
    return float((outputs * (1 - outputs) < bound).mean())


def chain_backward(
    d_outputs: NumpyArray, weights: list[NumpyArray], outputs: list[NumpyArray]
) -> NumpyArray:
    """Sigmoid layers without biases, from the last to the first."""
    for weight, output in zip(weights[::-1], outputs[::-1], strict=True):
        d_outputs = sigmoid_backward(d_outputs, output) @ weight
    return d_outputs


# Lesson 6: optimizers and learning rates


def momentum_step(
    parameter: NumpyArray,
    velocity: NumpyArray,
    gradient: NumpyArray,
    learning_rate: float,
    momentum: float,
) -> Arrays:
    """The velocity first, then the parameter with the new velocity."""
    velocity = momentum * velocity + gradient
    return parameter - learning_rate * velocity, velocity


def adam_step(
    parameter: NumpyArray,
    mean: NumpyArray,
    mean_square: NumpyArray,
    gradient: NumpyArray,
    step: int,
    learning_rate: float,
) -> Arrays:
    """With beta1 = 0.9, beta2 = 0.999 and eps = 1e-8; steps count from 1."""
    mean = 0.9 * mean + 0.1 * gradient
    mean_square = 0.999 * mean_square + 0.001 * gradient**2
    unbiased_mean = mean / (1 - 0.9**step)
    unbiased_square = mean_square / (1 - 0.999**step)
    direction = unbiased_mean / (np.sqrt(unbiased_square) + 1e-8)
    return parameter - learning_rate * direction, mean, mean_square


def cosine_rate(step: int, steps: int, learning_rate: float) -> float:
    """From the learning rate at step 1 to 0 after `steps` steps."""
    progress = min((step - 1) / steps, 1)
    return float(learning_rate * (1 + np.cos(np.pi * progress)) / 2)


# Lesson 7: dropout, batch normalization, overfitting


def dropout(inputs: NumpyArray, mask: NumpyArray, rate: float) -> NumpyArray:
    """Inverted dropout: what is kept is divided by the probability of keeping it."""
    return np.where(mask, inputs / (1 - rate), 0)


def batch_norm(
    inputs: NumpyArray, weight: NumpyArray, bias: NumpyArray, eps: float
) -> NumpyArray:
    """Normalize each feature over the batch, with the biased variance."""
    normalized = (inputs - inputs.mean(axis=0)) / np.sqrt(inputs.var(axis=0) + eps)
    return np.asarray(weight * normalized + bias)


def batch_norm_backward(
    d_outputs: NumpyArray, inputs: NumpyArray, weight: NumpyArray, eps: float
) -> Arrays:
    """Every example affects the mean and the variance of all."""
    inverse_std = 1 / np.sqrt(inputs.var(axis=0) + eps)
    normalized = (inputs - inputs.mean(axis=0)) * inverse_std
    d_normalized = d_outputs * weight
    d_inputs = inverse_std * (
        d_normalized
        - d_normalized.mean(axis=0)
        - normalized * (d_normalized * normalized).mean(axis=0)
    )
    return d_inputs, (d_outputs * normalized).sum(axis=0), d_outputs.sum(axis=0)


# Lesson 8: reading a network's mistakes


def confusion_matrix(
    targets: NumpyArray, predictions: NumpyArray, classes: int
) -> NumpyArray:
    """Row: true class, column: predicted class. `+=` would count a pair only once."""
    counts = np.zeros((classes, classes), dtype=np.int64)
    np.add.at(counts, (targets, predictions), 1)
    return counts


def precision_and_recall(counts: NumpyArray) -> Arrays:
    """By column and by row of the confusion matrix; 0 for a class without images."""
    correct = np.diag(counts).astype(float)
    predicted, present = counts.sum(axis=0), counts.sum(axis=1)
    return correct / np.maximum(predicted, 1), correct / np.maximum(present, 1)


def worst_mistakes(
    probabilities: NumpyArray, targets: NumpyArray, count: int
) -> NumpyArray:
    """Rows of the wrong predictions, the most confident first."""
    wrong = np.flatnonzero(probabilities.argmax(axis=1) != targets)
    confidence = probabilities[wrong].max(axis=1)
    return wrong[np.argsort(-confidence, kind="stable")][:count]
