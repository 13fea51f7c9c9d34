import numpy as np
import pytest

from handgrad.datasets.formats.assemble import class_numbers, dataset_of, hold_out
from handgrad.datasets.formats.content import Arrays, Part
from handgrad.errors import DatasetError

from .makers import images


def part(split, labels, shape=(1, 6, 5), count=None):
    count = len(labels) if count is None else count
    return Part(f"{split}.npz", split, images(count, *shape), np.array(labels))


def test_labels_become_numbers_of_classes_and_keep_their_names():
    dataset = dataset_of("it", Arrays((part("train", [5, 9, 7]), part("test", [9]))))
    assert dataset.class_names == ("5", "7", "9")
    assert dataset.train.targets.tolist() == [0, 2, 1]
    assert dataset.test.targets.tolist() == [2]


def test_labels_may_have_other_names():
    parts = (part("train", [2, 1]),)
    dataset = dataset_of("it", Arrays(parts, {1: "A", 2: "B"}))
    assert dataset.class_names == ("A", "B")
    assert dataset.train.targets.tolist() == [1, 0]


def test_without_a_test_split_a_fifth_of_each_class_is_held_out():
    labels = [0] * 11 + [1] * 4 + [2] * 5
    dataset = dataset_of("it", Arrays((part("", labels),)))
    assert np.bincount(dataset.test.targets, minlength=3).tolist() == [2, 0, 1]
    again = dataset_of("it", Arrays((part("", labels),)))
    assert again.test.targets.tolist() == dataset.test.targets.tolist()
    assert len(dataset.train) + len(dataset.test) == 20


def test_few_images_are_all_for_training():
    whole = dataset_of("it", Arrays((part("train", [0, 1]),))).train
    assert hold_out(whole) == (whole, None)


def test_a_test_file_alone_is_the_whole_data_set():
    dataset = dataset_of("it", Arrays((part("test", [0, 1] * 5),)))
    assert (len(dataset.train), len(dataset.test)) == (8, 2)


def test_validation_images_are_a_split_of_their_own():
    parts = (part("train", [0, 1] * 5), part("validation", [1]))
    dataset = dataset_of("it", Arrays(parts))
    assert len(dataset.train) == 10
    assert dataset.validation.targets.tolist() == [1]
    assert (dataset.test, dataset.sources) == (None, {})
    whole = dataset_of("it", Arrays((part("", [0, 1] * 5),)))
    assert whole.sources["test"] == "a fifth of each class"


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ([part("train", [0, 1], count=3)], "holds 3 images, but 2 labels"),
        (
            [part("train", [0]), part("test", [0], (1, 4, 4))],
            "They do not belong",
        ),
        ([part("train", [0]), part("test", [1])], "images of class 1, which has no"),
    ],
)
def test_parts_that_do_not_match_are_refused(parts, words):
    with pytest.raises(DatasetError, match=words):
        dataset_of("it", Arrays(tuple(parts)))


def test_classes_are_numbered_in_order():
    assert class_numbers(["b", "a", "b"]) == {"a": 0, "b": 1}


def test_both_forms_of_an_accent_are_one_class():
    parts = part("train", ["cafe\u0301", "b"]), part("test", ["caf\xe9"])
    dataset = dataset_of("it", Arrays(parts))
    assert dataset.class_names == ("b", "caf\xe9")
    assert dataset.test.targets.tolist() == [1]
