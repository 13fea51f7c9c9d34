"""Right answers pass, and wrong ones get the sentence that helps."""

import numpy as np
import pytest

from handgrad.errors import ConfigError
from handgrad.lessons import solutions
from handgrad.lessons.exercises import EXERCISES
from handgrad.lessons.solutions import cross_entropy_backward, linear_backward
from handgrad.testing import Grade, grade


@pytest.mark.parametrize("name", EXERCISES)
def test_every_solution_passes(name):
    found = grade(name, EXERCISES[name].solution)
    assert found.passed, found
    slopes = EXERCISES[name].scalar is not None
    assert ("finite differences" in found.message) == slopes


def test_finite_differences_check_the_reference_too(monkeypatch):
    wrong = lambda d, x, w: (d @ w, 2 * (d.T @ x), d.sum(axis=0))  # noqa: E731
    task = EXERCISES["linear_backward"]
    changed = type(task)(wrong, task.results, task.cases, task.scalar)
    monkeypatch.setitem(EXERCISES, "linear_backward", changed)
    assert not grade("linear_backward", wrong).passed


def naive_softmax(logits):
    return np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)


def in_place(logits, targets):
    found = cross_entropy_backward(logits, targets)
    logits[0] = 0
    return found


def halves(d_outputs, inputs, weight):
    single = (one.astype(np.float32) for one in (d_outputs, inputs, weight))
    return linear_backward(*single)


def rounded(*arguments):
    return tuple(one.astype(np.float64) for one in halves(*arguments))


def failing(d_outputs, inputs, weight):
    return inputs @ weight


WRONG = [
    ("softmax", naive_softmax, "probabilities[0, 0]: expected 1, got nan"),
    ("softmax", naive_softmax, "It is not finite"),
    (
        "linear_backward",
        lambda d, x, w: (d @ w, x.T @ d, d.sum(axis=0)),
        "d_weight: expected shape (3, 5), got (5, 3). It is transposed.",
    ),
    (
        "linear_backward",
        lambda d, x, w: (d @ w, d.T @ x, d),
        "d_bias: expected shape (3,), got (4, 3). It has one row per example",
    ),
    (
        "confusion_matrix",
        lambda *case: solutions.confusion_matrix(*case).T,
        "differ. It is transposed.",
    ),
    (
        "cross_entropy_backward",
        lambda z, t: 4 * cross_entropy_backward(z, t),
        "It is 4 times too large: divide by the batch size.",
    ),
    (
        "linear_backward",
        lambda d, x, w: (d @ w, d.T @ x / 4, d.mean(axis=0)),
        "It is 4 times too small",
    ),
    ("linear_backward", halves, "d_inputs: expected dtype float64, got float32."),
    ("linear_backward", rounded, "It has the precision of float32"),
    (
        "sigmoid_backward",
        lambda *case: -solutions.sigmoid_backward(*case),
        "20 of 20 entries differ. The sign is wrong.",
    ),
    ("cross_entropy_backward", in_place, "The function modifies its arguments."),
    ("linear_backward", failing, "The function raised ValueError: matmul"),
    ("linear_backward", failing, "return inputs @ weight"),
    ("linear_backward", lambda d: d, "The function raised TypeError"),
    ("linear_backward", lambda *case: case[0], "Expected 3 results (d_inputs, d_"),
    (
        "linear_backward",
        lambda d, x, w: (d @ w, d.T @ x, None),
        "d_bias: expected an array, got NoneType.",
    ),
    ("softmax", 3, "grade takes the function itself, got int."),
]


@pytest.mark.parametrize(("exercise", "answer", "sentence"), WRONG)
def test_a_wrong_answer_gets_its_sentence(exercise, answer, sentence):
    found = grade(exercise, answer)
    assert found.passed is False
    assert sentence in found.message


def test_the_first_difference_is_shown_with_three_numbers():
    def answer(d_outputs, inputs):
        found = solutions.softplus_backward(d_outputs, inputs)
        found[1, 2] = 7
        return found

    message = grade("softplus_backward", answer).message
    case = EXERCISES["softplus_backward"].cases[0]
    right = solutions.softplus_backward(*case)[1, 2]
    assert f"d_inputs[1, 2]: expected {right:.9g} (finite difference " in message
    assert message.endswith("got 7; 1 of 12 entries differ.")


def test_a_number_has_no_place():
    message = grade("output_size", lambda size, *others: size + 1).message
    assert message == "size: expected 28, got 29."


@pytest.mark.parametrize("nothing", [None, ...])
def test_no_answer_is_not_wrong(nothing):
    for name, results in (("softmax", nothing), ("linear_backward", [nothing] * 3)):
        found = grade(name, lambda *case, results=results: results)
        assert found.passed is None
        assert str(found).startswith(f"{name}: not answered yet.")


def test_an_unknown_exercise_offers_the_closest():
    with pytest.raises(ConfigError, match="Did you mean 'softmax'"):
        grade("softmx", naive_softmax)
    with pytest.raises(ConfigError, match="selected by name"):
        grade(naive_softmax, naive_softmax)


def test_a_grade_prints_as_text_and_as_html():
    found = Grade("softmax", False, "a < b")
    assert str(found) == repr(found) == "softmax: not passed. a < b"
    assert "a &lt; b" in found._repr_html_()
    assert ">not passed</b>" in found._repr_html_()


def test_a_zero_may_be_rounded():
    def rate(step, steps, rate):
        return rate * np.cos(np.pi / 2 * min((step - 1) / steps, 1)) ** 2

    assert grade("cosine_rate", rate).passed


def test_counts_are_asked_for_as_whole_numbers():
    found = grade("confusion_matrix", lambda t, p, classes: np.zeros((classes,) * 2))
    assert "expected dtype int64, got float64. Return whole numbers" in str(found)
