import pytest

from handgrad.datasets import load
from handgrad.datasets.formats.file_names import (
    class_in,
    names_hold_classes,
    read_file_names,
)
from handgrad.errors import DatasetError

from .makers import put


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("cat.0", "cat"),
        ("dog_0012", "dog"),
        ("Egyptian_Mau_33", "Egyptian_Mau"),
        ("cat (3)", "cat"),
        ("cat-7", "cat"),
        ("cat7", "cat"),
        ("mark2_7", "mark2"),
        ("猫.1", "猫"),
        ("0001_cat", "cat"),
        ("7_0001", "7"),
        ("n01440764_10026", "n01440764"),
        ("0001", None),
        ("cat", None),
        ("_7", None),
        ("", None),
    ],
)
def test_the_class_is_the_text_before_the_number(name, expected):
    assert class_in(name) == expected


def test_images_in_one_folder(tmp_path):
    names = {f"{kind}.{n}.png": n for kind in ("cat", "dog") for n in range(5)}
    put(tmp_path, names)
    dataset = load(tmp_path, label_from="name")
    assert dataset.class_names == ("cat", "dog")
    assert (len(dataset.train), len(dataset.test)) == (8, 2)


def test_the_split_is_the_name_of_the_folder(tmp_path):
    put(
        tmp_path,
        {
            f"{s}/{k}.{n}.png": n
            for s in ("train", "test")
            for k in "ab"
            for n in (1, 2)
        },
    )
    assert len(load(tmp_path, label_from="name").test) == 4


def test_test_images_without_classes_are_ignored(tmp_path):
    names = {f"train/{kind}.{n}.png": n for kind in ("cat", "dog") for n in range(5)}
    put(tmp_path, {**names, "test1/1.png": 1, "test1/2.png": 2})
    dataset = load(tmp_path, label_from="name")
    assert (len(dataset.train), len(dataset.test)) == (8, 2)
    notes = read_file_names([tmp_path], None).notes
    assert notes == ("2 test images without a class",)


def test_a_name_without_a_class_is_named(tmp_path):
    put(tmp_path, {"cat.0.png": 1, "7.png": 2})
    with pytest.raises(DatasetError, match=r"the name of 7\.png does not start with"):
        load(tmp_path, label_from="name")


def test_whether_names_hold_classes():
    assert names_hold_classes(["cat.0", "cat.1", "dog.0", "dog.1"])
    assert not names_hold_classes(["cat.0", "cat.1", "dog.0"])
    assert not names_hold_classes(["20_1", "20_2", "21_1", "21_2"])
    assert not names_hold_classes(["IMG_1", "IMG_2"])
    assert not names_hold_classes(["cat.0", "cat.1", "0", "1"])
