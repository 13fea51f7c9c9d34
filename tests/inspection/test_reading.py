from dataclasses import replace

from handgrad.inspection.reading import Place, Reading

PLACES = tuple(Place((1, 0, k), 0.5, float(k - 4), 2.0) for k in range(9))
READING = Reading(
    layer="conv2d_1",
    parameter="weight",
    index=(1, 0, 2, 2),
    sample=4,
    value=0.25,
    loss=1.5,
    places=PLACES,
    gradient=2.0,
    backward=2.0,
    numeric=2.5,
    file="handgrad/layers/conv2d.py",
    line=126,
    code="d_weight = something",
)


def test_a_product_is_upstream_times_local_and_the_largest_come_first():
    assert PLACES[0].product == -8
    sizes = [abs(place.product) for place in READING.largest]
    assert sizes == [8, 8, 6, 6, 4, 4]


def test_the_error_is_relative_to_the_larger_number():
    assert READING.relative_error == 0.2
    assert replace(READING, numeric=None).relative_error is None


def test_the_table_has_the_factors_the_sum_and_the_line():
    table = READING.table()
    assert table.above == ("conv2d_1.weight[1,0,2,2] = 0.25; image 4, loss 1.5",)
    assert table.rows[0] == ("1, 0, 0", "0.5", "-4", "2", "-8")
    assert table.below == (
        "gradient (sum of 9): 2\n"
        "finite difference:      2.5 (relative error 2.0e-01)\n"
        "handgrad/layers/conv2d.py:126: d_weight = something",
    )
    kinked = replace(READING, numeric=None).table()
    assert "every step crossed a kink" in kinked.below[0]


def test_all_fields_are_plain_values():
    values = READING.as_dict()
    assert values["places"][8] == {
        "output": (1, 0, 8), "forward": 0.5, "upstream": 4.0, "local": 2.0
    }  # fmt: skip
    assert (values["gradient"], values["line"]) == (2.0, 126)
