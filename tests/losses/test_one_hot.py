import array_api_strict
import numpy as np
import pytest
import torch

from handgrad.losses.one_hot import one_hot


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
