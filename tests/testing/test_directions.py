import pytest

from handgrad.inspection.gradient_check import Projections
from handgrad.testing.directions import assert_enough_directions


@pytest.mark.parametrize(("count", "said"), [(0, "no direction"), (2, "2 directions")])
def test_too_few_directions(count, said):
    with pytest.raises(AssertionError, match=rf"it: {said} of 3 .* \(30 steps refused"):
        assert_enough_directions(Projections(0.0, count, 30, 3), "it")


@pytest.mark.parametrize(("error", "count"), [(0.0, 3), (1.0, 3), (1.0, 2)])
def test_others_are_for_the_law_itself(error, count):
    assert_enough_directions(Projections(error, count, 30, 3), "it")
