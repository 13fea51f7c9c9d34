"""torch's own samples of functions (OpInfo), by the layers that stand for them.

Outputs, and the gradients of the inputs and of all weights, in float64. `EXPRESSED` has
how many of how many samples a layer takes; it refuses the others with an error.
"""

import sys
from math import prod
from types import SimpleNamespace
from unittest import TestCase

import numpy as np
import pytest

from handgrad import layers
from handgrad.errors import HandgradError
from handgrad.layers import Layer
from handgrad.losses import SoftmaxCrossEntropy

torch = pytest.importorskip("torch")
from handgrad.torch_modules import BY_MODULE, UnsupportedError  # noqa: E402 (needs torch)

nn = torch.nn
pytestmark = [
    pytest.mark.nightly,
    pytest.mark.filterwarnings("ignore"),  # of torch's own tests
]


class Operand(Layer):
    """The part of a vector that is one operand of a function of several."""

    def __init__(self, place, shape):
        self.place, self.shape = place, shape

    def output_shape(self, input_shape):
        return self.shape

    def forward(self, inputs, *, training=False, key=None):
        return inputs[:, self.place].reshape(-1, *self.shape), inputs.shape

    def backward(self, d_outputs, shape, /):
        d_inputs = np.zeros(shape)
        d_inputs[:, self.place] = d_outputs.reshape(len(d_outputs), -1)
        return d_inputs, {}


def filled(module, *weights):
    """The layer of a module that has these weights."""
    for name, tensor in zip(("weight", "bias"), weights, strict=False):
        if tensor is not None:
            setattr(module, name, nn.Parameter(tensor.detach()))
    return BY_MODULE[type(module)].make_layer(module)


def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    sizes = weight.shape[1] * groups, len(weight), weight.shape[2:]
    steps = stride, padding, dilation, groups, bias is not None
    return filled(nn.Conv2d(*sizes, *steps), weight, bias)


def linear(x, weight, bias=None):
    return filled(nn.Linear(*weight.T.shape, bias is not None), weight, bias)


def layer_norm(x, shape, weight=None, bias=None, eps=1e-5):
    return filled(nn.LayerNorm(shape, eps), weight, bias)


def group_norm(x, groups, weight=None, bias=None, eps=1e-5):
    return filled(nn.GroupNorm(groups, x.shape[1], eps), weight, bias)


def plain(kind):
    """The layer of a module with the settings of the function, by place and name."""

    def make(x, *settings, **named):
        options = {"inplace", "return_indices"}  # of other outputs or none
        named = {name: value for name, value in named.items() if name not in options}
        return filled(kind(*map(number_of, settings), **named))

    return make


def number_of(setting):
    """A list of one number as that number, and an empty one as none."""
    if isinstance(setting, list | tuple) and len(setting) < 2:
        return setting[0] if setting else None
    return setting


LAYERS = {
    "conv2d": conv2d,
    "linear": linear,
    "layer_norm": layer_norm,
    "group_norm": group_norm,
    "max_pool2d": plain(nn.MaxPool2d),
    "avg_pool2d": plain(nn.AvgPool2d),
    "silu": plain(nn.SiLU),
    "hardswish": plain(nn.Hardswish),
    "hardsigmoid": plain(nn.Hardsigmoid),
    "relu6": plain(nn.ReLU6),
    "elu": plain(nn.ELU),
}
RANKS = {"conv2d": 4, "max_pool2d": 4, "avg_pool2d": 4, "linear": 2}
EXPRESSED = {
    "conv2d": (30, 30),
    "linear": (12, 18),  # no images as rows
    "layer_norm": (3, 6),  # no scalars, no negative eps, and not over the batch
    "group_norm": (17, 21),  # no negative eps
    "max_pool2d": (720, 1440),  # no dilation
    "avg_pool2d": (2, 7),  # no other divisor
    "silu": (3, 3),
    "hardswish": (4, 4),
    "hardsigmoid": (3, 3),
    "relu6": (3, 3),
    "elu": (3, 3),
    "cat": (4, 9),  # along axis 1 alone
    "mul": (1, 9),  # without broadcasting
    "cross_entropy": (9, 21),  # no probabilities as targets, no loss for each example
}


@pytest.fixture(scope="module")
def functions():
    """torch's functions and their samples, by name."""
    # a base class of torch's tests, which need not be installed
    sys.modules.setdefault("expecttest", SimpleNamespace(TestCase=TestCase))
    from torch.testing._internal.common_methods_invocations import op_db

    return {op.name: op for op in op_db if not op.variant_test_name}


def samples_of(op):
    return list(op.sample_inputs("cpu", torch.float64, requires_grad=True))


def compare(op, sample, layer, inputs):
    """Outputs and gradients of a sample, of torch and of a layer."""
    expected = op(sample.input, *sample.args, **sample.kwargs)
    expected = expected[0] if isinstance(expected, tuple) else expected
    given = [sample.input, *sample.args, *sample.kwargs.values()]
    tensors = [each for each in given if isinstance(each, torch.Tensor)]
    d_outputs = torch.from_numpy(np.random.default_rng(0).normal(size=expected.shape))
    gradients = torch.autograd.grad(expected, tensors, d_outputs)
    outputs, cache = layer.forward(inputs)
    d_inputs, own = layer.backward(d_outputs.numpy().reshape(outputs.shape), cache)
    close(outputs, expected.detach())
    close(d_inputs, gradients[0])
    for name, gradient in zip(("weight", "bias"), gradients[1:], strict=False):
        close(own[name], gradient)


def close(found, expected):
    assert found.size == expected.numel()
    found = found.reshape(expected.shape)
    # torch's hard sigmoid has 1 / 6 in float32
    np.testing.assert_allclose(found, expected.numpy(), rtol=1e-7, atol=1e-9)


def batch_of(name, tensor):
    """The inputs of a layer: with a batch axis, and images for group norm."""
    inputs = tensor.detach().numpy()
    if inputs.ndim in (0, RANKS.get(name, 0) - 1):
        return inputs[None]
    if name == "group_norm" and inputs.ndim > 1:
        return inputs.reshape(*inputs.shape[:2], prod(inputs.shape[2:]), 1)
    return inputs


def compared(name, op, sample):
    """Whether a layer takes a sample, and then computes the same."""
    inputs = batch_of(name, sample.input)
    try:
        layer = LAYERS[name](sample.input, *sample.args, **sample.kwargs)
        layer.output_shape(inputs.shape[1:])
    except (HandgradError, UnsupportedError) as error:
        print(name, error)
        return False
    compare(op, sample, layer, inputs)
    return True


@pytest.mark.parametrize("name", LAYERS)
def test_the_samples_of_a_layer(name, functions):
    op = functions[f"nn.functional.{name}"]
    done = [compared(name, op, sample) for sample in samples_of(op)]
    assert (sum(done), len(done)) == EXPRESSED[name]


@pytest.mark.parametrize("name", ["cat", "mul"])
def test_the_samples_of_a_join(name, functions):
    done = [joined(name, sample) for sample in samples_of(functions[name])]
    assert (sum(done), len(done)) == EXPRESSED[name]


def joined(name, sample):
    """Whether branches take the operands of a sample, and then compute the same."""
    if name == "cat":
        tensors, axis = sample.input, (*sample.args, *sample.kwargs.values(), 0)[0]
        are_shared = axis % tensors[0].ndim == 1
    else:
        tensors = [sample.input, *sample.args]
        are_shared = len({getattr(each, "shape", None) for each in tensors}) == 1
    if not are_shared or not all(getattr(each, "ndim", 0) for each in tensors):
        return False
    parts, inputs = operands(tensors)
    layer = layers.Concatenate(parts) if name == "cat" else layers.Multiply(*parts)
    expected = torch.cat(tensors, 1) if name == "cat" else torch.mul(*tensors)
    outputs, cache = layer.forward(inputs)
    d_outputs = np.random.default_rng(0).normal(size=expected.shape)
    d_inputs, _ = layer.backward(d_outputs, cache)
    gradients = torch.autograd.grad(expected, tensors, torch.from_numpy(d_outputs))
    close(outputs, expected.detach())
    close(d_inputs, torch.cat([g.reshape(len(g), -1) for g in gradients], 1))
    return True


def operands(tensors):
    """A layer for each tensor, and the vectors that hold all of them."""
    flat = [each.detach().numpy().reshape(len(each), -1) for each in tensors]
    ends = np.cumsum([0, *(part.shape[1] for part in flat)])
    parts = [
        Operand(slice(ends[n], ends[n + 1]), tuple(each.shape[1:]))
        for n, each in enumerate(tensors)
    ]
    return parts, np.concatenate(flat, axis=1)


def test_the_samples_of_cross_entropy(functions):
    op = functions["nn.functional.cross_entropy"]
    done = [lost(op, sample) for sample in samples_of(op)]
    assert (sum(done), len(done)) == EXPRESSED["cross_entropy"]


def lost(op, sample):
    """Whether our loss takes a sample, whose pixels are examples, and is the same."""
    scores, (targets,), options = sample.input, sample.args, dict(sample.kwargs)
    class_weights = options.pop("weight", None)
    if targets.is_floating_point() or options.get("reduction") == "none":
        return False
    loss = SoftmaxCrossEntropy(**options)
    logits = scores.detach().movedim(1, -1).reshape(-1, scores.shape[1]).numpy()
    flat = targets.reshape(-1).numpy()
    weights = None if class_weights is None else class_weights.detach().numpy()[flat]
    value, cache = loss.forward(logits, flat, weights)
    expected = op(scores, *sample.args, **sample.kwargs)
    (gradient,) = torch.autograd.grad(expected, scores)
    close(np.asarray(value), expected.detach())
    close(loss.backward(cache), gradient.movedim(1, -1).reshape(-1, scores.shape[1]))
    return True
