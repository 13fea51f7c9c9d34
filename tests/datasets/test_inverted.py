import numpy as np
import pytest

from handgrad.datasets import Split
from handgrad.datasets.inverted import brightness_of, seems_inverted


def even(value):
    return np.full((1, 4, 4), value, np.uint8)


def test_brightness_is_the_mean_of_images_spread_over_the_split():
    images = np.repeat(np.array([0, 255], np.uint8), 3000)[:, None, None, None]
    split = Split(np.ascontiguousarray(images), np.repeat([0, 1], 3000))
    assert brightness_of(split) == pytest.approx(0.5, abs=0.01)
    assert brightness_of(Split(images[:5], np.zeros(5, np.int64))) == 0


@pytest.mark.parametrize(
    ("usual", "seen", "is_inverted"),
    [
        (0.13, 222, True),
        (0.13, 33, False),
        (0.13, 140, False),  # hardly brighter than mid-grey
        (0.87, 33, True),
        (0.87, 222, False),
        (0.5, 255, False),  # undecidable for photographs
        (0.4, 255, False),
        (None, 255, False),
    ],
)
def test_a_light_image_among_dark_ones_seems_inverted(usual, seen, is_inverted):
    assert seems_inverted(even(seen), usual) is is_inverted
