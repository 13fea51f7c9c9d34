"""Options that kernels know, and options for which a layer runs as a plain layer."""

import numpy as np
import pytest

from handgrad.engine.lowering.plain import lower_plain
from handgrad.engine.lowering.table import row_of
from handgrad.errors import ConfigError
from handgrad.layers import AveragePool2d, Conv2d, MaxPool2d
from handgrad.losses import SoftmaxCrossEntropy
from handgrad.randomness import Key

from .agreement import agrees, assert_two_steps_agree
from .networks import (
    FLATTEN,
    GELU,
    GLOBAL,
    NORM_PICTURES,
    RELU,
    TANH,
    Settings,
    conv,
    cpu_engine,
    layer,
    linear,
    network,
    pool,
)

BARE = {"bias": False}
WITHOUT_BIAS = {
    "convolutions": network(
        *(conv(3, 3, padding=1, **BARE), NORM_PICTURES, RELU),
        *(conv(5, 2, **BARE), TANH, FLATTEN, linear(4)),
    ),
    "many channels": network(
        *(conv(32, 3, padding=1), TANH, conv(64, 3, padding=1, **BARE), TANH),
        *(conv(32, 1, **BARE), GLOBAL, linear(4, **BARE)),
        shape=(1, 5, 5),
    ),
    "linear": network(
        FLATTEN, linear(9, **BARE), RELU, linear(7, **BARE), linear(4, **BARE)
    ),
    "by rows": network(
        *(FLATTEN, linear(32, **BARE), GELU, linear(16, **BARE), TANH),
        linear(16, **BARE),
        linear(4, **BARE),
        shape=(1, 4, 4),
    ),
    "few outputs": network(FLATTEN, linear(4, **BARE), shape=(1, 4, 4)),
}
OPTIONS = {
    "groups": network(
        conv(4, 3), TANH, conv(8, 2, groups=4, **BARE), FLATTEN, linear(4)
    ),
    "dilation": network(conv(3, 2, dilation=(2, 1), padding=1), FLATTEN, linear(4)),
    "uneven padding": network(
        *(conv(3, 3, padding=((0, 2), (1, 0))), TANH),
        *(pool("max", 3, padding=((1, 0), (0, 1))), FLATTEN, linear(4)),
    ),
    "ceil_mode": network(
        *(pool("average", 2, ceil_mode=True), conv(3, 2), TANH),
        *(pool("max", 2, stride=1, ceil_mode=True), FLATTEN, linear(4)),
    ),
    "count_include_pad": network(
        conv(3, 2), pool("average", 3, padding=1, count_include_pad=False), GLOBAL,
        linear(4),
    ),
    "norms and branches": network(
        *(conv(4, 3), layer("group_norm", groups=2), layer("elu")),
        layer("multiply", body=[GLOBAL, linear(4), layer("hardsigmoid")]),
        layer("concatenate", branches=[[], [conv(2, 1), NORM_PICTURES, TANH]]),
        *(layer("hardswish"), FLATTEN, layer("layer_norm"), linear(4)),
    ),
}  # fmt: skip
KEY = Key(0)


@pytest.mark.parametrize("name", WITHOUT_BIAS)
def test_layers_without_a_bias_have_the_plain_layers_gradients(name):
    assert agrees(WITHOUT_BIAS[name], predicts=True)


def test_they_run_by_kernels():
    for net in WITHOUT_BIAS.values():
        assert "plain" not in repr(cpu_engine(net).training.program)


@pytest.mark.parametrize("name", OPTIONS)
def test_other_options_have_the_plain_layers_gradients(name):
    assert agrees(OPTIONS[name], predicts=True)


@pytest.mark.parametrize(
    "layer",
    [
        Conv2d(4, 4, 3, groups=2, key=KEY),
        Conv2d(4, 4, 3, dilation=2, key=KEY),
        Conv2d(4, 4, 3, padding=((1, 0), (1, 1)), key=KEY),
        MaxPool2d(2, ceil_mode=True),
        MaxPool2d(2, padding=((0, 1), (0, 0))),
        AveragePool2d(2, ceil_mode=True),
        AveragePool2d(3, padding=1, count_include_pad=False),
    ],
    ids=repr,
)
def test_kernels_take_no_option_that_they_do_not_know(layer):
    assert row_of(layer).lower is lower_plain


def test_both_engines_ignore_the_same_examples():
    net = network(FLATTEN, linear(4))
    setting = Settings(loss=SoftmaxCrossEntropy(0.1, ignore_index=2))
    assert_two_steps_agree(setting, net)
    batch = net.batch(70, seed=1)
    assert 2 in batch.targets[batch.rows]


def test_engines_refuse_a_sum():
    setting = Settings(loss=SoftmaxCrossEntropy(reduction="sum"))
    with pytest.raises(ConfigError, match="takes a loss that is a mean over the batch"):
        cpu_engine(network(FLATTEN, linear(4)), setting)


def test_an_option_assigned_later_counts():
    net = network(conv(3, 3, padding=2), FLATTEN, linear(4))
    engine, images = cpu_engine(net), net.images(5)
    before = engine.logits(images)
    engine.model.layers["conv2d_1"].padding = ((3, 1), (2, 2))
    after = engine.logits(images)
    assert np.abs(after - before).max() > 1e-3
    plain, _ = engine.model.forward(net.normalization.apply(images))
    np.testing.assert_allclose(after, plain, rtol=0, atol=1e-5)
