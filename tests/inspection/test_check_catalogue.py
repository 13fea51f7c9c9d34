import pytest

from handgrad.inspection import check_catalogue
from handgrad.inspection.check_cases import (
    LAYER_CASES,
    LOSS_CASES,
    NETWORK_CASES,
    LayerCase,
)
from handgrad.inspection.check_catalogue import CATALOGUE, THOROUGH, check_one
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


def test_a_row_says_what_was_done(rows):
    for row in rows:
        assert row.dtype == "float64"
        assert row.tolerance == 1e-6
        assert row.directions >= row.shapes >= 1
        assert row.seconds > 0
        assert row.worst
        assert "\n" not in row.worst


def test_it_takes_seconds(rows):
    assert sum(row.seconds for row in rows) < 30


def test_rows_come_as_they_are_done():
    rows = check_catalogue(seed=1)
    assert next(rows).name == "Linear"
    assert next(rows).name == "Conv2d"


def test_a_wrong_layer_fails_its_row():
    class Wrong(ReLU):
        def backward(self, d_outputs, outputs, /):
            d_inputs, gradients = super().backward(d_outputs, outputs)
            return 1.00001 * d_inputs, gradients

    row = check_one(
        "layer",
        "Wrong",
        lambda draw: LayerCase(Wrong(), draw.normal("inputs", (2, 3))),
        Key(0),
        shapes=3,
        directions=4,
    )
    assert not row.passed
    assert row.directions == 12
    assert row.max_relative_error > 1e-6
    assert row.worst == "ReLU() on (2, 3)"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "name"), [(k, n) for k, names in CATALOGUE.items() for n in names]
)
def test_thoroughly(kind, name, seed):
    shapes, directions = THOROUGH[kind]
    case = CATALOGUE[kind][name]
    row = check_one(kind, name, case, Key(seed).child(name), shapes, directions)
    assert row.passed, row
    assert row.directions == shapes * directions
