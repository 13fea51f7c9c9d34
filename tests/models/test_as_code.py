import tomllib

import pytest

import handgrad
from handgrad import models
from handgrad.errors import ConfigError
from handgrad.models.as_code import as_python, as_toml
from handgrad.network import concatenate, conv2d, flatten, linear, relu, residual

NESTED = [
    concatenate([[], [conv2d(1, (3, 1), padding=((1, 1), 0))]]),
    residual([relu(), conv2d(2, 1)]),
    flatten(),
    linear(),
]
NETWORKS = {
    "nested": NESTED,
    **{name: models.to_layers(getattr(models, name)()) for name in ("lenet", "mlp")},
    "resnet": models.to_layers(models.resnet(input_shape=(3, 32, 32))),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_the_code_makes_the_same_network(name):
    rows = NETWORKS[name]
    names: dict = {}
    exec(as_python(rows), names)
    assert names["layers"] == rows
    assert isinstance(names["network"], handgrad.Classifier)
    table = tomllib.loads(as_toml(rows))["model"]
    shape = (3, 32, 32) if name == "resnet" else (1, 28, 28)
    one = models.from_layers(layers=rows, input_shape=shape)
    two = models.from_layers(layers=table["layers"], input_shape=shape)
    assert repr(one) == repr(two)


def test_a_network_is_written_as_its_list_of_layers():
    network = models.lenet(activation="relu")
    assert as_python(network) == as_python(models.to_layers(network))
    assert as_toml(network) == as_toml(models.to_layers(network))
    assert "conv2d(6, 5, padding=2)" in as_python(network)


@pytest.mark.parametrize("write", [as_python, as_toml])
@pytest.mark.parametrize(
    "wrong", [3, None, "lenet", [3], [{}], [{"name": "rely"}], [{"name": None}]]
)
def test_what_is_no_network_is_refused(write, wrong):
    with pytest.raises(ConfigError):
        write(wrong)


def test_an_initializer_with_a_number_is_no_layer():
    layers = [linear(5, initializer={"name": "normal", "std": 0.1}), linear(2)]
    text = as_python(layers)
    assert "from handgrad.network import linear\n" in text
    assert "linear(5, initializer={'name': 'normal', 'std': 0.1})" in text
