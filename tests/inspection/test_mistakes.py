from dataclasses import replace

import numpy as np
import pytest

from handgrad.errors import ConfigError, HandgradError
from handgrad.inspection.mistakes import Mistake, mistakes, worst_mistakes
from handgrad.layers import Linear, Sequential
from handgrad.randomness import Key, normal

from .fitted import fitted

NAMES = ("cat", "dog", "hen")
IMAGES = np.arange(60 * 12).reshape(60, 1, 3, 4).astype(np.uint8) * 7
LABELS = np.arange(60) % 3


@pytest.mark.parametrize("loss", ["softmax_cross_entropy", "multiclass_svm"])
def test_the_most_confident_mistakes_come_first(loss):
    trained = fitted(class_names=NAMES, loss=loss)
    found = mistakes(trained, IMAGES, LABELS, count=5)
    scores = trained.logits(IMAGES).astype(np.float64)
    if loss == "softmax_cross_entropy":
        scores = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    wrong = np.flatnonzero(scores.argmax(axis=1) != LABELS)
    sure = scores.max(axis=1)[wrong]
    assert len(found) == 5
    assert [one.probability for one in found] == pytest.approx(sorted(sure)[:-6:-1])
    first = found[0]
    assert first.target == LABELS[first.row] != first.prediction
    assert f"{len(wrong)} of 60 images are misclassified." in str(found)
    assert ("%" in str(found.table())) == (loss == "softmax_cross_entropy")
    row = found.table().rows[0]
    assert row[:3] == (str(first.row), NAMES[first.target], NAMES[first.prediction])


def test_ties_are_in_image_order():
    probabilities = np.array([[0.2, 0.8], [0.9, 0.1], [0.2, 0.8]])
    worst = worst_mistakes(probabilities, np.array([0, 0, 0]), most=9)
    assert worst == [Mistake(0, 0, 1, 0.8), Mistake(2, 0, 1, 0.8)]


def test_images_of_a_run_are_those_of_its_split(run):
    found = mistakes(run, split="validation", count=1)
    assert len(found.images) == 100
    assert "100 validation images are misclassified" in str(found)


def test_vectors_have_a_table_but_no_gallery():
    network = Sequential([Linear(4, 3)])
    found = mistakes(network, normal(Key(0), (20, 4)), np.arange(20) % 3)
    assert len(found) > 0
    words = [text.get_text() for text in found.figure().axes[0].texts]
    assert any("not images" in text for text in words)


def test_at_least_one_is_listed():
    with pytest.raises(HandgradError, match="count as an integer"):
        mistakes(fitted(), IMAGES, LABELS, count=0)


def test_the_images_of_a_cell_and_those_that_another_network_answers_otherwise():
    found = mistakes(fitted(class_names=NAMES), IMAGES, LABELS)
    first = found[0]
    cell = found.numbers(first.target, first.prediction)
    assert first.row in cell
    assert set(LABELS[cell]) == {first.target}
    assert set(found.predictions[cell]) == {first.prediction}
    right = np.eye(3)[LABELS]
    gained, lost = found.changes(replace(found, probabilities=right))
    assert gained == np.flatnonzero(found.predictions != LABELS).tolist()
    assert lost == []
    assert replace(found, probabilities=right).changes(found) == ([], gained)
    with pytest.raises(ConfigError, match="different images"):
        found.changes(replace(found, targets=LABELS[:3]))
