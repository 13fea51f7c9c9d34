import re
from urllib.parse import urlsplit

import pytest

from handgrad.datasets.load import read
from handgrad.datasets.sources import CIFAR10, FASHION_MNIST, MNIST, SOURCES, File

ALL = list(SOURCES.values())


@pytest.mark.parametrize("source", ALL, ids=SOURCES)
def test_there_are_two_mirrors_on_two_hosts(source):
    assert len({urlsplit(mirror).netloc for mirror in source.mirrors}) >= 2
    assert all(mirror.endswith("/") for mirror in source.mirrors)


@pytest.mark.parametrize("source", ALL, ids=SOURCES)
def test_every_download_has_a_checksum(source):
    fetched = source.files if source.archive is None else (source.archive,)
    assert all(re.fullmatch("[0-9a-f]{64}", file.sha256) for file in fetched)
    assert len({file.sha256 for file in fetched}) == len(fetched)


@pytest.mark.parametrize("source", ALL, ids=SOURCES)
def test_ten_classes_and_a_name_that_is_its_own(source):
    assert len(set(source.class_names)) == 10
    assert SOURCES[source.name] is source


def test_sizes_follow_from_the_formats():
    for source in (MNIST, FASHION_MNIST):
        sizes = [16 + 60_000 * 784, 8 + 60_000, 16 + 10_000 * 784, 8 + 10_000]
        assert [file.size for file in source.files] == sizes
    assert {file.size for file in CIFAR10.files} == {10_000 * 3_073}


def test_a_file_as_gzip_has_gz_behind_its_name():
    assert File("images", 1, "").packed == "images.gz"


@pytest.mark.parametrize(
    ("source", "folder"), [(MNIST, "mnist"), (FASHION_MNIST, "fashion-mnist")]
)
def test_the_checksum_is_that_of_the_original(data, source, folder):
    dataset = read(source, data(folder))
    assert dataset.checksum == source.checksum
    assert dataset.train.images.shape == (60_000, 1, 28, 28)
    assert dataset.test.images.shape == (10_000, 1, 28, 28)


def test_fashion_mnist_has_its_published_mean_and_spread(data):
    from handgrad.datasets.normalization import standard

    found = standard(read(FASHION_MNIST, data("fashion-mnist")).train.images)
    assert found.mean[0] == pytest.approx(0.28604059698879, abs=1e-14)
    assert found.std[0] == pytest.approx(0.35302424451492, abs=1e-14)
