"""Labelled image files, decoded like those of class folders."""

from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Unpack

import numpy as np

from handgrad.datasets.dataset import Dataset
from handgrad.datasets.formats.assemble import SPLITS, class_numbers
from handgrad.datasets.formats.content import EncodedImages, LabelledFile
from handgrad.datasets.image_files import ImageFile
from handgrad.datasets.image_folder import Decoding, load_planned
from handgrad.datasets.layout import Plan, describe_held_out, hold_out
from handgrad.errors import DatasetError
from handgrad.text import composed


def load_labelled(
    path: Path,
    content: EncodedImages,
    *,
    bit_depth: int | None = None,
    **how: Unpack[Decoding],
) -> Dataset:
    """Decode the images once; later calls memory-map the decoded pixels.

    `bit_depth` is the minimum for deep images.
    """
    stamps = [*(row.file for row in content.rows), _stamp(content.rows)]
    plan = replace(plan_of(content.rows, str(path)), bit_depth=bit_depth)
    return load_planned(path, content.files, stamps, plan, **how)


def plan_of(rows: Sequence[LabelledFile], source: str) -> Plan:
    """Return the plan of training, test and validation files.

    Without test and validation files, a fifth of each class is the test split; test
    files alone are read as the whole data set.
    """
    if not rows:
        raise DatasetError(f"{source} holds no images with labels. Give another path.")
    rows = [replace(row, class_name=composed(row.class_name)) for row in rows]
    sides = {split: [row for row in rows if row.split == split] for split in SPLITS}
    train = [row for row in rows if row.split not in SPLITS]
    if not train:
        train, sides = list(rows), {split: [] for split in SPLITS}
    numbers = class_numbers([row.class_name for row in train])
    for row in (row for split in SPLITS for row in sides[split]):
        if row.class_name not in numbers:
            raise DatasetError(
                f"{source}: {row.file.name} is of class {row.class_name}, which has no "
                "training images. Add some, or remove the class."
            )
    sources: dict[str, str] = {}
    if not any(sides.values()):
        train, sides["test"] = _hold_out(train)
        sources = describe_held_out(len(sides["test"]))
    both = [*train, *sides["test"], *sides["validation"]]
    return Plan(
        tuple(row.file for row in both),
        np.array([numbers[row.class_name] for row in both], dtype=np.int64),
        (len(train), len(sides["test"]), len(sides["validation"])),
        tuple(numbers),
        sources,
    )


def _hold_out(
    rows: Sequence[LabelledFile],
) -> tuple[list[LabelledFile], list[LabelledFile]]:
    by_file = {row.file.name: row for row in rows}
    places = [(row.file, (row.class_name, row.file.name)) for row in rows]
    train, test = hold_out(places)
    return (
        [by_file[file.name] for file, _ in train],
        [by_file[file.name] for file, _ in test],
    )


def _stamp(rows: Sequence[LabelledFile]) -> ImageFile:
    """Digest of the labels for the cache key: other labels get another cache."""
    text = repr([(row.file.name, row.class_name, row.split) for row in rows])
    digest = sha256(text.encode("utf-8", "surrogateescape")).digest()
    return ImageFile("labels", len(rows), (int.from_bytes(digest[:8], "big"),))
