import gzip
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from handgrad import datasets
from handgrad.datasets.array_file import ARRAY_FILE, save_arrays
from handgrad.datasets.cifar10_binary import FOLDER, RECORD_BYTES
from handgrad.datasets.image_decoding import read_image
from handgrad.datasets.load import inspect, load, read
from handgrad.datasets.local_copies import find
from handgrad.datasets.sources import CIFAR10, FASHION_MNIST, MNIST, SOURCES
from handgrad.errors import ConfigError, DatasetError

from .image_makers import make_folder
from .mirrors import packed
from .small_mnist import CONTENTS, contents_of, idx, put
from .test_download import archive_of

pytestmark = pytest.mark.usefixtures("place")
RANDOM = np.random.default_rng(0)


CIFAR = {
    file.name: RANDOM.integers(0, 10, (3, RECORD_BYTES), np.uint8).tobytes()
    for file in CIFAR10.files
}


def test_importing_is_light():
    heavy = {"sklearn", "PIL", "pooch", "requests"}
    code = f"import sys, handgrad.datasets; print(*set(sys.modules) & {heavy})"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []


def test_digits_need_no_download():
    assert load("digits").train.images.shape == (1437, 1, 8, 8)
    assert datasets.load is load


PLACES = [
    "given/mnist",
    "given/MNIST/raw",
    "given",
    "sets/mnist",
    "sets",
    "data/MNIST/raw",
    "cache/mnist",
    "home/.cache/mnist",
    "home/.keras/datasets/mnist",
    "home/.mxnet/datasets/mnist",
]


@pytest.mark.parametrize("where", PLACES)
@pytest.mark.parametrize("pack", [True, False], ids=["gzip", "plain"])
def test_existing_copies_are_found(place, monkeypatch, where, pack):
    is_named = where.startswith("sets")
    monkeypatch.setenv("HANDGRAD_DATA", str(place / "sets") if is_named else "")
    put(place / where, pack=pack)
    dataset = load("mnist", data_dir="given" if where.startswith("given") else None)
    assert dataset.train.images.shape == (30, 1, 5, 4)
    assert dataset.test.targets.shape == (10,)
    assert dataset.name == "mnist"
    assert dataset.class_names == tuple("0123456789")
    assert dataset.train.images.tobytes() == CONTENTS["train-images-idx3-ubyte"][16:]


def test_the_first_folder_takes_precedence(place):
    usual, sums = PLACES[5:], []
    for seed, where in reversed(list(enumerate(usual))):
        put(place / where, contents_of(seed))
        sums.append(load("mnist").checksum)
    assert len(set(sums)) == len(usual)


@pytest.mark.parametrize("is_variable", [True, False])
def test_another_copy_is_never_used_instead_of_the_named_folder(
    place, monkeypatch, is_variable
):
    for where in PLACES[5:]:
        put(place / where)
    monkeypatch.setenv("HANDGRAD_DATA", "given" if is_variable else str(place / "data"))
    named = None if is_variable else "given"
    with pytest.raises(DatasetError, match="names given, which does not exist"):
        load("mnist", data_dir=named)
    (place / "given").mkdir()
    assert find(MNIST, named) is None
    with pytest.raises(DatasetError, match="could not be downloaded"):
        load("mnist", data_dir=named)


@pytest.mark.parametrize("pack", ["", ".gz"])
def test_names_with_a_dot_are_read(place, pack):
    contents = packed(CONTENTS) if pack else CONTENTS
    for name, content in contents.items():
        path = place / "given" / name.replace("-idx", ".idx").upper()
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    assert len(load("mnist", data_dir="given").train) == 30


@pytest.mark.parametrize("name", ["fashion_mnist", "fashion-mnist", "FashionMNIST"])
@pytest.mark.parametrize(
    "where", ["fashion-mnist", "FashionMNIST/raw", "fashion_mnist"]
)
def test_names_ignore_case_and_hyphens(place, name, where):
    put(place / "data" / where)
    assert load(name).name == "fashion_mnist"


@pytest.mark.parametrize(
    "where", ["given/cifar-10-batches-bin", "data/cifar10", "given"]
)
def test_cifar10_is_found_in_a_folder(place, where):
    put(place / where, CIFAR, pack=False)
    check_cifar(load("cifar10", data_dir=where.partition("/")[0]))


def test_cifar10_is_found_in_its_archive(place):
    members = {f"{FOLDER}/{name}": content for name, content in CIFAR.items()}
    (place / "given").mkdir()
    path = place / "given" / "cifar-10-binary.tar.gz"
    path.write_bytes(archive_of(members))
    check_cifar(load("cifar-10", data_dir="given"))
    assert find(CIFAR10, "given") == Path("given") / path.name


def check_cifar(dataset):
    records = np.frombuffer(b"".join(CIFAR.values()), np.uint8).reshape(
        -1, RECORD_BYTES
    )
    assert dataset.train.images.shape == (15, 3, 32, 32)
    assert dataset.test.targets.tolist() == records[15:, 0].tolist()
    assert dataset.train.images.tobytes() == records[:15, 1:].tobytes()
    assert dataset.class_names[0] == "airplane"


def test_one_known_data_set_is_not_taken_for_another(place, monkeypatch):
    folder = put(place / "given")
    right = read(SOURCES["mnist"], folder)
    monkeypatch.setitem(
        SOURCES, "mnist", replace(SOURCES["mnist"], checksum=right.checksum)
    )
    assert load("mnist", data_dir="given").checksum == right.checksum
    with pytest.raises(
        DatasetError, match=r"holds mnist, not fashion_mnist\. Load it as"
    ):
        load("fashion_mnist", data_dir="given")


def test_train_and_test_of_different_sizes_are_refused(place):
    contents = contents_of()
    contents["t10k-images-idx3-ubyte"] = idx(np.zeros((10, 6, 6), np.uint8))
    put(place / "data" / "mnist", contents)
    with pytest.raises(DatasetError, match=r"\(1, 5, 4\), test images \(1, 6, 6\)"):
        load("mnist")


@pytest.mark.parametrize("size", [(28, 28), (7, 3)])
def test_any_data_set_can_be_resized(place, size):
    put(place / "data" / "mnist")
    original = load("mnist")
    for dataset in (load("mnist", image_size=size), load("digits", image_size=size)):
        assert dataset.train.images.shape[1:] == (1, *size)
        assert dataset.test.images.shape[1:] == (1, *size)
        assert dataset.train.images.dtype == np.uint8
    resized = load("mnist", image_size=size)
    assert resized.checksum == original.checksum
    np.testing.assert_array_equal(resized.train.targets, original.train.targets)


@pytest.mark.parametrize("size", [(0, 28), (28, -1)])
def test_a_size_of_zero_is_refused(size):
    with pytest.raises(ConfigError, match=r"image_size takes .* as an integer"):
        load("digits", image_size=size)


def test_custom_images_by_path(place):
    make_folder(place / "pets", ["cat/1.png", "dog/1.png"])
    for path in ("pets", "./pets", place / "pets", Path("pets")):
        assert load(path, image_size=(4, 4)).image_shape == (3, 4, 4)
    shutil.make_archive("packed", "zip", place / "pets")
    assert load("packed.zip").class_names == ("cat", "dog")


def test_a_text_that_is_a_name_is_the_name_and_a_path_is_a_path(place):
    make_folder(place / "digits", ["cat/1.png", "dog/1.png"])
    assert load("digits").classes == 10
    assert load("./digits").classes == 2
    assert load(Path("digits")).classes == 2


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (
            "mnits",
            "no data set named 'mnits'. Did you mean 'mnist'.* give a folder or a",
        ),
        (
            "zzzz",
            "no data set named 'zzzz'. Known: cifar10, digits,.* a folder or a zip",
        ),
        (
            "./pets",
            "There is no data set at ./pets. For your own images, give a folder",
        ),
        (Path("pets"), "There is no data set at pets"),
        ("~no-user/pets", "There is no data set at ~no-user/pets"),
        ("m" * 300, "no data set named 'mmm"),
        ("/" + "m" * 300, "There is no data set at /mmm"),
        ("", "no data set named ''"),
    ],
)
def test_a_missing_data_set_is_reported(name, words):
    with pytest.raises(DatasetError, match=words):
        load(name)


@pytest.mark.parametrize(
    ("name", "folder"), [("mnist", "mnist"), ("fashion-mnist", "fashion-mnist")]
)
def test_the_real_files_are_found_by_their_name(monkeypatch, request, name, folder):
    monkeypatch.undo()  # the real environment of this machine
    request.getfixturevalue("data")(folder)
    dataset = load(name)
    assert dataset.checksum == SOURCES[name.replace("-", "_")].checksum
    assert np.bincount(dataset.train.targets).sum() == 60_000


def test_gzip_and_plain_are_the_same_data(place):
    put(place / "data" / "mnist")
    one = load("mnist").checksum
    for name, content in CONTENTS.items():
        path = place / "data" / "mnist" / f"{name}.gz"
        assert gzip.decompress(path.read_bytes()) == content
        path.unlink()
    put(place / "data" / "mnist", pack=False)
    assert load("mnist").checksum == one
    assert FASHION_MNIST.checksum != one


def test_a_pipe_or_a_device_is_refused(tmp_path):
    os.mkfifo(tmp_path / "images.zip")
    for place in (tmp_path / "images.zip", "/dev/zero"):
        with pytest.raises(DatasetError, match="is a device or a pipe"):
            load(place)
        with pytest.raises(DatasetError, match="is a device or a pipe"):
            read_image(Path(place), (1, 4, 4))


def test_a_choice_of_labels_is_refused_where_each_image_has_one(tmp_path):
    save_arrays(tmp_path / ARRAY_FILE, load("digits"))
    for name in ("digits", tmp_path / ARRAY_FILE):
        for look in (load, inspect):
            with pytest.raises(ConfigError, match="one label for each image, got"):
                look(name, label_from="organ")
