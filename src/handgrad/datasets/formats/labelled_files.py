"""Encoded pictures with their classes, through the same decoding as picture folders."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import TypeAlias

import numpy as np

from handgrad.arrays import Pair
from handgrad.datasets.dataset import Dataset
from handgrad.datasets.formats.assemble import SPLITS, class_numbers
from handgrad.datasets.formats.content import LabelledFile, Pictures
from handgrad.datasets.image_folder import load_planned
from handgrad.datasets.layout import Plan, aside_in_words, put_aside
from handgrad.datasets.picture_files import PictureFile
from handgrad.errors import DatasetError
from handgrad.text import composed

Progress: TypeAlias = Callable[[str, int, int], None]


def load_labelled(
    path: Path,
    pictures: Pictures,
    image_size: Pair | None = None,
    progress: Progress | None = None,
    *,
    use_cache: bool = True,
    skip_bad: bool = False,
    bit_depth: int | None = None,
) -> Dataset:
    """Decode the pictures once; later calls map the decoded pixels into memory.

    `bit_depth` is the least that deep pictures are read with.
    """
    stamps = [*(row.file for row in pictures.rows), _stamp(pictures.rows)]
    plan = replace(plan_of(pictures.rows, str(path)), bit_depth=bit_depth)
    return load_planned(
        path,
        pictures.files,
        stamps,
        plan,
        image_size,
        progress,
        use_cache=use_cache,
        skip_bad=skip_bad,
    )


def plan_of(rows: Sequence[LabelledFile], source: str) -> Plan:
    """Training files, then those of the test and of validation.

    Without either of these, a fifth of each class is the test split; files of a test
    alone are the whole.
    """
    if not rows:
        raise DatasetError(f"{source} holds no pictures with labels. Give another one.")
    rows = [replace(row, class_name=composed(row.class_name)) for row in rows]
    sides = {split: [row for row in rows if row.split == split] for split in SPLITS}
    train = [row for row in rows if row.split not in SPLITS]
    if not train:
        train, sides = list(rows), {split: [] for split in SPLITS}
    numbers = class_numbers([row.class_name for row in train])
    for row in (row for split in SPLITS for row in sides[split]):
        if row.class_name not in numbers:
            raise DatasetError(
                f"{source}: {row.file.name} is of class {row.class_name}, of which "
                "there are no training pictures. Add some, or leave the class out."
            )
    sources: dict[str, str] = {}
    if not any(sides.values()):
        train, sides["test"] = _put_aside(train)
        sources = aside_in_words(len(sides["test"]))
    both = [*train, *sides["test"], *sides["validation"]]
    return Plan(
        tuple(row.file for row in both),
        np.array([numbers[row.class_name] for row in both], dtype=np.int64),
        (len(train), len(sides["test"]), len(sides["validation"])),
        tuple(numbers),
        sources,
    )


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
