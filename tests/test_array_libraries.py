"""The same lines run on other array libraries, and give the same."""

import array_api_strict
import numpy as np
import pytest
import torch

import test_layer_contract
import test_loss_contract
from handgrad.arrays import to_numpy
from handgrad.layers import (
    AveragePool2d,
    BatchNorm2d,
    Conv2d,
    Dropout,
    Flatten,
    Linear,
    MaxPool2d,
    ReLU,
    Sequential,
)
from handgrad.losses import L2, MulticlassSVM, SoftmaxCrossEntropy
from handgrad.optimizers import SGD, AdamW
from handgrad.randomness import Key, normal
from handgrad.testing import LossTrial, Trial, assert_close, rounding_bound

STRICT = array_api_strict
KEY = Key(0).child("array libraries")


def move(layer, to_array):
    """Put a layer's parameters and buffers into another library."""
    for array in {**layer.parameters(), **layer.buffers()}.values():
        array.value = to_array(array.value)
    return layer


@pytest.fixture(autouse=True)
def strict_2023():
    with STRICT.ArrayAPIStrictFlags(api_version="2023.12"):
        yield


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("row", test_layer_contract.TABLE)
def test_the_strict_library_runs_every_layer(row, dtype, training):
    make, input_shape = test_layer_contract.TABLE[row]
    trial = Trial(make, input_shape)
    layer = move(make(), lambda value: value.astype(dtype))
    twin = move(make(), lambda value: STRICT.asarray(value.astype(dtype)))
    inputs = trial.inputs(dtype=dtype)
    outputs, d_inputs, gradients = trial.there_and_back(
        layer, inputs, training=training
    )
    strict, cache = trial.forward(twin, STRICT.asarray(inputs), training=training)
    d_outputs = STRICT.asarray(trial.d_outputs(outputs))
    strict_d_inputs, strict_gradients = twin.backward(d_outputs, cache)
    compared = {
        "outputs": (strict, outputs),
        "d_inputs": (strict_d_inputs, d_inputs),
        **{name: (strict_gradients[name], gradients[name]) for name in gradients},
    }
    for name, (found, expected) in compared.items():
        assert type(found) is type(d_outputs)
        assert_close(found, expected, terms=inputs.size, what=name)


@pytest.mark.parametrize("row", test_loss_contract.TABLE)
def test_the_strict_library_runs_every_loss(row):
    loss, trial = test_loss_contract.TABLE[row], LossTrial(None)
    logits, targets = trial.logits(), trial.targets
    expected, cache = loss.forward(logits, targets)
    found, strict_cache = loss.forward(STRICT.asarray(logits), STRICT.asarray(targets))
    bound = rounding_bound(logits.size, abs(expected))
    assert found == pytest.approx(expected, rel=0, abs=bound)
    d_logits = loss.backward(strict_cache)
    assert_close(d_logits, loss.backward(cache), terms=trial.classes)


def network():
    return Sequential(
        [
            Conv2d(1, 3, 3, padding=1, key=KEY.child("conv2d_1")),
            BatchNorm2d(3),
            ReLU(),
            MaxPool2d(2),
            Conv2d(3, 4, 3, key=KEY.child("conv2d_2")),
            ReLU(),
            AveragePool2d(2),
            Flatten(),
            Dropout(0.25),
            Linear(16, 10, key=KEY.child("linear")),
        ]
    )


STEPS, BATCH, SIZE = 12, 8, 12
LONGEST_SUM = BATCH * SIZE * SIZE  # the mean of a channel in batch norm
PASSES = 2 * 10  # each of ten layers, there and back


def train(to_array, optimizer, loss):
    """The loss at each of some steps."""
    model, l2 = move(network(), to_array), L2(1e-3)
    states = {n: optimizer.initial_state(p) for n, p in model.parameters().items()}
    images = to_array(normal(KEY.child("images"), (BATCH, 1, SIZE, SIZE)))
    targets = np.arange(BATCH) % 10
    losses = []
    for step in range(1, STEPS + 1):
        key = KEY.child("dropout").at(step, np.arange(BATCH))
        logits, caches = model.forward(images, training=True, key=key)
        value, cache = loss.forward(logits, like(targets, to_array))
        _, gradients = model.backward(loss.backward(cache), caches)
        for name, d_weight in l2.gradients(model.parameters()).items():
            gradients[name] = gradients[name] + d_weight
        for name, parameter in model.parameters().items():
            optimizer.update(parameter, gradients[name], states[name], step)
        losses.append(value + l2.penalty(model.parameters()))
    return np.array(losses)


def like(targets, to_array):
    """Whole numbers in the library and on the device of `to_array`."""
    return to_array(targets, "int64")


def numpy_arrays(dtype):
    return lambda value, own=dtype: np.asarray(value).astype(own)


def torch_tensors(dtype, device):
    def to_array(value, own=dtype):
        return torch.tensor(to_numpy(value), dtype=getattr(torch, own), device=device)

    return to_array


CUDA = pytest.param(
    "cuda",
    marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU"),
)


@pytest.mark.parametrize("device", ["cpu", CUDA])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("optimizer", "loss"),
    [
        (SGD(0.05, momentum=0.9), SoftmaxCrossEntropy(0.1)),
        (AdamW(0.003), MulticlassSVM()),
    ],
    ids=["sgd", "adamw"],
)
def test_torch_trains_to_the_same_losses_as_numpy(optimizer, loss, dtype, device):
    ours = train(numpy_arrays(dtype), optimizer, loss)
    theirs = train(torch_tensors(dtype, device), optimizer, loss)
    # Each pass through a layer rounds its sums anew, and steps add up: the steps are
    # small enough not to magnify what was rounded before.
    one_pass = rounding_bound(LONGEST_SUM, max(ours), dtype)
    bounds = PASSES * one_pass * np.arange(1, STEPS + 1)
    assert np.all(np.abs(theirs - ours) <= bounds)
    assert ours[-1] < 0.9 * ours[0]  # it did learn


def test_the_precision_asked_for_is_the_precision_used():
    optimizer, loss = SGD(0.05), SoftmaxCrossEntropy()
    single = train(numpy_arrays("float32"), optimizer, loss)
    double = train(numpy_arrays("float64"), optimizer, loss)
    assert 0 < np.max(np.abs(single - double)) < 1e-4
