"""Encoded pictures with their classes, through the same decoding as picture folders."""

from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import TypeAlias

import numpy as np

from handgrad.arrays import Pair
from handgrad.datasets.dataset import Dataset
from handgrad.datasets.formats.assemble import class_numbers
from handgrad.datasets.formats.content import LabelledFile, Pictures
from handgrad.datasets.image_folder import Plan, load_planned, put_aside
from handgrad.datasets.picture_files import PictureFile
from handgrad.errors import DatasetError

Progress: TypeAlias = Callable[[str, int, int], None]


def load_labelled(
    path: Path,
    pictures: Pictures,
    image_size: Pair | None = None,
    progress: Progress | None = None,
    *,
    use_cache: bool = True,
) -> Dataset:
    """Decode the pictures once; later calls map the decoded pixels into memory."""
    rows = pictures.rows
    stamps = [*(row.file for row in rows), _stamp(rows)]
    return load_planned(
        path,
        pictures.files,
        stamps,
        lambda: plan_of(rows, str(path)),
        image_size,
        progress,
        use_cache=use_cache,
    )


def plan_of(rows: Sequence[LabelledFile], source: str) -> Plan:
    """Training files first, then test files; without any, a fifth of each class."""
    if not rows:
        raise DatasetError(f"{source} holds no pictures with labels. Give another one.")
    test = [row for row in rows if row.split == "test"]
    train = [row for row in rows if row.split != "test"]
    if not train:  # a test set that is given alone is the whole
        train, test = test, []
    numbers = class_numbers([row.class_name for row in train])
    for row in test:
        if row.class_name not in numbers:
            raise DatasetError(
                f"{source}: {row.file.name} is of class {row.class_name}, of which "
                "there are no training pictures. Add some, or leave the class out."
            )
    if not test:
        train, test = _put_aside(train)
    both = [*train, *test]
    targets = np.array([numbers[row.class_name] for row in both], dtype=np.int64)
    files = tuple(row.file for row in both)
    return Plan(files, targets, len(train), tuple(numbers))


def _put_aside(
    rows: Sequence[LabelledFile],
) -> tuple[list[LabelledFile], list[LabelledFile]]:
    by_file = {row.file.name: row for row in rows}
    places = [(row.file, (row.class_name, row.file.name)) for row in rows]
    train, test = put_aside(places)
    return (
        [by_file[file.name] for file, _ in train],
        [by_file[file.name] for file, _ in test],
    )


def _stamp(rows: Sequence[LabelledFile]) -> PictureFile:
    """The labels as a row of the cache's key: other labels, another cache."""
    text = repr([(row.file.name, row.class_name, row.split) for row in rows])
    digest = sha256(text.encode("utf-8", "surrogateescape")).digest()
    return PictureFile("labels", len(rows), (int.from_bytes(digest[:8], "big"),))
