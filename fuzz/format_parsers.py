"""Parsers of `datasets.formats`, as bytes -> None; one of REFUSED may come out."""

import numpy as np

from fuzz.files import put
from handgrad.datasets.formats.assemble import dataset_of
from handgrad.datasets.formats.content import Arrays, EncodedImages
from handgrad.datasets.formats.detection import Read, find_kind
from handgrad.datasets.formats.npz import read_npz
from handgrad.datasets.formats.pixel_csv import read_pixel_csv
from handgrad.datasets.formats.pixel_strings import read_pixel_strings
from handgrad.datasets.formats.svhn import read_svhn
from handgrad.datasets.formats.tar_shards import read_tar_shards
from handgrad.errors import ConfigError, DatasetError, ResourceError

REFUSED = (DatasetError, ConfigError, ResourceError)


def read(content: bytes, name: str, reader: Read) -> None:
    """A file of this name by its reader: images with labels, or a sentence."""
    path = put(content, f"formats/{name}")
    check(reader([path], None))


def check(found: Arrays | EncodedImages) -> None:
    """Images of bytes, each with a label, or pictures with their classes."""
    if isinstance(found, EncodedImages):
        with found.files:
            assert all(isinstance(row.class_name, str) for row in found.rows)
        return
    assert all(part.images.dtype == np.uint8 for part in found.parts)
    assert all(part.images.ndim == 4 for part in found.parts)
    dataset = dataset_of("it", found)
    assert dataset.train.targets.min() >= 0
    assert dataset.train.targets.max() < dataset.classes


def npz(content: bytes) -> None:
    """A NumPy archive."""
    read(content, "it.npz", read_npz)


def mat5(content: bytes) -> None:
    """A MATLAB file of version 5; 7.3 is read by h5py."""
    if not content.startswith(b"MATLAB 7.3"):
        read(content, "it.mat", read_svhn)


def pixel_csv(content: bytes) -> None:
    """A CSV file of pixels."""
    read(content, "it.csv", read_pixel_csv)


def pixel_strings(content: bytes) -> None:
    """A CSV file with a string of pixels in each row."""
    read(content, "it.csv", read_pixel_strings)


def tar_shards(content: bytes) -> None:
    """A WebDataset tar."""
    read(content, "it.tar", read_tar_shards)


def data_zip(content: bytes) -> None:
    """A zip of data files, found by its content."""
    path = put(content, "formats/it.zip")
    found = find_kind(path)
    if found is None:
        raise DatasetError("no data")
    check(found.read())


FORMATS = (npz, mat5, pixel_csv, pixel_strings, tar_shards, data_zip)
