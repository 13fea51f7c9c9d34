import io
import pickle
import tarfile

import numpy as np
import pytest

from handgrad.datasets import load
from handgrad.datasets.formats.cifar import cifar_place
from handgrad.errors import ConfigError, DatasetError

from .makers import images, put

COUNT = 12
FINE = [7, 3, 99] * 4
COARSE = [1, 0, 19] * 4
PIXELS = images(COUNT, 3072)
META = {
    b"fine_label_names": [f"fine {n}".encode() for n in range(100)],
    b"coarse_label_names": [f"coarse {n}".encode() for n in range(20)],
}


def pickled(protocol=2, **changes):
    values = {b"data": PIXELS, b"fine_labels": FINE, b"coarse_labels": COARSE}
    return pickle.dumps({**values, **changes}, protocol)


def binary():
    labels = np.array([COARSE, FINE], np.uint8).T
    return np.concatenate([labels, PIXELS], axis=1).astype(np.uint8).tobytes()


PYTHON = {"train": pickled(), "test": pickled(), "meta": pickle.dumps(META, 2)}
BINARY = {
    "train.bin": binary(),
    "test.bin": binary(),
    "fine_label_names.txt": "\n".join(f"fine_{n}" for n in range(100)),
    "coarse_label_names.txt": "\n".join(f"coarse_{n}" for n in range(20)),
}


def test_a_byte_order_mark_is_no_part_of_a_name(tmp_path):
    names = "\ufeff" + BINARY["coarse_label_names.txt"]
    put(tmp_path / "set", {**BINARY, "coarse_label_names.txt": names})
    assert load(tmp_path / "set", label_from="coarse").class_names[0] == "coarse_0"


def packed(folder, contents):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        for name, content in contents.items():
            content = content.encode() if isinstance(content, str) else content
            member = tarfile.TarInfo(f"{folder}/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return file.getvalue()


@pytest.mark.parametrize("contents", [PYTHON, BINARY], ids=["python", "binary"])
@pytest.mark.parametrize("is_packed", [True, False])
def test_both_versions_are_read_with_both_labels(tmp_path, contents, is_packed):
    folder = "cifar-100-python" if contents is PYTHON else "cifar-100-binary"
    path = tmp_path / folder
    if is_packed:
        path = tmp_path / f"{folder}.tar.gz"
        path.write_bytes(packed(folder, contents))
    else:
        put(path, contents)
    fine, coarse = load(path), load(path, label_from="coarse")
    assert fine.train.images.tobytes() == PIXELS.tobytes()
    mark = " " if contents is PYTHON else "_"
    assert fine.class_names == (f"fine{mark}3", f"fine{mark}7", f"fine{mark}99")
    assert coarse.class_names == (f"coarse{mark}0", f"coarse{mark}1", f"coarse{mark}19")
    assert load(path, label_from="fine").checksum == fine.checksum
    assert len(fine.test) == COUNT


def test_the_folder_around_it_and_files_without_names(tmp_path):
    contents = {name: PYTHON[name] for name in ("train", "test")}
    put(tmp_path / "cifar-100-python", contents)
    assert load(tmp_path).class_names == ("3", "7", "99")


def test_other_labels_are_refused(tmp_path):
    put(tmp_path, PYTHON)
    with pytest.raises(ConfigError, match="has fine and coarse labels, got"):
        load(tmp_path, label_from="medium")


@pytest.mark.parametrize(
    ("contents", "words"),
    [
        ({**PYTHON, "train": pickled(fine_labels=0)[:-9]}, "or damaged pickle"),
        ({**PYTHON, "train": pickled(data=0).replace(b"data", b"dota")}, "data"),
        ({**PYTHON, "test": pickle.dumps(set(), 2)}, "which CIFAR data sets do not"),
        ({**BINARY, "test.bin": binary()[:-1]}, "not a multiple of the record size"),
        ({**BINARY, "test.bin": b"\x00\xff" + binary()[2:]}, "label 255 of image 0"),
    ],
)
def test_damaged_files_are_refused(tmp_path, contents, words):
    put(tmp_path / "set", contents)
    with pytest.raises(DatasetError, match=words):
        load(tmp_path / "set")


def test_cifar10_is_read_from_its_folder(tmp_path):
    record = bytes([3]) + bytes(3072) + bytes([5]) + bytes(3072)
    names = [*(f"data_batch_{n}.bin" for n in range(1, 6)), "test_batch.bin"]
    put(tmp_path / "cifar-10-batches-bin", dict.fromkeys(names, record))
    dataset = load(tmp_path)
    assert dataset.class_names == ("cat", "dog")
    assert (len(dataset.train), len(dataset.test)) == (10, 2)
    with pytest.raises(ConfigError, match="one label for each image"):
        load(tmp_path, label_from="coarse")


def test_folders_called_train_and_test_are_not_cifar(tmp_path):
    put(tmp_path, {"train/cat/1.png": 1, "test/cat/1.png": 2})
    assert cifar_place(tmp_path) is None
