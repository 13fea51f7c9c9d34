import numpy as np
import pytest

from handgrad.inspection.reliability import reliability_of


def test_bars_are_accuracies_and_lines_confidences():
    probabilities = np.array([[0.6, 0.4]] * 4 + [[0.9, 0.1]] * 2)
    found = reliability_of(probabilities, np.array([0, 0, 0, 1, 0, 0]), 10)
    upper, lower = found.figure().axes
    heights = [bar.get_height() for bar in upper.patches]
    assert heights[5] == pytest.approx(0.75)
    assert [bar.get_height() for bar in lower.patches] == found.counts.tolist()
    levels = [path.vertices[0, 1] for path in upper.collections[0].get_paths()]
    assert levels == pytest.approx([0.6, 0.9])
    assert "expected calibration error" in "".join(t.get_text() for t in upper.texts)
