import pytest

from handgrad.datasets.fashion_mnist import FASHION_MNIST
from handgrad.datasets.load import read
from handgrad.datasets.mnist import MNIST
from handgrad.datasets.normalization import standard


def test_the_files_are_those_of_mnist_with_other_content():
    for ours, theirs in zip(FASHION_MNIST.files, MNIST.files, strict=True):
        assert (ours.name, ours.size) == (theirs.name, theirs.size)
        assert ours.sha256 != theirs.sha256


def test_fashion_mnist_has_its_published_mean_and_spread(data):
    found = standard(read(FASHION_MNIST, data("fashion-mnist")).train.images)
    assert found.mean[0] == pytest.approx(0.28604059698879, abs=1e-14)
    assert found.std[0] == pytest.approx(0.35302424451492, abs=1e-14)
