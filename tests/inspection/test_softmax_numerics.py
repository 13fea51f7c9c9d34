import numpy as np
import pytest

from handgrad.inspection.softmax_numerics import (
    measure,
    random_denominators,
    shifted_denominators,
    softmax_numerics,
)
from handgrad.randomness import Key


@pytest.fixture(scope="module")
def found():
    return softmax_numerics()


def test_large_logits_overflow_and_very_negative_ones_divide_zero_by_zero(found):
    by_level = {row.logits[0]: row for row in found.level}
    assert by_level[1e5].naive_denominator == np.inf
    assert np.isnan(by_level[1e5].naive)
    assert by_level[-1e5].naive_denominator == 0
    assert np.isnan(by_level[-1e5].naive)
    assert by_level[10].verdict == "all agree"


def test_shifted_softmax_is_right_at_every_level(found):
    expected = np.exp(-2) / np.exp([0, -1, -2]).sum()
    for row in found.level:
        assert row.shifted == pytest.approx(expected, rel=1e-6)
        assert row.log_sum_exp == pytest.approx(np.log(expected), rel=1e-6)


def test_underflow_of_probabilities_does_not_affect_log_sum_exp(found):
    lost = [row for row in found.gap if row.shifted == 0]
    assert lost
    for row in lost:
        assert row.log_shifted == -np.inf
        assert row.log_sum_exp == pytest.approx(row.exact, rel=1e-6)
        assert row.shifted_denominator == 1


def test_the_shifted_denominator_is_at_least_one_and_at_most_the_classes(found):
    assert found.smallest_denominator >= 1
    assert found.largest_denominator <= found.classes
    assert found.smallest_denominator == random_denominators(2000, 10, Key(0)).min()
    equal = np.full((1, 7), 3e38, dtype=np.float32)
    assert shifted_denominators(equal) == 7


def test_the_finding_states_the_numbers(found):
    failed = sum(not row.naive_error <= 0.01 for row in found.level)
    assert f"failed on {failed} of 20" in found.finding
    assert "at least 1, so it cannot vanish" in found.finding
    assert "from a gap of 110 on" in found.finding
    assert "No single probability underflowed" in softmax_numerics([1.0]).finding


def test_a_naive_result_may_be_wrong_without_being_nan():
    assert "off" in measure(np.array([-100.0, -101.0, -102.0])).verdict
    assert "precision" in measure(np.array([0.0, -102.0])).verdict
