import numpy as np
import pytest

from handgrad.datasets.data_changes import (
    changes,
    counted,
    known_classes,
    listed,
    record_of,
    shared,
)
from handgrad.datasets.dataset import Dataset, Split
from handgrad.datasets.image_folder import load_images
from handgrad.errors import DatasetError, HandgradWarning

from .image_makers import image_bytes, make_folder

CLASSES = ("cat", "cow", "dog")
NAMES = [f"{name}/{number}.png" for name in CLASSES for number in range(5)]


@pytest.fixture(autouse=True)
def _own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("HANDGRAD_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def root(tmp_path):
    return make_folder(tmp_path / "pets", NAMES)


def replace(root):
    (root / "cow/3.png").write_bytes(image_bytes(seed=99))


def remove_class(root):
    for number in range(5):
        (root / f"cow/{number}.png").unlink()
    (root / "cow").rmdir()


def add_class(root):
    (root / "owl").mkdir()
    (root / "owl/0.png").write_bytes(image_bytes(seed=5))


def remove(root):
    (root / "dog/2.png").unlink()


def add(root):
    (root / "dog/new.png").write_bytes(image_bytes(seed=6))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (remove_class, "the class cow (5 images) is gone"),
        (add_class, "the class owl (1 image) is new"),
        (replace, "1 file is replaced (cow/3.png)"),
        (remove, "1 file is gone (dog/2.png)"),
        (add, "1 file is new (dog/new.png)"),
    ],
)
def test_what_has_changed_is_named(root, change, said):
    before = record_of(load_images(root))
    assert changes(before, listed(root, before)) == ""
    change(root)
    assert changes(before, record_of(load_images(root))) == said
    if change is not replace:  # files of equal size are compared by reading them
        assert changes(before, listed(root, before)) == said


def test_files_are_listed_by_their_sizes(root):
    before = record_of(load_images(root))
    path = root / "cow/3.png"
    path.write_bytes(path.read_bytes() + b" ")
    assert changes(before, listed(root, before)) == "1 file is replaced (cow/3.png)"


def test_missing_classes_are_reported_as_gone(root):
    before = record_of(load_images(root))
    for name in NAMES[:10]:
        (root / name).unlink()
    said = changes(before, listed(root, before))
    assert said == "2 classes are gone: cat (5 images), cow (5 images)"


def test_skipped_files_are_reported_separately(root):
    whole = record_of(load_images(root))
    (root / "cat/1.png").write_bytes(b"")
    with pytest.warns(HandgradWarning):
        rest = record_of(load_images(root, skip_bad=True))
    assert changes(whole, rest) == "1 file is no longer readable (cat/1.png)"
    assert changes(rest, whole) == "1 file is now readable (cat/1.png)"
    assert changes(rest, listed(root, rest)) == ""


def test_very_many_files_are_counted():
    before = {"counts": {"train": {"a": 9}}, "files": {"train": {"a": {}}}}
    before["files"]["train"]["a"] = {f"{k}.png": "1:" for k in range(9)}
    after = {"counts": {"train": {"a": 1}}, "files": {"train": {"a": {"0.png": "1:"}}}}
    assert changes(before, after) == (
        "8 files are gone (1.png, 2.png, 3.png, 4.png, 5.png, ...)"
    )
    assert counted(before) == 9


def test_changes_of_arrays_are_detected_by_counts():
    def record(*targets, side=2):
        images = np.zeros((len(targets), 1, side, side), np.uint8)
        split = Split(images, np.array(targets))
        return record_of(Dataset("a", split, None, ("x", "y"), "0"))

    assert changes(record(0, 1), record(0, 1, 1)) == "y has 2 images, not 1"
    assert changes(record(0, 1), record(0)) == "the class y (1 image) is gone"
    assert changes(record(0, 1), record(0, 1, side=3)) == (
        "images are now 1 x 3 x 3, not 1 x 2 x 2"
    )


def test_records_of_older_runs_hold_the_classes(root):
    now = record_of(load_images(root))
    assert changes(known_classes(CLASSES), now) == ""
    assert changes(known_classes(("cat", "dog", "emu")), now) == (
        "the class emu is gone; the class cow (5 images) is new"
    )


def test_a_folder_that_cannot_be_listed_is_an_error(tmp_path):
    (tmp_path / "a.zip").write_bytes(b"no zip")
    with pytest.raises(DatasetError, match="cannot be read as a zip"):
        listed(tmp_path / "a.zip", {})


def test_files_of_the_same_content_as_training_files_are_counted(root):
    before = record_of(load_images(root))
    assert shared(before, before, "train") == 12
    assert shared(before, before, "test") == 0
    (root / "cow/3.png").rename(root / "dog/a cow.png")
    replaced = record_of(load_images(root))
    both = sum(shared(before, replaced, split) for split in ("train", "test"))
    assert both == 12
    assert shared(before, replaced, "validation") == 0
    read_no_more = {"files": {"train": {"cat": {"cat/0.png": "5:"}}}}
    assert shared(read_no_more, read_no_more, "train") == 0
    assert shared(known_classes(CLASSES), before, "train") == 0
