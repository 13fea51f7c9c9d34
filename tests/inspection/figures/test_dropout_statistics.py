from handgrad.inspection.dropout_statistics import dropout_statistics as measure
from handgrad.inspection.figures.dropout_statistics import dropout_statistics


def test_bar_heights_match_the_values():
    rows = measure(count=50)
    left, right = dropout_statistics(rows).axes
    assert [bar.get_height() for bar in left.patches] == [
        row.train_zero for row in rows
    ]
    assert [bar.get_height() for bar in right.patches] == [
        *(row.train_mean for row in rows),
        *(row.test_mean for row in rows),
    ]
    assert left.get_xlabel() == "fraction kept"
    words = [text.get_text() for text in left.texts]
    assert f"{rows[0].train_zero:.2%}" in words
    assert left.get_xticklabels()[0].get_text() == "0.25"
    assert right.get_ylim()[1] > max(row.train_mean for row in rows)
