import numpy as np
import pytest

from handgrad.augmentation import Mixup
from handgrad.errors import ConfigError

from .laws import key_of


@pytest.mark.parametrize("alpha", [0.2, 1.0, 5.0])
def test_shares_are_those_of_a_beta_distribution(alpha):
    """Mean 1/2 and variance 1 / (4 * (2 * alpha + 1)), to five deviations."""
    mixture = Mixup(alpha).mixture(key_of(4000), 4000, 10, (1, 8, 8))
    variance = 1 / (4 * (2 * alpha + 1))
    assert abs(mixture.shares.mean() - 0.5) < 5 * np.sqrt(variance / 4000)
    assert mixture.shares.var() == pytest.approx(variance, rel=0.1)


def test_pixels_and_labels_have_the_same_share_and_no_rectangle():
    mixture = Mixup().mixture(key_of(9), 9, 10, (1, 8, 8))
    np.testing.assert_array_equal(mixture.blend, mixture.shares)
    assert not mixture.corners.any()
    assert Mixup().check_images(1, 1) is None


@pytest.mark.parametrize("alpha", [0.0, -1.0, 11.0, float("nan")])
def test_a_setting_out_of_its_range_is_refused(alpha):
    with pytest.raises(ConfigError, match=r"mixup takes alpha from 0\.01 to 10"):
        Mixup(alpha)


def test_says_what_it_is():
    assert repr(Mixup()) == "Mixup(alpha=0.2)"
