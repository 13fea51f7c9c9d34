from pathlib import Path

import pytest

from handgrad.datasets.load import load
from handgrad.datasets.local_copies import check_partial, find, target_of
from handgrad.datasets.sources import CIFAR10, MNIST
from handgrad.errors import DatasetError

from .small_mnist import CONTENTS, contents_of, put

pytestmark = pytest.mark.usefixtures("place")


def test_a_folder_with_a_missing_file_is_skipped(place):
    put(place / "data" / "mnist")
    (place / "data" / "mnist" / "t10k-labels-idx1-ubyte.gz").unlink()
    put(place / "cache" / "mnist", contents_of(7))
    assert find(MNIST) == place / "cache" / "mnist"


def test_the_rest_of_a_named_copy_is_not_downloaded(place):
    put(place / "given")
    (place / "given" / "t10k-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(DatasetError, match="a part of mnist, but no t10k-labels"):
        load("mnist", data_dir="given")


def test_an_interrupted_download_is_resumed(place):
    put(place / "given" / "mnist")
    (place / "given" / "mnist" / "t10k-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(DatasetError, match="could not be downloaded"):
        load("mnist", data_dir="given")


def test_a_named_folder_with_another_data_set_is_refused(place):
    named = {f"emnist-letters-{name}": content for name, content in CONTENTS.items()}
    put(place / "given", named)
    with pytest.raises(DatasetError, match=r"holds emnist-.*--dataset given"):
        load("mnist", data_dir="given")
    assert check_partial(CIFAR10, "given") is None
    assert check_partial(MNIST, None) is None


def test_a_download_goes_into_the_named_folder_or_the_cache(place, monkeypatch):
    assert target_of("mnist", None) == place / "cache" / "mnist"
    monkeypatch.setenv("HANDGRAD_DATA", "sets")
    assert target_of("mnist", None) == Path("sets/mnist")
    assert target_of("mnist", "given") == Path("given/mnist")
