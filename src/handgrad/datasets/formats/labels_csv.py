"""A folder of pictures with a CSV file of their names and classes.

    id,label            see `listed_columns` for other columns
    00001,cat           the ending of a file may be left out, and so may its folder

A column named split, set, subset, usage or "data set" says which split a picture is of;
else the name of the CSV file or of the picture's folder does. Pictures that no CSV file
names, such as those of a competition's test set, are passed over.
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from handgrad.datasets.formats.content import LabelledFile, Pictures
from handgrad.datasets.formats.listed_columns import (
    FILES,
    LABELS,
    Columns,
    columns_of,
    file_column,
)
from handgrad.datasets.formats.picture_index import PictureIndex
from handgrad.datasets.formats.rival_labels import (
    ONES,
    Listing,
    are_folders_better,
    check_clear,
)
from handgrad.datasets.formats.roles import role_of, split_in
from handgrad.datasets.formats.table import Form, no_column, rows_of, warn_of_encoding
from handgrad.datasets.image_folder import open_pictures
from handgrad.datasets.layout import arrange
from handgrad.datasets.picture_files import PictureFile
from handgrad.errors import ConfigError, DatasetError
from handgrad.text import composed, decoded

SHOWN = 3  # names of pictures in an error
NO_LABELS = {"submission", "submit", "prediction", "predictions", "answers"}


def read_labels_csv(paths: Sequence[Path], label_from: str | None) -> Pictures:
    """The pictures that these CSV files name; `paths` begins with their folder."""
    root, *tables = paths
    files = open_pictures(root)
    index = PictureIndex(files.sorted_files())
    rows: dict[str, LabelledFile] = {}
    notes: list[str] = []
    for table in tables:
        form = index.form_of(table)
        columns = None if form is None else columns_of(form, index.has, label_from)
        if form is None or columns is None:
            raise _no_columns(table, form, index, label_from)
        notes += _unused(table, form, columns)
        labels: set[str] = set()
        for row in rows_of(table, form):
            found = _labelled(row, form, columns, index, table)
            labels.add(found.class_name)
            known = rows.setdefault(found.file.name, found)
            if known.class_name != found.class_name:
                raise DatasetError(
                    f"{table} gives {found.file.name} two classes, {known.class_name} "
                    f"and {found.class_name}. Leave one of the rows out."
                )
        warn_of_encoding(table, form, sorted(labels))
    left = len(index.files) - len(rows)
    if left:
        notes.insert(0, f"{left:,} picture{'s' * (left != 1)} that no table names")
    files.passed_over -= Counter(table.suffix.lower() for table in tables)
    return Pictures(
        files,
        tuple(rows[file.name] for file in index.files if file.name in rows),
        tuple(notes),
    )


def _unused(table: Path, form: Form, columns: Columns) -> list[str]:
    """What is said of the columns that are neither names nor labels nor splits."""
    used = {columns.file, columns.label, columns.split, *columns.classes}
    names = [name for place, name in enumerate(form.header) if place not in used]
    if not names:
        return []
    some = " and ".join(names) if len(names) < 3 else f"{names[0]} and others"
    return [f"the column{'s' * (len(names) > 1)} {some} of {table.name}"]


def tables_for(
    root: Path, tables: Sequence[Path], label_from: str | None
) -> list[Path]:
    """Those tables that name pictures of the folder, with their classes.

    Tables of answers are none: their classes are no labels. Folders that are classes
    may be the better source, see `rival_labels`. ConfigError where it is not clear
    which column holds the labels; DatasetError where the classes can be those of a
    table only, and it names no picture.
    """
    chosen = [path for path in tables if not NO_LABELS & {*role_of(path.name).rest}]
    if not chosen:
        return []
    with open_pictures(root) as pictures:
        index = PictureIndex(pictures.sorted_files())
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


def _class_folders(index: PictureIndex, root: Path) -> tuple[str, ...]:
    """The classes that the folders of the pictures are; none if they are no classes."""
    try:
        return arrange(index.files, str(root)).class_names
    except DatasetError:
        return ()


def _check_names(listing: Listing) -> None:
    """DatasetError for a table of labels none of whose names is that of a picture."""
    header = listing.form.header
    place = next((header.index(name) for name in FILES if name in header), None)
    if listing.file is not None or place is None or not {*LABELS} & {*header}:
        return
    files = listing.index.files
    shown = ", ".join(decoded(file.parts[-1]) for file in files[:SHOWN])
    if not files:
        there = "there are no pictures beside it. Add them"
    elif len(files) > SHOWN:
        there = f"the pictures are called {shown}, and so on. Correct the names in it"
    else:
        there = f"the pictures are called {shown}. Correct the names in it"
    raise DatasetError(
        f"{listing.path} names no picture that is there: its first name is "
        f"{listing.form.first[place]}, and {there}."
    )


def _labelled(
    row: Sequence[str], form: Form, columns: Columns, index: PictureIndex, table: Path
) -> LabelledFile:
    name = row[columns.file]
    found = index.find(name)
    own = split_in(table.name)
    if len(found) > 1 and own:  # train/1.png and test/1.png
        found = [file for file in found if _folder_split(file) == own] or found
    if len(found) != 1:
        wrong = "is not there" if not found else "could be several pictures"
        raise DatasetError(
            f"{table} names {name}, which {wrong}. Put the picture into the folder, or "
            "take the row out."
        )
    label = _label(row, form, columns, f"{table} gives {name}")
    split = split_in(row[columns.split]) if columns.split is not None else ""
    return LabelledFile(found[0], label, split or own or _folder_split(found[0]))


def _label(row: Sequence[str], form: Form, columns: Columns, gives: str) -> str:
    """The class of a row; DatasetError that begins with `gives` for none or several."""
    if columns.label is not None:
        marked = [composed(row[columns.label])]
    else:
        marked = [form.header[place] for place in columns.classes if row[place] in ONES]
    if not any(marked):
        raise DatasetError(f"{gives} no label. Add it, or take the row out.")
    if len(marked) > 1:
        count = "two" if len(marked) == 2 else len(marked)
        raise DatasetError(
            f"{gives} {count} classes, {', '.join(marked[:-1])} and {marked[-1]}; a "
            "picture has one here. Mark one of them, take the row out, or say which "
            f"column tells two classes apart, such as --label-from {marked[-1]}."
        )
    return marked[0]


def _folder_split(file: PictureFile) -> str:
    return next((split for name in file.parts[:-1] if (split := split_in(name))), "")


def _no_columns(
    table: Path, form: Form | None, index: PictureIndex, label_from: str | None
) -> ConfigError:
    if form is not None and file_column(form, index.has) is not None:
        return no_column(table, form.header, label_from)
    has = ", ".join(form.header) if form is not None else ""
    return ConfigError(
        f"{table} has no column of names of pictures that are there (it has {has}). "
        "Put them into its folder, or correct the names."
    )
