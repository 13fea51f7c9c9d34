import numpy as np
import pytest

from definitions import images as definition
from handgrad.augmentation.recolour import recolour

from .laws import images_of


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
@pytest.mark.parametrize("channels", [1, 2, 3])
def test_it_is_its_definition_to_the_bit(channels, dtype):
    images, draws = images_of(6, (channels, 4, 5)), np.random.default_rng(2)
    images = (images / np.float32(1 if dtype == "uint8" else 255)).astype(dtype)
    side = 3 if channels == 3 else 1
    mixing = draws.normal(size=(6, side, side)).astype(np.float32)
    pull = draws.normal(size=6).astype(np.float32)
    outputs = recolour(images, mixing, pull)
    assert outputs.dtype == dtype
    for number in range(6):
        expected = definition.recolour(images[number], mixing[number], pull[number])
        np.testing.assert_array_equal(outputs[number], expected)


def test_no_mixing_and_no_pull_change_nothing():
    images = images_of(3)
    mixing = np.tile(np.eye(3, dtype=np.float32), (3, 1, 1))
    none = np.zeros(3, np.float32)
    np.testing.assert_array_equal(recolour(images, mixing, none), images)
