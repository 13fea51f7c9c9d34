"""Python programs give the outputs of every kind of network."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings

from engine.networks import NETWORKS, networks
from handgrad import catalog, layers, models
from handgrad.interop.python_layers import TABLE, Network
from interop.branched import SHAPE, branched, some_images, windowed
from interop.programs import SAMPLE, assert_close, python_logits, with_statistics

CATALOGUE = {
    "softmax_regression": (models.softmax_regression, (1, 8, 8)),
    "perceptron": (models.perceptron, (1, 8, 8)),
    "mlp": (models.mlp, (3, 8, 8)),
    "lenet": (models.lenet, (1, 28, 28)),
    "alexnet": (partial(models.alexnet, channels=4), (1, 28, 28)),
    "vgg": (partial(models.vgg, channels=(4, 5)), (3, 32, 32)),
    "resnet": (models.resnet, (3, 32, 32)),
    "airbench": (models.airbench, (3, 20, 20)),
}


def test_every_network_of_the_catalogue_is_here():
    assert set(CATALOGUE) == set(catalog.MODELS) - {"from_layers"}


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_network_of_the_catalogue(name, tmp_path):
    make, shape = CATALOGUE[name]
    network = with_statistics(make(input_shape=shape, classes=7, seed=3))
    images = np.random.default_rng(0).normal(size=(3, *shape)).astype(np.float32)
    found = python_logits(network, tmp_path, images, input_shape=shape)
    assert_close(found, network.forward(images)[0])


def kinds_in(layer):
    """The types of a layer and of those in it."""
    inner = layer.layers if isinstance(layer, layers.Sequential) else {}
    inner = layer.parts() if hasattr(layer, "parts") else inner
    return {type(layer)}.union(*map(kinds_in, inner.values()))


def test_the_sample_has_every_layer_of_the_table():
    models = [branched(), *(NETWORKS[name].model() for name in SAMPLE)]
    kinds = set().union(*map(kinds_in, models))
    assert kinds == set(TABLE)


def check(network, folder):
    model = with_statistics(network.model())
    images = network.normalization.apply(network.images(3))
    found = python_logits(model, folder, images, input_shape=network.shape)
    assert_close(found, model.forward(images)[0])


@pytest.mark.parametrize("name", SAMPLE)
def test_every_layer(name, tmp_path):
    check(NETWORKS[name], tmp_path)


@pytest.mark.parametrize("make", [branched, windowed])
def test_branches_norms_and_options(make, tmp_path):
    network = make()
    found = python_logits(network, tmp_path, some_images(), input_shape=SHAPE)
    assert_close(found, network.forward(some_images())[0])


@settings(max_examples=25)
@given(network=networks())
def test_random_networks(network, tmp_path_factory):
    check(network, tmp_path_factory.mktemp("program"))


def test_a_function_is_written_once_and_after_what_it_calls():
    network = Network((4,))
    network.add(layers.SiLU(), "silu_1")
    network.add(layers.Sigmoid(), "sigmoid_1")
    network.add(layers.SiLU(), "silu_2")
    assert [each.__name__ for each in network.functions] == ["sigmoid", "silu"]
    assert network.lines == ["x = silu(x)", "x = sigmoid(x)", "x = silu(x)"]
