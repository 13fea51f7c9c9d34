import numpy as np

from handgrad.inspection.figures.captioned_images import captioned_images

IMAGES = list(np.arange(3 * 12, dtype=np.uint8).reshape(3, 1, 3, 4))
CAPTIONS = [("label cat", "dog 90%"), ("label $x$", "hen 80%"), ("label a", "b 70%")]


def test_every_image_has_its_two_lines():
    axes = captioned_images(IMAGES, CAPTIONS, "Heading", "a note").axes[0]
    assert len(axes.images) == 3
    np.testing.assert_array_equal(axes.images[1].get_array()[..., 0], IMAGES[1][0])
    words = [text.get_text() for text in axes.texts]
    assert [line for line in words if line != "a note"] == [
        line for caption in CAPTIONS for line in caption
    ]
    assert axes.get_title(loc="left") == "Heading"


def test_without_images_the_note_is_all():
    axes = captioned_images([], [], "Heading", "nothing found").axes[0]
    assert [text.get_text() for text in axes.texts][-1] == "nothing found"
