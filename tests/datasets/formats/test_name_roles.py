import pytest

from handgrad.datasets.formats.name_roles import Role, role_of, split_in


@pytest.mark.parametrize(
    ("name", "kind", "split", "rest"),
    [
        ("train-images-idx3-ubyte", "images", "train", ()),
        ("t10k-labels-idx1-ubyte", "labels", "test", ()),
        ("emnist-letters-test-images-idx3-ubyte", "images", "test", "emnist letters"),
        ("qmnist-train-labels-idx2-int", "labels", "train", "qmnist"),
        ("x_train", "images", "train", ()),
        ("X_test", "images", "test", ()),
        ("xtrain", "images", "train", ()),
        ("trainY", "labels", "train", ()),
        ("val_images", "images", "validation", ()),
        ("Y", "labels", "", ()),
        ("X", "images", "", ()),
        ("kmnist-test-imgs", "images", "test", "kmnist"),
        ("test1", "", "test", ()),
        ("train2017", "", "train", ()),
        ("x_holdout", "images", "test", ()),
        ("arr_0", "", "", "arr 0"),
        ("training_targets", "labels", "train", ()),
        ("context", "", "", "context"),
    ],
)
def test_roles_of_names(name, kind, split, rest):
    words = tuple(rest.split()) if isinstance(rest, str) else rest
    assert role_of(name) == Role(kind, split, words)


def test_a_split_must_be_a_whole_word():
    assert split_in("imagenet-val-0001.tar") == "validation"
    assert split_in("train-00000-of-00001.parquet") == "train"
    assert split_in("contest.csv") == split_in("restrained") == ""
