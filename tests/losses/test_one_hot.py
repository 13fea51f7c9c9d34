import array_api_strict
import numpy as np
import pytest
import torch

from handgrad.losses.one_hot import one_hot, target_probabilities


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
