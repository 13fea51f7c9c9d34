import numpy as np
import pytest

from handgrad.errors import ShapeError
from handgrad.inspection.summary import summary
from handgrad.models import alexnet, from_layers, lenet, mlp


def test_lenet_counted_by_hand():
    table = summary(lenet(), (1, 28, 28))
    rows = {row.name: row for row in table.rows}
    assert [row.parameters for row in table.rows if row.parameters] == [
        6 * 25 + 6,
        16 * 6 * 25 + 16,
        400 * 120 + 120,
        120 * 84 + 84,
        84 * 10 + 10,
    ]
    assert rows["conv2d_1"].output_shape == (6, 28, 28)
    assert rows["conv2d_1"].multiply_adds == 6 * 28 * 28 * 25
    assert rows["conv2d_2"].multiply_adds == 16 * 10 * 10 * 6 * 25
    assert rows["linear_3"].multiply_adds == 840
    assert rows["conv2d_1"].activation_bytes == 4 * 6 * 28 * 28
    assert rows["linear_3"].layer == "Linear"
    fields = [rows[name].receptive_field for name in rows]
    assert fields[:7] == [(n, n) for n in (5, 5, 6, 14, 14, 16, 16)]
    assert set(fields[7:]) == {(28, 28)}


def test_totals():
    table = summary(lenet(), (1, 28, 28))
    assert table.parameters == 61_706
    assert table.multiply_adds == 416_520
    assert table.activation_bytes == sum(
        4 * np.prod(row.output_shape) for row in table.rows
    )


def test_alexnet_has_the_operations_of_the_race_results():
    # 195.7 GFLOP in a step of 256: two operations for each multiply-add, three
    # passes, less the first convolution's gradient for its inputs
    table = summary(alexnet(), (1, 28, 28))
    saved = table.rows[0].multiply_adds
    assert 2 * 256 * (3 * table.multiply_adds - saved) / 1e9 == pytest.approx(
        195.7, abs=0.05
    )


BODY = [
    {"name": "conv2d", "out_channels": 2, "kernel_size": 3, "padding": 1},
    {"name": "average_pool2d", "kernel_size": 3, "stride": 1, "padding": 1},
]
SHORTCUT = [
    {"name": "conv2d", "out_channels": 2, "kernel_size": [1, 5], "padding": [0, 2]}
]


@pytest.mark.parametrize(
    "rows",
    [
        [{"name": "conv2d", "out_channels": 2, "kernel_size": [3, 5]}],
        [
            {"name": "conv2d", "out_channels": 2, "kernel_size": 3, "stride": [2, 1]},
            {"name": "average_pool2d", "kernel_size": 3, "stride": 2},
            {"name": "conv2d", "out_channels": 3, "kernel_size": [2, 3]},
        ],
        [
            {"name": "average_pool2d", "kernel_size": 2},
            {"name": "sequential", "layers": BODY},
            {"name": "residual", "body": BODY, "shortcut": SHORTCUT},
        ],
        [{"name": "residual", "body": BODY}, {"name": "residual", "body": BODY}],
    ],
)
def test_the_receptive_field_is_the_support_of_an_outputs_gradient(rows):
    shape = (2, 40, 40)
    end = [{"name": "flatten"}, {"name": "linear", "out_features": 3}]
    whole = from_layers(layers=[*rows, *end], input_shape=shape, classes=3)
    body = type(whole)(list(whole.layers.values())[:-2])
    for parameter in body.parameters().values():
        parameter.value = np.abs(parameter.value.astype(float)) + 0.1  # none cancels
    outputs, caches = body.forward(np.zeros((1, *shape)))
    d_outputs = np.zeros_like(outputs)
    d_outputs[0, 0, outputs.shape[2] // 2, outputs.shape[3] // 2] = 1
    d_inputs, _ = body.backward(d_outputs, caches)
    seen = np.nonzero(np.any(d_inputs[0] != 0, axis=0))
    reached = tuple(int(np.ptp(axis)) + 1 for axis in seen)
    table = summary(whole, shape)
    assert table.rows[len(rows) - 1].receptive_field == reached
    assert table.rows[-1].receptive_field == (40, 40)


def test_nested_layers_cost_the_sum_of_their_parts():
    end = [{"name": "flatten"}, {"name": "linear", "out_features": 3}]
    rows = [{"name": "residual", "body": BODY, "shortcut": SHORTCUT}, *end]
    model = from_layers(layers=rows, input_shape=(2, 8, 8), classes=3)
    row = summary(model, (2, 8, 8)).rows[0]
    assert row.multiply_adds == 8 * 8 * 2 * 2 * (9 + 5)
    assert row.parameters == 2 * 2 * (9 + 5) + 4


def test_without_an_image_there_is_no_receptive_field():
    rows = summary(mlp(input_shape=(20,)), (20,)).rows
    assert {row.receptive_field for row in rows} == {None}


def test_a_shape_that_does_not_fit_is_refused():
    with pytest.raises(ShapeError, match="Linear"):
        summary(mlp(), (1, 8, 8))


def test_plain_values_hold_totals_and_layers():
    found = summary(lenet(), (1, 28, 28)).as_dict()
    assert found["parameters"] == sum(row["parameters"] for row in found["layers"])
    assert (found["input_shape"], found["layers"][0]["name"]) == (
        (1, 28, 28),
        "conv2d_1",
    )
