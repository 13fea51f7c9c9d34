import numpy as np

from handgrad.inspection.figures.named_images import named_images


def test_every_image_has_its_name_below():
    images = np.zeros((10, 1, 8, 8), dtype=np.uint8)
    names = [f"name {number}" for number in range(10)]
    (axes,) = named_images(images, names, what="some").axes
    assert len(axes.images) == 10
    assert [text.get_text() for text in axes.texts[:10]] == names
    left, right, bottom, top = axes.images[0].get_extent()
    assert axes.texts[0].get_position()[0] == (left + right) / 2
    assert axes.texts[0].get_position()[1] > max(bottom, top)
