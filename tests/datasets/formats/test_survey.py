import numpy as np
import pytest
from PIL import Image

from handgrad.datasets.formats.survey import survey
from handgrad.datasets.layout import NONE_HELD_OUT
from handgrad.errors import DatasetError

from ..image_makers import as_file
from .makers import image_bytes, images, put


def test_arrays_are_counted(tmp_path):
    np.savez(tmp_path / "a.npz", x=images(10), y=np.arange(10) % 2)
    found = survey(tmp_path / "a.npz")
    assert found.kind == "NumPy archives"
    assert found.counts == {"train": {"0": 4, "1": 4}, "test": {"0": 1, "1": 1}}
    assert (found.sizes, found.channels, found.odd) == ({"6 x 5": 10}, 1, ())
    assert found.notes == ("there is no test split: a fifth of each class is held out",)


def test_problems_are_reported(tmp_path):
    contents = {f"train/cat/{n}.png": n for n in range(25)}
    contents |= {"train/dog/1.png": 30, "train/dog/2.png": 7}
    contents |= {"test/cat/a.png": 3, "test/cat/b.png": 99, "test/cat/c.png": b"no"}
    put(tmp_path, contents)
    (tmp_path / "train/cat/flat.png").write_bytes(flat())
    (tmp_path / "train/cat/big.png").write_bytes(image_bytes(200, (9, 9)))
    found = survey(tmp_path)
    assert found.kind == "images in class folders"
    assert found.counts["train"] == {"cat": 27, "dog": 2}
    assert found.duplicates == 1
    assert found.sizes == {"6 x 5": 30, "9 x 9": 1}
    assert len(found.unreadable) == 1
    said = "\n".join(found.odd)
    for words in (
        "1 cannot be read: test/cat/c.png",
        "test or validation images that are also training images (1): test/cat/a.png",
        "images with several classes (1): train/cat/7.png",
        "images of a single colour (1): train/cat/flat.png",
        "test: no images of dog",
        "train: 14 times as many images of cat as of dog",
    ):
        assert words in said


def flat():
    return as_file(Image.new("RGB", (5, 6)))


def test_pixels_on_another_scale_and_one_class(tmp_path):
    np.savez(tmp_path / "a.npz", x=images(10) // 16, y=np.zeros(10))
    odd = " ".join(survey(tmp_path / "a.npz").odd)
    assert "the brightest pixel is 15 of 255" in odd
    assert "train: one class only (0)" in odd


def test_images_with_a_table_are_surveyed(tmp_path):
    rows = "\n".join(f"{n},{'ab'[n % 2]}" for n in range(10))
    files = {f"{n}.png": n for n in range(12)}
    put(tmp_path, {"labels.csv": f"id,label\n{rows}", **files})
    seen = []
    found = survey(tmp_path, None, lambda *args: seen.append(args))
    assert found.notes[:2] == (
        "labels are those of labels.csv",
        "not used: 2 images that no table names",
    )
    assert seen[-1][1:] == (10, 10)
    assert found.as_dict()["images"] == {"train": 8, "test": 2}


def test_a_path_without_images_is_refused(tmp_path):
    with pytest.raises(DatasetError):
        survey(tmp_path)


def test_empty_folders_and_ignored_files_are_reported(tmp_path):
    put(tmp_path, {f"{c}/{n}.png": n for c in ("cat", "dog") for n in range(2)})
    (tmp_path / "cow").mkdir()
    (tmp_path / "cat" / "notes.txt").write_text("no image")
    found = survey(tmp_path)
    assert "there are no images in cow" in found.odd[0]
    assert found.notes == ("ignored: 1 .txt",)


def test_it_is_reported_if_nothing_is_held_out(tmp_path):
    few = {f"{c}.{n}.png": 9 * n for c in ("cat", "dog") for n in range(4)}
    put(tmp_path / "pets", few)
    np.savez(tmp_path / "a.npz", x=images(8), y=np.arange(8) % 2)
    for name, label_from in (("pets", "name"), ("a.npz", None)):
        found = survey(tmp_path / name, label_from)
        assert found.notes == (f"there is no test split: {NONE_HELD_OUT}",)
        assert "there are no test images" in found.odd


def test_deep_images_are_surveyed_as_they_are_read(tmp_path):
    for name in ("a/1.png", "a/2.png", "b/1.png", "b/2.png"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        pixels = np.random.default_rng(0).integers(0, 256, (6, 6), np.uint16)
        Image.fromarray(pixels).save(path)
    odd = " ".join(survey(tmp_path).odd)
    assert "single colour" not in odd
    assert "brightest" not in odd


def test_classes_that_hardly_differ_are_quoted(tmp_path):
    names = ["Hat", "hat", "shoe"]
    np.savez(tmp_path / "a.npz", x=images(20), y=np.resize(names, 20))
    odd = survey(tmp_path / "a.npz").odd
    assert "classes whose names hardly differ: 'Hat', 'hat'" in odd
    assert "hardly" not in " ".join(survey_of(tmp_path, ["hat", "hats", "a", "A"]).odd)


def survey_of(folder, names):
    np.savez(folder / "b.npz", x=images(20), y=np.resize(names, 20))
    return survey(folder / "b.npz")


def test_files_of_other_formats_are_named_where_no_image_is_read(tmp_path):
    put(tmp_path, {f"{c}/{n}.png": n for c in ("cat", "dog") for n in range(2)})
    (tmp_path / "hat").mkdir()
    (tmp_path / "hat" / "1.HEIC").touch()
    assert "1 .heic file, which is not read" in survey(tmp_path).odd[0]
    (tmp_path / "bare" / "cat").mkdir(parents=True)
    (tmp_path / "bare" / "cat" / "1").touch()
    with pytest.raises(DatasetError, match="but 1 file without an extension"):
        survey(tmp_path / "bare")
