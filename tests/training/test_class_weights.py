import numpy as np
import pytest
from sklearn.utils.class_weight import compute_class_weight

from handgrad.datasets.dataset import Split
from handgrad.errors import ConfigError
from handgrad.training.class_weights import class_weights, weighted

TARGETS = np.array([0, 0, 0, 1, 2, 2], dtype=np.int64)
NAMES = ("cat", "dog", "hen")
IMAGES = np.zeros((6, 1, 2, 2), np.uint8)


@pytest.mark.parametrize("choice", ["balanced", {"dog": 3.0, "hen": 0.0}, None])
def test_weights_are_scikit_learns(choice):
    names = np.array(NAMES)
    expected = compute_class_weight(choice, classes=names, y=names[TARGETS])
    np.testing.assert_allclose(
        class_weights(TARGETS, NAMES, choice), expected, rtol=1e-15
    )


def test_balanced_classes_weigh_the_same_in_all():
    weights = class_weights(TARGETS, NAMES, "balanced")[TARGETS]
    totals = np.bincount(TARGETS, weights)
    np.testing.assert_allclose(totals, 2.0)


def test_a_class_without_examples_has_no_weight():
    found = class_weights(TARGETS, (*NAMES, "owl"), "balanced")
    np.testing.assert_array_equal(found, [0.5, 1.5, 0.75, 0])


@pytest.mark.parametrize(
    ("choice", "words"),
    [
        ("balance", "got 'balance'"),
        ({"owl": 1.0}, "the class 'owl', which is not one of cat, dog, hen"),
        ({"dog": -1.0}, "got -1.0 for the class dog"),
        ({"dog": float("nan")}, "got nan"),
    ],
)
def test_other_choices_are_refused(choice, words):
    with pytest.raises(ConfigError, match=words):
        class_weights(TARGETS, NAMES, choice)


def test_a_split_is_weighted_by_class_besides_its_own_weights():
    split = Split(IMAGES, TARGETS)
    assert weighted(split, NAMES, None) is split
    found = weighted(split, NAMES, {"cat": 2.0}).weights
    np.testing.assert_array_equal(found, np.float32([2, 2, 2, 1, 1, 1]))
    assert found.dtype == np.float32
    own = Split(IMAGES, TARGETS, np.arange(6, dtype=np.float32))
    both = weighted(own, NAMES, {"cat": 2.0}).weights
    np.testing.assert_array_equal(both, np.float32([0, 2, 4, 3, 4, 5]))
