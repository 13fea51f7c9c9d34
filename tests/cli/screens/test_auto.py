import numpy as np

from handgrad.cli.screens.auto import _weakness
from handgrad.metrics import evaluate


def test_the_weakest_class_and_the_confusions_are_named():
    targets = np.array([0, 0, 1, 1, 1, 2])
    answers = np.array([0, 0, 1, 0, 0, 1])
    found = evaluate(np.eye(3)[answers], targets, loss=0.0)
    (line,) = _weakness(found, ("cat", "dog", "owl"))
    assert line.startswith("lowest recall: owl, 0% of 1; most confused: dog as cat (2)")


def test_a_class_name_with_a_line_break_stays_in_its_line():
    targets = np.array([0, 1, 1])
    found = evaluate(np.eye(2)[[0, 1, 0]], targets, loss=0.0)
    (line,) = _weakness(found, ("cat", "big\ndog"))
    assert r"recall: big\ndog, 50% of 2; most confused: big\ndog as cat (1)" in line


def test_without_mistakes_there_is_nothing_to_say():
    targets = np.array([0, 1])
    assert _weakness(evaluate(np.eye(2), targets, loss=0.0), ("cat", "dog")) == []
