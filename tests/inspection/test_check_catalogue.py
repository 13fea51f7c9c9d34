import numpy as np
import pytest

from handgrad.inspection import check_catalogue
from handgrad.inspection.check_cases import (
    LAYER_CASES,
    LOSS_CASES,
    LayerCase,
)
from handgrad.inspection.check_catalogue import CATALOGUE, THOROUGH, check_one
from handgrad.inspection.check_networks import NETWORK_CASES
from handgrad.layers import ReLU
from handgrad.randomness import Key


@pytest.fixture(scope="module")
def rows():
    return list(check_catalogue())


def test_everything_is_checked_once(rows):
    names = [(row.kind, row.name) for row in rows]
    expected = {"layer": LAYER_CASES, "loss": LOSS_CASES, "network": NETWORK_CASES}
    assert names == [(kind, name) for kind, names in expected.items() for name in names]


def test_everything_passes(rows):
    assert [row for row in rows if not row.passed] == []
    assert all(0 < row.max_relative_error <= 1e-6 for row in rows)


def test_a_row_describes_its_check(rows):
    for row in rows:
        assert row.dtype == "float64"
        assert row.tolerance == 1e-6
        assert row.directions >= row.shapes >= 1
        assert row.seconds > 0
        assert row.worst
        assert "\n" not in row.worst


def test_the_check_takes_seconds(rows):
    assert sum(row.seconds for row in rows) < 30


def test_rows_are_yielded_one_by_one():
    rows = check_catalogue(seed=1)
    assert next(rows).name == "Linear"
    assert next(rows).name == "Conv2d"


def few_numbers(kind):
    return lambda draw: LayerCase(kind(), draw.normal("inputs", (2, 3)))


def test_a_wrong_layer_fails_its_row():
    class Wrong(ReLU):
        def backward(self, d_outputs, outputs, /):
            d_inputs, gradients = super().backward(d_outputs, outputs)
            return 1.00001 * d_inputs, gradients

    row = check_one(
        "layer",
        "Wrong",
        few_numbers(Wrong),
        Key(0),
        shapes=3,
        directions=4,
    )
    assert not row.passed
    assert row.directions == 12
    assert row.max_relative_error > 1e-6
    assert row.worst == "ReLU() on (2, 3)"


def test_a_layer_with_kinks_everywhere_fails_its_row():
    class Kinks(ReLU):
        def forward(self, inputs, *, training=False, key=None):
            outputs, _ = super().forward(inputs)
            return outputs, np.floor(1e9 * inputs).astype(int)

        def backward(self, d_outputs, steps, /):
            return np.where(steps > 0, d_outputs, 0), {}

    row = check_one("layer", "Kinks", few_numbers(Kinks), Key(0), 1, 4)
    assert (row.directions, row.passed) == (0, False)


def test_a_single_nan_fails_its_row():
    class SometimesNaN(ReLU):
        count = 0

        def backward(self, d_outputs, outputs, /):
            type(self).count += 1
            d_inputs, gradients = super().backward(d_outputs, outputs)
            return d_inputs * (np.nan if self.count == 2 else 1), gradients

    row = check_one("layer", "NaN", few_numbers(SometimesNaN), Key(0), 4, 2)
    assert np.isnan(row.max_relative_error)
    assert not row.passed


def check_thoroughly(kind, name, seed):
    shapes, directions = THOROUGH[kind]
    case = CATALOGUE[kind][name]
    row = check_one(kind, name, case, Key(seed).child(name), shapes, directions)
    assert row.passed, row
    assert row.directions == shapes * directions


@pytest.mark.nightly
@pytest.mark.parametrize("name", LAYER_CASES)
def test_layers_thoroughly(name, seed):
    check_thoroughly("layer", name, seed)


@pytest.mark.nightly
@pytest.mark.parametrize("name", LOSS_CASES)
def test_losses_thoroughly(name, seed):
    check_thoroughly("loss", name, seed)


@pytest.mark.nightly
@pytest.mark.parametrize("name", NETWORK_CASES)
def test_networks_thoroughly(name, seed):
    check_thoroughly("network", name, seed)
