"""Which convolutions Winograd's algorithm computes, and that its results agree."""

import numpy as np
import pytest

from handgrad.engine.lowering import convolution as convolution_row
from handgrad.engine.lowering.winograd import suits_winograd
from handgrad.layers import Conv2d
from handgrad.randomness import Key

from ..networks import NETWORKS, TANH, conv, cpu_engine, layer, network
from ..reference import reference_step
from ..same_bits import assert_same_bits
from ..test_cpu import Settings, values_of


def convolution(channels, out, kernel, **options):
    return Conv2d(channels, out, kernel, key=Key(0), **options)


def test_small_kernels_of_many_channels_go_this_way():
    assert suits_winograd(convolution(32, 32, 3, padding=1))
    assert suits_winograd(convolution(64, 40, 3, padding=(0, 2)))


@pytest.mark.parametrize(
    "other",
    [
        convolution(3, 64, 3),
        convolution(48, 64, 3),
        convolution(64, 31, 3),
        convolution(64, 64, 5),
        convolution(64, 64, (3, 1)),
        convolution(64, 64, 3, stride=2),
        convolution(64, 64, 3, padding=3),
    ],
    ids=repr,
)
def test_all_others_are_made_directly(other):
    assert not suits_winograd(other)


@pytest.fixture
def all_families(unit, monkeypatch):
    """Through the matrix unit too, for few channels."""
    monkeypatch.setattr(convolution_row, "FEW_CHANNELS", 0)
    return unit


@pytest.mark.parametrize("name", ["many channels", "many channels, batch norm"])
@pytest.mark.usefixtures("all_families")
def test_every_gradient_is_the_plain_layers(name):
    chosen = NETWORKS[name]
    engine, batch = cpu_engine(chosen, keep=True), chosen.batch(70)
    expected = reference_step(chosen, Settings(), values_of(engine), batch, 1)
    result = engine.train_step(batch, 1)
    expected.assert_agrees(result, engine.training.gradients())


@pytest.mark.usefixtures("all_families")
def test_bits_do_not_depend_on_workers():
    chosen = NETWORKS["many channels"]
    assert_same_bits(chosen, chosen.batch(70), chosen.images(50, seed=5))


@pytest.mark.usefixtures("all_families")
def test_the_program_says_so():
    shown = repr(cpu_engine(NETWORKS["many channels"]).training.program)
    for part in ("forward, windows", "forward, outputs", "d_inputs", "d_weight"):
        assert f"conv2d_2 {part}" in shown
    assert "conv2d_2.weight at the points" in shown


@pytest.mark.parametrize("size", [(1, 1), (4, 4), (5, 13), (14, 14)])
@pytest.mark.usefixtures("all_families")
def test_rounding_stays_within_ten_times_that_of_a_plain_sum(size):
    """Measured 5 times for 256 channels (docs/decisions/0007)."""
    net = network(
        conv(96, 3, padding=1),
        *(layer("relu"), conv(64, 3, padding=1), TANH, layer("flatten")),
        layer("linear", out_features=4),
        shape=(1, *size),
    )
    engine, images = cpu_engine(net), net.images(40)
    values = net.normalization.apply(images).astype(np.float64)
    found = engine.logits(images)
    for name, parameter in engine.model.parameters().items():
        parameter.value = values_of(engine)[name].astype(np.float64)
    exact, _ = engine.model.forward(values)
    single = net.model()
    single_logits, _ = single.forward(values.astype(np.float32))
    usual = np.sqrt(np.mean((np.asarray(single_logits) - exact) ** 2))
    assert np.sqrt(np.mean((found - exact) ** 2)) <= 10 * usual
