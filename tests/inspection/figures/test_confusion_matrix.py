import tracemalloc

import numpy as np
import pytest

from handgrad.inspection.figures import confusion_matrix, confusion_of_answers

COUNTS = np.array([[8, 2, 0], [0, 9, 1], [4, 0, 6]])
NAMES = ["cat", "dog", "hen"]


def cells(figure):
    return {
        tuple(int(place) for place in text.get_position()): text.get_text()
        for text in figure.axes[0].texts
        if text.get_text().isdigit()
    }


def test_rows_are_true_and_columns_predicted_classes():
    figure = confusion_matrix(COUNTS, NAMES)
    axes = figure.axes[0]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("predicted", "true")
    assert cells(figure)[0, 2] == "4"  # column 0, row 2: a hen predicted as a cat
    assert (2, 0) not in cells(figure)
    assert [label.get_text() for label in axes.get_xticklabels()] == NAMES
    assert [label.get_text() for label in axes.get_yticklabels()] == NAMES


def test_correct_is_blue_and_the_largest_mistake_orange():
    colors = confusion_matrix(COUNTS, NAMES).axes[0].collections[0].get_array()
    red, _, blue = (colors[..., channel] for channel in range(3))
    assert np.all(np.diagonal(blue > red))
    assert np.all((red > blue)[COUNTS * (1 - np.eye(3)) > 0])
    assert np.unravel_index((red - blue).argmax(), (3, 3)) == (2, 0)


def test_the_note_counts_correct_predictions():
    words = [text.get_text() for text in confusion_matrix(COUNTS, NAMES).axes[0].texts]
    assert "23 of 30 images correct (76.67%)" in words


@pytest.mark.parametrize("classes", [1, 26, 60, 61, 200, 500, 501, 1_001])
def test_few_and_many_classes_are_drawn(classes):
    counts = np.eye(classes, dtype=int)
    figure = confusion_matrix(counts, [f"class {n}" for n in range(classes)])
    figure.draw_without_rendering()
    assert len(figure.axes[0].get_yticklabels()) <= 60
    assert len(figure.axes[0].collections[0].get_array()) <= 500
    assert len(cells(figure)) == (classes if classes <= 60 else 0)
    words = " ".join(text.get_text() for text in figure.axes[0].texts)
    assert ("darkest blue 100%" in words) == (classes > 60)


@pytest.mark.parametrize(("classes", "largest"), [(10, 9), (43, 999), (60, 9_999)])
def test_counts_fit_into_their_cells(classes, largest):
    counts = np.full((classes, classes), largest)
    figure = confusion_matrix(counts, [f"c {n}" for n in range(classes)])
    figure.draw_without_rendering()
    axes = figure.axes[0]
    numbers = [text for text in axes.texts if text.get_text().isdigit()]
    boxes = [text.get_window_extent() for text in numbers]
    (left, _), (right, _) = axes.transData.transform([(0, 0), (1, 0)])
    assert max(box.width for box in boxes) < right - left


def test_counts_that_do_not_fit_give_way_to_the_scale_of_the_colours():
    counts = np.eye(60, dtype=int) * 600_000
    counts[0, 1] = 200_000
    figure = confusion_matrix(counts, [f"c {n}" for n in range(60)])
    assert cells(figure) == {}
    (note,) = [text.get_text() for text in figure.axes[0].texts]
    assert note.endswith("white 0%, darkest blue 100%, darkest orange 25.0%")


def test_a_matrix_without_examples_is_drawn():
    words = confusion_matrix(np.zeros((2, 2), int), ["a", "b"]).axes[0].texts
    assert "0 of 0 images correct" in [text.get_text() for text in words]


def test_predictions_give_the_same_figure_as_their_matrix():
    true, predicted = (row.ravel() for row in np.indices((3, 3)))
    times = COUNTS.ravel()
    answers = (np.repeat(true, times), np.repeat(predicted, times))
    first = confusion_matrix(COUNTS, NAMES, what="test").axes[0]
    second = confusion_of_answers(*answers, NAMES, what="test").axes[0]
    colors = [axes.collections[0].get_array() for axes in (first, second)]
    assert np.array_equal(*colors)
    words = [[text.get_text() for text in axes.texts] for axes in (first, second)]
    assert words[0] == words[1]


def test_neighbours_share_a_cell_with_very_many_classes():
    names = [str(number) for number in range(1_000)]
    targets = np.array([0, 1, 2, 3, 999])
    answers = np.array([0, 0, 2, 998, 999])  # 0 and 1 share a cell
    axes = confusion_of_answers(targets, answers, names).axes[0]
    red, _, blue = axes.collections[0].get_array()[..., :3].transpose(2, 0, 1)
    assert blue[0, 0] - red[0, 0] == pytest.approx(blue[1, 1] - red[1, 1])
    assert (blue - red)[499, 499] > (blue - red)[0, 0] > 0
    assert (red - blue)[1, 499] > 0
    assert np.count_nonzero(red != blue) == 4
    note = "3 of 5 images correct (60.00%); 2 neighbouring classes per cell; of the"
    assert axes.texts[0].get_text().startswith(note)


def test_predictions_need_no_full_matrix():
    classes = 20_000
    names, numbers = [""] * classes, np.arange(classes)
    tracemalloc.start()
    try:
        confusion_of_answers(numbers, numbers[::-1], names).canvas.draw()
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most < 200e6 < classes**2
