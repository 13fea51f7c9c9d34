from dataclasses import replace

from handgrad.inspection.figures.microscope import microscope
from handgrad.inspection.microscope import Place, Reading

PLACES = tuple(Place((1, 0, k), 0.5, float(k), 2.0) for k in range(9))
READING = Reading(
    layer="conv2d_1",
    parameter="weight",
    index=(1, 0, 2, 2),
    sample=4,
    value=0.25,
    loss=1.5,
    places=PLACES,
    gradient=72.0,
    backward=72.0,
    numeric=72.000001,
    file="handgrad/layers/conv2d.py",
    line=126,
    code="d_weight = something",
)


def words(reading):
    return [text.get_text() for text in microscope(reading).axes[0].texts]


def test_factors_sum_check_and_code_line_are_shown():
    found = words(READING)
    assert "conv2d_1.weight[1, 0, 2, 2]" in found
    assert "[1, 0, 8]" in found
    assert "[1, 0, 0]" not in found
    assert "gradient: sum of 9 products (the 6 largest above)" in found
    assert {"72", "72.000001"} <= set(found)
    assert {"handgrad/layers/conv2d.py:126", "d_weight = something"} <= set(found)


def test_a_single_product_and_a_kink_are_reported():
    found = words(replace(READING, places=PLACES[:1], numeric=None))
    assert "gradient: one product" in found
    assert "crosses a kink" in found
