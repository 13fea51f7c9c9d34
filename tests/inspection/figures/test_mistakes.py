import numpy as np

from handgrad.inspection.figures import mistakes
from handgrad.inspection.figures.mistakes import worst_mistakes

NAMES = ["cat", "dog", "hen"]
PROBABILITIES = np.array(
    [[0.9, 0.1, 0.0], [0.6, 0.3, 0.1], [0.0, 0.2, 0.8], [0.5, 0.4, 0.1]]
)
TARGETS = np.array([0, 1, 1, 2])


def test_most_confident_mistakes_first_without_correct_predictions():
    worst = worst_mistakes(PROBABILITIES, TARGETS)
    assert [mistake.row for mistake in worst] == [2, 1, 3]
    assert worst[0] == (2, 1, 2, 0.8)


def test_each_image_has_its_true_and_predicted_class():
    images = np.arange(4 * 4, dtype=np.uint8).reshape(4, 1, 2, 2)
    axes = mistakes(images, TARGETS, PROBABILITIES, NAMES).axes[0]
    np.testing.assert_array_equal(axes.images[0].get_array()[..., 0], images[2, 0])
    words = [text.get_text() for text in axes.texts]
    assert "true dog" in words
    assert "hen 80%" in words
    assert "3 of 4 images misclassified" in words


def test_many_mistakes_are_cut_and_the_note_says_so():
    probabilities = np.tile([1.0, 0.0], (30, 1))
    figure = mistakes(
        np.zeros((30, 3, 2, 2), np.uint8), np.ones(30, int), probabilities, ["a", "b"]
    )
    assert len(figure.axes[0].images) == 24
    words = [text.get_text() for text in figure.axes[0].texts]
    assert "30 of 30 images misclassified; the 24 most confident" in words


def test_no_mistake_is_reported_as_text():
    figure = mistakes(np.zeros((3, 1, 2, 2), np.uint8), np.arange(3), np.eye(3), NAMES)
    assert "None of 3 images is misclassified." in [
        text.get_text() for text in figure.axes[0].texts
    ]
