import numpy as np
from scipy.special import ndtri

from handgrad.quantile import logarithm, normal_quantile


def test_the_logarithm_is_that_of_numpy():
    values = np.concatenate([np.logspace(-300, 300, 10_001), 1 + np.linspace(0, 1, 99)])
    np.testing.assert_allclose(
        logarithm(values), np.log(values), rtol=3e-16, atol=2e-16
    )


def test_the_quantile_is_that_of_scipy():
    """Over the three ranges of Wichura's formulas, far beyond what is ever drawn."""
    tails = np.logspace(-300, -0.31, 50_000)
    middle = np.linspace(1e-4, 1 - 1e-4, 100_001)
    for probability in (tails, 1 - tails[tails > 1e-16], middle):
        found, expected = normal_quantile(probability), ndtri(probability)
        np.testing.assert_allclose(found, expected, rtol=2e-15, atol=1e-300)


def test_the_quantile_is_odd_and_rises():
    probability = np.arange(1, 1 << 12) * 2.0**-12  # exact, so 1 - p is exact too
    found = normal_quantile(probability)
    np.testing.assert_array_equal(found, -found[::-1])
    assert np.all(np.diff(found) > 0)
    # no step where one formula hands over to the next: centred = 0.425, root = 5
    for seam in (0.075, 0.925, np.exp(-25.0)):
        around = seam * (1 + 1e-12 * np.arange(-50, 51))
        slopes = np.diff(normal_quantile(around))
        assert np.all(slopes > 0)


def test_a_quantile_of_nan_is_nan():
    assert np.isnan(normal_quantile(np.array([np.nan]))[0])
