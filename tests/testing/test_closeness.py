import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handgrad.testing import assert_close, rounding_bound
from handgrad.testing.strategies import arrays


def test_the_bound_is_the_one_stated():
    assert rounding_bound(100, 3.0) == pytest.approx(4 * 2**-23 * 10 * 3)
    assert rounding_bound(1, 1.0, "float64") == 4 * 2**-52


@given(terms=st.integers(1, 2000), data=st.data())
def test_sums_in_two_orders_agree_within_the_bound(terms, data):
    numbers = data.draw(arrays((terms,), "float32"))
    forward = np.float32(0)
    for number in numbers:
        forward = forward + number
    scale = float(np.sqrt(np.sum(numbers.astype(np.float64) ** 2)))
    exact = float(np.sum(numbers.astype(np.float64)))
    assert abs(float(forward) - exact) <= rounding_bound(terms, scale)


def test_the_tolerance_is_that_of_the_less_precise_dtype():
    exact = np.array([1.0, 2.0, -3.0])
    assert_close(exact.astype(np.float32) + np.float32(3e-7), exact, terms=1)
    with pytest.raises(AssertionError):
        assert_close(exact + 3e-7, exact, terms=1)


@pytest.mark.parametrize("wrong", [[1.0, 2.001], [1.0, np.nan], [1.0, np.inf], [1.0]])
def test_a_difference_is_refused(wrong):
    with pytest.raises(AssertionError, match="the sums"):
        assert_close(np.array(wrong), np.array([1.0, 2.0]), 4, what="the sums")


def test_nan_must_be_in_the_same_places():
    assert_close(np.array([np.nan, 1.0]), np.array([np.nan, 1.0]), terms=1)
