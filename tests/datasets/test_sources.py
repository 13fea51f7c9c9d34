import re
from urllib.parse import urlsplit

import pytest

from handgrad.datasets.load import read
from handgrad.datasets.local_copies import find, is_here
from handgrad.datasets.sources import (
    NAMES,
    SOURCES,
    check_is_here,
    overview,
    source_of,
    usual_size,
)
from handgrad.errors import DatasetError

from .conftest import DOWNLOADS

ALL = pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
DOWNLOADED = pytest.mark.parametrize("source", DOWNLOADS.values(), ids=DOWNLOADS)


@DOWNLOADED
def test_there_are_two_mirrors_on_two_hosts(source):
    assert len({urlsplit(mirror).netloc for mirror in source.mirrors}) >= 2
    assert all(mirror.endswith("/") for mirror in source.mirrors)


@DOWNLOADED
def test_every_download_has_a_checksum(source):
    fetched = source.files if source.archive is None else (source.archive,)
    assert all(re.fullmatch("[0-9a-f]{64}", file.sha256) for file in fetched)
    assert len({file.sha256 for file in fetched}) == len(fetched)


@ALL
def test_classes_and_names_are_distinct(source):
    assert len(set(source.class_names)) == len(source.class_names) > 1
    assert SOURCES[source.name] is source


@ALL
def test_what_is_declared_is_what_is_read(source, data):
    place = None
    if source.files:
        place = find(source, data(source.name.replace("_", "-")).parent)
        if place is None:
            pytest.skip(f"needs the files of {source.name}")
    dataset = read(source, place)
    assert dataset.train.images.shape == source.train_shape
    assert source.checksum in (None, dataset.checksum)
    total = len(dataset.train) + len(dataset.test)
    assert source.description.startswith(f"{total:,} ")
    assert "{} x {}".format(*source.train_shape[2:]) in source.description


def test_a_data_set_is_found_whatever_the_spelling_of_its_name():
    assert source_of("Fashion-MNIST") is SOURCES["fashion_mnist"]
    assert source_of("mine") is None
    assert source_of("") is None


def test_only_digits_are_resized():
    assert {name: usual_size(name) for name in (*SOURCES, "mine")} == {
        **dict.fromkeys((*SOURCES, "mine")),
        "digits": (28, 28),
    }


def test_a_data_set_that_is_not_here_is_an_error_with_the_way_to_it(monkeypatch):
    monkeypatch.setattr("handgrad.datasets.local_copies.find", lambda *_: None)
    with pytest.raises(DatasetError, match="handgrad data fetch mnist"):
        check_is_here("mnist")
    check_is_here("digits")  # part of another library
    check_is_here("pictures.zip")  # a path
    assert not is_here(SOURCES["mnist"])


@pytest.mark.parametrize("name", NAMES)
def test_images_have_their_usual_shape_in_training(name):
    source = SOURCES[name]
    size = usual_size(name) or source.train_shape[2:]
    assert source.usual_shape == (source.train_shape[1], *size)


def test_the_overview_has_a_row_for_each():
    rows = {row["id"]: row for row in overview()}
    assert list(rows) == list(SOURCES)
    assert rows["digits"]["is_here"]
    assert (rows["digits"]["shape"], rows["digits"]["usual"]) == (
        (1, 8, 8),
        (1, 28, 28),
    )
