import pytest

from handgrad.inspection.figures.training_memory import MEBIBYTE, memory


def test_bars_are_stacked_by_role_with_their_totals():
    bars = {
        "training": {"parameters": MEBIBYTE, "gradients": 2 * MEBIBYTE},
        "prediction": {"parameters": MEBIBYTE},
    }
    (axes,) = memory(bars).axes
    widths = [[bar.get_width() for bar in stack] for stack in axes.containers]
    assert widths == [[1, 1], [2, 0]]
    assert [bar.get_x() for bar in axes.containers[1]] == pytest.approx([1, 1])
    assert [t.get_text() for t in axes.texts[:2]] == ["3.00 MiB", "1.00 MiB"]
