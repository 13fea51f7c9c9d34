import numpy as np
import pytest

from handgrad.augmentation.colours import hue_rotation, saturation
from handgrad.augmentation.pixel_values import LUMINANCE

TURNS = np.array([-0.5, -0.2, 0.0, 0.1, 1 / 3, 0.5])


@pytest.mark.parametrize(
    "matrices", [saturation(np.array([0.0, 0.5, 1.7])), hue_rotation(TURNS)]
)
def test_grey_stays_and_so_does_the_luminance(matrices):
    np.testing.assert_allclose(matrices.sum(axis=2), 1, atol=1e-12)
    kept = np.tile(LUMINANCE, (len(matrices), 1))
    np.testing.assert_allclose(np.array(LUMINANCE) @ matrices, kept, atol=1e-3)


def test_a_saturation_of_0_is_grey_and_of_1_the_colours():
    grey, colours = saturation(np.array([0.0, 1.0]))
    np.testing.assert_array_equal(grey, [LUMINANCE] * 3)
    np.testing.assert_array_equal(colours, np.eye(3))


def test_the_matrix_of_hue_is_the_one_of_the_specification():
    """W3C, Filter Effects, 9.6: its three matrices, written out."""
    angle = 2 * np.pi * 0.1
    grey = np.array([[0.213, 0.715, 0.072]] * 3)
    cosine = np.array(
        [[0.787, -0.715, -0.072], [-0.213, 0.285, -0.072], [-0.213, -0.715, 0.928]]
    )
    sine = np.array(
        [[-0.213, -0.715, 0.928], [0.143, 0.140, -0.283], [-0.787, 0.715, 0.072]]
    )
    expected = grey + np.cos(angle) * cosine + np.sin(angle) * sine
    np.testing.assert_allclose(hue_rotation(np.array([0.1]))[0], expected, atol=1e-12)


def test_there_and_back_is_nothing():
    there, back = hue_rotation(TURNS), hue_rotation(-TURNS)
    np.testing.assert_allclose(there @ back, np.tile(np.eye(3), (6, 1, 1)), atol=2e-3)
