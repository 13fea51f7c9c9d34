import io
import pickle
import zipfile

import numpy as np
import pytest

from handgrad.datasets import load
from handgrad.datasets.formats.npz import is_npz, read_npz
from handgrad.datasets.gzip_files import head_of
from handgrad.errors import ConfigError, DatasetError, ResourceError

from .makers import images

X, Y = images(20), np.arange(20) % 2


@pytest.mark.parametrize(
    "names",
    [
        ("x_train", "y_train", "x_test", "y_test"),
        ("train_images", "train_labels", "test_images", "test_labels"),
        ("X_train", "Y_train", "X_test", "Y_test"),
        ("training_data", "training_targets", "testing_data", "testing_targets"),
    ],
)
def test_four_arrays_under_their_usual_names(tmp_path, names):
    arrays = dict(zip(names, (X, Y[:, None], X[:6], Y[:6]), strict=True))
    np.savez_compressed(tmp_path / "a.npz", **arrays)
    dataset = load(tmp_path / "a.npz")
    assert (len(dataset.train), len(dataset.test)) == (20, 6)
    assert dataset.train.images.tobytes() == X.tobytes()
    assert (dataset.name, dataset.class_names) == ("a", ("0", "1"))
    assert load(tmp_path).checksum == dataset.checksum


def test_two_arrays_are_split(tmp_path):
    np.savez(tmp_path / "a.npz", X=X / 255, y=np.array(["no", "yes"])[Y])
    dataset = load(tmp_path / "a.npz")
    assert (len(dataset.train), len(dataset.test)) == (16, 4)
    assert dataset.class_names == ("no", "yes")


def test_two_arrays_without_names(tmp_path):
    np.savez(tmp_path / "a.npz", X, Y)
    np.savez(tmp_path / "b.npz", Y, X.reshape(20, -1)[:, :25])
    assert load(tmp_path / "a.npz").classes == load(tmp_path / "b.npz").classes == 2


def test_an_archive_for_each_array(tmp_path):
    for name, array in (("imgs", X), ("labels", Y)):
        for split in ("train", "test"):
            np.savez(tmp_path / f"kmnist-{split}-{name}.npz", array)
    assert len(load(tmp_path).test) == 20


def test_an_archive_for_each_split(tmp_path):
    for split in ("train", "test"):
        np.savez(tmp_path / f"{split}.npz", x=X, y=Y)
    assert len(load(tmp_path).test) == 20


def test_nothing_is_unpickled(tmp_path):
    class Evil:
        def __reduce__(self):
            return (open, (str(tmp_path / "ran"), "w"))

    np.savez(tmp_path / "a.npz", x=np.array([Evil()], dtype=object), y=Y)
    with pytest.raises(DatasetError, match="cannot be read as arrays of numbers"):
        load(tmp_path / "a.npz")
    with zipfile.ZipFile(tmp_path / "b.npz", "w") as archive:
        archive.writestr("x.npy", pickle.dumps(Evil()))
    with pytest.raises(DatasetError):
        load(tmp_path / "b.npz")
    assert not (tmp_path / "ran").exists()


def test_other_arrays_are_named(tmp_path):
    np.savez(tmp_path / "a.npz", arr_0=np.zeros((3, 3)))
    with pytest.raises(DatasetError, match=r"no images with labels, but arr_0\. Name"):
        load(tmp_path / "a.npz")


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_a_damaged_archive_is_refused(tmp_path, share):
    path = tmp_path / "a.npz"
    np.savez_compressed(path, x=X, y=Y)
    content = bytearray(path.read_bytes())
    for place in range(int(len(content) * share), int(len(content) * share) + 9):
        content[place] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(DatasetError):
        read_npz([path], None)
    path.write_bytes(content[:99])
    with pytest.raises(DatasetError, match="cannot be read as arrays"):
        load(path)


def test_a_zip_of_other_files_is_not_an_npz(tmp_path):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.txt", "")
    (tmp_path / "a.zip").write_bytes(file.getvalue())
    assert not is_npz(tmp_path / "a.zip", head_of(tmp_path / "a.zip"))


def test_too_little_memory_is_not_reported_as_damage(tmp_path, monkeypatch):
    np.savez(tmp_path / "a.npz", x=np.zeros((9, 4, 4)), y=np.arange(9))
    path = tmp_path / "a.npz"
    monkeypatch.setattr("handgrad.free_memory.free_memory", lambda: 10)
    with pytest.raises(ResourceError, match=r"needs .* of memory"):
        load(path)


def test_a_header_that_python_cannot_parse_is_refused(tmp_path):
    content = io.BytesIO()
    np.save(content, np.zeros((2, 2, 2), np.uint8))
    damaged = content.getvalue().replace(b"{'descr'", b"((((((((")
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("x.npy", damaged)
    with pytest.raises(DatasetError, match="cannot be read as arrays of numbers"):
        read_npz([tmp_path / "a.npz"], None)


@pytest.mark.parametrize("name", ["class_names", "classes", "label_names"])
@pytest.mark.parametrize("own", [("x", "y"), ("x_train", "y_train")])
def test_names_of_classes_are_read(tmp_path, name, own):
    arrays = {**dict(zip(own, (X, Y), strict=True)), name: np.array(["no", "yes"])}
    np.savez(tmp_path / "a.npz", **arrays)
    dataset = load(tmp_path / "a.npz")
    assert (dataset.class_names, dataset.left) == (("no", "yes"), ())


@pytest.mark.parametrize("words", [["no"], ["no", "no"], ["no", " "], [3, 4]])
def test_strings_that_cannot_be_class_names_are_not_used(tmp_path, words):
    np.savez(tmp_path / "a.npz", x=X, y=Y, class_names=np.array(words))
    dataset = load(tmp_path / "a.npz")
    assert (dataset.class_names, dataset.left) == (("0", "1"), ("class_names",))


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("ids", np.arange(20)),
        ("coarse_train", Y),
        ("filenames_train", np.array(["a.png"] * 20)),
        ("meta", np.array(["made by hand"])),
        ("version", np.array(3)),
        ("boxes", np.zeros((20, 4))),
        ("masks", images(20)),
    ],
)
def test_other_arrays_are_not_used(tmp_path, name, array):
    arrays = {"x_train": X, "y_train": Y, "x_test": X[:6], "y_test": Y[:6]}
    np.savez(tmp_path / "a.npz", **arrays, **{name: array})
    dataset = load(tmp_path / "a.npz")
    assert (len(dataset.train), len(dataset.test)) == (20, 6)
    assert dataset.left == (name,)


def test_other_labels_can_be_chosen(tmp_path):
    arrays = {"x_train": X, "y_train": Y, "x_test": X[:6], "y_test": Y[:6]}
    others = {"coarse_train": Y + 5, "coarse_test": Y[:6] + 5}
    np.savez(tmp_path / "a.npz", **arrays, **others)
    for name in ("coarse_train", "coarse"):
        dataset = load(tmp_path / "a.npz", label_from=name)
        assert dataset.class_names == ("5", "6")
        assert (len(dataset.test), dataset.left) == (6, ("y_train", "y_test"))
    assert load(tmp_path / "a.npz", label_from="y_train").class_names == ("0", "1")
    with pytest.raises(ConfigError, match=r"named zzz .*y_train, y_test, coa"):
        load(tmp_path / "a.npz", label_from="zzz")


def test_ambiguous_labels_are_refused(tmp_path):
    np.savez(tmp_path / "a.npz", x=X, fine=Y, coarse=Y + 5)
    with pytest.raises(ConfigError, match=r"fine, coarse with --label-from NAME"):
        load(tmp_path / "a.npz")
    assert load(tmp_path / "a.npz", label_from="coarse").class_names == ("5", "6")


@pytest.mark.parametrize("missing", ["x_test", "y_test"])
def test_an_incomplete_part_is_refused(tmp_path, missing):
    arrays = {"x_train": X, "y_train": Y, "x_test": X[:6], "y_test": Y[:6]}
    del arrays[missing]
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(DatasetError, match="with a matching name"):
        load(tmp_path / "a.npz")
