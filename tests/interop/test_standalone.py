"""Which networks and layers an export takes, and what it refuses."""

import numpy as np
import pytest

from handgrad import layers
from handgrad.errors import ConfigError, RunError, ShapeError
from handgrad.interop.c_layers import TABLE as C_TABLE
from handgrad.interop.c_source import c_file
from handgrad.interop.python_layers import TABLE as PYTHON_TABLE
from handgrad.interop.standalone import KNOWN, check_known, standalone, weight_count
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


class Shifted(Linear):
    """A layer as a later version may have it, with one more option."""

    def __init__(self, *sizes, shifts=1, key=None):
        super().__init__(*sizes, key=key)
        self.shifts = shifts


def test_both_targets_write_the_same_layers():
    assert PYTHON_TABLE.keys() == C_TABLE.keys()
    public = {vars(layers)[name] for name in layers.__all__} - {layers.Layer}
    assert PYTHON_TABLE.keys() <= public


@pytest.mark.parametrize("table", [PYTHON_TABLE, C_TABLE])
@pytest.mark.parametrize("layer", [Doubled(), Other()])
def test_layers_of_ones_own_are_refused_by_name(layer, table):
    with pytest.raises(ConfigError, match=f"body.it_1 is a {type(layer).__name__}, wh"):
        check_known(layer, "body.it_1", table)


def test_for_layers_without_source_code_onnx_is_suggested():
    with pytest.raises(ConfigError, match=r"is a ELU, .* Export the network as ONNX"):
        check_known(layers.ELU(), "elu_1", C_TABLE)


def test_an_option_that_no_export_knows_is_refused():
    table, key = {Shifted: None}, Key(1)
    known = {Shifted: {"sizes", "key"}}
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(KNOWN, Shifted, known[Shifted])
        check_known(Shifted(2, 3, key=key), "it_1", table)
        with pytest.raises(ConfigError, match=r"it_1 is Linear.*with this shifts"):
            check_known(Shifted(2, 3, shifts=2, key=key), "it_1", table)


def test_a_missing_bias_and_unequal_padding_are_refused():
    linear = Linear(2, 3, key=Key(1))
    check_known(linear, "linear_1", PYTHON_TABLE)
    pool = layers.MaxPool2d(2)
    object.__setattr__(pool.windows, "padding", ((0, 1), (0, 1)))
    with pytest.raises(ConfigError, match="source code with this padding"):
        check_known(pool, "max_pool2d_1", C_TABLE)


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
