import numpy as np
import pytest

from handgrad.engine.parameter_check import check_parameters
from handgrad.errors import ConfigError, ShapeError
from handgrad.layers import (
    BatchNorm1d,
    BatchNorm2d,
    Conv2d,
    Flatten,
    Linear,
    Residual,
    Sequential,
)


def model():
    return Sequential(
        [
            Conv2d(1, 2, 3, padding=1),
            BatchNorm2d(2),
            Residual(Sequential([Conv2d(2, 2, 1)])),
            Flatten(),
            Linear(8, 3),
            BatchNorm1d(3),
        ]
    )


def arrays_of(network):
    return {**network.parameters(), **network.buffers()}


def test_layers_as_they_are_made_fit():
    check_parameters(model())


@pytest.mark.parametrize("name", arrays_of(model()))
def test_any_other_shape_is_refused_by_name(name):
    network = model()
    parameter = arrays_of(network)[name]
    parameter.value = np.zeros((*parameter.shape, 1), np.float32)
    with pytest.raises(ShapeError, match=f"^{name} of .* has shape"):
        check_parameters(network)


@pytest.mark.parametrize("dtype", [complex, object, "U3"])
def test_what_is_no_real_number_is_refused(dtype):
    network = model()
    bias = network.parameters()["linear_1.bias"]
    bias.value = np.zeros(3, dtype)
    with pytest.raises(ConfigError, match=r"^linear_1.bias holds real numbers"):
        check_parameters(network)


@pytest.mark.parametrize("dtype", [np.float64, np.int64, bool])
def test_other_real_numbers_are_taken(dtype):
    network = model()
    network.parameters()["linear_1.bias"].value = np.zeros(3, dtype)
    check_parameters(network)


class Own(Linear):
    """A layer of the user's own gives its parameters any shape."""


def test_a_layer_of_the_users_own_may_have_any_shape():
    layer = Own(2, 2)
    layer.weight.value = np.zeros((5, 5))
    check_parameters(Sequential([layer]))


@pytest.mark.parametrize("method", ["parameters", "buffers"])
def test_an_array_in_place_of_a_parameter_is_refused(method):
    network, arrays = model(), {"weight": np.zeros(3, np.float32)}
    setattr(network.layers["linear_1"], method, lambda: arrays)
    with pytest.raises(ConfigError, match=r"^linear_1\.weight is a .*\. Wrap the"):
        check_parameters(network)
