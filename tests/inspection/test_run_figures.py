import tracemalloc

import numpy as np
import pytest

from handgrad.datasets import Split
from handgrad.inspection.run_figures import (
    draw_answers,
    draw_curves,
    draw_weights,
    sees_image,
)
from handgrad.parameter import Parameter


def epoch(number, validation):
    return {
        "kind": "epoch",
        "epoch": number,
        "train_loss": 1.0 / number,
        "train_accuracy": 0.5,
        "validation_loss": validation,
        "validation_accuracy": None if validation is None else 0.4,
    }


@pytest.mark.parametrize("validation", [None, 0.7])
def test_curves_are_drawn_from_the_lines_of_epochs(tmp_path, validation):
    records = [{"kind": "step"}, epoch(1, validation), epoch(2, validation)]
    written = draw_curves(tmp_path, records, best_epoch=2)
    assert [path.name for path in written] == ["curves.png", "curves.svg"]


def test_without_an_epoch_there_are_no_curves(tmp_path):
    assert draw_curves(tmp_path, [{"kind": "step"}], best_epoch=0) == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("shape", "sees"),
    [
        ((6, 1, 5, 5), True),
        ((6, 3, 5, 5), False),
        ((6, 1, 1, 1), False),
        ((10, 64), True),
        ((10, 63), False),
        ((64,), False),
    ],
)
def test_weights_are_drawn_only_if_they_fit_the_image(tmp_path, shape, sees):
    weight = np.ones(shape, np.float32)
    assert sees_image(weight, (1, 8, 8)) == sees
    parameters = {"a.weight": Parameter(weight), "a.bias": Parameter(np.ones(3))}
    written = draw_weights(tmp_path, parameters, (1, 8, 8), ["cat", "dog"])
    assert [path.name for path in written] == ["first_layer_weights.png"] * sees


def test_predictions_are_drawn_as_matrix_and_mistakes(tmp_path):
    split = Split(np.zeros((4, 1, 3, 3), np.uint8), np.array([0, 1, 1, 0]))
    logits = np.array([[900.0, 0], [0, 1], [1, 0], [1, 0]], np.float32)
    written = draw_answers(tmp_path, split, logits, ["cat", "dog"], "test")
    assert [path.name for path in written] == [
        "confusion_matrix.png",
        "worst_mistakes.png",
    ]


def test_figures_of_very_many_classes_take_little_memory(tmp_path):
    classes = 10_000
    split = Split(np.zeros((400, 1, 3, 3), np.uint8), np.arange(400))
    logits = np.zeros((400, classes), np.float32)
    tracemalloc.start()
    try:
        draw_answers(tmp_path, split, logits, ["x"] * classes, "validation")
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most < 2.5 * logits.nbytes + 100e6 < classes**2 * 8
