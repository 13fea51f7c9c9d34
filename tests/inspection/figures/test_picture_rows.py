import numpy as np

from handgrad.inspection.figures.charts import SIGNS
from handgrad.inspection.figures.picture_rows import (
    SIDE,
    note_of,
    picture_rows,
    resized,
    signed_pictures,
)


def test_each_row_has_its_name_and_is_padded():
    picture = np.zeros((2, 2, 3))
    _, axes = picture_rows([("many", [picture] * 20), ("one", [picture])])
    assert [label.get_text() for label in axes.get_yticklabels()] == ["many", "one"]
    assert len(axes.images) == 2 * 16
    dark = [bool((image.get_array() == 0).all()) for image in axes.images]
    assert dark == [True] * 17 + [False] * 15


def test_the_note_says_when_images_are_left_out():
    assert note_of([3, 16]) == note_of([]) == SIGNS
    assert note_of([3, 17]) == f"first 16 of each; {SIGNS}"


def test_signs_are_colours_on_one_scale():
    positive, zero, negative = signed_pictures(np.array([4.0, 0.0, -4.0]))
    assert positive[0, 0, 2] > positive[0, 0, 0]
    assert negative[0, 0, 0] > negative[0, 0, 2]
    np.testing.assert_allclose(zero, 1, atol=0.01)
    assert len(signed_pictures(np.zeros((20, 3, 4)), most=7)) == 7
    assert signed_pictures(np.array([np.nan, np.inf, 1.0]))[2].shape == (1, 1, 3)


def test_small_images_are_enlarged_by_nearest_neighbour():
    picture = np.arange(4.0).reshape(2, 2, 1)
    large = resized(picture)
    assert large.shape == (SIDE, SIDE, 1)
    np.testing.assert_array_equal(large[:: SIDE // 2, :: SIDE // 2], picture)
