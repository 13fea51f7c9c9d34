"""That convolutions are right is shown in test_cpu; here, how they are laid out."""

import numpy as np
import pytest

from ..networks import FLATTEN, NETWORKS, RELU, conv, cpu_engine, linear, network
from ..reference import distance_from_kinks, reference_step
from ..test_cpu import Settings, values_of

CHANNELS = network(
    conv(11, 3, padding=1), RELU, conv(13, 3), RELU, FLATTEN, linear(4), shape=(3, 7, 6)
)


def test_the_first_convolution_finds_its_border_in_the_gathered_images():
    shown = repr(cpu_engine(NETWORKS["lenet"]).training.program)
    assert "conv2d_1 padding" not in shown


def test_a_later_convolution_is_given_a_border_where_it_has_padding():
    net = NETWORKS["convolution after convolution"]
    shown = repr(cpu_engine(net).training.program)
    assert "conv2d_2 padding" in shown


def test_the_first_convolution_gives_no_gradient_of_its_inputs():
    shown = repr(cpu_engine(NETWORKS["lenet"]).training.program)
    assert "conv2d_2 d_inputs" in shown
    assert "conv2d_1 d_inputs" not in shown


@pytest.mark.parametrize("count", [33, 70])
def test_channels_that_fill_no_block(count):
    engine, setting = cpu_engine(CHANNELS, keep=True), Settings()
    batch, values = CHANNELS.batch(count), values_of(engine)
    assert distance_from_kinks(CHANNELS, setting, values, batch, 1) > 1
    expected = reference_step(CHANNELS, setting, values, batch, 1)
    result = engine.train_step(batch, 1)
    expected.assert_agrees(result, engine.training.gradients())


def test_weights_are_packed_anew_before_each_step_and_prediction():
    net = NETWORKS["convolution to linear"]
    engine, images = cpu_engine(net), net.images(5)
    first = engine.logits(images)
    engine.train_step(net.batch(70), 1)
    second = engine.logits(images)
    assert (first != second).any()
    plain, _ = engine.model.forward(net.normalization.apply(images))
    np.testing.assert_allclose(second, plain, rtol=0, atol=1e-5)
