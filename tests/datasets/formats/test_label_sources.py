import shutil

import pytest

from handgrad.datasets import load
from handgrad.errors import ConfigError

from .makers import put

CLASSES = ("ant", "bee", "cat")
NAMES = [f"{name}/{n}.png" for name in CLASSES for n in range(8)]
SPLITS = [f"{split}/{name}" for split in ("train", "test") for name in NAMES]


def put_set(folder, names, header, row):
    """Write images in class folders, and a table with a row for each."""
    put(folder, {name: n for n, name in enumerate(names)})
    rows = [row(n, name) for n, name in enumerate(names)]
    put(folder, {"table.csv": "\n".join([header] * bool(header) + rows)})
    return folder


OTHER_THINGS = {
    "a size": ("file,width", lambda n, name: f"{name},{12 + n % 2}"),
    "sizes": ("file,width,height", lambda n, name: f"{name},{12 + n % 2},{n % 3}"),
    "flags": ("file,dark,old", lambda n, name: f"{name},{n % 2},{n % 3 % 2}"),
    "captions": ("file,caption", lambda n, name: f"{name},image {n}"),
    "one camera": ("file,camera", lambda n, name: f"{name},mine"),
    "the folders": ("file,what", lambda n, name: f"{name},{name.split('/')[-2]}"),
    "no header": ("", lambda n, name: f"{name},{name.split('/')[-2]}"),
}


@pytest.mark.parametrize("other", OTHER_THINGS.values(), ids=OTHER_THINGS)
@pytest.mark.parametrize("names", [NAMES, SPLITS], ids=["classes", "splits"])
def test_class_folders_take_precedence_over_other_tables(tmp_path, names, other):
    folder = put_set(tmp_path / "set", names, *other)
    assert load(folder).class_names == CLASSES
    shutil.make_archive(tmp_path / "set", "zip", folder)
    assert load(tmp_path / "set.zip").class_names == CLASSES


@pytest.mark.parametrize("header", ["id,name", "id,label", "class_id,class", ""])
@pytest.mark.parametrize("names", [NAMES, SPLITS], ids=["classes", "splits"])
def test_class_folders_take_precedence_over_a_list_of_classes(tmp_path, names, header):
    put(tmp_path, {name: n for n, name in enumerate(names)})
    rows = [f"{n},{name}" for n, name in enumerate(CLASSES)]
    put(tmp_path, {"classes.csv": "\n".join([header] * bool(header) + rows)})
    assert load(tmp_path).class_names == CLASSES
    few = [name for name in names if name[-5] in "012"]  # the rows name all images
    put(tmp_path / "few", {name: n for n, name in enumerate(few)})
    shutil.copy(tmp_path / "classes.csv", tmp_path / "few")
    assert load(tmp_path / "few").class_names == CLASSES


@pytest.mark.parametrize("name", ["label", "Class", "target", "category", "species"])
def test_a_column_with_the_name_of_a_label_takes_precedence(tmp_path, name):
    put_set(tmp_path, NAMES, f"file,{name}", lambda n, name: f"{name},{'xy'[n % 2]}")
    assert load(tmp_path).class_names == ("x", "y")


def test_one_hot_columns_take_precedence(tmp_path):
    put_set(tmp_path, NAMES, "file,p,q", lambda n, name: f"{name},{n % 2},{1 - n % 2}")
    assert load(tmp_path).class_names == ("p", "q")


@pytest.mark.parametrize(
    ("header", "way"),
    [("file,animal", "--label-from animal"), ("", "the CSV file itself")],
)
def test_an_unknown_column_of_strings_is_ambiguous(tmp_path, header, way):
    put_set(tmp_path, NAMES, header, lambda n, name: f"{name},{'xy'[n % 2]}")
    words = rf"may hold the classes in its .*\(ant, bee, cat\)\. Give {way}"
    with pytest.raises(ConfigError, match=words):
        load(tmp_path)
    assert load(tmp_path, label_from="folder").class_names == CLASSES
    assert load(tmp_path / "table.csv").class_names == ("x", "y")


def test_a_chosen_column_takes_precedence(tmp_path):
    put_set(tmp_path, NAMES, *OTHER_THINGS["a size"])
    assert load(tmp_path, label_from="width").class_names == ("12", "13")
