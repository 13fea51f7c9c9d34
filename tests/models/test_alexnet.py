import numpy as np
import pytest
from torch import nn

from handgrad.errors import ConfigError, ShapeError
from handgrad.models import alexnet

from .twins import assert_same_network

CHANNELS = (4, 6, 5, 3, 7)
POOLINGS = {"max": nn.MaxPool2d, "average": nn.AvgPool2d}


def textbook(pooling, batch_norm, channels=CHANNELS, features=7 * 9, hidden=(6, 5)):
    """Five 3 x 3 convolutions, pooling after 1, 2 and 5."""
    parts, before = [], 1
    for number, count in enumerate(channels, start=1):
        parts.append(nn.Conv2d(before, count, 3, padding=1))
        parts += [nn.BatchNorm2d(count)] if batch_norm else []
        parts.append(nn.ReLU())
        parts += [POOLINGS[pooling](2, stride=2)] if number in (1, 2, 5) else []
        before = count
    parts.append(nn.Flatten())
    for size in hidden:
        parts += [nn.Linear(features, size), nn.ReLU()]
        features = size
    return nn.Sequential(*parts, nn.Linear(features, 10))


@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("batch_norm", [True, False])
def test_is_the_network_written_with_torch(pooling, batch_norm):
    model = alexnet(
        channels=CHANNELS, pooling=pooling, batch_norm=batch_norm, hidden_sizes=(6, 5)
    )
    twin = textbook(pooling, batch_norm)
    assert_same_network(model, twin, (1, 28, 28), training=True)


def test_the_defaults_are_the_five_convolution_network_of_the_races():
    model = alexnet()
    twin = textbook("max", True, (64, 192, 384, 256, 256), 2304, (256, 256))
    ours = [p.shape for p in model.parameters().values()]
    assert ours == [tuple(p.shape) for p in twin.parameters()]
    assert model.layers["linear_1"].in_features == 2304
    places = [n for n, name in enumerate(model.layers) if "pool" in name]
    assert places == [3, 7, 17]


def test_global_average_replaces_the_last_pooling():
    model = alexnet(channels=4, pooling="global_average")
    kinds = [name.rsplit("_", 1)[0] for name in model.layers if "pool" in name]
    assert kinds == ["max_pool2d", "max_pool2d", "global_average_pool2d"]
    assert model.layers["linear_1"].in_features == 4
    logits, _ = model.forward(np.zeros((2, 1, 28, 28), dtype=np.float32))
    assert logits.shape == (2, 10)


def test_kernels_of_the_report_need_no_padding():
    model = alexnet(channels=4, kernel_sizes=[5, 5, 1, 1, 1], paddings=0)
    assert model.layers["linear_1"].in_features == 4 * 2 * 2


def test_strides_apply_to_every_convolution():
    model = alexnet(channels=4, strides=[2, 1, 1, 1, 1])
    assert model.layers["conv2d_1"].output_shape((1, 28, 28)) == (4, 14, 14)


def test_dropout_follows_the_hidden_linear_layers():
    layers = list(alexnet(channels=4, dropout=0.5).layers)
    assert layers[-7:] == [
        "linear_1",
        "relu_6",
        "dropout_1",
        "linear_2",
        "relu_7",
        "dropout_2",
        "linear_3",
    ]
    assert not [name for name in alexnet(channels=4).layers if "dropout" in name]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            {"channels": [64, 64]},
            "alexnet takes channels as one value or a list of 5.* got 2",
        ),
        (
            {"kernel_sizes": [3] * 6},
            "takes kernel_sizes as one value or a list of 5.* got 6",
        ),
        ({"pooling": "global"}, "no pooling named 'global'. Did you mean 'global_ave"),
        ({"channels": 0}, "conv2d_1: conv2d takes out_channels of at least 1"),
    ],
)
def test_invalid_options_are_refused(options, words):
    with pytest.raises(ConfigError, match=words):
        alexnet(**options)


def test_an_image_too_small_for_pooling_is_refused_by_layer():
    with pytest.raises(ShapeError, match=r"^max_pool2d_3: MaxPool2d"):
        alexnet(channels=4, input_shape=(1, 4, 4))
