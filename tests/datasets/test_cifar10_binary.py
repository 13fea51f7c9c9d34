import io
import tarfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handgrad.datasets import cifar10_binary
from handgrad.datasets.cifar10_binary import RECORD_BYTES, parse_batch, read_batches
from handgrad.errors import DatasetError


def records(labels, seed=0):
    """Records of random pixels, one label byte before each."""
    pixels = np.random.default_rng(seed).integers(0, 256, (len(labels), 3072), np.uint8)
    return pixels, np.column_stack([np.uint8(labels), pixels]).tobytes()


def test_reads_label_then_red_green_blue():
    record = bytes([6]) + b"\x01" * 1024 + b"\x02" * 1024 + b"\x03" * 1023 + b"\x09"
    batch = parse_batch(record, "batch.bin")
    assert batch.targets.tolist() == [6]
    assert batch.images.shape == (1, 3, 32, 32)
    assert (batch.images[0, 0] == 1).all()
    assert (batch.images[0, 1] == 2).all()
    assert batch.images[0, 2, 31, 31] == 9
    assert batch.images[0, 2, 31, 30] == 3


def test_rows_come_row_by_row():
    pixels, content = records([3])
    image = parse_batch(content, "batch.bin").images[0]
    assert image[1, 5, 7] == pixels[0, 1024 + 5 * 32 + 7]


def test_batches_are_concatenated(tmp_path):
    for number, label in enumerate((4, 7)):
        (tmp_path / f"{number}.bin").write_bytes(records([label, label], number)[1])
    both = read_batches(tmp_path, ("1.bin", "0.bin"))
    assert both.targets.tolist() == [7, 7, 4, 4]
    assert both.images.shape == (4, 3, 32, 32)
    np.testing.assert_array_equal(both.images[0].ravel(), records([7, 7], 1)[0][0])


@pytest.mark.parametrize("end", [*range(0, RECORD_BYTES, 101), RECORD_BYTES - 1])
def test_truncated_files_are_refused(end):
    content = records([1, 2])[1][: RECORD_BYTES * (end > 0) + end]
    with pytest.raises(
        DatasetError, match=r"batch\.bin holds \d+ bytes, not a multiple"
    ):
        parse_batch(content, "batch.bin")


@given(label=st.integers(10, 255), row=st.integers(0, 3))
def test_a_label_out_of_range_is_named(label, row):
    labels = [0, 0, 0, 0]
    labels[row] = label
    with pytest.raises(DatasetError, match=f"label {label} of image {row} is out of"):
        parse_batch(records(labels)[1], "batch.bin")


@given(content=st.binary(max_size=40), count=st.integers(0, 160))
def test_any_bytes_give_images_or_an_error(content, count):
    try:
        batch = parse_batch(content * count, "batch.bin")
    except DatasetError:
        return
    assert len(batch) * RECORD_BYTES == len(content) * count > 0
    assert (batch.targets < 10).all()


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(
        DatasetError, match=r"data_batch_1\.bin cannot be read: No such"
    ):
        read_batches(tmp_path, cifar10_binary.TRAIN_FILES)


def in_archive(path, members):
    """A tar.gz of these members: name to content."""
    with tarfile.open(path, "w:gz") as archive:
        for name, content in members.items():
            about = tarfile.TarInfo(name)
            about.size = len(content)
            archive.addfile(about, io.BytesIO(content))


def test_reads_the_archive_without_unpacking_it(tmp_path):
    names = (*cifar10_binary.TRAIN_FILES, *cifar10_binary.TEST_FILES)
    members = {
        f"{cifar10_binary.FOLDER}/{name}": records([number, 9], number)[1]
        for number, name in enumerate(names)
    }
    path = tmp_path / "cifar-10-binary.tar.gz"
    in_archive(path, {"../evil.bin": b"x", **members})
    train = read_batches(path, cifar10_binary.TRAIN_FILES)
    assert train.targets.tolist() == [0, 9, 1, 9, 2, 9, 3, 9, 4, 9]
    assert read_batches(path, cifar10_binary.TEST_FILES).targets.tolist() == [5, 9]
    assert list(tmp_path.iterdir()) == [path]
    assert not (tmp_path.parent / "evil.bin").exists()


def test_a_file_missing_from_the_archive_is_named(tmp_path):
    path = tmp_path / "some.tar.gz"
    in_archive(path, {f"{cifar10_binary.FOLDER}/data_batch_1.bin": records([1])[1]})
    with pytest.raises(
        DatasetError, match=r"holds no cifar-10-batches-bin/data_batch_2"
    ):
        read_batches(path, cifar10_binary.TRAIN_FILES)


def test_memory_for_bytes_and_images_is_checked_first(tmp_path, monkeypatch):
    (tmp_path / "0.bin").write_bytes(records([1])[1])
    (tmp_path / "1.bin").write_bytes(records([2, 3])[1])
    asked = []
    monkeypatch.setattr(
        cifar10_binary, "check_memory", lambda *about: asked.append(about)
    )
    read_batches(tmp_path, ("0.bin", "1.bin"))
    with pytest.raises(DatasetError, match=r"2\.bin cannot be read"):
        read_batches(tmp_path, ("0.bin", "2.bin"))
    assert asked == [
        (2 * 3 * RECORD_BYTES, str(tmp_path)),
        (2 * RECORD_BYTES, str(tmp_path)),
    ]


def test_a_file_as_large_as_those_published_may_come_out_of_an_archive():
    assert (
        cifar10_binary.LARGEST_BYTES == 30_730_000
    )  # the size of each of the six files, by the official page
