from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from handgrad.classifier import Classifier
from handgrad.errors import ConfigError, RunError, ShapeError
from handgrad.inspection.subject import subject_of
from handgrad.layers import Flatten, Linear, ReLU, Sequential
from handgrad.losses import MulticlassSVM, SoftmaxCrossEntropy
from handgrad.randomness import Key
from handgrad.training.trained_network import load

from .fitted import fitted


def estimator(labels):
    images = np.zeros((len(labels), 3, 4), dtype=np.uint8)
    clf = Classifier(
        "softmax_regression", epochs=1, loss="multiclass_svm", engine="plain"
    )
    return clf.fit(images, labels)


NETWORK = Sequential([Flatten(), Linear(12, 3, key=Key(0))])


def test_a_run_its_path_and_its_classifier_are_one_subject(run):
    classifier = load(run)
    found = [subject_of(given) for given in (classifier, run, str(run))]
    assert [one.name for one in found] == ["The classifier", str(run), str(run)]
    for one in found:
        assert one.input_shape == (1, 8, 8)
        assert one.class_names((1, 8, 8)) == tuple("0123456789")
        assert one.config == classifier.config
        for name, parameter in one.network.parameters().items():
            expected = classifier.model.parameters()[name].value
            np.testing.assert_array_equal(parameter.value, expected)
    with pytest.raises(RunError, match="nowhere does not exist"):
        subject_of(Path("nowhere"))


def test_a_fitted_estimator_is_known_by_its_network():
    clf = estimator([3, 7, 9])
    subject = subject_of(clf)
    assert subject.network is clf.network_
    assert isinstance(subject.loss, MulticlassSVM)
    assert subject_of(subject) is subject


@pytest.mark.parametrize("given", [Classifier(), 3, None])
def test_unfitted_objects_are_refused(given):
    with pytest.raises(ConfigError, match="Call fit first"):
        subject_of(given)


def test_a_bare_network_has_softmax_cross_entropy_and_numbers():
    subject = subject_of(NETWORK)
    assert isinstance(subject.loss, SoftmaxCrossEntropy)
    assert subject.class_names((1, 3, 4)) == ("0", "1", "2")
    assert subject_of(Sequential([ReLU()])).class_names((1, 3, 4)) == ()


@pytest.mark.parametrize(
    ("shape", "count"), [((5, 1, 3, 4), 5), ((5, 3, 4), 5), ((1, 3, 4), 1), ((3, 4), 1)]
)
def test_grey_images_may_omit_axes(shape, count):
    images = np.zeros(shape, dtype=np.uint8)
    assert subject_of(fitted()).batch(images).shape == (count, 1, 3, 4)


def test_one_example_has_the_layout_of_the_training_data():
    images = np.zeros((4, 6, 5, 3), dtype=np.uint8)
    images[2, 1, 4, 0] = 9
    clf = Classifier("softmax_regression", epochs=1, engine="plain")
    subject = subject_of(clf.fit(images, [0, 1, 0, 1]))
    for given in (images[2], images[2:3], images[2].transpose(2, 0, 1)):
        found = subject.batch(given)
        assert found.shape == (1, 3, 6, 5)
        assert found[0, 0, 1, 4] == 9
    vectors = np.arange(8.0).reshape(4, 2)
    subject = subject_of(clf.fit(vectors, [0, 1, 0, 1]))
    np.testing.assert_array_equal(subject.batch(vectors[1]), vectors[1:2])


def test_other_shapes_and_floats_are_refused_by_a_classifier():
    subject = subject_of(fitted())
    with pytest.raises(ShapeError, match=r"\(count, 1, 3, 4\), got"):
        subject.batch(np.zeros((5, 3, 5), dtype=np.uint8))
    with pytest.raises(ShapeError, match="as uint8, got float64"):
        subject.batch(np.zeros((5, 1, 3, 4)))


def test_prefer_one_decides_if_both_readings_fit():
    subject = subject_of(Sequential([ReLU()]))
    array = np.zeros((2, 3))
    assert subject.batch(array).shape == (2, 3)
    assert subject.batch(array, prefer_one=True).shape == (1, 2, 3)
    with pytest.raises(ShapeError, match="Resize them"):
        subject_of(NETWORK).batch(np.zeros(13))


def test_labels_are_names_or_numbers():
    names = ("cat", "dog", "hen")
    subject = subject_of(fitted(class_names=names))
    for labels in (["hen", "cat"], np.array(["hen", "cat"], dtype=object), [2, 0]):
        np.testing.assert_array_equal(subject.targets(labels, names), [2, 0])
    np.testing.assert_array_equal(subject.targets("dog", names), [1])
    for wrong in (["cow"], [3], [-1], [0.5]):
        with pytest.raises(ConfigError, match="Give labels of these classes"):
            subject.targets(wrong, names)


@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64", "object"])
def test_whole_numbers_of_any_type_are_class_numbers(dtype):
    """As `Classifier.fit` takes them."""
    subject = subject_of(Sequential([Linear(4, 3)]))
    labels = np.array([2, 0], dtype)
    np.testing.assert_array_equal(subject.targets(labels, ("0", "1", "2")), [2, 0])


@pytest.mark.parametrize("wrong", [0.5, float("nan"), 3.0, True, np.array([False])])
def test_other_numbers_and_truth_values_are_no_class_numbers(wrong):
    subject = subject_of(Sequential([Linear(4, 3)]))
    with pytest.raises(ConfigError, match="Give labels of these classes"):
        subject.targets(wrong, ("0", "1", "2"))


@pytest.mark.parametrize("kind", [int, float])
def test_labels_of_an_estimator_are_those_that_it_was_fitted_on(kind):
    subject = subject_of(estimator(list(map(kind, [3, 7, 9]))))
    names = subject.class_names((1, 3, 4))
    np.testing.assert_array_equal(subject.targets([9, 3], names), [2, 0])
    np.testing.assert_array_equal(subject.targets(np.float32(7), names), [1])
    with pytest.raises(ConfigError, match="got the label 0"):
        subject.targets([0], names)


def test_logits_are_those_of_the_classifier_or_of_the_layers():
    images = np.arange(24, dtype=np.uint8).reshape(2, 1, 3, 4)
    trained = fitted()
    np.testing.assert_array_equal(
        subject_of(trained).logits(images), trained.logits(images)
    )
    bare = replace(subject_of(trained), classifier=None)
    np.testing.assert_allclose(bare.logits(images), trained.logits(images), rtol=1e-5)


def test_no_images_are_refused():
    for part in (NETWORK, estimator([0, 1, 2])):
        with pytest.raises(ShapeError, match="takes at least one image, got none"):
            subject_of(part).batch(np.zeros((0, 3, 4), np.uint8))
