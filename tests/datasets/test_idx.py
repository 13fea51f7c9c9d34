import gzip
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handgrad import free_memory
from handgrad.datasets.idx import read_idx, read_split
from handgrad.errors import DatasetError, ResourceError

PIXELS = np.arange(4 * 3 * 5, dtype=np.uint8).reshape(4, 3, 5)
LABELS = np.array([1, 0, 2, 1], dtype=np.uint8)


def idx(array, kind=8):
    """An IDX file of bytes, by the specification."""
    sizes = b"".join(struct.pack(">I", size) for size in array.shape)
    return bytes([0, 0, kind, array.ndim]) + sizes + array.tobytes()


@pytest.fixture
def put(tmp_path):
    """A function that writes a file and returns its path."""

    def write(content, name="file") -> Path:
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return write


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_reads_what_was_written(put, pack):
    np.testing.assert_array_equal(read_idx(put(pack(idx(PIXELS))), 3), PIXELS)
    np.testing.assert_array_equal(read_idx(put(pack(idx(LABELS))), 1), LABELS)


def test_several_gzip_members_are_one_file(put):
    content = idx(PIXELS)
    packed = gzip.compress(content[:20]) + gzip.compress(content[20:])
    np.testing.assert_array_equal(read_idx(put(packed), 3), PIXELS)


@pytest.mark.parametrize("end", range(len(idx(PIXELS))))
def test_truncated_files_are_refused(put, end):
    with pytest.raises(DatasetError, match="file"):
        read_idx(put(idx(PIXELS)[:end]), 3)


@pytest.mark.parametrize("end", range(len(gzip.compress(idx(PIXELS)))))
def test_truncated_gzip_is_refused(put, end):
    with pytest.raises(DatasetError, match="file"):
        read_idx(put(gzip.compress(idx(PIXELS))[:end]), 3)


@pytest.mark.parametrize("place", range(10, len(gzip.compress(idx(PIXELS)))))
def test_gzip_with_a_changed_byte_never_gives_other_pixels(put, place):
    packed = bytearray(gzip.compress(idx(PIXELS)))
    packed[place] ^= 0x15
    with pytest.raises(DatasetError):
        read_idx(put(bytes(packed)), 3)


@given(content=st.binary(max_size=64), pack=st.booleans())
def test_any_bytes_give_pixels_or_an_error(tmp_path_factory, content, pack):
    path = tmp_path_factory.mktemp("idx") / "file"
    path.write_bytes(gzip.compress(content) if pack else content)
    with pytest.raises(DatasetError):
        read_idx(path, 3)


@given(data=st.data())
def test_any_header_gives_pixels_or_an_error(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("idx") / "file"
    sizes = data.draw(st.lists(st.integers(0, 2**32 - 1), min_size=3, max_size=3))
    small = data.draw(st.lists(st.integers(0, 4), min_size=3, max_size=3))
    sizes = data.draw(st.sampled_from([sizes, small]))
    body = data.draw(st.binary(max_size=70))
    path.write_bytes(struct.pack(">4B3I", 0, 0, 8, 3, *sizes) + body)
    if 0 < sizes[0] * sizes[1] * sizes[2] == len(body):
        assert read_idx(path, 3).tobytes() == body
    else:
        with pytest.raises(DatasetError):
            read_idx(path, 3)


@pytest.mark.parametrize("junk", [b"x", b"\0" * 9, b"<html>"])
def test_trailing_data_is_refused(put, junk):
    with pytest.raises(DatasetError, match="should hold 60 bytes after its header"):
        read_idx(put(idx(PIXELS) + junk), 3)
    with pytest.raises(DatasetError, match="but holds more"):
        read_idx(put(gzip.compress(idx(PIXELS) + junk)), 3)


def test_missing_bytes_are_counted(put):
    with pytest.raises(DatasetError, match="60 bytes after its header, but holds only"):
        read_idx(put(gzip.compress(idx(PIXELS)[:-1])), 3)


def test_more_numbers_than_bytes_are_refused(put):
    size = len(idx(PIXELS))
    for claimed, message in ((size, "should hold"), (size + 1, "but can hold 1 to")):
        header = struct.pack(">4B3I", 0, 0, 8, 3, claimed, 1, 1)
        with pytest.raises(DatasetError, match=message):
            read_idx(put(header + PIXELS.tobytes()), 3)


def test_junk_after_gzip_is_refused(put):
    with pytest.raises(DatasetError, match="damaged gzip file"):
        read_idx(put(gzip.compress(idx(PIXELS)) + b"junk"), 3)


def test_a_wrong_data_type_or_number_of_axes_is_refused(put):
    with pytest.raises(DatasetError, match="starts with 00000d03, expected 00000803"):
        read_idx(put(idx(PIXELS, kind=13)), 3)
    with pytest.raises(DatasetError, match="not an IDX file of bytes with 3 axes"):
        read_idx(put(idx(LABELS)), 3)


def test_a_web_page_is_refused(put):
    with pytest.raises(DatasetError, match="not an IDX file"):
        read_idx(put(b"<!doctype html><title>404</title>"), 3)


def test_sizes_beyond_any_memory_are_refused_before_reading(put):
    header = struct.pack(">4B3I", 0, 0, 8, 3, 2**32 - 1, 2**32 - 1, 2**32 - 1)
    with pytest.raises(DatasetError, match=r"declares .* numbers"):
        read_idx(put(header), 3)


def test_an_empty_file_is_called_empty(put):
    with pytest.raises(DatasetError, match="it is empty, expected 00000803"):
        read_idx(put(b""), 3)


def test_a_truncated_idx_file_states_its_capacity(put):
    with pytest.raises(DatasetError, match="but can hold 1 to "):
        read_idx(put(idx(PIXELS)[:-20]), 3)


def test_no_images_at_all_is_refused(put):
    with pytest.raises(
        DatasetError, match="declares 0 x 3 x 5 numbers, 0 bytes, but can hold"
    ):
        read_idx(put(idx(PIXELS[:0])), 3)


def test_pixels_beyond_the_memory_are_refused_before_reading(put, monkeypatch):
    monkeypatch.setattr(free_memory, "free_memory", lambda: 59)
    with pytest.raises(ResourceError, match=r"file needs 60 bytes of memory"):
        read_idx(put(idx(PIXELS)), 3)
    monkeypatch.setattr(free_memory, "free_memory", lambda: 60)
    assert read_idx(put(idx(PIXELS)), 3).size == 60


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    with pytest.raises(DatasetError, match="gone cannot be read: No such file"):
        read_idx(tmp_path / "gone", 3)
    with pytest.raises(DatasetError, match="cannot be read"):
        read_idx(tmp_path, 3)


def test_a_split_is_images_with_a_channel_and_their_labels(put):
    split = read_split(put(idx(PIXELS), "images"), put(idx(LABELS), "labels"), 3)
    np.testing.assert_array_equal(split.images, PIXELS[:, None])
    assert split.targets.tolist() == LABELS.tolist()
    assert split.targets.dtype == np.int64


def test_swapped_files_are_refused(put):
    with pytest.raises(DatasetError, match="labels is not an IDX file of bytes with 3"):
        read_split(put(idx(LABELS), "labels"), put(idx(PIXELS), "images"), 3)


def test_counts_that_differ_are_refused(put):
    images, labels = put(idx(PIXELS), "images"), put(idx(LABELS[:3]), "labels")
    with pytest.raises(
        DatasetError, match=r"images holds 4 images, but .*labels holds 3"
    ):
        read_split(images, labels, 3)


def test_a_label_out_of_range_is_refused(put):
    images, labels = put(idx(PIXELS), "images"), put(idx(LABELS), "labels")
    with pytest.raises(DatasetError, match="label 2 of image 2 is out of range"):
        read_split(images, labels, 2)
