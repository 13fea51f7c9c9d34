"""Damaged files of a data set are refused with a clear error."""

import numpy as np
import pytest

from handgrad.datasets.load import load
from handgrad.errors import DatasetError

from .small_mnist import CONTENTS, idx, put

pytestmark = pytest.mark.usefixtures("place")


def damaged():
    """Kinds of damage to the files of a data set, and the errors."""
    images, labels = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"
    whole = CONTENTS[images]
    yield "swapped", {images: CONTENTS[labels], labels: whole}, "not an IDX file"
    yield "cut off", {images: whole[:-1]}, "holds only"
    yield "junk", {images: whole + b"x"}, "holds more"
    yield "page", {labels: b"<html>Not found</html>"}, "not an IDX file"
    yield "empty", {labels: b""}, "not an IDX file"
    yield "counts", {labels: idx(np.zeros(29, np.uint8))}, "29 labels"
    yield "range", {labels: idx(np.full(30, 10, np.uint8))}, "label 10 of image 0"


@pytest.mark.parametrize(
    ("changes", "words"), [pytest.param(*rest, id=name) for name, *rest in damaged()]
)
@pytest.mark.parametrize("pack", [True, False], ids=["gzip", "plain"])
def test_damaged_data_sets_are_refused(place, changes, words, pack):
    put(place / "data" / "mnist", {**CONTENTS, **changes}, pack=pack)
    with pytest.raises(DatasetError, match=words) as caught:
        load("mnist")
    assert "ubyte" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.nightly
@pytest.mark.parametrize("pack", [True, False], ids=["gzip", "plain"])
def test_any_change_of_any_file_is_refused_or_in_the_checksum(place, pack, seed):
    folder = put(place / "data" / "mnist", pack=pack)
    original = load("mnist").checksum
    random = np.random.default_rng(seed)
    paths = sorted(folder.iterdir())
    refused = 0
    for _ in range(5_000):
        path = paths[random.integers(4)]
        whole = path.read_bytes()
        changed = bytearray(whole)
        for _ in range(random.integers(1, 4)):
            changed[random.integers(len(changed))] ^= 1 << random.integers(8)
        del changed[len(changed) - int(random.integers(2) * random.integers(40)) :]
        path.write_bytes(bytes(changed))
        try:
            found = load("mnist").checksum
        except DatasetError:
            refused += 1
        else:
            # only the gzip header (time and name) can change undetected
            assert (found == original) == (pack or bytes(changed) == whole)
        path.write_bytes(whole)
    assert refused > 2_000
