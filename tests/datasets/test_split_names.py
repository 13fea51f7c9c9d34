import pytest

from handgrad.datasets.split_names import (
    crossed,
    is_unlabelled,
    kind_of,
    kinds_of,
    names_no_class,
    not_classes,
)


@pytest.mark.parametrize(
    ("names", "found"),
    [
        ("bus car test", ["test"]),
        ("bus car Test_images unlabeled2 val", ["Test_images", "unlabeled2", "val"]),
        ("expired invalid valid", []),
        ("invalid test valid", ["test"]),
        ("bus test", []),
        ("bus test val", ["test", "val"]),
        ("test val", []),
        ("bus car test_tube", []),
        ("bus car train", []),
        ("development forest water", []),
        ("1 2 test", ["test"]),
        ("extra images sample", []),
    ],
)
def test_held_out_images_next_to_two_classes_are_no_class(names, found):
    assert not_classes(names.split()) == found


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("train", "train"), ("Training", "train"), ("TRAIN", "train"),
        ("trainset", "train"), ("train_set", "train"), ("train2017", "train"),
        ("TrainData", "train"), ("test1", "test"), ("Testing", "test"),
        ("val", "validation"), ("Valid", "validation"), ("dev", "validation"),
        ("validation_images", "validation"), ("trainingSet", "train"),
        ("TRAINSET", "train"), ("testdata", "test"), ("eval", "test"),
    ],
)  # fmt: skip
def test_usual_split_names_are_recognized(name, kind):
    assert kind_of(name) == (kind, ())


def test_other_words_of_a_name_are_kept():
    assert kind_of("seg_train") == ("train", ("seg",))
    assert kind_of("train station") == ("train", ("station",))
    assert kind_of("train_test") is None
    assert kind_of("contest") is None
    assert kind_of("trains") is None
    assert kind_of("") is None


def test_splits_share_their_other_words():
    assert kinds_of(["seg_train", "seg_test", "seg_pred"]) == {
        "seg_train": "train",
        "seg_test": "test",
    }
    assert kinds_of(["train station", "test tube"]) == {}
    assert kinds_of(["test", "val"]) == {}
    assert set(kinds_of(["train", "train_old", "test_a", "test_b"])) == {"train"}
    assert kinds_of(["train", "test", "eval"])["eval"] == "validation"
    assert kinds_of(["train", "val", "eval"])["eval"] == "test"


def test_splits_of_single_classes_are_detected():
    assert crossed(["train_cat", "test_cat", "train_dog"]) is not None
    assert crossed(["train station", "test tube"]) is None
    assert crossed(["train", "test"]) is None


def test_names_of_unlabelled_images():
    assert is_unlabelled("seg_pred")
    assert is_unlabelled("unlabeled2017")
    assert not is_unlabelled("predator")
    assert names_no_class("test_images") is False
    assert names_no_class("images")
