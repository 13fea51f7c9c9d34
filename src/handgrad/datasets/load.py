"""A data set by its name, or from a folder or zip of images."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from handgrad.arrays import Pair
from handgrad.datasets import cifar10
from handgrad.datasets.dataset import Dataset, Split, checksum_of
from handgrad.datasets.digits import load_digits
from handgrad.datasets.download import fetch_files
from handgrad.datasets.idx import read_split
from handgrad.datasets.image_folder import load_images
from handgrad.datasets.locate import cache_folder, first_existing, folders
from handgrad.datasets.resize import resize_split
from handgrad.datasets.sources import SOURCES, Source
from handgrad.errors import DatasetError, unknown_name

Progress: TypeAlias = Callable[[str, int, int], None]  # what, done, of how many

NAMES = ("cifar10", "digits", "fashion_mnist", "mnist")


def load(
    name_or_path: str | Path,
    *,
    data_dir: Path | None = None,
    image_size: Pair | None = None,
    progress: Progress | None = None,
) -> Dataset:
    """Load a data set: looked for on this machine first, else downloaded.

    A name is one of `NAMES` (a hyphen is as good as an underscore); anything that is a
    folder or a file is read as images in class folders.

    Example
        load("digits").train.images.shape == (1437, 1, 8, 8)
    """
    name = str(name_or_path).replace("-", "_").lower()
    if name == "digits":
        dataset = load_digits()
    elif name in SOURCES:
        folder = find(SOURCES[name], data_dir) or fetch(
            name, data_dir=data_dir, progress=progress
        )
        dataset = _read(name, folder)
    elif Path(name_or_path).exists():
        return load_images(Path(name_or_path), image_size, progress)
    elif _looks_like_path(name_or_path):
        raise DatasetError(
            f"There is no data set at {name_or_path}. Give a folder or a zip with one "
            f"folder of images for each class, or a name: {', '.join(NAMES)}."
        )
    else:
        raise unknown_name("data set", str(name_or_path), NAMES)
    return dataset if image_size is None else resized(dataset, image_size)


def fetch(
    name: str, *, data_dir: Path | None = None, progress: Progress | None = None
) -> Path:
    """Download a data set where it is not there yet; returns its folder."""
    known = name.replace("-", "_").lower()
    if known == "digits":
        raise DatasetError("digits needs no download: it comes with scikit-learn.")
    if known not in SOURCES:
        raise unknown_name("data set", name, SOURCES)
    source = SOURCES[known]
    found = find(source, data_dir)
    if found is not None:
        return found
    return fetch_files(source, (data_dir or cache_folder()) / known, progress)


def find(source: Source, data_dir: Path | None = None) -> Path | None:
    """The first folder that holds all files of a data set."""
    for folder in folders(data_dir, source.folders):
        if all(
            first_existing(folder, (file.name, file.packed)) for file in source.files
        ):
            return folder
    return None


def resized(dataset: Dataset, size: Pair) -> Dataset:
    """The same data set with its images at another height and width."""
    test = None if dataset.test is None else resize_split(dataset.test, size)
    return Dataset(
        dataset.name,
        resize_split(dataset.train, size),
        test,
        dataset.class_names,
        dataset.checksum,
    )


def _read(name: str, folder: Path) -> Dataset:
    source = SOURCES[name]
    if name == "cifar10":
        train = cifar10.read_batches(folder, cifar10.TRAIN_FILES)
        test = cifar10.read_batches(folder, cifar10.TEST_FILES)
    else:
        train, test = (
            _read_idx_pair(folder, source, start, len(source.class_names))
            for start in (0, 2)
        )
    checksum = checksum_of(train, test)
    return Dataset(name, train, test, source.class_names, checksum)


def _read_idx_pair(folder: Path, source: Source, start: int, classes: int) -> Split:
    paths = [
        first_existing(folder, (file.name, file.packed))
        for file in source.files[start : start + 2]
    ]
    images, labels = (path for path in paths if path is not None)
    return read_split(images, labels, classes)


def _looks_like_path(name: str | Path) -> bool:
    text = str(name)
    return isinstance(name, Path) or "/" in text or "\\" in text or "." in text
