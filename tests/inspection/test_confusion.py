import numpy as np
import pytest

from handgrad.errors import ConfigError, HandgradError
from handgrad.inspection.confusion import confusion, wrong_of
from handgrad.training.trained_network import load

from .fitted import fitted

NAMES = ("cat", "dog", "hen")
IMAGES = np.arange(60 * 12).reshape(60, 1, 3, 4).astype(np.uint8) * 7
LABELS = np.arange(60) % 3


@pytest.fixture
def found():
    return confusion(fitted(class_names=NAMES), IMAGES, LABELS, pairs=2)


def test_images_are_counted_by_true_and_predicted_class(found):
    predictions = fitted(class_names=NAMES).logits(IMAGES).argmax(axis=1)
    counts = np.zeros((3, 3), dtype=int)
    for true, predicted in zip(LABELS, predictions, strict=True):
        counts[true, predicted] += 1
    np.testing.assert_array_equal(found.counts, counts)
    np.fill_diagonal(counts, 0)
    assert found.most_confused[0][2] == counts.max()
    assert len(found.most_confused) == 2


def test_the_table_names_the_most_frequent_confusions(found):
    (true, answer, count), *_ = found.most_confused
    row = found.table().rows[0]
    assert row == (true, answer, str(count), f"{count / 20:.1%}")
    wrong = found.counts.sum() - np.trace(found.counts)
    assert found.table().below == (f"{wrong} of 60 images are misclassified.",)
    assert found.as_dict()["most_confused"][0] == {
        "true": true, "predicted": answer, "count": count
    }  # fmt: skip


def test_a_run_and_its_classifier_give_the_same(run):
    of_run = confusion(run, split="validation")
    assert of_run.split == "validation"
    assert "100 validation images are misclassified" in str(of_run)
    by_path = confusion(str(run))
    by_classifier = confusion(load(run))
    np.testing.assert_array_equal(by_path.counts, by_classifier.counts)
    assert by_path.counts.sum() == 360


def test_classes_with_equal_names_stay_separate():
    found = confusion(fitted(class_names=("a", "a", "b")), IMAGES, LABELS, pairs=6)
    pairs = [count for *_, count in found.most_confused]
    assert len(found.table().rows) == len(pairs)
    assert sum(pairs) == found.counts.sum() - np.trace(found.counts)


def test_mistakes_are_sentences():
    with pytest.raises(HandgradError, match="pairs as an integer"):
        confusion(fitted(), IMAGES, LABELS, pairs=0)
    with pytest.raises(ConfigError, match="Give the labels as well"):
        confusion(fitted(), IMAGES)
    said = wrong_of(1200, 5000, "test")
    assert said == "1,200 of 5,000 test images are misclassified."
