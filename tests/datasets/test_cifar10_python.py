import io
import pickle
import struct
import tarfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handgrad.datasets import load
from handgrad.datasets.cifar10 import CIFAR10, CIFAR10_PYTHON
from handgrad.datasets.cifar10_binary import TRAIN_FILES as BINARY_FILES
from handgrad.datasets.cifar10_python import (
    ARCHIVE,
    FOLDER,
    TEST_FILES,
    TRAIN_FILES,
    is_at,
    parse_batch,
    plain_values,
    read_batches,
)
from handgrad.datasets.load import find
from handgrad.errors import DatasetError

NAMES = (*TRAIN_FILES, *TEST_FILES)
pytestmark = pytest.mark.usefixtures("place")


def values_of(count=3, seed=0, order="C"):
    """The content of a batch, with the original keys."""
    random = np.random.default_rng(seed)
    data = random.integers(0, 256, (count, 3072), np.uint8)
    return {
        b"batch_label": b"testing batch 1 of 1",
        b"labels": [int(label) for label in random.integers(0, 10, count)],
        b"data": np.asarray(data, order=order),
        b"filenames": [b"leptodactylus_pentadactylus_s_000004.png"] * count,
    }


def as_python_2(values):
    """The opcodes written by cPickle of Python 2, including byte strings."""
    data = values[b"data"]

    def text(content):
        return b"U" + bytes([len(content)]) + content

    labels = b"".join(b"K" + bytes([label]) for label in values[b"labels"])
    names = b"".join(text(name) for name in values[b"filenames"])
    rows = b"M" + struct.pack("<H", data.shape[0]) + b"M" + struct.pack("<H", 3072)
    kind = b"cnumpy\ndtype\nq\x06" + text(b"u1") + b"K\x00K\x01\x87R(K\x03"
    kind += text(b"|") + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    pixels = b"T" + struct.pack("<i", data.nbytes) + data.tobytes()
    array = b"cnumpy.core.multiarray\n_reconstruct\nq\x02cnumpy\nndarray\nq\x03"
    array += b"K\x00\x85" + text(b"b") + b"\x87R(K\x01" + rows + b"\x86" + kind
    array += b"\x89" + pixels + b"tb"
    return (
        b"\x80\x02}q\x01(" + text(b"batch_label") + text(values[b"batch_label"])
        + text(b"labels") + b"](" + labels + b"e" + text(b"data") + array
        + text(b"filenames") + b"](" + names + b"eu."
    )  # fmt: skip


def check(split, values):
    np.testing.assert_array_equal(split.images.reshape(-1, 3072), values[b"data"])
    assert split.targets.tolist() == values[b"labels"]
    assert (split.images.dtype, split.targets.dtype) == (np.uint8, np.int64)


def test_pickles_of_python_2_are_read():
    values = values_of()
    content = as_python_2(values)
    again = pickle.loads(content, encoding="bytes")  # check the test data itself
    np.testing.assert_array_equal(again[b"data"], values[b"data"])
    assert again[b"labels"] == values[b"labels"]
    check(parse_batch(content, "data_batch_1"), values)


@pytest.mark.parametrize("protocol", [2, 3, 4])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("keys", [bytes, str])
def test_pickles_of_python_3_are_read(protocol, order, keys):
    values = values_of(order=order)
    renamed = {k if keys is bytes else k.decode(): v for k, v in values.items()}
    check(parse_batch(pickle.dumps(renamed, protocol), "data_batch_1"), values)


def test_plain_values_are_those_of_pickle():
    values = [{"a": (1, -2, 2**40, (3,), (), (1, 2, 3, 4)), b"b": [None, True, False]}]
    for protocol in (2, 3, 4):
        content = pickle.dumps(values, protocol)
        if protocol > 2:  # bytes of protocol 2 have another opcode
            assert plain_values(content, "it") == values
    assert plain_values(pickle.dumps(["text", b"\x80bytes"], 2), "it") == [
        "text",
        b"\x80bytes",
    ]


def put(folder, seed=0):
    """A small data set in torchvision's layout."""
    folder.mkdir(parents=True)
    contents = {}
    for number, name in enumerate(NAMES):
        contents[name] = values_of(2, seed + number)
        (folder / name).write_bytes(as_python_2(contents[name]))
    (folder / "batches.meta").write_bytes(pickle.dumps({"label_names": ["airplane"]}))
    return contents


@pytest.mark.parametrize(
    "where",
    [f"data/{FOLDER}", f"given/{FOLDER}", "given", f"home/.keras/datasets/{FOLDER}"],
)
def test_torchvisions_and_keras_folder_is_found(place, where):
    contents = put(place / where)
    named = "given" if where.startswith("given") else None
    dataset = load("cifar10", data_dir=named)
    expected = [contents[name][b"data"] for name in TRAIN_FILES]
    assert dataset.train.images.tobytes() == np.concatenate(expected).tobytes()
    assert dataset.test.targets.tolist() == contents["test_batch"][b"labels"]
    assert (dataset.name, dataset.class_names[9]) == ("cifar10", "truck")


def test_both_versions_of_the_same_images_are_the_same_data(place):
    contents = put(place / "python" / FOLDER)
    folder = place / "binary"
    folder.mkdir()
    for name, file in zip(NAMES, CIFAR10.files, strict=True):
        labels = np.uint8(contents[name][b"labels"])[:, None]
        records = np.hstack([labels, contents[name][b"data"]])
        (folder / file.name).write_bytes(records.tobytes())
    one, other = (load("cifar10", data_dir=name) for name in ("python", "binary"))
    assert one.checksum == other.checksum
    assert [is_at(place / "python" / FOLDER), is_at(folder)] == [True, False]
    put(folder / FOLDER)
    assert (find(CIFAR10, "binary") / BINARY_FILES[0]).exists(), "binary comes first"


def test_its_archive_is_read_without_unpacking(place):
    contents = {name: values_of(2, seed) for seed, name in enumerate(NAMES)}
    (place / "given").mkdir()
    with tarfile.open(place / "given" / ARCHIVE, "w:gz") as archive:
        for name, values in contents.items():
            about = tarfile.TarInfo(f"{FOLDER}/{name}")
            content = as_python_2(values)
            about.size = len(content)
            archive.addfile(about, io.BytesIO(content))
    dataset = load("cifar10", data_dir="given")
    check(dataset.test, contents["test_batch"])
    assert find(CIFAR10_PYTHON, "given").name == ARCHIVE
    assert [path.name for path in (place / "given").iterdir()] == [ARCHIVE]


def test_a_missing_file_is_named(place):
    put(place / FOLDER)
    (place / FOLDER / "data_batch_3").unlink()
    with pytest.raises(DatasetError, match="data_batch_3 cannot be read: No such"):
        read_batches(place / FOLDER, TRAIN_FILES)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({b"data": None}, "no data of 3072 bytes"),
        ({b"data": np.zeros((3, 3071), np.uint8)}, "no data of 3072 bytes"),
        ({b"data": np.zeros(3072, np.uint8)}, "no data of 3072 bytes"),
        ({b"data": np.zeros((3, 3072), np.float32)}, "a call of dtype with other"),
        ({b"data": np.zeros((3, 3072), object)}, "a call of dtype with other"),
        ({b"data": [[0] * 3072]}, "no data of 3072 bytes"),
        ({b"labels": None}, "no list of labels"),
        ({b"labels": [1, 2]}, "2 labels for 3 images"),
        ({b"labels": [1, 2, "3"]}, "no list of labels"),
        ({b"labels": [1, 2, True]}, "no list of labels"),
        ({b"labels": [1, 2, 10]}, "label 10 of image 2 is out of range"),
        ({b"labels": [-1, 2, 3]}, "label -1 of image 0 is out of range"),
        ({b"labels": [1, 2, 2**70]}, "a label that is out of range"),
        ({1: 2}, "a key that is not a string"),
    ],
)
def test_other_content_is_refused(change, words):
    content = pickle.dumps({**values_of(), **change}, 4)
    with pytest.raises(DatasetError, match=rf"batch holds .*{words}|batch: {words}"):
        parse_batch(content, "batch")


def test_a_shape_without_its_bytes_is_refused_before_allocation():
    content = as_python_2(values_of())
    for rows in (b"M\x04\x00M\x00\x0c", b"M\x03\x00J\xff\xff\xff\xff"):
        changed = content.replace(b"M\x03\x00M\x00\x0c", rows)
        with pytest.raises(DatasetError, match="an array"):
            parse_batch(changed, "batch")


@pytest.mark.parametrize("content", [b"", b"text", b"<html>", bytes(99), b"\x80\x04."])
def test_other_files_than_pickles_are_refused(content):
    with pytest.raises(DatasetError, match="batch holds"):
        parse_batch(content, "batch")


def test_truncated_files_are_refused():
    content = as_python_2(values_of(1))
    for end in (*range(200), *range(200, len(content), 61), len(content) - 1):
        with pytest.raises(DatasetError, match="batch holds"):
            parse_batch(content[:end], "batch")


@given(place=st.integers(0, 3600), change=st.integers(1, 255))
def test_a_changed_byte_gives_images_or_an_error(place, change):
    content = bytearray(as_python_2(values_of(1)))
    content[place % len(content)] ^= change
    try:
        split = parse_batch(bytes(content), "batch")
    except DatasetError:
        return
    assert split.images.shape == (1, 3, 32, 32)
    assert 0 <= split.targets[0] < 10


@given(content=st.binary(max_size=200))
def test_any_bytes_give_an_error(content):
    with pytest.raises(DatasetError):
        parse_batch(b"\x80\x02" + content, "batch")
