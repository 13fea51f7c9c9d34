import pytest
import torch
from torch import nn

from handgrad.errors import ConfigError, ShapeError
from handgrad.models import lenet

from .twins import assert_same_network


def textbook(activation, pooling, channels, padding):
    """LeNet-5 as in Dive into Deep Learning, section 7.6."""
    return nn.Sequential(
        nn.Conv2d(channels, 6, 5, padding=padding),
        activation(),
        pooling(2, stride=2),
        nn.Conv2d(6, 16, 5),
        activation(),
        pooling(2, stride=2),
        nn.Flatten(),
        nn.Linear(400, 120),
        activation(),
        nn.Linear(120, 84),
        activation(),
        nn.Linear(84, 10),
    )


@pytest.mark.parametrize(("size", "padding"), [(28, 2), (32, 0)])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(
    ("activation", "pooling", "their_activation", "their_pooling"),
    [
        ("sigmoid", "average", nn.Sigmoid, nn.AvgPool2d),
        ("relu", "max", nn.ReLU, nn.MaxPool2d),
    ],
)
def test_is_the_network_of_the_textbook(
    activation, pooling, their_activation, their_pooling, channels, size, padding
):
    shape = (channels, size, size)
    model = lenet(activation=activation, pooling=pooling, input_shape=shape)
    twin = textbook(their_activation, their_pooling, channels, padding)
    assert_same_network(model, twin, shape)


def test_has_61706_parameters():
    assert sum(p.value.size for p in lenet().parameters().values()) == 61_706


def test_initialization_depends_on_the_seed_only():
    first, again, other = (
        lenet(seed=seed).parameters()["conv2d_1.weight"].value for seed in (1, 1, 2)
    )
    assert (first == again).all()
    assert not (first == other).any()


def test_a_small_image_is_refused_by_the_layer_it_does_not_fit():
    with pytest.raises(ShapeError, match=r"^conv2d_2: Conv2d"):
        lenet(input_shape=(1, 8, 8))


def test_inputs_that_are_no_images_are_refused():
    with pytest.raises(ShapeError, match=r"^conv2d_1: Conv2d.*takes images"):
        lenet(input_shape=(784,))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"pooling": "averag"}, "no pooling named 'averag'. Did you mean 'average'"),
        ({"pooling": "global_average"}, "no pooling named 'global_average'"),
        ({"activation": "rellu"}, "no activation named 'rellu'. Did you mean 'relu'"),
        ({"initializer": "he"}, "conv2d_1: There is no initializer named 'he'"),
        ({"classes": 0}, "A model takes sizes of at least 1, got 0"),
    ],
)
def test_invalid_options_are_refused(options, words):
    with pytest.raises(ConfigError, match=words):
        lenet(**options)


def test_float32_is_the_dtype_of_training():
    model = lenet(input_shape=(1, 28, 28))
    assert {str(p.value.dtype) for p in model.parameters().values()} == {"float32"}
    logits, _ = model.forward(torch.zeros((2, 1, 28, 28)).numpy())
    assert logits.dtype == "float32"
