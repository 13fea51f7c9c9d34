"""Arguments of exercises: each case shows what it is meant to show."""

import numpy as np
import pytest

from handgrad.lessons.exercises import EXERCISES, draw


def arrays(values):
    """All arrays among the arguments."""
    if isinstance(values, list | tuple):
        return [array for one in values for array in arrays(one)]
    return [values] if isinstance(values, np.ndarray) else []


@pytest.mark.parametrize("name", EXERCISES)
def test_arguments_are_float64_integers_or_masks(name):
    for case in EXERCISES[name].cases:
        assert {str(array.dtype) for array in arrays(case)} <= {
            *("float64", "int64", "bool")
        }


@pytest.mark.parametrize("name", EXERCISES)
def test_results_are_named_as_returned(name):
    task = EXERCISES[name]
    found = task.solution(*task.cases[0])
    count = len(found) if isinstance(found, tuple) else 1
    assert len(task.results) == count
    if task.scalar:
        assert len(task.scalar(*task.cases[0])[1]) == count


def test_backward_passes_have_a_gradient_check():
    without = {name for name, task in EXERCISES.items() if not task.scalar}
    assert not [name for name in without if name.endswith(("backward", "gradients"))]


def test_numbers_repeat_and_depend_on_the_name():
    assert (draw("a", 3) == draw("a", 3)).all()
    assert (draw("a", 3) != draw("b", 3)).all()


def test_matrices_are_not_square():
    square = {
        name
        for name, task in EXERCISES.items()
        for array in arrays(task.solution(*task.cases[0]))
        if array.ndim == 2 and array.shape[0] == array.shape[1]
    }
    assert square == {"confusion_matrix"}
