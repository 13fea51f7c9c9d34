from dataclasses import replace

import numpy as np
import pytest

from handgrad.errors import ConfigError, HandgradError
from handgrad.inspection.saturation import deep, saturation, saturation_by_scale
from handgrad.layers import (
    Concatenate,
    Flatten,
    Linear,
    Multiply,
    ReLU,
    Residual,
    Sequential,
    Sigmoid,
    Tanh,
)
from handgrad.models import softmax_regression
from handgrad.randomness import Key, normal

INPUTS = normal(Key(2), (20, 1, 3, 3))


def test_fractions_match_a_count_by_hand():
    model = Sequential([Sigmoid()])
    (row,) = saturation(model, np.array([[0.0, 9.0], [0.0, -9.0]]))
    slope = 1 / (1 + np.exp(9)) * (1 - 1 / (1 + np.exp(9)))
    assert (row.share, row.dead) == (0.5, 0.5)
    assert row.mean_slope == pytest.approx((0.25 + slope) / 2)
    (row,) = saturation(Sequential([ReLU()]), np.array([[1.0, -1.0], [-1.0, -1.0]]))
    assert (row.share, row.dead) == (0.75, 0.5)


def test_the_table_of_one_network_starts_with_the_layer():
    table = saturation(Sequential([Sigmoid()]), np.array([[0.0, 9.0]])).table()
    assert table.heads[0] == "layer"
    assert [row[0] for row in table.rows] == ["sigmoid_1"]


def test_larger_initial_weights_saturate_more():
    rows = saturation_by_scale(deep((1, 3, 3), 4), INPUTS, scales=(0.01, 1.0, 10.0))
    first = [row.layers[0].share for row in rows]
    assert first[0] == 0
    assert first == sorted(first)
    assert first[-1] > 0.7


def test_the_bound_determines_saturation():
    model = deep((1, 3, 3), 4)(0.1)
    assert saturation(model, INPUTS, bound=0.26)[0].share == 1
    with pytest.raises(HandgradError, match="bound"):
        saturation(model, INPUTS, bound=0)


def test_a_network_without_activations_is_refused():
    with pytest.raises(ConfigError, match="has none"):
        saturation(softmax_regression(input_shape=(1, 3, 3)), INPUTS)
    with pytest.raises(ConfigError, match="has none"):
        saturation(Sequential([Flatten()]), INPUTS)


def test_activations_inside_blocks_have_their_dotted_names():
    inner = Sequential([ReLU(), Residual(Sequential([Sigmoid()]), Tanh())])
    branches = Concatenate([inner, Multiply(Sequential([Sigmoid()]))])
    found = saturation(Sequential([branches, ReLU()]), INPUTS)
    assert [row.layer for row in found] == [
        "concatenate_1.branch_1.relu_1",
        "concatenate_1.branch_1.residual_1.body.sigmoid_1",
        "concatenate_1.branch_1.residual_1.shortcut",
        "concatenate_1.branch_2.body.sigmoid_1",
        "relu_1",
    ]
    assert [row[0] for row in found.table().rows] == [row.layer for row in found]
    assert len(found.as_dict()["rows"]) == len(found.figure().axes[0].patches) == 5


def test_an_activation_inside_a_block_is_measured_on_what_it_is_given():
    body = Sequential([Linear(9, 4, key=Key(1)), Tanh()])
    alone = saturation(Sequential([Flatten(), *body.layers.values()]), INPUTS)
    block = Residual(body, Linear(9, 4))
    (row,) = saturation(Sequential([Flatten(), block]), INPUTS)
    assert row == replace(alone[0], layer="residual_1.body.tanh_1")


def test_images_are_optional_for_a_run_and_all_given_ones_are_used(run):
    (own,) = saturation(run, count=9)
    assert (own.layer, own.kind) == ("sigmoid_1", "Sigmoid")
    found = saturation(Sequential([ReLU()]), INPUTS, count=3)
    assert "Measured on the 20 given images." in str(found)


def test_without_a_subject_scales_are_compared_on_a_data_set():
    found = saturation(scales=(0.1, 3.0), activation="relu", count=9)
    assert [row.scale for row in found] == [0.1, 3.0]
    assert found.table().heads[:2] == ("scale", "layer")
    rows = found.as_dict()["rows"]
    assert {row["layer"] for row in rows} == {"relu_1", "relu_2", "relu_3"}


@pytest.mark.parametrize("option", [{"scales": [1.0]}, {"activation": "sigmoid"}])
def test_options_of_untrained_networks_are_refused_with_a_subject(option):
    with pytest.raises(ConfigError, match=f"Omit {next(iter(option))}"):
        saturation(Sequential([Sigmoid()]), INPUTS, **option)
