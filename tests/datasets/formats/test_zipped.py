import gzip
import io
import shutil
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from handgrad.datasets import load
from handgrad.datasets.formats.zipped import unpacked
from handgrad.datasets.load import inspect
from handgrad.errors import DatasetError, ResourceError

from .makers import encrypted, images, put, put_idx

LABELS = np.arange(20) % 2
MNIST = {
    "train-images-idx3-ubyte.gz": images(20),
    "train-labels-idx1-ubyte.gz": LABELS,
    "t10k-images-idx3-ubyte.gz": images(10),
    "t10k-labels-idx1-ubyte.gz": LABELS[:10],
}


def put_digits(folder):
    """Kaggle's digits: train.csv, test.csv without labels, a sample submission."""
    pixels = images(20, 4, 4).reshape(20, 16)
    names = ",".join(f"pixel{n}" for n in range(16))
    rows = [",".join(map(str, row)) for row in pixels]
    train = [f"{n},{row}" for n, row in zip(LABELS, rows, strict=True)]
    return put(
        folder,
        {
            "train.csv": "\n".join([f"label,{names}", *train]),
            "test.csv": "\n".join([names, *rows]),
            "sample_submission.csv": "ImageId,Label\n1,0\n2,0\n",
            "README.txt": "digits",
        },
    )


def put_mnist(folder):
    for name, array in MNIST.items():
        put_idx(folder / name, array)
    return folder


def put_npz(folder):
    folder.mkdir()
    np.savez(folder / "set.npz", x_train=images(20), y_train=LABELS)
    (folder / "notes.pdf").write_bytes(b"%PDF")
    return folder


def put_mat(folder):
    folder.mkdir()
    x = np.moveaxis(images(20, 8, 8, 3), 0, 3)
    savemat(folder / "train_32x32.mat", {"X": x, "y": LABELS[:, None] + 1})
    return folder


PUTS = [put_digits, put_mnist, put_npz, put_mat]


@pytest.mark.parametrize("put_set", PUTS)
@pytest.mark.parametrize("base", [None, "set"])
def test_a_zip_is_read_like_its_folder(tmp_path, put_set, base):
    put_set(tmp_path / "set")
    root = tmp_path if base else tmp_path / "set"
    shutil.make_archive(tmp_path / "it", "zip", root, base)
    found, expected = load(tmp_path / "it.zip"), load(tmp_path / "set")
    assert found.checksum == expected.checksum
    assert (found.name, found.left) == ("it", expected.left)
    assert inspect(tmp_path / "it.zip").kind.endswith(" in a zip")


def test_temporary_files_are_removed(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    put_digits(tmp_path / "set")
    load(shutil.make_archive(tmp_path / "it", "zip", tmp_path / "set"))
    with pytest.raises(DatasetError):
        load(put_zip(tmp_path / "b.zip", {"a.csv": "1,2", "b.txt": "x"}))
    assert not any((tmp_path / "temporary").iterdir())


def put_zip(path, contents):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return path


def test_no_entry_leaves_the_folder(tmp_path):
    names = ("../../out.csv", "/abs.csv", "a\\..\\..\\b.csv", "c/./d.csv")
    path = put_zip(tmp_path / "it.zip", dict.fromkeys(names, "1,2"))
    with unpacked(path) as folder:
        files = {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()}
    assert files == {"out.csv", "abs.csv", "a/b.csv", "c/d.csv"}
    assert not folder.exists()


def test_images_hidden_files_and_other_files_stay_packed(tmp_path):
    names = ("a.png", ".b.csv", "__MACOSX/._c.csv", "d.mp4", "e/", "f.pdf")
    path = put_zip(tmp_path / "it.zip", dict.fromkeys(names, "1,2"))
    with unpacked(path) as folder:
        assert folder is None


def test_errors_name_the_zip(tmp_path):
    arrays = io.BytesIO()
    np.savez(arrays, x_train=images(3))
    path = put_zip(tmp_path / "it.zip", {"set/a.npz": arrays.getvalue()})
    with pytest.raises(DatasetError, match=r"it\.zip/set/a\.npz holds the images"):
        load(path)


def test_impossible_sizes_are_refused(tmp_path):
    content = put_zip(tmp_path / "a.zip", {"a.csv": "1,2,3"}).read_bytes()
    entry = content.index(b"PK\x01\x02")
    huge = content[: entry + 24] + b"\xf0\xff\xff\xff" + content[entry + 28 :]
    (tmp_path / "b.zip").write_bytes(huge)
    with pytest.raises(
        DatasetError, match="unpacked size of 4,294,967,280 bytes, which"
    ):
        load(tmp_path / "b.zip")


def test_a_zip_too_large_for_memory_or_disk_is_refused(tmp_path, monkeypatch):
    path = put_zip(tmp_path / "a.zip", {"a.csv": "1," * 5000})
    usage = shutil.disk_usage(tmp_path)._replace(free=100)
    module = "handgrad.datasets.formats.zipped"
    monkeypatch.setattr(f"{module}.shutil.disk_usage", lambda _: usage)
    with pytest.raises(DatasetError, match=r"has only 100 free\. Unpack it yourself"):
        load(path)
    monkeypatch.setattr("handgrad.free_memory.free_memory", lambda: 100)
    with pytest.raises(ResourceError, match=r"a\.zip needs"):
        load(path)


@pytest.mark.parametrize("at", [0.3, 0.6])
def test_a_damaged_zip_is_refused(tmp_path, at):
    path = put_zip(tmp_path / "a.zip", {"a.csv": bytes(range(256)) * 99})
    content = bytearray(path.read_bytes())
    place = int(len(content) * at)
    content[place : place + 9] = b"\xff" * 9
    path.write_bytes(content)
    with pytest.raises(DatasetError, match=r"a\.zip"):
        load(path)


def test_a_password_is_named(tmp_path):
    path = encrypted(put_zip(tmp_path / "a.zip", {"a.csv": "1,2"}))
    with pytest.raises(DatasetError, match=r"a\.zip is encrypted"):
        load(path)


def test_an_endless_csv_is_stopped_by_the_memory_check(tmp_path, monkeypatch):
    path = Path(tmp_path, "a.csv.gz")
    path.write_bytes(gzip.compress((",".join(["1"] * 17) + "\n").encode() * 9999))
    monkeypatch.setattr("handgrad.datasets.formats.csv_table.PIECE", 1 << 16)
    monkeypatch.setattr("handgrad.free_memory.free_memory", lambda: 1 << 17)
    with pytest.raises(ResourceError, match=r"a\.csv\.gz needs"):
        load(path)
