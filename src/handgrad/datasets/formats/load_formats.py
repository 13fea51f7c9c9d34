"""A data set from a path, whatever its format."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

from handgrad.arrays import Pair
from handgrad.datasets.dataset import Dataset
from handgrad.datasets.formats.assemble import dataset_of
from handgrad.datasets.formats.content import Arrays
from handgrad.datasets.formats.kinds import find_kind
from handgrad.datasets.formats.labelled_files import load_labelled
from handgrad.datasets.image_folder import load_images
from handgrad.datasets.resize import resize_split
from handgrad.errors import ConfigError

Progress: TypeAlias = Callable[[str, int, int], None]
FOLDER = "folder"  # the label is that of the folder


def load_path(
    path: Path,
    image_size: Pair | None = None,
    progress: Progress | None = None,
    *,
    label_from: str | None = None,
    use_cache: bool = True,
) -> Dataset:
    """The data set of a file or folder."""
    found = None if label_from == FOLDER else find_kind(path, label_from)
    if found is None:
        if label_from not in (None, FOLDER):
            raise ConfigError(
                f"{path} holds pictures in class folders, got --label-from "
                f"{label_from}. Leave it out."
            )
        return load_images(path, image_size, progress, use_cache=use_cache)
    content = found.read()
    if isinstance(content, Arrays):
        dataset = dataset_of(path.stem if path.is_file() else path.name, content)
        return dataset if image_size is None else resized(dataset, image_size)
    with content.files:
        return load_labelled(
            path, content, image_size, progress, use_cache=use_cache
        )


def resized(dataset: Dataset, size: Pair) -> Dataset:
    """The same data set with its images at another height and width."""
    test = None if dataset.test is None else resize_split(dataset.test, size)
    return replace(dataset, train=resize_split(dataset.train, size), test=test)
