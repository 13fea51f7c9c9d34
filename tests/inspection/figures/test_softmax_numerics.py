import numpy as np

from handgrad.inspection.figures.softmax_numerics import softmax_numerics
from handgrad.inspection.softmax_numerics import softmax_numerics as measure


def test_failures_are_crosses_and_the_shifted_line_is_complete():
    found = measure(random_rows=10)
    left, right = softmax_numerics(found).axes
    naive, failed, shifted = left.lines
    assert len(naive.get_xdata()) + len(failed.get_xdata()) == len(found.level)
    assert len(shifted.get_xdata()) == len(found.level)
    assert min(shifted.get_ydata()) >= 1
    lost = right.lines[2].get_xdata()
    assert len(lost) == sum(row.shifted == 0 for row in found.gap)
    assert np.isfinite(right.lines[0].get_ydata()).all()
