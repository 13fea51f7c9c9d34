import numpy as np

from handgrad.inspection.figures.learning_rate_finder import learning_rate_finder
from handgrad.inspection.learning_rate_finder import Sweep

RATES = np.array([0.01, 0.1, 1.0])
LOSSES = np.array([2.0, 1.0, 3.0])


def test_the_suggestion_is_marked_and_written():
    sweep = Sweep(RATES, LOSSES, RATES, LOSSES, (), 0.1, "because", "done", 3)
    (axes,) = learning_rate_finder(sweep).axes
    assert axes.get_xscale() == "log"
    np.testing.assert_array_equal(axes.lines[1].get_ydata(), LOSSES)
    assert list(axes.lines[2].get_xdata()) == [0.1, 0.1]
    assert "suggested: 0.1" in [text.get_text() for text in axes.texts]


def test_a_figure_is_drawn_without_suggestion_and_losses():
    none = np.zeros(0)
    ended = "the loss or gradient was not finite at step 1"
    sweep = Sweep(none, none, none, none, (), None, "never fell", ended, 3)
    (axes,) = learning_rate_finder(sweep).axes
    assert len(axes.lines) == 2
    assert ended in [text.get_text() for text in axes.texts]
