import numpy as np
import pytest

from handgrad import models
from handgrad.catalog import MODELS
from handgrad.errors import ConfigError
from handgrad.layers import (
    AveragePool2d,
    Conv2d,
    Flatten,
    GroupNorm,
    Linear,
    MaxPool2d,
    ReLU,
    Residual,
    Sequential,
)
from handgrad.models.named_layers import LAYERS
from handgrad.models.to_layers import NAMES, rows_of, to_layers
from handgrad.network import batch_norm2d as norm
from handgrad.network import conv2d, flatten, gelu_tanh, linear, residual, sequential

SHAPE = (3, 32, 32)
OWN = [
    conv2d(4, (3, 1), stride=2, padding=(1, 0)),
    norm(eps=0.01, momentum=0.3),
    conv2d(4, 3, padding=((1, 2), 0), dilation=2, groups=2, bias=False),
    residual([conv2d(4, 1)], shortcut=[sequential([conv2d(4, 1), gelu_tanh()])]),
    flatten(),
    linear(),
]
NETWORKS = {
    name: make(input_shape=SHAPE)
    for name, make in MODELS.items()
    if name != "from_layers"
}
NETWORKS["own"] = models.from_layers(layers=OWN, input_shape=SHAPE)


@pytest.mark.parametrize("name", NETWORKS)
def test_rows_make_the_same_network_again(name):
    network = NETWORKS[name]
    again = models.from_layers(layers=rows_of(network), input_shape=SHAPE)
    assert repr(again) == repr(network)
    for kind in ("parameters", "buffers"):
        one, other = (getattr(made, kind)() for made in (network, again))
        assert [(n, p.shape) for n, p in one.items()] == [
            (n, p.shape) for n, p in other.items()
        ]


def test_every_setting_is_kept():
    rows = rows_of(NETWORKS["own"])
    assert rows[0]["stride"] == (2, 2)
    assert rows[0]["padding"] == (1, 0)
    assert (rows[1]["eps"], rows[1]["momentum"]) == (0.01, 0.3)
    assert rows[3]["shortcut"][0]["layers"][1] == {
        "name": "gelu",
        "approximate": "tanh",
    }
    assert np.shape(rows[3]["body"]) == (1,)


def test_an_option_added_later_is_in_a_row_only_where_it_is_used():
    plain = Sequential([Conv2d(4, 4, 3), MaxPool2d(2), Flatten(), Linear(4, 2)])
    assert {name for row in rows_of(plain) for name in row} == {
        *("name", "in_channels", "out_channels", "kernel_size", "stride", "padding"),
        *("in_features", "out_features"),
    }
    used = {
        "padding": ((0, 1), (2, 2)),
        "dilation": (2, 2),
        "groups": 2,
        "bias": False,
    }
    row = rows_of(Sequential([Conv2d(4, 4, 3, **used)]))[0]
    assert used.items() <= row.items()
    pool = AveragePool2d(3, ceil_mode=True, count_include_pad=False)
    row = rows_of(Sequential([pool]))[0]
    assert (row["ceil_mode"], row["count_include_pad"]) == (True, False)


def test_every_class_of_layers_has_a_row():
    assert set(NAMES.values()) == set(LAYERS) - {"gelu_tanh"}


class Mine(ReLU):
    pass


@pytest.mark.parametrize(
    ("network", "said"),
    [
        (Sequential([Flatten(), Mine()]), "mine_1 is a Mine"),
        (Sequential([Residual(Linear(2, 2))]), "residual_1.body is a Linear"),
        (Sequential([Sequential([Mine()])]), "mine_1 is a Mine"),
    ],
)
def test_a_layer_without_a_row_is_named(network, said):
    with pytest.raises(ConfigError, match=said):
        rows_of(network)


@pytest.mark.parametrize("name", NETWORKS)
def test_a_list_as_one_writes_it_makes_the_same_network(name):
    network = NETWORKS[name]
    again = models.from_layers(layers=to_layers(network), input_shape=SHAPE)
    assert repr(again) == repr(network)


def test_what_can_be_inferred_is_left_out():
    assert to_layers(models.lenet())[:3] == [
        conv2d(6, 5, padding=2),
        {"name": "sigmoid"},
        {"name": "average_pool2d", "kernel_size": 2},
    ]
    assert to_layers(NETWORKS["own"])[:2] == OWN[:2]
    assert to_layers(NETWORKS["own"])[3] == OWN[3]


def test_an_option_that_a_layer_needs_is_kept():
    """Groups of a convolution have a default, those of a group normalization not."""
    network = Sequential([GroupNorm(1, 4), Conv2d(4, 4, 1)])
    assert rows_of(network)[0]["groups"] == 1
    assert to_layers(network)[0] == {"name": "group_norm", "groups": 1}
    assert "groups" not in rows_of(network)[1]


@pytest.mark.parametrize("wrong", [3, None, "lenet", [{"name": "flatten"}]])
def test_only_a_network_has_layers(wrong):
    with pytest.raises(ConfigError, match="takes a Sequential"):
        to_layers(wrong)
