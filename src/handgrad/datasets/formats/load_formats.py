"""Loading data sets of any supported format from a path."""

from dataclasses import replace
from pathlib import Path
from typing import Unpack

from handgrad.datasets.dataset import Dataset
from handgrad.datasets.formats.assemble import dataset_of
from handgrad.datasets.formats.content import Arrays
from handgrad.datasets.formats.detection import Found, find_kind
from handgrad.datasets.formats.labelled_files import load_labelled
from handgrad.datasets.image_fit import USUAL
from handgrad.datasets.image_folder import Decoding, load_images
from handgrad.datasets.resize import resize_dataset
from handgrad.errors import ConfigError, DatasetError

LEAST_CLASSES = 2
FOLDER = "folder"  # labels are folder names


def load_path(
    path: Path,
    *,
    label_from: str | None = None,
    allow_empty_classes: bool = False,
    **how: Unpack[Decoding],
) -> Dataset:
    """Load the data set of a file or folder."""
    found = find_chosen(path, label_from)
    if found is None:
        return load_images(path, allow_empty_classes=allow_empty_classes, **how)
    content = found.read()
    if isinstance(content, Arrays):
        name = path.stem if path.is_file() else path.resolve().name
        made = replace(dataset_of(name, content), left=content.notes)
        dataset, size = _check_classes(path, made), how.get("image_size")
        fit = how.get("fit", USUAL)
        return dataset if size is None else resize_dataset(dataset, size, fit)
    with content.files:
        dataset = load_labelled(path, content, **how)
    return _check_classes(path, replace(dataset, left=content.notes))


def find_chosen(path: Path, label_from: str | None) -> Found | None:
    """Detect the format at a path, with the chosen labels; None for class folders.

    ConfigError for a choice if there are no labels to choose from.
    """
    found = None if label_from == FOLDER else find_kind(path, label_from)
    has_choice = label_from == FOLDER if found is None else found.kind.has_choice
    if label_from is not None and not has_choice:
        about = "images in class folders" if found is None else found.kind.about
        raise ConfigError(
            f"{path} holds {about}, got --label-from {label_from}. Omit it."
        )
    return found


def load_whole(
    path: Path,
    *,
    label_from: str | None = None,
    bit_depth: int | None = None,
    **how: Unpack[Decoding],
) -> Dataset | None:
    """Load all images of a file or folder as one split; one class is enough.

    `bit_depth` is the minimum for deep images. Returns None for images in class
    folders.
    """
    found = None if label_from == FOLDER else find_kind(path, label_from)
    if found is None:
        return None
    content = found.read()
    if isinstance(content, Arrays):
        parts = tuple(replace(part, split="") for part in content.parts)
        return dataset_of(path.stem, replace(content, parts=parts))
    rows = tuple(replace(row, split="") for row in content.rows)
    with content.files:
        whole = replace(content, rows=rows)
        return load_labelled(path, whole, bit_depth=bit_depth, **how)


def _check_classes(path: Path, dataset: Dataset) -> Dataset:
    """Raise DatasetError for a data set of one class."""
    if dataset.classes < LEAST_CLASSES:
        raise DatasetError(
            f"{path} holds images of one class only ({dataset.class_names[0]}), but a "
            "classifier needs two or more. Add images, or choose other labels with "
            "--label-from WHAT."
        )
    return dataset
