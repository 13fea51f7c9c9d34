import numpy as np
import pytest
from sklearn.utils.class_weight import compute_class_weight

from handgrad.datasets.dataset import Split
from handgrad.errors import ConfigError
from handgrad.training.class_weights import class_weights, weighted

TARGETS = np.array([0, 0, 0, 1, 2, 2], dtype=np.int64)
IMAGES = np.zeros((6, 1, 2, 2), np.uint8)


@pytest.mark.parametrize("choice", ["balanced", {1: 3.0, 2: 0.0}, None])
def test_weights_are_scikit_learns(choice):
    expected = compute_class_weight(choice, classes=np.arange(3), y=TARGETS)
    np.testing.assert_allclose(class_weights(TARGETS, 3, choice), expected, rtol=1e-15)


def test_balanced_classes_weigh_the_same_in_all():
    weights = class_weights(TARGETS, 3, "balanced")[TARGETS]
    totals = np.bincount(TARGETS, weights)
    np.testing.assert_allclose(totals, 2.0)


def test_a_class_without_examples_has_no_weight():
    found = class_weights(TARGETS, 4, "balanced")
    np.testing.assert_array_equal(found, [0.5, 1.5, 0.75, 0])


@pytest.mark.parametrize(
    ("choice", "words"),
    [
        ("balance", "got 'balance'"),
        ({3: 1.0}, "from 0 to 2, got 3"),
        ({"1": 1.0}, "got '1'"),
        ({1: -1.0}, "got -1.0 for class 1"),
        ({1: float("nan")}, "got nan"),
    ],
)
def test_other_choices_are_refused(choice, words):
    with pytest.raises(ConfigError, match=words):
        class_weights(TARGETS, 3, choice)


def test_a_split_is_weighted_by_class_besides_its_own_weights():
    split = Split(IMAGES, TARGETS)
    assert weighted(split, 3, None) is split
    found = weighted(split, 3, {0: 2.0}).weights
    np.testing.assert_array_equal(found, np.float32([2, 2, 2, 1, 1, 1]))
    assert found.dtype == np.float32
    own = Split(IMAGES, TARGETS, np.arange(6, dtype=np.float32))
    both = weighted(own, 3, {0: 2.0}).weights
    np.testing.assert_array_equal(both, np.float32([0, 2, 4, 3, 4, 5]))
