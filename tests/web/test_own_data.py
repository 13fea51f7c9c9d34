import numpy as np
import pytest

from handgrad import datasets
from handgrad.errors import DatasetError
from handgrad.web import own_data
from handgrad.web.handles import Home, MissingError
from handgrad.web.own_data import OwnData

from .conftest import file_of, zip_of


@pytest.fixture
def data(tmp_path):
    home = Home(tmp_path)
    home.create()
    return OwnData(home)


def picture(number):
    return file_of(np.full((8, 8), number))


def test_drawn_pictures_become_a_data_set(data):
    handle = data.create("Shapes")
    assert data.paths() == {}
    for number in range(12):
        for label in ("circle", "cross"):
            assert data.add(handle, label, picture(number * 20)) == number + 1
    about = data.about(handle)
    assert about["counts"] == {"circle": 12, "cross": 12}
    found = datasets.load(str(data.paths()[handle]))
    assert found.class_names == ("circle", "cross")
    assert len(found.train) + (len(found.test) if found.test else 0) == 24


def test_numbers_are_limited(data, monkeypatch):
    monkeypatch.setattr(own_data, "MOST_SETS", 1)
    with pytest.raises(DatasetError, match="1 to 60 printable characters"):
        data.create("")
    data.create("a")
    with pytest.raises(DatasetError, match="At most 1 data sets"):
        data.create("c")
    with pytest.raises(MissingError):
        data.add("data-0", "a", picture(1))


def test_a_zip_is_kept_as_it_is(data):
    content = zip_of(9, ["a/1.png", "b/1.png"])
    handle = data.create("zip", content)
    assert data.paths()[handle].read_bytes() == content
    assert data.about(handle)["is_zip"]
    with pytest.raises(DatasetError, match="zip is a zip, which cannot be changed"):
        data.add(handle, "a", picture(1))
    assert not data.about(data.create("drawn"))["is_zip"]


def test_a_zip_that_cannot_be_used_is_not_kept(data):
    with pytest.raises(DatasetError, match=r"Birds\.zip cannot be read as a zip"):
        data.create("Birds", b"no zip")
    assert data.rows() == []
    assert list(data.home.data.iterdir()) == []


def test_paths_are_replaced_by_names(data):
    birds = data.create("My birds", zip_of(9, ["a/1.png", "b/1.png"]))
    drawn = data.create("Shapes")
    place = data.home.data
    for path, name in (
        (place / birds / "pictures.zip", "My birds"),
        (place / drawn, "Shapes"),
        (place / "data-00", "a removed data set"),
        ("/other/pictures.zip", "/other/pictures.zip"),
    ):
        assert data.named(f"{path}: a/1.png is odd.") == f"{name}: a/1.png is odd."
    data.remove(birds)
    assert data.named(f"{place / birds / 'pictures.zip'}") == "a removed data set"


def test_the_last_picture_of_a_class_is_removed(data):
    handle = data.create("Shapes")
    for label in ("a", "b"):
        data.add(handle, label, picture(1))
    data.remove_last(handle, "b")
    assert data.about(handle)["counts"] == {"a": 1}
    assert data.rows()[0]["classes"] == ["a"]


def test_a_data_set_is_removed(data):
    kept, gone = data.create("kept"), data.create("gone")
    data.add(gone, "a", picture(1))
    data.remove(gone)
    assert [row["id"] for row in data.rows()] == [kept]
    assert not (data.home.data / gone).exists()
    for unknown in (gone, "..", "data-0"):
        with pytest.raises(MissingError):
            data.remove(unknown)
