import numpy as np
import pytest

from handgrad.inspection.figures import Curve, curves, metric_curves


def test_both_lines_are_drawn_over_the_epochs_from_one():
    figure = curves(Curve([3.0, 2.0, 1.0], [3.5, 2.5, 2.7]), Curve([0.1, 0.5, 0.9]))
    loss, accuracy = figure.axes
    np.testing.assert_array_equal(loss.lines[0].get_xdata(), [1, 2, 3])
    np.testing.assert_array_equal(loss.lines[1].get_ydata(), [3.5, 2.5, 2.7])
    np.testing.assert_array_equal(accuracy.lines[0].get_ydata(), [0.1, 0.5, 0.9])


@pytest.mark.parametrize("best_epoch", [1, 2, 3])
def test_the_best_epoch_is_marked_on_the_validation_curve(best_epoch):
    validation = [0.2, 0.7, 0.6]
    figure = curves(
        Curve([3.0, 2.0, 1.0], [3.0, 2.0, 2.5]),
        Curve([0.1, 0.5, 0.9], validation),
        best_epoch=best_epoch,
    )
    dot = figure.axes[1].lines[-1]
    assert (dot.get_xdata()[0], dot.get_ydata()[0]) == (
        best_epoch,
        validation[best_epoch - 1],
    )
    words = [text.get_text() for text in figure.axes[1].texts]
    assert f"best: epoch {best_epoch}, {validation[best_epoch - 1]:.1%}" in words


def test_without_validation_the_best_epoch_is_marked_on_training():
    figure = curves(Curve([2.0, 1.0]), Curve(np.array([0.5, 0.9])), best_epoch=2)
    assert figure.axes[1].lines[-1].get_ydata()[0] == 0.9
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["training"]


def test_one_epoch_is_drawn():
    figure = curves(Curve([2.0]), Curve([0.5]))
    assert figure.axes[0].get_xlim() == (0.5, 1.5)


def test_before_the_end_of_the_first_epoch_the_axes_are_empty():
    figure = curves(Curve([]), Curve(np.array([])))
    assert all(not len(line.get_xdata()) for axes in figure.axes for line in axes.lines)
    assert figure.axes[0].get_xlim() == (0.5, 1.5)
    assert "no epoch has ended" in [text.get_text() for text in figure.axes[0].texts]


def test_the_curves_of_records_leave_out_missing_validation():
    known = {"train_loss": 2.0, "validation_loss": 2.5}
    known |= {"train_accuracy": 0.5, "validation_accuracy": 0.25}
    loss, accuracy = metric_curves([known, known])
    assert (loss.training, loss.validation) == ([2.0, 2.0], [2.5, 2.5])
    assert (accuracy.training, accuracy.validation) == ([0.5, 0.5], [0.25, 0.25])
    unknown = {**known, "validation_loss": None, "validation_accuracy": None}
    loss, _ = metric_curves([unknown])
    assert loss.judged == [2.0]
