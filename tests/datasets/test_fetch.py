"""Downloads from a mirror on loopback."""

from dataclasses import replace
from pathlib import Path

import pytest

from handgrad.datasets.dataset import checksum_of
from handgrad.datasets.load import fetch, load
from handgrad.datasets.sources import MNIST, SOURCES
from handgrad.errors import ConfigError, DatasetError

from .mirrors import file_of, mirror, packed
from .small_mnist import CONTENTS, contents_of, put

pytestmark = pytest.mark.usefixtures("place")


def served(monkeypatch, address, contents=CONTENTS):
    """Make `mnist` these files on this mirror."""
    files = tuple(file_of(name, content) for name, content in contents.items())
    monkeypatch.setitem(
        SOURCES, "mnist", replace(MNIST, files=files, mirrors=(address,), checksum=None)
    )


def test_a_missing_data_set_is_downloaded_once(place, monkeypatch):
    with mirror(packed(CONTENTS)) as (address, asked):
        served(monkeypatch, address)
        first = load("mnist")
        assert len(asked) == 4
        assert load("mnist").checksum == first.checksum
        assert fetch("mnist") == place / "cache" / "mnist"
        assert len(asked) == 4
    assert first.train.images.tobytes() == CONTENTS["train-images-idx3-ubyte"][16:]


def test_a_named_folder_receives_the_download(place, monkeypatch):
    with mirror(packed(CONTENTS)) as (address, _):
        served(monkeypatch, address)
        assert fetch("MNIST", data_dir="here") == Path("here/mnist")
    assert not (place / "cache").exists()
    assert load("mnist", data_dir="here").train.images.shape == (30, 1, 5, 4)


def test_a_damaged_download_is_replaced(place, monkeypatch):
    with mirror(packed(CONTENTS)) as (address, asked):
        served(monkeypatch, address)
        path = fetch("mnist") / "train-images-idx3-ubyte.gz"
        path.write_bytes(path.read_bytes()[:-9])
        with pytest.raises(DatasetError, match="damaged gzip"):
            load("mnist")
        fetch("mnist")
        assert asked[4:] == ["train-images-idx3-ubyte.gz"]
        assert len(load("mnist").train) == 30


def test_a_custom_subset_is_not_replaced(place, monkeypatch):
    put(place / "data" / "mnist", contents_of(count=12))
    with mirror(packed(CONTENTS)) as (address, asked):
        served(monkeypatch, address)
        assert fetch("mnist") == Path("data/mnist")
        dataset = load("mnist")
    assert asked == []
    assert len(dataset.train) == 12
    assert dataset.checksum == checksum_of(dataset.train, dataset.test)


def test_without_network_the_error_gives_the_next_step():
    with pytest.raises(
        DatasetError, match=r"train-images-idx3-ubyte\.gz of mnist could"
    ):
        load("mnist")
    with pytest.raises(
        DatasetError, match=r"cifar-10-binary\.tar\.gz of cifar10 could"
    ):
        load("cifar10")


def test_only_known_names_can_be_fetched():
    with pytest.raises(DatasetError, match="digits needs no download"):
        fetch("digits")
    with pytest.raises(ConfigError, match="Did you mean 'fashion_mnist'"):
        fetch("fashon_mnist")
