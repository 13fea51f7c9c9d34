import numpy as np
import pytest
import torch

from handgrad.classifier import Classifier
from handgrad.datasets.array_input import InputForm
from handgrad.errors import DatasetError
from handgrad.estimator.inputs import (
    class_numbers,
    classes_of,
    more_examples,
    split_of,
    training_examples,
)


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        (["b", "a", "b"], ["a", "b"]),
        ([7, -1, 7], [-1, 7]),
        ([True, False, True], [False, True]),
        (np.asarray([2, 1, 2], dtype=np.uint8), [1, 2]),
        (np.asarray(["x", "y", "x"], dtype=object), ["x", "y"]),
    ],
)
def test_classes_are_in_order_and_numbers_lead_back(labels, classes):
    found, numbers = classes_of(np.asarray(labels))
    assert found.tolist() == classes
    assert numbers.dtype == np.int64
    assert np.array_equal(found[numbers], labels)


def test_one_class_alone_is_refused():
    with pytest.raises(DatasetError, match=r"one class, 0\.0"):
        classes_of(np.zeros(4))


def test_labels_are_classes_or_their_names():
    classes, names = np.asarray([0, 1]), ("cat", "dog")
    assert class_numbers([1, 0, 1], classes, names).tolist() == [1, 0, 1]
    assert class_numbers(["dog", "cat"], classes, names).tolist() == [1, 0]
    assert class_numbers(torch.tensor([1, 0]), classes).tolist() == [1, 0]
    words = np.asarray(["a", "b"])
    assert class_numbers(np.asarray(["b", "a"], dtype=object), words).tolist() == [1, 0]
    assert class_numbers([1.0, 0.0], classes).tolist() == [1, 0]


@pytest.mark.parametrize("labels", [[2, 0], [-1], [0.5], ["bird"], ["0"]])
def test_an_unknown_label_is_named(labels):
    with pytest.raises(DatasetError, match=r"Unknown label .*0, 1"):
        class_numbers(labels, np.asarray([0, 1]), ("cat", "dog"))


@pytest.mark.parametrize(
    ("label", "classes", "said"),
    [
        (0, ["0", "1"], r"Unknown label 0, a number.* are the strings '0', '1'\. Give"),
        ("0", [0, 1], r"Unknown label '0', a string.* are the numbers 0, 1\. Give"),
        (7, [0, 1], r"Unknown label 7\. The classes of the classifier are 0, 1\. Give"),
        ("c", ["a", "b"], r"Unknown label 'c'\. The classes .* are 'a', 'b'\. Give"),
        (77, list(range(20)), r"are 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, \.{4} Give"),
    ],
)
def test_a_label_of_another_kind_than_the_classes_is_said_so(label, classes, said):
    with pytest.raises(DatasetError, match=said):
        class_numbers([label], np.asarray(classes))


TARGETS = np.asarray([0, 1, 1, 0])
EXAMPLES = np.arange(8, dtype=np.float32).reshape(4, 2)


def weighed(sample_weight=None, batch_size=0):
    return split_of(EXAMPLES, TARGETS, sample_weight, batch_size)


def test_equal_weights_are_none():
    for split in (weighed(), weighed(np.full(4, 0.5))):
        assert split.weights is None
        assert split.images is EXAMPLES


def test_what_weighs_nothing_is_left_out():
    split = weighed([0, 1, 2, 0])
    assert split.images.tolist() == EXAMPLES[1:3].tolist()
    assert split.targets.tolist() == [1, 1]
    assert weighed([0, 1, 1, 0]).weights is None


@pytest.mark.parametrize(
    ("sample_weight", "said"),
    [
        ([0, 0, 0, 0], "non-zero|weights are zero"),
        ([1, 1, -1, 1], "[Nn]egative"),
        ([1, 1], "inconsistent|sample_weight"),
        ([1, 1, np.nan, 1], "NaN"),
    ],
)
def test_wrong_weights_are_refused(sample_weight, said):
    with pytest.raises(ValueError, match=said):
        weighed(sample_weight)


@pytest.mark.parametrize("kind", ["list", "torch", "frame"])
def test_vectors_come_from_anything_with_an_array(kind):
    values = np.asarray([[0.5, 1], [2, 3]])
    given = {"list": values.tolist(), "torch": torch.tensor(values), "frame": values}
    if kind == "frame":
        pandas = pytest.importorskip("pandas")
        given["frame"] = pandas.DataFrame(values, columns=["x", "y"])
    clf = Classifier()
    form, examples, labels = training_examples(clf, given[kind], ["u", "v"])
    columns = ("x", "y") if kind == "frame" else None
    assert form == InputForm((2,), "float32", columns=columns)
    assert np.array_equal(examples, values.astype(np.float32))
    assert labels.tolist() == ["u", "v"]
    assert clf.n_features_in_ == 2
    assert np.array_equal(more_examples(clf, form, given[kind]), examples)


def test_images_count_their_pixels_as_features():
    clf = Classifier()
    images = np.zeros((2, 4, 5, 3), dtype=np.uint8)
    form, examples, _ = training_examples(clf, images, [0, 1])
    assert clf.n_features_in_ == 60
    assert examples.shape == (2, 3, 4, 5)
    assert more_examples(clf, form, torch.tensor(images)).shape == (2, 3, 4, 5)


def test_whole_weights_are_repetitions_where_one_step_sees_everything():
    split = weighed([2, 0, 1, 3], batch_size=6)
    assert split.targets.tolist() == [0, 0, 1, 0, 0, 0]
    assert split.weights is None
    assert np.array_equal(split.images, EXAMPLES[[0, 0, 2, 3, 3, 3]])
    for sample_weight, size in (([2, 0, 1, 3], 5), ([2, 0.5, 1, 2], 6)):
        assert weighed(sample_weight, batch_size=size).weights is not None


@pytest.mark.parametrize(
    "labels",
    [[0, None, 1, 0], ("a", None, "b", "a"), np.array([1, None, 0, 1], dtype=object)],
)
def test_none_is_no_label_wherever_labels_are_given(labels):
    right, said = [0, 1, 1, 0], "The label of example 1, counted from 0, is None"
    clf = Classifier(epochs=1, validation=None)
    for fit in (
        lambda: clf.fit(EXAMPLES, labels),
        lambda: clf.partial_fit(EXAMPLES, labels, classes=[0, 1]),
        lambda: clf.partial_fit(EXAMPLES, right, classes=labels),
        lambda: Classifier(validation=(EXAMPLES, labels)).fit(EXAMPLES, right),
    ):
        with pytest.raises(DatasetError, match=said):
            fit()


@pytest.mark.parametrize("labels", [[1, "a", 1, "a"], ("b", 2.5, "b", 2.5)])
def test_words_among_numbers_are_no_labels_of_one_kind(labels):
    with pytest.raises(DatasetError, match="The labels mix strings and numbers"):
        Classifier(epochs=1).fit(EXAMPLES, labels)
