import numpy as np
import pytest
from scipy.stats import beta

from handgrad.augmentation.beta import beta_shares, exponential, thresholds


@pytest.mark.parametrize("alpha", [0.01, 0.2, 1.0, 2.5, 10.0])
def test_the_thresholds_are_the_distribution_function(alpha):
    expected = beta.cdf((np.arange(256) + 0.5) / 256, alpha, alpha)
    np.testing.assert_allclose(thresholds(alpha), expected, rtol=0, atol=1e-12)


def test_a_share_counts_the_thresholds_below_the_fraction():
    limits = thresholds(0.4)
    for steps in (0, 1, 100, 256):
        edges = [limits[steps - 1] if steps else 0.0, *limits[steps : steps + 1]]
        for fraction in (edges[0] + 1e-9, (edges[1] if steps < 256 else 1.0) - 1e-9):
            share = beta_shares(np.array([fraction]), 0.4)
            assert share == np.float32(steps / 256)
            assert share.dtype == np.float32


def test_the_exponential_of_up_to_zero():
    values = np.array([-100.0, -7.5, -1.0, -1e-9, 0.0])
    np.testing.assert_allclose(exponential(values), np.exp(values), rtol=1e-12)
