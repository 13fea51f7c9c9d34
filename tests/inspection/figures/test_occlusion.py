import numpy as np

from handgrad.inspection.figures.occlusion import occlusion

IMAGE = np.full((1, 5, 4), 255, dtype=np.uint8)


def test_image_and_heat_are_side_by_side_and_zero_is_white():
    heat = np.zeros((5, 4))
    heat[0, 0], heat[4, 3] = 0.25, -0.5
    figure = occlusion(IMAGE, heat, "$cat")
    image, drawn = (axes.images[0] for axes in figure.axes[:2])
    assert image.get_array().shape == (5, 4, 3)
    np.testing.assert_array_equal(drawn.get_array(), heat)
    assert drawn.get_clim() == (-0.5, 0.5)
    np.testing.assert_allclose(drawn.cmap(drawn.norm(0.0))[:3], 1.0, atol=0.01)
