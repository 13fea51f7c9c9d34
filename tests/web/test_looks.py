import numpy as np
import pytest

from handgrad.errors import ConfigError, ShapeError
from handgrad.web import looks
from handgrad.web.loaded import Networks


@pytest.fixture(scope="module")
def loaded(trained):
    return Networks().get(trained)


def test_the_confusion_matrix_counts_every_image(loaded):
    found = looks.confusion_of(loaded, "")
    counts = np.array(found["counts"])
    assert counts.sum() == found["total"] == 360
    assert found["right"] == np.trace(counts)
    true, predicted = np.argwhere(counts * (1 - np.eye(10)) > 0)[0]
    cell = looks.cell_of(loaded, "", int(true), int(predicted))
    assert len(cell) == min(counts[true, predicted], looks.MOST_PICTURES)
    assert {(row["true"], row["predicted"]) for row in cell} == {(true, predicted)}
    scores = [row["score"] for row in found["mistakes"]]
    assert scores == sorted(scores, reverse=True)


def test_a_trace_holds_every_array_with_its_equation(loaded):
    found = looks.trace_of(loaded, "validation", 1)
    assert [step["name"] for step in found["steps"]][-1] == "loss"
    first = found["steps"][0]["arrays"]
    assert first["d_weight"]["equation"]
    assert first["weight"]["value"]["shape"] == [2, 1, 3, 3]
    assert first["d_inputs"]["value"]["data"] == found["saliency"]["data"]


def test_a_gradient_agrees_with_its_finite_difference(loaded):
    found = looks.gradient_of(loaded, "", 0, "conv2d_1", "weight", 4)
    assert found["index"] == (0, 0, 1, 1)
    assert found["numeric"] is None or found["relative_error"] < 1e-4
    with pytest.raises(ConfigError, match="layer named 'x'"):
        looks.gradient_of(loaded, "", 0, "x", "weight", 0)
    with pytest.raises(ShapeError, match=r"has shape \(10,\), got the index 10"):
        looks.gradient_of(loaded, "", 0, "linear_1", "bias", 10)


def test_filters_are_those_of_the_first_layer(loaded):
    assert looks.filters_of(loaded)["pictures"]["shape"] == [2, 1, 3, 3]
