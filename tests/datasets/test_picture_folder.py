import csv
import json
from zipfile import ZipFile

import numpy as np
import pytest

from handgrad import datasets
from handgrad.datasets import picture_folder as module
from handgrad.datasets.picture_folder import PictureFolder, checked_name
from handgrad.errors import DatasetError, HandgradWarning

from .image_makers import picture_of

ODD = ["../../x", "a,b", 'q"q', "=1+1", "<b>", "..", "/", "Größe", "a.png", "con"]


@pytest.fixture
def shapes(tmp_path):
    return PictureFolder.create(tmp_path / "new" / "shapes", "Shapes")


def picture(number):
    return picture_of(np.full((8, 8), number))


def test_pictures_become_a_data_set(shapes):
    assert shapes.counts == {}
    for number in range(12):
        for label in ("circle", "cross"):
            assert shapes.add(label, picture(number * 20)) == number + 1
    again = PictureFolder(shapes.path)
    assert (again.name, again.classes) == ("Shapes", ["circle", "cross"])
    assert again.counts == {"circle": 12, "cross": 12}
    found = datasets.load(str(shapes.path))
    assert found.class_names == ("circle", "cross")
    assert len(found.train) + (len(found.test) if found.test else 0) == 24


@pytest.mark.parametrize("name", ODD)
def test_a_name_of_a_class_is_text_and_never_a_path(shapes, name):
    shapes.add(name, picture(1))
    files = [p.relative_to(shapes.path).as_posix() for p in shapes.path.rglob("*.*")]
    assert set(files) == {"about.json", "labels.csv", "pictures/000001.png"}
    with open(shapes.path / "labels.csv", newline="", encoding="utf-8") as file:
        assert list(csv.reader(file))[1] == ["000001.png", name]
    assert PictureFolder(shapes.path).classes == [name]


@pytest.mark.parametrize("name", ["", "  ", "x" * 61, "a\x00b", "\x1b[31m", "\u202e"])
def test_a_name_that_cannot_be_shown_is_refused(shapes, tmp_path, name):
    with pytest.raises(DatasetError, match="1 to 60 printable characters"):
        PictureFolder.create(tmp_path / "other", name)
    assert not (tmp_path / "other").exists()
    with pytest.raises(DatasetError, match="1 to 60 printable characters"):
        shapes.add(name, picture(1))


def test_a_name_is_one_line():
    assert checked_name(" a\n b ") == "a b"


def test_numbers_are_limited(shapes, monkeypatch):
    for name in ("MOST_CLASSES", "MOST_PICTURES"):
        monkeypatch.setattr(module, name, 2)
    for label in "ab":
        shapes.add(label, picture(1))
    with pytest.raises(DatasetError, match="at most 2 images"):
        shapes.add("a", picture(1))
    monkeypatch.setattr(module, "MOST_PICTURES", 9)
    with pytest.raises(DatasetError, match="At most 2 classes"):
        shapes.add("c", picture(1))


def test_the_last_picture_of_a_class_is_removed(shapes):
    for label in ("a", "b", "a"):
        shapes.add(label, picture(1))
    pictures = shapes.path / "pictures"
    shapes.remove_last("b")
    assert shapes.counts == {"a": 2}
    assert sorted(p.name for p in pictures.iterdir()) == ["000001.png", "000003.png"]
    shapes.add("c", picture(2))  # under a new name
    assert sorted(p.name for p in pictures.iterdir())[-1] == "000004.png"
    shapes.remove_last("a")
    assert shapes.counts == {"a": 1, "c": 1}
    assert json.loads((shapes.path / "about.json").read_text())["classes"] == ["a", "c"]
    with pytest.raises(DatasetError, match="no image of b"):
        shapes.remove_last("b")


def test_a_folder_is_made_once_and_read_only_if_it_was(shapes, tmp_path):
    with pytest.raises(DatasetError, match="cannot be made"):
        PictureFolder.create(shapes.path, "again")
    with pytest.raises(DatasetError, match=r"has no about\.json"):
        PictureFolder(tmp_path)


@pytest.mark.parametrize("text", ["{", "[]", "3", "{}", '{"name": 3, "classes": []}'])
def test_a_damaged_description_is_named(tmp_path, text):
    folder = PictureFolder.create(tmp_path / "own", "own")
    (folder.path / "about.json").write_text(text)
    with pytest.raises(DatasetError, match=r"about\.json is damaged"):
        PictureFolder(folder.path)


@pytest.mark.parametrize("text", ["a", "000001.png", "x.png,a", "../a.png,a", "\0,a"])
def test_damaged_labels_are_named(tmp_path, text):
    folder = PictureFolder.create(tmp_path / "own", "own")
    (folder.path / "labels.csv").write_text(f"file,label\n{text}\n")
    with pytest.raises(DatasetError, match=r"labels\.csv is damaged"):
        _ = folder.counts


@pytest.mark.parametrize("name", [3, None, b"a", ["a"]])
def test_names_are_text(tmp_path, name):
    with pytest.raises(DatasetError, match="printable characters"):
        PictureFolder.create(tmp_path / "own", name)


def zip_with(folder, **files):
    with ZipFile(folder / "x.zip", "w") as archive:
        for name, content in files.items():
            archive.writestr(name.replace("_", "/") + ".png", content)
    return (folder / "x.zip").read_bytes()


def test_a_zip_stays_as_it_is(tmp_path, shapes):
    content = zip_with(tmp_path, a_1=picture(1), b_1=picture(2), b_2=b"no image")
    with pytest.warns(HandgradWarning, match="1 of 3 images skipped"):
        made = PictureFolder.of_zip(tmp_path / "zip", "Letters", content)
    assert (made.is_zip, shapes.is_zip) == (True, False)
    assert made.source.read_bytes() == content
    assert shapes.source is None
    shapes.add("circle", picture(1))
    assert shapes.source == shapes.path
    with pytest.raises(DatasetError, match="Letters is a zip, which cannot be"):
        made.add("a", picture(1))


def test_a_zip_that_cannot_be_used_is_not_kept(tmp_path):
    content = zip_with(tmp_path, a_1=picture(1), a_2=picture(2))
    for bad, why in ((b"x", "Odd.zip cannot be read"), (content, "one class only")):
        with pytest.raises(DatasetError, match=why):
            PictureFolder.of_zip(tmp_path / "zip", "Odd", bad)
        assert not (tmp_path / "zip").exists()
