"""The order of the columns of pixels of a CSV file, from the numbers in their names.

pixel0, pixel1, ...           by number, whatever the order of the columns
1x1, 1x2, ..., 28x28          by row, then column; x0y0, x1y0, ... by y, then x
r0, r1, ..., g0, ..., b0      as they stand, if the numbers of each channel ascend
"""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from math import isnan, prod
from pathlib import Path

import numpy as np

from handgrad.arrays import NumpyArray
from handgrad.datasets.formats.csv_table import Form, is_number
from handgrad.datasets.formats.pixel_arrays import square_shape
from handgrad.errors import ConfigError, DatasetError
from handgrad.ranges import shown
from handgrad.text import number_of

LEAST_PIXELS = 16
NUMBER = re.compile(r"[0-9]{1,9}")
PIXELS = re.compile("pix|px|0x0")  # stems of columns that hold nothing else
IS_X_FIRST = re.compile(r"x[\W_]?0\D*y[\W_]?0")


def numbered(names: Sequence[str]) -> list[int]:
    """The places of columns whose many names differ in numbers only: pixel0."""
    stems = [_stem(name) for name in names]
    counts = Counter(stem for stem in stems if "0" in stem)
    return [n for n, stem in enumerate(stems) if counts[stem] >= LEAST_PIXELS]


def are_pixels(names: Sequence[str]) -> bool:
    """Whether many names are those of pixels, such as pixel0, px0 and 1x1."""
    return any(PIXELS.match(_stem(names[place])) for place in numbered(names))


def in_order(names: Sequence[str], places: Sequence[int]) -> tuple[int, ...] | None:
    """Sort the places of numbered columns by number; None if a number is missing.

    Columns without numbers stay as they stand.
    """
    if not {*places} <= {*numbered(names)}:
        return tuple(places)
    groups: dict[str, list[int]] = defaultdict(list)
    for place in places:
        groups[_stem(names[place])].append(place)
    found = {stem: _sorted(names, stem, group) for stem, group in groups.items()}
    if len(found) == 1:
        return next(iter(found.values()))
    sizes = {len(group) for group in groups.values()}
    are_ascending = all(found[stem] == tuple(groups[stem]) for stem in groups)
    return tuple(places) if are_ascending and len(sizes) == 1 else None


def wrong_columns(path: Path, form: Form) -> DatasetError | None:
    """The error for numbered columns that are no square images; None for others."""
    names, places = form.header, numbered(form.header)
    if not places:
        return None
    counts = Counter(names[place] for place in places)
    twice = next((name for name, count in counts.items() if count > 1), None)
    pixels = len(places)
    if len(names) != len(form.first):
        return DatasetError(
            f"{path}: row 1 has {len(form.first)} columns, but the header has "
            f"{len(names)}. Correct the row or the header."
        )
    if twice is not None:
        return DatasetError(
            f"{path} has {counts[twice]} columns named {twice}. Keep one of them."
        )
    if square_shape(pixels) is None:
        return DatasetError(
            f"{path} has {pixels} columns of pixels, but neither {pixels} nor a third "
            "of it is the number of pixels of a square image. Give square images, or "
            "an .npz file with arrays x_train and y_train."
        )
    if in_order(names, places) is None:
        return DatasetError(
            f"{path} has {pixels} columns of pixels, but the numbers in their names, "
            f"from {names[places[0]]} to {names[places[-1]]}, have gaps or are out of "
            f"order. Name them pixel0 to pixel{pixels - 1}, row by row."
        )
    wrong = next((place for place in places if is_wrong(form.first[place])), None)
    return None if wrong is None else no_number(path, form, 1, wrong, form.first[wrong])


def check_first_is_label(path: Path, numbers: NumpyArray) -> None:
    """ConfigError if the last column of a file without a header may hold the labels.

    It may if it has several integers without gaps and the first column has not, or as
    few of them.

    Shapes
        numbers  (rows, columns)
    """
    first, last = np.unique(numbers[:, 0]), np.unique(numbers[:, -1])
    if len(last) < 2:
        return
    are_better = _are_classes(last) > _are_classes(first)
    are_as_good = _are_classes(last) == _are_classes(first)
    if are_better or (are_as_good and len(last) <= len(first)):
        raise ConfigError(
            f"{path} has no header, and its last column may hold the labels as well as "
            f"its first ({number_of(len(last), 'value')} and {len(first)}). Say which: "
            "--label-from first or --label-from last; or add a header with a column "
            "named label."
        )


def _are_classes(values: NumpyArray) -> bool:
    """Whether sorted numbers are several integers without a gap."""
    return len(values) > 1 and bool((np.diff(values) == 1).all())


def is_wrong(cell: str) -> bool:
    """Whether a cell is not a number, or NaN."""
    return not is_number(cell) or isnan(float(cell))


def no_number(path: Path, form: Form, row: int, place: int, cell: str) -> DatasetError:
    """The error for a cell that is no pixel; rows count from 1 below the header."""
    name = form.header[place] if form.header else place + 1
    step = "Write decimals with a point" if "," in cell else "Correct or remove the row"
    return DatasetError(
        f"{path}: row {row}, column {name} holds {shown(cell)}, but a pixel is a "
        f"number. {step}."
    )


def _stem(name: str) -> str:
    return NUMBER.sub("0", name)


def _sorted(
    names: Sequence[str], stem: str, places: Sequence[int]
) -> tuple[int, ...] | None:
    """Sort places by the numbers in names of one stem; None if one is missing."""
    step = -1 if IS_X_FIRST.search(stem) else 1
    numbers = {
        place: tuple(map(int, NUMBER.findall(names[place])))[::step] for place in places
    }
    axes = [{*axis} for axis in zip(*numbers.values(), strict=True)]
    are_whole = all(max(axis) - min(axis) + 1 == len(axis) for axis in axes)
    each_once = len({*numbers.values()}) == len(places) == prod(map(len, axes))
    return (
        tuple(sorted(places, key=numbers.__getitem__))
        if (are_whole and each_once)
        else None
    )
