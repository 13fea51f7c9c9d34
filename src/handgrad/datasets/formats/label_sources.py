"""The choice between the labels of a table and those of class folders.

Class folders, or splits with class folders, take precedence over a table of few
images, of sizes or captions, and over a list of the classes. A label column of a
known name, or one-hot columns, take precedence over the folders. In all other cases the
user has to choose.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from handgrad.datasets.formats.csv_table import Form, is_number, no_column, rows_of
from handgrad.datasets.formats.image_index import ImageIndex
from handgrad.datasets.formats.listed_columns import LABELS, Columns, file_column
from handgrad.datasets.image_files import ImageFile
from handgrad.errors import ConfigError, DatasetError
from handgrad.text import composed, decoded, some

OR_FOLDERS = ", or use --label-from folder if the folders are the classes"
ONES = ("1", "1.0")


@dataclass(frozen=True)
class Listing:
    """A table that may name images; `columns` is None if its labels are unclear."""

    path: Path
    form: Form
    columns: Columns | None
    index: ImageIndex

    @cached_property
    def file(self) -> int | None:
        """The column of the images' names."""
        if self.columns is not None:
            return self.columns.file
        return file_column(self.form, self.index.has)

    @cached_property
    def rows(self) -> list[tuple[list[ImageFile], list[str]]]:
        """The rows that name images: each with these images and its cells."""
        return list(self._named_rows())

    def _named_rows(self) -> Iterator[tuple[list[ImageFile], list[str]]]:
        if self.file is None:
            return
        with suppress(DatasetError):  # rows of different lengths
            for row in rows_of(self.path, self.form):
                if files := self.index.find(row[self.file]):
                    yield files, row

    def named(self, *, alone: bool = False) -> set[str]:
        """Return the named images; with `alone`, those of rows that name only one."""
        rows = [files for files, _ in self.rows if not alone or len(files) == 1]
        return {file.name for files in rows for file in files}

    def others(self) -> Iterator[int]:
        """Iterate over the columns that are neither names nor splits."""
        split = None if self.columns is None else self.columns.split
        columns = range(len(self.form.first))
        return (place for place in columns if place not in (self.file, split))

    def repeats(self, place: int) -> bool:
        """Whether a column repeats a folder name of each image."""
        return bool(self.rows) and all(
            composed(row[place]) in {decoded(part) for part in files[0].parts[:-1]}
            for files, row in self.rows
        )


def are_folders_better(listings: Sequence[Listing], classes: Sequence[str]) -> bool:
    """Whether the labels are those of the folders `classes`, not of the tables.

    ConfigError if that is ambiguous.
    """
    named = set().union(*(listing.named() for listing in listings))
    if _is_small(named, listings[0].index):
        return True
    doubtful = []
    for listing in listings:
        if _is_list_of_classes(listing, classes):
            continue
        if _has_labels_name(listing) or _is_one_hot(listing):
            return False
        doubtful += [one for one in listing.others() if _may_be_labels(listing, one)]
        if doubtful:
            raise _unclear(listing, doubtful[0], classes)
    return True


def check_clear(
    listing: Listing, label_from: str | None, classes: Sequence[str]
) -> None:
    """Raise ConfigError for a table of at least half the images with unclear labels.

    A table that only repeats the folders of the images is accepted.
    """
    if listing.file is None or _is_small(listing.named(alone=True), listing.index):
        return
    others = list(listing.others())
    doubtful = [one for one in others if _may_be_labels(listing, one)]
    is_other = len(others) > 1 and not any(map(listing.repeats, others))
    if label_from is not None or (is_other and (doubtful or not classes)):
        header = listing.form.header
        raise no_column(listing.path, header, label_from, OR_FOLDERS)


def _is_small(named: set[str], index: ImageIndex) -> bool:
    return 2 * len(named) < len(index.files)


def _is_list_of_classes(listing: Listing, classes: Sequence[str]) -> bool:
    """Whether it lists classes: `0,ant` next to ant/0.png names no image."""
    return any(len(files) > 1 for files, _ in listing.rows) and any(
        {composed(row[place]) for _, row in listing.rows} <= set(classes)
        for place in listing.others()
    )


def _has_labels_name(listing: Listing) -> bool:
    columns, header = listing.columns, listing.form.header
    label = None if columns is None or not header else columns.label
    return label is not None and header[label] in LABELS


def _is_one_hot(listing: Listing) -> bool:
    """Whether each row has exactly one class set."""
    classes = () if listing.columns is None else listing.columns.classes
    return bool(classes) and all(
        sum(row[place] in ONES for place in classes) == 1 for _, row in listing.rows
    )


def _may_be_labels(listing: Listing, place: int) -> bool:
    """Whether a column of an unknown name has strings that several images share."""
    words = {row[place] for _, row in listing.rows}
    is_measure = bool(listing.form.header) and all(map(is_number, words))
    are_shared = len(words) > 1 and 2 * len(words) <= len(listing.rows)
    return are_shared and not is_measure and not listing.repeats(place)


def _unclear(listing: Listing, place: int, classes: Sequence[str]) -> ConfigError:
    if listing.form.header:
        column = listing.form.header[place]
        what, how = f"its column {column}", f"--label-from {column}"
    else:
        what, how = "its other column", "the CSV file itself instead of its folder"
    return ConfigError(
        f"{listing.path} may hold the classes in {what}, but the folders of the "
        f"images may be classes, too ({some(classes, 3)}). Give {how}, or "
        "--label-from folder."
    )
