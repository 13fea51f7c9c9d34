import numpy as np
import pytest

from handgrad.datasets.mnist import MNIST, idx_files, read_idx_files

from .small_mnist import contents_of, put


def test_sizes_follow_from_the_format():
    sizes = [16 + 60_000 * 784, 8 + 60_000, 16 + 10_000 * 784, 8 + 10_000]
    assert [file.size for file in MNIST.files] == sizes


def test_each_file_has_its_own_checksum():
    assert [file.sha256 for file in idx_files(*"abcd")] == list("abcd")
    with pytest.raises(ValueError, match="shorter"):
        idx_files("a", "b", "c")


def test_the_training_files_come_before_the_test_files(tmp_path):
    contents = contents_of(count=12)
    train, test = read_idx_files(put(tmp_path, contents))
    assert (len(train), len(test)) == (12, 10)
    assert train.images.tobytes() == contents["train-images-idx3-ubyte"][16:]
    labels = contents["t10k-labels-idx1-ubyte"][8:]
    np.testing.assert_array_equal(test.targets, np.frombuffer(labels, np.uint8))
