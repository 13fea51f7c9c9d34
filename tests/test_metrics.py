import tracemalloc

import numpy as np
import pytest
import sklearn.metrics as sk
from hypothesis import given
from hypothesis import strategies as st

from handgrad import free_memory
from handgrad.errors import ResourceError
from handgrad.layers import Softmax
from handgrad.metrics import (
    as_lists,
    count_confusions,
    evaluate,
    most_confused,
    probabilities_of,
)

# Three classes: (true, predicted) and how often, counted by hand.
PAIRS = {(0, 0): 3, (0, 1): 1, (1, 1): 2, (1, 2): 2, (2, 2): 1, (2, 0): 1}


def outcome(pairs, classes=3):
    """Probabilities and targets with these outcomes."""
    rows = [pair for pair, count in pairs.items() for _ in range(count)]
    targets = np.array([true for true, _ in rows], dtype=np.int64)
    predicted = [guess for _, guess in rows]
    return np.eye(classes, dtype=np.float32)[predicted], targets


def test_counts_by_hand():
    found = evaluate(*outcome(PAIRS), 0.7)
    assert found.loss == 0.7
    assert found.accuracy == 6 / 10
    np.testing.assert_array_equal(found.confusion, [[3, 1, 0], [0, 2, 2], [1, 0, 1]])
    np.testing.assert_array_equal(found.support, [4, 4, 2])
    np.testing.assert_allclose(found.precision, [3 / 4, 2 / 3, 1 / 3])
    np.testing.assert_allclose(found.recall, [3 / 4, 2 / 4, 1 / 2])
    np.testing.assert_allclose(found.f1, [3 / 4, 4 / 7, 2 / 5])
    np.testing.assert_array_equal(found.mistakes_per_class, [1, 2, 1])
    assert found.macro_precision == pytest.approx((3 / 4 + 2 / 3 + 1 / 3) / 3)
    assert found.macro_recall == pytest.approx((3 / 4 + 2 / 4 + 1 / 2) / 3)
    assert found.macro_f1 == pytest.approx((3 / 4 + 4 / 7 + 2 / 5) / 3)


def test_the_most_frequent_confusions_come_first():
    found = evaluate(*outcome(PAIRS), 0.0)
    assert found.most_confused() == [(1, 2, 2), (0, 1, 1), (2, 0, 1)]
    assert found.most_confused(1) == [(1, 2, 2)]


def test_a_class_that_is_never_seen_or_predicted_counts_as_zero():
    found = evaluate(*outcome({(0, 0): 2, (1, 0): 1}, classes=4), 0.0)
    np.testing.assert_allclose(found.precision, [2 / 3, 0, 0, 0])
    np.testing.assert_allclose(found.recall, [1, 0, 0, 0])
    np.testing.assert_array_equal(found.support, [2, 1, 0, 0])
    assert found.confusion.shape == (4, 4)


def test_nothing_confused_is_an_empty_list():
    assert evaluate(*outcome({(0, 0): 2, (2, 2): 1}), 0.0).most_confused() == []


@given(
    st.lists(st.tuples(st.integers(0, 39), st.integers(0, 39)), min_size=1),
    st.sampled_from([np.uint8, np.int64]),
)
def test_every_number_is_scikit_learns(rows, dtype):
    targets = np.array([true for true, _ in rows], dtype=dtype)
    predicted = np.array([guess for _, guess in rows])
    found = evaluate(np.eye(40)[predicted], targets, 0.0)
    labels = {"labels": np.arange(40)}
    assert found.accuracy == sk.accuracy_score(targets, predicted)
    np.testing.assert_array_equal(
        found.confusion, sk.confusion_matrix(targets, predicted, **labels)
    )
    numbers = (found.precision, found.recall, found.f1, found.support)
    expected = sk.precision_recall_fscore_support(
        targets, predicted, **labels, zero_division=0.0
    )
    for ours, theirs in zip(numbers, expected, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    means = (found.macro_precision, found.macro_recall, found.macro_f1)
    assert (
        means
        == sk.precision_recall_fscore_support(
            targets, predicted, average="macro", zero_division=0.0
        )[:3]
    )


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1))
def test_laws(rows):
    targets = np.array([true for true, _ in rows], dtype=np.int64)
    probabilities = np.eye(5)[[guess for _, guess in rows]]
    found = evaluate(probabilities, targets, 0.0)
    assert found.confusion.sum() == len(rows) == found.support.sum()
    assert found.accuracy == pytest.approx(np.trace(found.confusion) / len(rows))
    assert found.mistakes_per_class.sum() == len(rows) - np.trace(found.confusion)
    confused = sum(count for *_, count in found.most_confused(25))
    assert confused == found.mistakes_per_class.sum()
    assert np.all((found.f1 >= 0) & (found.f1 <= 1))


@pytest.mark.parametrize("count", [1, 7, 300])
def test_confusions_are_those_of_scikit_learn(count):
    rng = np.random.default_rng(count)
    probabilities, targets = rng.random((count, 4)), rng.integers(0, 4, count)
    np.testing.assert_array_equal(
        count_confusions(probabilities, targets),
        sk.confusion_matrix(targets, probabilities.argmax(axis=1), labels=np.arange(4)),
    )


def test_a_matrix_that_does_not_fit_is_refused_at_once(monkeypatch):
    monkeypatch.setattr(free_memory, "free_memory", lambda: 8 * 100**2 - 1)
    count_confusions(np.eye(99), np.arange(99))
    with pytest.raises(ResourceError, match=r"matrix of 100 classes needs 80\.00 kB"):
        count_confusions(np.eye(100), np.arange(100))


def test_the_matrix_is_plain_values_unless_it_is_huge():
    assert as_lists(np.eye(2, dtype=np.int64)) == [[1, 0], [0, 1]]
    assert as_lists(np.zeros((1_001, 1_001), np.int64)) is None


def test_the_most_frequent_confusions_are_found_without_a_copy_of_the_matrix():
    confusion = np.zeros((2_000, 2_000), np.int64)
    confusion[7, 7], confusion[5, 3], confusion[1_999, 0], confusion[5, 4] = 9, 2, 3, 2
    tracemalloc.start()
    try:
        found = most_confused(confusion, 3)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert found == [(1_999, 0, 3), (5, 3, 2), (5, 4, 2)]
    assert most < confusion.nbytes / 4


def test_probabilities_are_the_softmax_of_scaled_logits():
    logits = np.array([[1.0, 2.0, 4.0], [1e4, 1e4, -1e4]], dtype=np.float32)
    found = probabilities_of(logits, 2.0)
    assert found.dtype == np.float64
    expected = Softmax().forward(logits.astype(np.float64) / 2)[0]
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    np.testing.assert_allclose(found.sum(axis=1), 1)
