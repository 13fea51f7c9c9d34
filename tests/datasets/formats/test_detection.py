import gzip
import shutil
import zipfile

import numpy as np
import pytest

from handgrad.datasets import load
from handgrad.datasets.formats.detection import CIFAR, KINDS, LISTED, NAMED, find_kind
from handgrad.errors import DatasetError

from .makers import images, put, put_idx, put_tar

CLASSES = {"cat/1.png": 1, "cat/2.png": 2, "dog/1.png": 3}


def put_kinds(folder):
    """Write a file of each format under a neutral name."""
    put_idx(folder / "a.bin", images(3))
    np.savez(folder / "b.bin", x=images(3))
    put_tar(folder / "c.bin", {"1.png": 1})
    (folder / "d.bin").write_bytes(b"MATLAB 5.0 MAT-file")
    (folder / "e.bin").write_bytes(b"PAR1")
    row = ",".join(["1"] * 17)
    (folder / "f.csv").write_text(row)
    (folder / "g.csv").write_text("1.png,cat\n2.png,dog")


def test_a_format_is_detected_by_content(tmp_path):
    put_kinds(tmp_path)
    found = {path.name: find_kind(path).kind for path in sorted(tmp_path.iterdir())}
    assert found == {
        "a.bin": KINDS["idx"], "b.bin.npz": KINDS["npz"], "c.bin": KINDS["tar"],
        "d.bin": KINDS["svhn"], "e.bin": KINDS["parquet"], "f.csv": KINDS["csv"],
        "g.csv": LISTED,
    }  # fmt: skip


def test_compressed_files_are_detected_as_well(tmp_path):
    put_idx(tmp_path / "a.gz", images(3))
    (tmp_path / "b.csv.gz").write_bytes(gzip.compress(b",".join([b"1"] * 17)))
    assert find_kind(tmp_path / "a.gz").kind is KINDS["idx"]
    assert find_kind(tmp_path / "b.csv.gz").kind is KINDS["csv"]


def test_folders_and_zips_of_images_are_the_default(tmp_path):
    put(tmp_path / "pets", CLASSES)
    (tmp_path / "pets" / "README.md").write_text("text, and more")
    np.savez(tmp_path / "pets" / "features.npz", x=images(3))
    assert find_kind(tmp_path / "pets") is None
    shutil.make_archive(tmp_path / "pets", "zip", tmp_path / "pets")
    assert find_kind(tmp_path / "pets.zip") is None


def test_notes_in_a_zip_are_not_opened(tmp_path, monkeypatch):
    notes = {f"labels/{n}.txt": "0 0.5 0.5" for n in range(30)}
    put(tmp_path / "pets", {**CLASSES, **notes})
    shutil.make_archive(tmp_path / "pets", "zip", tmp_path / "pets")
    monkeypatch.setattr("zipfile.Path", None)
    assert find_kind(tmp_path / "pets.zip") is None


def test_file_names_are_used_if_requested(tmp_path):
    assert find_kind(put(tmp_path, CLASSES), "name").kind is NAMED


def test_cifar_is_detected_by_its_file_names(tmp_path):
    put(tmp_path, {"train.bin": "", "test.bin": ""})
    assert find_kind(tmp_path).kind is CIFAR


def test_a_folder_of_several_kinds_names_its_files(tmp_path):
    put_kinds(tmp_path)
    with pytest.raises(DatasetError, match=r"Give one of the files: a\.bin, b\.bin\.n"):
        load(tmp_path)


@pytest.mark.parametrize("content", [b"", b"some text", b"\x80\x02}", b"%PDF-1.7"])
@pytest.mark.parametrize("name", ["a", "a.txt", "a.csv"])
def test_an_unknown_file_is_refused_with_the_supported_formats(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DatasetError, match=r"not in a supported .* Give a folder"):
        load(tmp_path / name)


@pytest.mark.parametrize("name", ["x_train.npy", "set/cat/0.npy"])
def test_single_arrays_are_refused_with_advice(tmp_path, name):
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, np.zeros((2, 4, 4)))
    for given in (path, tmp_path):
        with pytest.raises(DatasetError, match=r"numpy\.savez\('data\.npz', x_train="):
            find_kind(given)


def test_a_zip_of_other_data_says_to_unpack_it(tmp_path):
    put(tmp_path / "set", {"train.csv": "1,2", "test.csv": "1,2"})
    shutil.make_archive(tmp_path / "set", "zip", tmp_path / "set")
    with pytest.raises(DatasetError, match=r"holds no images, but .* Unpack it"):
        load(tmp_path / "set.zip")


def test_loose_images_with_classes_in_their_names_are_reported(tmp_path):
    put(tmp_path, {f"{kind}.{n}.png": n for kind in ("cat", "dog") for n in range(3)})
    shutil.make_archive(tmp_path / "x" / "pets", "zip", tmp_path)
    (tmp_path / "pets.zip").write_bytes((tmp_path / "x" / "pets.zip").read_bytes())
    for path in (tmp_path, tmp_path / "pets.zip"):
        with pytest.raises(DatasetError, match=r"as cat\.0\.png.*--label-from name"):
            load(path)
    assert load(tmp_path / "pets.zip", label_from="name").classes == 2


def test_a_zip_from_windows_has_folders(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for name in ("cat", "dog"):
            for number in range(3):
                archive.writestr(f"photos\\{name}\\{name}{number}.png", b"")
    assert find_kind(tmp_path / "a.zip") is None


@pytest.mark.parametrize("ending", [".tar.xz", ".TAR.BZ2", ".txz", ".7z", ".rar"])
def test_an_archive_that_is_not_read_is_to_be_unpacked(tmp_path, ending):
    path = tmp_path / f"a{ending}"
    path.write_bytes(b"7z\xbc\xaf")
    with pytest.raises(DatasetError, match=r"is an archive .* read\. Unpack it, and"):
        find_kind(path)
