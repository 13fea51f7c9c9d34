"""A folder of images with a CSV file of their names and classes.

    id,label            see `listed_columns` for other columns
    00001,cat           the extension of a file and its folder may be omitted

The split of an image is given by a column named split, set and so on, see
`split_column`, or else by the name of the CSV file or of the image's folder. An image
in two splits is refused. Images that no
CSV file names, such as those of a competition's test set, are ignored.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from handgrad.datasets.formats.content import EncodedImages, LabelledFile
from handgrad.datasets.formats.csv_table import (
    Form,
    no_column,
    rows_of,
    warn_of_encoding,
)
from handgrad.datasets.formats.image_index import ImageIndex
from handgrad.datasets.formats.label_arrays import check_are_classes
from handgrad.datasets.formats.label_sources import (
    ONES,
    Listing,
    are_folders_better,
    check_clear,
)
from handgrad.datasets.formats.listed_columns import (
    FILES,
    LABELS,
    Columns,
    columns_of,
    file_column,
)
from handgrad.datasets.formats.name_roles import role_of, split_in
from handgrad.datasets.formats.pixel_columns import wrong_columns
from handgrad.datasets.formats.split_column import splits_in
from handgrad.datasets.image_files import ImageFile
from handgrad.datasets.image_folder import open_images
from handgrad.datasets.layout import arrange
from handgrad.errors import ConfigError, DatasetError
from handgrad.text import composed, decoded, number_of

SHOWN, NAMED = 3, 12  # image names, and column names, listed in an error
NO_LABELS = {"submission", "submit", "prediction", "predictions", "answers"}


def read_labels_csv(paths: Sequence[Path], label_from: str | None) -> EncodedImages:
    """Read the images that these CSV files name; `paths` starts with their folder."""
    root, *tables = paths
    files = open_images(root)
    index = ImageIndex(files.sorted_files())
    rows: dict[str, LabelledFile] = {}
    doubtful: dict[str, str] = {}  # files in two splits
    notes: list[str] = []
    for table in tables:
        form = index.form_of(table)
        columns = None if form is None else columns_of(form, index.has, label_from)
        if form is None or columns is None:
            raise _no_columns(table, form, index, label_from)
        splits = splits_in(table, form, columns.split)
        columns = columns if splits else replace(columns, split=None)
        notes += _unused(table, form, columns)
        labels: set[str] = set()
        for row in rows_of(table, form):
            found = _labelled(row, form, columns, index, table, splits)
            labels.add(found.class_name)
            known = rows.setdefault(found.file.name, found)
            if known.class_name != found.class_name:
                raise DatasetError(
                    f"{table} gives {found.file.name} two classes, {known.class_name} "
                    f"and {found.class_name}. Remove one of the rows."
                )
            if not known.split:
                rows[found.file.name] = found
            elif found.split and found.split != known.split:
                doubtful.setdefault(found.file.name, f"{known.split} and {found.split}")
        check_are_classes(labels, len(rows), str(table))
        warn_of_encoding(table, form, sorted(labels))
    if doubtful:
        name, both = next(iter(doubtful.items()))
        raise DatasetError(
            f"{root}: tables list {number_of(len(doubtful), 'image')} in two splits, "
            f"such as {decoded(name)} in {both}. Remove all but one row of each image."
        )
    left = len(index.files) - len(rows)
    if left:
        notes.insert(0, f"{left:,} image{'s' * (left != 1)} that no table names")
    files.passed_over -= Counter(table.suffix.lower() for table in tables)
    return EncodedImages(
        files,
        tuple(rows[file.name] for file in index.files if file.name in rows),
        tuple(notes),
    )


def _unused(table: Path, form: Form, columns: Columns) -> list[str]:
    """Describe the columns that are neither names nor labels nor splits."""
    used = {columns.file, columns.label, columns.split, *columns.classes}
    names = [name for place, name in enumerate(form.header) if place not in used]
    if not names:
        return []
    some = " and ".join(names) if len(names) < 3 else f"{names[0]} and others"
    return [f"the column{'s' * (len(names) > 1)} {some} of {table.name}"]


def tables_for(
    root: Path, tables: Sequence[Path], label_from: str | None
) -> list[Path]:
    """Select the tables that name images of the folder, with their classes.

    Tables of predictions are excluded: their classes are not labels. Class folders may
    be the better source, see `rival_labels`. ConfigError if it is ambiguous which
    column holds the labels; DatasetError if only a table can give the classes, and it
    names no image.
    """
    chosen = [path for path in tables if not NO_LABELS & {*role_of(path.name).rest}]
    if not chosen:
        return []
    with open_images(root) as encoded:
        index = ImageIndex(encoded.sorted_files())
    classes = _class_folders(index, root)
    listings = [
        Listing(path, form, columns_of(form, index.has, label_from), index)
        for path in chosen
        if (form := index.form_of(path)) is not None
    ]
    found = [listing for listing in listings if listing.columns is not None]
    if not found:
        for listing in listings:
            check_clear(listing, label_from, classes)
            if not classes:
                _check_names(listing)
    is_left = label_from is None and classes and found
    if is_left and are_folders_better(found, classes):
        return []
    return [listing.path for listing in found]


def _class_folders(index: ImageIndex, root: Path) -> tuple[str, ...]:
    """Return the class names of the folders; none if they are not class folders."""
    try:
        return arrange(index.files, str(root)).class_names
    except DatasetError:
        return ()


def _check_names(listing: Listing) -> None:
    """Raise DatasetError for a table of labels that names no existing image."""
    header = listing.form.header
    place = next((header.index(name) for name in FILES if name in header), None)
    if listing.file is not None or place is None or not {*LABELS} & {*header}:
        return
    files = listing.index.files
    shown = ", ".join(decoded(file.parts[-1]) for file in files[:SHOWN])
    if not files:
        there = "there are no images next to it. Add them"
    elif len(files) > SHOWN:
        there = f"the images are called {shown}, and so on. Correct its names"
    else:
        there = f"the images are called {shown}. Correct its names"
    raise DatasetError(
        f"{listing.path} names no existing image: its first name is "
        f"{listing.form.first[place]}, and {there}."
    )


def _labelled(
    row: Sequence[str],
    form: Form,
    columns: Columns,
    index: ImageIndex,
    table: Path,
    splits: Mapping[str, str],
) -> LabelledFile:
    name = row[columns.file]
    found = index.find(name)
    own = split_in(table.name)
    if len(found) > 1 and own:  # train/1.png and test/1.png
        found = [file for file in found if _folder_split(file) == own] or found
    if len(found) != 1:
        wrong = "does not exist" if not found else "matches several images"
        raise DatasetError(
            f"{table} names {name}, which {wrong}. Put the image into the folder, or "
            "remove the row."
        )
    label = _label(row, form, columns, f"{table} gives {name}")
    split = splits[row[columns.split]] if columns.split is not None else ""
    return LabelledFile(found[0], label, split or own or _folder_split(found[0]))


def _label(row: Sequence[str], form: Form, columns: Columns, gives: str) -> str:
    """Return the class of a row; DatasetError for none or several."""
    if columns.label is not None:
        marked = [composed(row[columns.label])]
    else:
        marked = [form.header[place] for place in columns.classes if row[place] in ONES]
    if not any(marked):
        raise DatasetError(f"{gives} no label. Add it, or remove the row.")
    if len(marked) > 1:
        count = "two" if len(marked) == 2 else len(marked)
        raise DatasetError(
            f"{gives} {count} classes, {', '.join(marked[:-1])} and {marked[-1]}, but "
            "an image must have one. Mark one of them, remove the row, or choose a "
            "column that separates two classes, such as --label-from "
            f"{marked[-1]}."
        )
    return marked[0]


def _folder_split(file: ImageFile) -> str:
    return next((split for name in file.parts[:-1] if (split := split_in(name))), "")


def _no_columns(
    table: Path, form: Form | None, index: ImageIndex, label_from: str | None
) -> ConfigError | DatasetError:
    if form is not None and file_column(form, index.has) is not None:
        return no_column(table, form.header, label_from)
    header = form.header if form is not None else ()
    wrong = None if form is None else wrong_columns(table, form)
    if wrong is not None:
        return wrong
    has = ", ".join(header[:NAMED]) + (", ..." if len(header) > NAMED else "")
    return ConfigError(
        f"{table} has no column of names of existing images (it has {has}). "
        "Put them into its folder, or correct the names."
    )
