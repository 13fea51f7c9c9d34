import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handgrad.datasets import cifar10
from handgrad.datasets.cifar10 import RECORD_BYTES, read_batch, read_batches
from handgrad.errors import DatasetError


def records(labels, seed=0):
    """Records of random pixels, one label byte before each."""
    pixels = np.random.default_rng(seed).integers(0, 256, (len(labels), 3072), np.uint8)
    return pixels, np.column_stack([np.uint8(labels), pixels]).tobytes()


def test_reads_label_then_red_green_blue(tmp_path):
    path = tmp_path / "batch.bin"
    record = bytes([6]) + b"\x01" * 1024 + b"\x02" * 1024 + b"\x03" * 1023 + b"\x09"
    path.write_bytes(record)
    batch = read_batch(path)
    assert batch.targets.tolist() == [6]
    assert batch.images.shape == (1, 3, 32, 32)
    assert (batch.images[0, 0] == 1).all()
    assert (batch.images[0, 1] == 2).all()
    assert batch.images[0, 2, 31, 31] == 9
    assert batch.images[0, 2, 31, 30] == 3


def test_rows_come_row_by_row(tmp_path):
    path = tmp_path / "batch.bin"
    pixels, content = records([3])
    path.write_bytes(content)
    image = read_batch(path).images[0]
    assert image[1, 5, 7] == pixels[0, 1024 + 5 * 32 + 7]


def test_batches_follow_each_other(tmp_path):
    for number, label in enumerate((4, 7)):
        (tmp_path / f"{number}.bin").write_bytes(records([label, label], number)[1])
    both = read_batches(tmp_path, ("1.bin", "0.bin"))
    assert both.targets.tolist() == [7, 7, 4, 4]
    assert both.images.shape == (4, 3, 32, 32)
    np.testing.assert_array_equal(both.images[0].ravel(), records([7, 7], 1)[0][0])


@pytest.mark.parametrize("end", [*range(0, RECORD_BYTES, 101), RECORD_BYTES - 1])
def test_cut_off_anywhere_is_refused(tmp_path, end):
    path = tmp_path / "batch.bin"
    path.write_bytes(records([1, 2])[1][: RECORD_BYTES * (end > 0) + end])
    with pytest.raises(DatasetError, match=r"batch\.bin holds \d+ bytes, which is not"):
        read_batch(path)


@given(label=st.integers(10, 255), row=st.integers(0, 3))
def test_a_label_out_of_range_is_named(tmp_path_factory, label, row):
    path = tmp_path_factory.mktemp("cifar") / "batch.bin"
    labels = [0, 0, 0, 0]
    labels[row] = label
    path.write_bytes(records(labels)[1])
    with pytest.raises(DatasetError, match=f"label {label} of image {row} is out of"):
        read_batch(path)


@given(content=st.binary(max_size=40), count=st.integers(0, 160))
def test_any_bytes_give_images_or_one_clear_error(tmp_path_factory, content, count):
    path = tmp_path_factory.mktemp("cifar") / "batch.bin"
    path.write_bytes(content * count)
    try:
        batch = read_batch(path)
    except DatasetError:
        return
    assert len(batch) * RECORD_BYTES == len(content) * count > 0
    assert (batch.targets < 10).all()


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DatasetError, match=r"data_batch_1\.bin cannot be read: No such"):
        read_batches(tmp_path, cifar10.TRAIN_FILES)
