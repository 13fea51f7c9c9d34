"""C programs give the outputs of every kind of network."""

import shutil

import pytest
from hypothesis import given, settings

from engine.networks import NETWORKS, networks
from handgrad import layers
from handgrad.interop.c_layers import Network, number
from handgrad.randomness import Key
from interop.branched import SHAPE, branched, some_images, windowed
from interop.programs import SAMPLE, assert_close, c_predictions, with_statistics

needs_compiler = pytest.mark.skipif(
    shutil.which("gcc") is None, reason="needs the compiler gcc"
)


def check(network, folder):
    model = with_statistics(network.model())
    images = network.normalization.apply(network.images(3))
    found = c_predictions(model, folder, images, input_shape=network.shape)
    expected = model.forward(images)[0]
    assert_close(found[:, : expected.shape[1]], expected)
    assert not found[:, expected.shape[1] :].any()  # nothing is written behind the end


@needs_compiler
@pytest.mark.parametrize("name", SAMPLE)
def test_every_layer(name, tmp_path):
    check(NETWORKS[name], tmp_path)


@needs_compiler
@settings(max_examples=5)
@given(network=networks())
def test_random_networks(network, tmp_path_factory):
    check(network, tmp_path_factory.mktemp("program"))


@needs_compiler
@pytest.mark.parametrize("make", [branched, windowed])
def test_branches_norms_and_options(make, tmp_path):
    network, images = make(), some_images()
    found = c_predictions(network, tmp_path, images, input_shape=SHAPE)
    expected = network.forward(images)[0]
    assert_close(found[:, : expected.shape[1]], expected)


def test_buffers_are_used_again():
    network = Network((4,))
    for place in range(6):
        network.add(layers.ReLU(), f"relu_{place}")
    assert network.buffers == [4, 4]
    body = layers.Linear(4, 4, key=Key(0))
    network.add(layers.Residual(body), "residual_1")
    assert network.buffers == [4, 4, 4]
    assert network.lines[-2:] == [
        "/* residual_1: body and shortcut */",
        "add(v0, v1, 4, v2);",
    ]


@pytest.mark.parametrize(("value", "text"), [(1, "1.0f"), (1e-5, "1e-05f")])
def test_numbers_are_constants_of_type_float(value, text):
    assert number(value) == text
