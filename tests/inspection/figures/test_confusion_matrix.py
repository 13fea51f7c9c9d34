import numpy as np
import pytest

from handgrad.inspection.figures import confusion_matrix

COUNTS = np.array([[8, 2, 0], [0, 9, 1], [4, 0, 6]])
NAMES = ["cat", "dog", "hen"]


def cells(figure):
    return {
        tuple(int(place) for place in text.get_position()): text.get_text()
        for text in figure.axes[0].texts
        if text.get_text().isdigit()
    }


def test_columns_are_predicted_and_rows_are_true():
    figure = confusion_matrix(COUNTS, NAMES)
    axes = figure.axes[0]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("predicted", "true")
    assert cells(figure)[0, 2] == "4"  # column 0, row 2: a hen taken for a cat
    assert (2, 0) not in cells(figure)
    assert [label.get_text() for label in axes.get_xticklabels()] == NAMES
    assert [label.get_text() for label in axes.get_yticklabels()] == NAMES


def test_right_is_blue_and_the_largest_mistake_the_most_orange():
    colors = confusion_matrix(COUNTS, NAMES).axes[0].collections[0].get_array()
    red, _, blue = (colors[..., channel] for channel in range(3))
    assert np.all(np.diagonal(blue > red))
    assert np.all((red > blue)[COUNTS * (1 - np.eye(3)) > 0])
    assert np.unravel_index((red - blue).argmax(), (3, 3)) == (2, 0)


def test_the_note_counts_what_is_right():
    words = [text.get_text() for text in confusion_matrix(COUNTS, NAMES).axes[0].texts]
    assert "23 of 30 images are right (76.67%)" in words


@pytest.mark.parametrize("classes", [1, 26, 27, 200])
def test_few_and_many_classes_are_drawn(classes):
    counts = np.eye(classes, dtype=int)
    figure = confusion_matrix(counts, [f"class {n}" for n in range(classes)])
    figure.canvas.draw()
    assert len(figure.axes[0].get_yticklabels()) <= 60
    assert len(cells(figure)) == (classes if classes <= 26 else 0)


def test_a_matrix_without_examples_is_drawn():
    words = confusion_matrix(np.zeros((2, 2), int), ["a", "b"]).axes[0].texts
    assert "0 of 0 images are right" in [text.get_text() for text in words]
