import numpy as np
import pytest

from handgrad.datasets.formats.load_formats import load_path, load_whole
from handgrad.datasets.formats.survey import survey
from handgrad.errors import ConfigError, DatasetError

from .makers import images, put, put_idx

CLASSES = {f"{kind}/{n}.png": n for kind in ("cat", "dog") for n in range(5)}


@pytest.fixture
def arrays(tmp_path):
    np.savez(tmp_path / "a.npz", x=images(10), y=np.arange(10) % 2)
    return tmp_path / "a.npz"


@pytest.fixture
def listed(tmp_path):
    rows = "\n".join(f"{n},{'ab'[n % 2]}" for n in range(10))
    return put(
        tmp_path / "set",
        {"labels.csv": f"id,label\n{rows}", **{f"{n}.png": n for n in range(10)}},
    )


def test_every_format_can_be_resized(arrays, listed):
    assert load_path(arrays, image_size=(3, 4)).test.images.shape == (2, 1, 3, 4)
    assert load_path(listed, image_size=(3, 4)).test.images.shape == (2, 3, 3, 4)


def test_load_whole_uses_all_splits(arrays, listed):
    for path in (arrays, listed):
        whole = load_whole(path, image_size=(3, 4))
        assert len(whole.train) + len(whole.test) == 10


def test_one_class_is_enough_for_load_whole_but_not_for_training(tmp_path, listed):
    np.savez(tmp_path / "b.npz", x=images(3), y=np.ones(3))
    put(listed, {"labels.csv": "id,label\n1,a\n2,a\n"})
    for path in (tmp_path / "b.npz", listed):
        assert load_whole(path).classes == 1
        with pytest.raises(DatasetError, match="images of one class only"):
            load_path(path)


def test_class_folders_are_read_as_they_were(tmp_path):
    put(tmp_path / "pets", CLASSES)
    assert load_whole(tmp_path / "pets") is None
    for label_from in (None, "folder"):
        assert load_path(tmp_path / "pets", label_from=label_from).classes == 2
    with pytest.raises(ConfigError, match="class folders, got --label-from colour"):
        load_path(tmp_path / "pets", label_from="colour")


def test_folders_take_precedence_over_a_table_if_requested(tmp_path):
    rows = "\n".join(f"{name},{n % 3}" for n, name in enumerate(CLASSES))
    put(tmp_path / "pets", {**CLASSES, "labels.csv": f"path,label\n{rows}"})
    assert load_path(tmp_path / "pets").class_names == ("0", "1", "2")
    chosen = load_path(tmp_path / "pets", label_from="folder")
    assert chosen.class_names == ("cat", "dog")


def test_a_choice_of_labels_where_there_is_none_is_an_error(tmp_path):
    put(tmp_path / "pets", CLASSES)
    put_idx(tmp_path / "x" / "train-images", images(10))
    put_idx(tmp_path / "x" / "train-labels", np.arange(10) % 2)
    for name, about in (("pets", "images in class folders"), ("x", "IDX files")):
        for look in (load_path, survey):
            with pytest.raises(ConfigError, match=f"{about}, got --label-from colour"):
                look(tmp_path / name, label_from="colour")
    assert load_whole(tmp_path / "x", label_from="colour").classes == 2
