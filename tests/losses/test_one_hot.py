from functools import partial
from inspect import unwrap

import array_api_strict
import numpy as np
import pytest
import torch

from handgrad.errors import ConfigError
from handgrad.losses import SoftmaxCrossEntropy
from handgrad.losses.one_hot import is_soft, one_hot, target_probabilities


@pytest.mark.parametrize("xp", [np, torch, array_api_strict])
@pytest.mark.parametrize("dtype", ["uint8", "int32", "int64"])
def test_is_true_at_the_target_only(xp, dtype):
    targets = xp.asarray([2, 0], dtype=getattr(xp, dtype))
    mask = one_hot(targets, xp.zeros((2, 3)))
    np.testing.assert_array_equal(
        np.asarray(mask), [[False, False, True], [True, False, False]]
    )


def test_small_integers_do_not_wrap_around_many_classes():
    mask = one_hot(np.array([3], dtype=np.uint8), np.zeros((1, 300)))
    assert np.flatnonzero(mask).tolist() == [3]


def test_soft_labels_stay_as_they_are_in_the_dtype_of_the_logits():
    soft, logits = np.array([[0.25, 0.75]]), np.zeros((1, 2), np.float32)
    found = target_probabilities(soft, logits)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, soft)
    np.testing.assert_array_equal(target_probabilities(np.array([1]), logits), [[0, 1]])


def test_soft_labels_have_two_axes():
    assert is_soft(np.ones((1, 2)) / 2, np.zeros((1, 2)))
    assert not is_soft(np.array([1]), np.zeros((1, 2)))


@pytest.mark.parametrize(
    "function",
    [
        lambda logits, targets: unwrap(one_hot)(targets, logits),
        lambda logits, targets: unwrap(target_probabilities)(targets, logits),
        partial(unwrap(SoftmaxCrossEntropy.forward), SoftmaxCrossEntropy()),
    ],
)
def test_lists_and_integer_logits_are_refused(function):
    """Without the shape checks of these tests; one of these is part of each loss."""
    logits, targets = np.array([[1.0, 2.0]]), np.array([0])
    for lists in ((logits.tolist(), targets), (logits, targets.tolist())):
        with pytest.raises(ConfigError, match=r"got list. Convert with numpy.asarray"):
            function(*lists)
    with pytest.raises(ConfigError, match=r"got uint8. Convert them: logits.astype"):
        function(logits.astype(np.uint8), targets)
