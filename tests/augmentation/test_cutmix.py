from math import sqrt

import numpy as np
import pytest

from handgrad.augmentation import CutMix
from handgrad.augmentation.beta import beta_shares
from handgrad.augmentation.draws import fractions
from handgrad.errors import ConfigError

from .laws import key_of


@pytest.mark.parametrize("shape", [(3, 64, 48), (1, 28, 28), (1, 1, 1)])
def test_the_share_is_the_area_outside_the_rectangle(shape):
    """Counted pixel by pixel, to half a multiple of 2**-16."""
    _, height, width = shape
    mixture = CutMix().mixture(key_of(300), 300, 10, shape)
    for share, (top, bottom, left, right) in zip(
        mixture.shares, mixture.corners, strict=True
    ):
        assert 0 <= top <= bottom <= height
        assert 0 <= left <= right <= width
        inside = np.zeros((height, width), bool)
        inside[top:bottom, left:right] = True
        assert abs(share - (1 - inside.mean())) <= 2.0**-17
    np.testing.assert_array_equal(mixture.blend, 1)


def test_rectangles_follow_the_definition():
    """Computed one image at a time; some are clipped, some are not."""
    key, shape = key_of(50), (1, 20, 30)
    mixture = CutMix(0.7).mixture(key, 50, 10, shape)
    drawn = fractions(key, 50, 4).T.tolist()
    for row, corners, (place, part, *centre) in zip(
        mixture.rows, mixture.corners.tolist(), drawn, strict=True
    ):
        assert row == int(place * 10)
        side = sqrt(1 - float(beta_shares(np.array([part]), 0.7)[0]))
        expected = []
        for fraction, length in zip(centre, shape[1:], strict=True):
            size = int(side * length)
            first = int(fraction * length) - size // 2
            expected += [max(first, 0), min(first + size, length)]
        assert corners == expected


@pytest.mark.parametrize("alpha", [0.0, float("inf")])
def test_a_setting_out_of_its_range_is_refused(alpha):
    with pytest.raises(ConfigError, match=r"cutmix takes alpha from 0\.01 to 10"):
        CutMix(alpha)


def test_any_image_has_rectangles():
    assert CutMix().check_images(1, 1) is None
    assert repr(CutMix(0.5)) == "CutMix(alpha=0.5)"
