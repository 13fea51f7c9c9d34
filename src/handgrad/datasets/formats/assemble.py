"""Assembly of a data set from its parts: splits, class numbers and a checksum."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from handgrad.arrays import NumpyArray
from handgrad.datasets.dataset import Dataset, Split, checksum_of
from handgrad.datasets.formats.content import Arrays, Part
from handgrad.datasets.formats.label_arrays import named, ordered
from handgrad.datasets.layout import describe_held_out
from handgrad.errors import DatasetError
from handgrad.free_memory import check_memory
from handgrad.randomness import Key, permutation
from handgrad.text import composed

TEST_SHARE = 5  # one in five of each class
TEST_KEY = Key(0).child("array file").child("test")


SPLITS = ("test", "validation")


def dataset_of(name: str, arrays: Arrays) -> Dataset:
    """Return the data set, with classes numbered in the order of their labels.

    Without test and validation images, a fifth of each class is the test split; a test
    file alone is read as the whole data set.

    DatasetError for images of different shapes, and for a test or validation image of
    a class that no training image has.
    """
    _check_shapes(arrays.parts)
    sides = {split: [p for p in arrays.parts if p.split == split] for split in SPLITS}
    train = [part for part in arrays.parts if part.split not in SPLITS]
    if not train:
        train, sides = list(arrays.parts), {split: [] for split in SPLITS}
    numbers = class_numbers([name for part in train for name in _names(part, arrays)])
    whole = _joined(train, numbers, arrays)
    test, validation = (
        _joined(sides[split], numbers, arrays) if sides[split] else None
        for split in SPLITS
    )
    sources: dict[str, str] = {}
    if not any(sides.values()):
        whole, test = hold_out(whole)
        sources = describe_held_out(0 if test is None else len(test))
    checksum = checksum_of(whole, test, validation)
    classes = tuple(numbers)
    return Dataset(name, whole, test, classes, checksum, validation, sources)


def class_numbers(names: Sequence[str]) -> dict[str, int]:
    """Return the number of each class."""
    return {name: number for number, name in enumerate(ordered(set(names)))}


def hold_out(whole: Split) -> tuple[Split, Split | None]:
    """Hold out a fifth of each class, rounded down, as the test split."""
    order = permutation(TEST_KEY, len(whole))
    aside = np.zeros(len(whole), dtype=bool)
    for number in np.unique(whole.targets):
        members = order[whole.targets[order] == number]
        aside[members[: len(members) // TEST_SHARE]] = True
    if not aside.any():
        return whole, None
    return whole.take(np.flatnonzero(~aside)), whole.take(np.flatnonzero(aside))


def _names(part: Part, arrays: Arrays) -> list[str]:
    return [_name(label, arrays.names) for label in np.unique(part.labels).tolist()]


def _name(label: Any, names: Mapping[Any, str]) -> str:
    return composed(names.get(label, named(label)))


def _joined(parts: Sequence[Part], numbers: Mapping[str, int], arrays: Arrays) -> Split:
    if len(parts) > 1:
        check_memory(sum(part.images.nbytes for part in parts), "The data set")
        images = np.concatenate([part.images for part in parts])
    else:
        images = parts[0].images
    targets = [_targets(part, numbers, arrays) for part in parts]
    return Split(images, np.concatenate(targets))


def _targets(part: Part, numbers: Mapping[str, int], arrays: Arrays) -> NumpyArray:
    values, places = np.unique(part.labels, return_inverse=True)
    names = [_name(value, arrays.names) for value in values.tolist()]
    unknown = next((name for name in names if name not in numbers), None)
    if unknown is not None:
        raise DatasetError(
            f"{part.source} holds images of class {unknown}, which has no training "
            "images. Add some, or remove the class."
        )
    of_value = np.array([numbers[name] for name in names], dtype=np.int64)
    return of_value[places.reshape(-1)]


def _check_shapes(parts: Sequence[Part]) -> None:
    first = parts[0]
    for part in parts:
        if len(part.images) != len(part.labels):
            raise DatasetError(
                f"{part.source} holds {len(part.images)} images, but "
                f"{len(part.labels)} labels. They do not belong together; give "
                "matching files."
            )
        if part.images.shape[1:] != first.images.shape[1:]:
            raise DatasetError(
                f"{first.source} holds images of shape {first.images.shape[1:]}, "
                f"{part.source} of {part.images.shape[1:]}. They do not belong "
                "together; give matching files."
            )
