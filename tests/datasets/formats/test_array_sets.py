import numpy as np
import pytest

from handgrad.datasets.formats.array_sets import Pair, pairs_of, part_of
from handgrad.errors import DatasetError

from .makers import images


def test_images_and_labels_are_matched_by_their_names():
    axes = {"x_train": 3, "y_train": 1, "y_test": 1, "x_test": 3, "note": 0}
    assert pairs_of(axes, "it") == [
        Pair("x_train", "y_train", "train", ()),
        Pair("x_test", "y_test", "test", ()),
    ]


def test_axes_decide_where_names_do_not():
    assert pairs_of({"train": 3, "train_labels": 1}, "it")[0].images == "train"
    assert pairs_of({"a": 2}, "it") == []


@pytest.mark.parametrize(
    ("axes", "words"),
    [
        ({"x_train": 3}, "holds the images x_train, but no labels"),
        ({"y": 1}, "holds the labels y, but no images"),
        ({"x_train": 3, "y_test": 1}, "but no labels"),
        ({"X": 3, "images": 3, "y": 1}, "two arrays of all images: X and images"),
    ],
)
def test_images_without_labels_and_the_reverse_are_refused(axes, words):
    with pytest.raises(DatasetError, match=words):
        pairs_of(axes, "it")


def test_a_part_names_its_source():
    found = part_of(Pair("X", "y", "", ()), images(2), np.array([1, 0]), "it.npz")
    assert (found.source, found.images.shape) == ("it.npz: X", (2, 1, 6, 5))
