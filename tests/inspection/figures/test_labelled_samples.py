import numpy as np

from handgrad.inspection.figures import labelled_samples


def test_each_row_shows_the_first_images_of_its_class():
    images = np.arange(6, dtype=np.uint8).reshape(6, 1, 1, 1) * 40
    figure = labelled_samples(
        images, np.array([1, 0, 1, 1, 0, 1]), ["cat", "dog"], per_class=2
    )
    axes = figure.axes[0]
    shown = [int(image.get_array()[0, 0, 0]) for image in axes.images]
    assert shown == [40, 160, 0, 80]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["cat", "dog"]


def test_a_class_with_few_images_has_empty_cells():
    figure = labelled_samples(
        np.zeros((1, 3, 4, 5), np.uint8), np.array([1]), ["cat", "dog"], per_class=3
    )
    dark = [image.get_array().max() == 0 for image in figure.axes[0].images]
    assert dark == [False, False, False, True, False, False]
    assert "1 images, 5 x 4, colour" in figure.axes[0].texts[0].get_text()


def test_many_classes_are_cut_and_the_note_says_so():
    figure = labelled_samples(
        np.zeros((30, 1, 2, 2), np.uint8),
        np.arange(30),
        [str(number) for number in range(30)],
        per_class=1,
    )
    assert "20 of 30 classes" in figure.axes[0].texts[0].get_text()
