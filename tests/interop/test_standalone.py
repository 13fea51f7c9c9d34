"""Which networks and layers an export takes, and what it refuses."""

from inspect import signature

import numpy as np
import pytest

from handgrad import layers
from handgrad.errors import ConfigError, RunError, ShapeError
from handgrad.interop.c_layers import TABLE as C_TABLE
from handgrad.interop.c_source import c_file
from handgrad.interop.python_layers import TABLE as PYTHON_TABLE
from handgrad.interop.standalone import check_known, standalone, weight_count
from handgrad.layers import Layer, Linear, ReLU, Sequential
from handgrad.randomness import Key


class Doubled(Layer):
    """A layer of a user's own."""

    def output_shape(self, input_shape):
        return input_shape

    def forward(self, inputs, *, training=False, key=None):
        return 2 * inputs, None

    def backward(self, d_outputs, cache, /):
        return 2 * d_outputs, {}


class Other(ReLU):
    """A subclass, which may compute anything."""


def test_both_targets_write_the_same_layers():
    assert PYTHON_TABLE.keys() == C_TABLE.keys()
    public = {vars(layers)[name] for name in layers.__all__} - {layers.Layer}
    assert PYTHON_TABLE.keys() == public


@pytest.mark.parametrize("table", [PYTHON_TABLE, C_TABLE])
@pytest.mark.parametrize("layer", [Doubled(), Other()])
def test_layers_of_ones_own_are_refused_by_name(layer, table):
    with pytest.raises(ConfigError, match=f"body.it_1 is a {type(layer).__name__}, wh"):
        check_known(layer, "body.it_1", table)


@pytest.mark.parametrize("kind", PYTHON_TABLE)
def test_every_option_is_written(kind):
    """A new option of a layer needs its place in the programs, and then here."""
    given = {name for name in signature(kind).parameters}
    windows = {"kernel_size", "stride", "padding"}
    known = {
        layers.AveragePool2d: windows | {"ceil_mode", "count_include_pad"},
        layers.BatchNorm1d: {"features", "eps", "momentum"},
        layers.BatchNorm2d: {"channels", "eps", "momentum"},
        layers.Concatenate: {"branches"},
        layers.Conv2d: windows
        | {"in_channels", "out_channels", "dilation", "groups"}
        | {"bias", "key", "initializer"},
        layers.Dropout: {"rate"},
        layers.ELU: {"alpha"},
        layers.GELU: {"approximate"},
        layers.GroupNorm: {"groups", "channels", "eps"},
        layers.Hardsigmoid: {"slope", "offset"},
        layers.LayerNorm: {"shape", "eps"},
        layers.LeakyReLU: {"negative_slope"},
        layers.Linear: {"in_features", "out_features", "bias", "key", "initializer"},
        layers.MaxPool2d: windows | {"ceil_mode"},
        layers.Multiply: {"body", "shortcut"},
        layers.Residual: {"body", "shortcut"},
        layers.Sequential: {"layers"},
    }
    assert given == known.get(kind, set())


def test_wrong_subjects_are_refused(tmp_path):
    network = Sequential([ReLU()])
    with pytest.raises(ConfigError, match=r"input_shape=\(1, 28, 28\)"):
        standalone("to_c", network, None)
    with pytest.raises(ShapeError, match="Flatten and a Linear"):
        standalone("to_c", network, (1, 4, 4))
    with pytest.raises(ConfigError, match=r"to_python takes a fitted .* got int"):
        standalone("to_python", 3, None)
    with pytest.raises(RunError, match="does not exist"):
        standalone("to_c", tmp_path / "none", None)


def test_weights_that_are_not_finite_are_named(tmp_path):
    network = Sequential([Linear(2, 3, key=Key(1))])
    assert weight_count(network) == 9
    network.layers["linear_1"].bias.value = np.array([0, np.nan, 1], dtype=np.float32)
    with pytest.raises(ConfigError, match=r"but linear_1\.bias contains NaN"):
        c_file(network, tmp_path / "a.c", (2,))
