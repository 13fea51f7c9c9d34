import numpy as np
import pytest

from handgrad.inspection.figures.log_dots import ROOM, log_dots


def test_every_value_has_a_dot_and_a_label():
    values = {"loops": 3600.0, "plain": 40.0, "nothing": 0.0}
    (axes,) = log_dots(values, heading="One epoch", note="seconds").axes
    assert [label.get_text() for label in axes.get_yticklabels()] == list(values)
    assert [text.get_text() for text in axes.texts[:3]] == ["3.6e+03", "40", "0"]
    at = axes.lines[0].get_xdata()
    np.testing.assert_allclose(at, [3600, 40, 40 / ROOM])
    assert axes.get_xlim() == pytest.approx((40 / ROOM, 3600 * ROOM))
