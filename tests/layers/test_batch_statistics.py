import numpy as np
import pytest

from handgrad.errors import ConfigError
from handgrad.layers.batch_statistics import (
    mean_over,
    momentum_setting,
    unbiased,
    update_running,
)
from handgrad.parameter import Buffer

from .images import OTHER_LIBRARIES


@pytest.mark.parametrize("xp", [np, *OTHER_LIBRARIES])
def test_the_mean_is_summed_in_float64(xp):
    """2**24 + 1 is not a float32: a float32 sum would lose every second 1."""
    values = np.ones((2**12 + 1, 1), dtype=np.float32)
    values[0] = 2.0**24
    found = mean_over(xp.asarray(values), (0,))
    assert found.dtype == xp.float32
    expected = np.float32((2**24 + 2**12) / (2**12 + 1))
    assert float(found[0]) == expected


def test_the_mean_of_each_channel():
    values = np.arange(24.0).reshape(2, 3, 2, 2)
    expected = values.mean(axis=(0, 2, 3))
    np.testing.assert_array_equal(mean_over(values, (0, 2, 3)), expected)


def test_the_unbiased_variance_of_one_value_is_the_biased_one():
    var = np.array([3.0, 0.0])
    np.testing.assert_array_equal(unbiased(var, 1), var)
    np.testing.assert_array_equal(unbiased(var, 4), [4.0, 0.0])


@pytest.mark.parametrize("momentum", [0.0, 0.1, 1.0])
def test_momentum_is_the_weight_of_the_new_batch(momentum):
    running = Buffer(np.array([1.0, -2.0], dtype=np.float32))
    before = running.value
    update_running(running, np.array([5.0, 4.0]), momentum)
    assert running.value.dtype == np.float32
    expected = [1.0 + 4.0 * momentum, -2.0 + 6.0 * momentum]
    np.testing.assert_allclose(running.value, expected, rtol=1e-6)
    np.testing.assert_array_equal(before, [1.0, -2.0])


class Owner:
    momentum = momentum_setting()


@pytest.mark.parametrize("value", [0, 0.0, 0.1, 1, np.float32(0.5)])
def test_momentum_is_a_number_from_0_to_1(value):
    owner = Owner()
    owner.momentum = value
    assert owner.momentum == value


@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan"), None, True, "0.1"])
def test_another_momentum_is_refused_by_name(value):
    with pytest.raises(ConfigError, match="Owner takes momentum from 0 to 1, got"):
        Owner().momentum = value
