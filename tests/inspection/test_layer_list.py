import pytest

from handgrad.inspection.layer_list import check_layers
from handgrad.inspection.summary import summary
from handgrad.models import from_layers

SHAPE = (1, 28, 28)


def test_the_summary_is_that_of_the_network():
    rows = [{"name": "conv2d", "out_channels": 2, "kernel_size": 3}]
    rows += [{"name": "flatten"}, {"name": "linear"}]
    found = check_layers(rows, SHAPE, 10)
    assert (found.message, found.row) == ("", None)
    assert found.summary == summary(from_layers(layers=rows), SHAPE)
    assert found.as_dict() == {**found.summary.as_dict(), "error": None}
    assert [row["output_shape"] for row in found.as_dict()["layers"]] == [
        (2, 26, 26),
        (1352,),
        (10,),
    ]


@pytest.mark.parametrize(
    ("rows", "place", "words"),
    [
        ([], 0, "must output one logit"),
        ([{"name": "linear"}], 0, "put a Flatten layer before it"),
        ([{"name": "relu"}, {"name": "lineer"}], 1, "Did you mean 'linear'"),
        ([{"name": "relu"}, {"x": 1}], 1, "must be a table with a name"),
        ([{"name": "dropout", "rate": 2}], 0, "rate"),
        ([{"name": "flatten"}, {"name": "linear", "out_features": 5}], 1, "10 classes"),
        ([{"name": "conv2d", "out_channels": 10**30, "kernel_size": 3}], 0, ""),
        ([{"name": "residual", "body": [{"name": "x"}]}], 0, "no layer named"),
    ],
)
def test_an_error_is_at_its_row(rows, place, words):
    error = check_layers(rows, SHAPE, 10).as_dict()["error"]
    assert error["row"] == place
    assert words in error["message"]
    assert not error["message"].startswith("linear_1")


def test_a_network_that_does_not_fit_into_memory_is_an_error_at_its_row():
    rows = [{"name": "flatten"}, {"name": "linear", "out_features": 10**9}]
    error = check_layers([*rows, {"name": "linear"}], SHAPE, 10).as_dict()["error"]
    assert error["row"] == 1
    assert "of memory" in error["message"]
