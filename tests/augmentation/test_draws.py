import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handgrad.augmentation.draws import about, cosine_and_sine, fractions, ratio
from handgrad.randomness import uniform

from .laws import key_of


@given(turns=st.floats(-0.5, 0.5))
def test_cosine_and_sine_are_those_of_the_library(turns):
    cosine, sine = cosine_and_sine(np.array([turns]))
    assert cosine[0] == pytest.approx(math.cos(2 * math.pi * turns), abs=2e-15)
    assert sine[0] == pytest.approx(math.sin(2 * math.pi * turns), abs=2e-15)


def test_uniform_numbers_of_each_image_in_one_draw():
    key = key_of(9)
    found = fractions(key, 9, 3)
    np.testing.assert_array_equal(found, uniform(key, (9, 3)).T)
    np.testing.assert_allclose(about(found[0], 2.0, 5.0), 10 * found[0] - 3)


@pytest.mark.parametrize("most", [1.0, 4 / 3, 2.0, 1 / 0.3])
def test_a_ratio_is_as_likely_as_its_inverse(most):
    (draws,) = fractions(key_of(20_000), 20_000, 1)
    found = np.log(ratio(draws, most))
    assert np.abs(found).max() <= math.log(most) + 1e-12
    assert abs(found.mean()) <= 5 * math.log(most) / math.sqrt(3 * 20_000)
    half = np.mean(np.abs(found) < math.log(most) / 2) if most > 1 else 0.5
    assert half == pytest.approx(0.5, abs=0.06)  # nearly log-uniform
    np.testing.assert_allclose(ratio(1 - draws, most), 1 / ratio(draws, most))
