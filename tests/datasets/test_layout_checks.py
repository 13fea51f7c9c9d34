import time

import pytest

from handgrad.datasets.image_files import HIDDEN, PLAIN, ImageFile
from handgrad.datasets.layout import arrange
from handgrad.datasets.layout_checks import (
    SHAPE_HINT,
    check_not_alike,
    no_images,
    shape_hint,
    unread,
)
from handgrad.errors import DatasetError


def rows(*names):
    files = [ImageFile(name, 1, (1,)) for name in names]
    return [(file, file.parts) for file in files]


def both(first, second, classes=("cat", "dog")):
    return [f"{top}/{name}/1.png" for top in (first, second) for name in classes]


@pytest.mark.parametrize(
    "names",
    [
        both("fold1", "fold2"),
        both("north", "south", ("cat", "dog", "cow")),
        [*both("a", "b"), "c/x/1.png"],
        both("a/images", "b/images"),
        ["a/Cat/1.png", "a/Dog/1.png", "b/cat/1.png", "b/dog/1.png"],
        ["a/cat/x/1.png", "a/dog/y/1.png", "b/cat/z/1.png", "b/dog/1.png"],
    ],
)
def test_top_folders_that_hold_the_same_folders_are_never_taken_for_classes(names):
    with pytest.raises(DatasetError, match="not clear which are the classes"):
        check_not_alike(rows(*names), "pets")


@pytest.mark.parametrize(
    "names",
    [
        ["cat/images/1.png", "dog/images/1.png"],
        ["cat/images/raw/1.png", "dog/images/raw/1.png"],
        ["cat/june/1.png", "cat/may/1.png", "dog/may/1.png", "dog/april/1.png"],
    ],
)
def test_one_shared_folder_name_is_not_ambiguous(names):
    check_not_alike(rows(*names), "pets")


def test_very_many_classes_with_a_folder_of_the_same_name_are_compared_at_once():
    many = rows(*(f"{k:05}/images/1.png" for k in range(20_000)))
    begun = time.perf_counter()
    check_not_alike(many, "many")
    assert time.perf_counter() - begun < 10


def test_archives_in_a_folder_without_images_are_named(tmp_path):
    assert "holds no images. Make one folder" in str(no_images(str(tmp_path), {}))
    for name in ("disc.ZIP", "box.zip", "notes.txt"):
        (tmp_path / name).touch()
    assert "holds no images, but box.zip, disc.ZIP. Unpack" in str(
        no_images(str(tmp_path), {})
    )
    assert "holds no images. Make" in str(no_images(str(tmp_path / "box.zip"), {}))


@pytest.mark.parametrize(
    ("ignored", "said", "step"),
    [
        ({"": {".heic": 1}}, "1 .heic file, which is not read",
         "Convert .heic files to JPEG"),
        ({"cat": {".heic": 2, ".txt": 3}, "dog/june": {".cr2": 1, ".heic": 1}},
         "1 .cr2 file, 3 .heic files, which are not read",
         "Convert .cr2, .heic files to JPEG"),
        ({"cat": {PLAIN: 2}}, "2 files without an extension, which are not read",
         "Add an extension, such as .jpg, to the names of images without"),
        ({"cat": {".txt": 3, HIDDEN: 1}}, "", ""),
        ({}, "", ""),
    ],
)  # fmt: skip
def test_images_that_are_not_read_are_counted_with_the_next_step(ignored, said, step):
    assert unread(ignored) == (said, step)
    assert str(no_images("nowhere", ignored)) == (
        f"nowhere holds no images, but {said}. {step}."
        if said
        else "nowhere holds no images. Make one folder of images for each class."
    )


def test_only_those_of_one_folder_are_counted():
    ignored = {"cat": {".heic": 1}, "cat/june": {".heic": 2}, "cats": {".heic": 4}}
    assert unread(ignored, "cat")[0] == "3 .heic files, which are not read"


@pytest.mark.parametrize("name", ["labels.txt", "Labels.XLSX", "a.json", "b.tsv"])
def test_a_file_of_labels_that_is_not_read_is_named(tmp_path, name):
    (tmp_path / name).write_text("1.png cat")
    step = f"if the labels are in {name}, save them as a CSV file with a column of"
    assert step in shape_hint(str(tmp_path))
    (tmp_path / "images").mkdir()
    for names in (["images/1.png"], ["1.png", "2.png"]):
        with pytest.raises(DatasetError, match=step):
            arrange([ImageFile(one, 1, (1,)) for one in names], str(tmp_path))


def test_without_such_a_file_none_is_named(tmp_path):
    (tmp_path / "notes.pdf").write_text("")
    (tmp_path / "README.txt").write_text("about")
    assert shape_hint(str(tmp_path)) == shape_hint("no folder") == SHAPE_HINT
