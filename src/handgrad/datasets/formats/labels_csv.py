"""A folder of pictures with a CSV file of their names and classes.

    id,label            see `listed_columns` for other columns
    00001,cat           the ending of a file may be left out, and so may its folder

A column named split, set, subset, usage or "data set" says which split a picture is of;
else the name of the CSV file or of the picture's folder does. Pictures that no CSV file
names, such as those of a competition's test set, are passed over.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from handgrad.datasets.formats.content import LabelledFile, Pictures
from handgrad.datasets.formats.listed_columns import (
    Columns,
    columns_of,
    file_column,
)
from handgrad.datasets.formats.roles import role_of, split_in
from handgrad.datasets.formats.table import Form, form_of, no_column, rows_of
from handgrad.datasets.image_folder import open_pictures
from handgrad.datasets.picture_files import PictureFile
from handgrad.errors import ConfigError, DatasetError
from handgrad.text import composed, decoded

OR_FOLDERS = ", or say --label-from folder if the folders are the classes"
ONES = ("1", "1.0")
NO_LABELS = {"submission", "submit", "prediction", "predictions", "answers"}


def read_labels_csv(paths: Sequence[Path], label_from: str | None) -> Pictures:
    """The pictures that these CSV files name; `paths` begins with their folder."""
    root, *tables = paths
    files = open_pictures(root)
    index = _Index(files.sorted_files())
    rows: dict[str, LabelledFile] = {}
    for table in tables:
        form = form_of(table)
        columns = _columns(form, index, label_from)
        if form is None or columns is None:
            raise _no_columns(table, form, index, label_from)
        for row in rows_of(table, form):
            found = _labelled(row, form, columns, index, table)
            known = rows.setdefault(found.file.name, found)
            if known.class_name != found.class_name:
                raise DatasetError(
                    f"{table} gives {found.file.name} two classes, {known.class_name} "
                    f"and {found.class_name}. Leave one of the rows out."
                )
    left = len(index.files) - len(rows)
    notes = [f"{left:,} picture{'s' * (left != 1)} that no table names"] if left else []
    files.passed_over -= Counter(table.suffix.lower() for table in tables)
    return Pictures(
        files,
        tuple(rows[file.name] for file in index.files if file.name in rows),
        tuple(notes),
    )


def tables_for(
    root: Path, tables: Sequence[Path], label_from: str | None
) -> list[Path]:
    """Those tables whose first row names a picture of the folder, with its class.

    Tables of answers are none: their classes are no labels. ConfigError where the only
    tables of the pictures do not say which column holds the labels.
    """
    chosen = [path for path in tables if not NO_LABELS & {*role_of(path.name).rest}]
    if not chosen:
        return []
    index = _Index(open_pictures(root).sorted_files())
    found = [path for path in chosen if _columns(form_of(path), index, label_from)]
    if not found:
        for path in chosen:
            _check_clear(path, index, label_from)
    return found


def _check_clear(table: Path, index: "_Index", label_from: str | None) -> None:
    """ConfigError for a table of at least half of the pictures without clear labels.

    One that repeats the folders of the pictures is no other source of labels.
    """
    form = form_of(table)
    place = None if form is None else file_column(form, index.has)
    if form is None or place is None:
        return
    named: set[str] = set()
    others = {other for other in range(len(form.first)) if other != place}
    repeated = others
    with suppress(DatasetError):  # rows of several lengths
        for row in rows_of(table, form):
            if len(found := index.find(row[place])) == 1:
                named.add(found[0].name)
                folders = {decoded(part) for part in found[0].parts[:-1]}
                repeated = {
                    other for other in repeated if composed(row[other]) in folders
                }
    is_other = label_from is not None or (len(others) > 1 and not repeated)
    if is_other and 2 * len(named) >= len(index.files):
        raise no_column(table, form.header, label_from, OR_FOLDERS)


def names_most(root: Path, tables: Sequence[Path], label_from: str | None) -> bool:
    """Whether tables name at least half of the pictures of a folder."""
    found = read_labels_csv([root, *tables], label_from)
    return 2 * len(found.rows) >= len(found.files.sorted_files())


def _columns(
    form: Form | None, index: "_Index", label_from: str | None
) -> Columns | None:
    if form is None:
        return None
    return columns_of(form, index.has, label_from)


class _Index:
    """Pictures by the ways in which a table may name them."""

    def __init__(self, files: Sequence[PictureFile]) -> None:
        self.files = files
        self.places: dict[str, list[PictureFile]] = defaultdict(list)
        for file in files:
            parts = [decoded(part) for part in file.parts]
            for start in range(len(parts)):
                name = "/".join(parts[start:])
                for key in {name, name.rpartition(".")[0]}:
                    self.places[key].append(file)

    def has(self, name: str) -> bool:
        """Whether a name is that of a picture."""
        return bool(self.find(name))

    def find(self, name: str) -> list[PictureFile]:
        """The pictures of a name; folders of another machine before it may be left."""
        parts = composed(name).replace("\\", "/").removeprefix("./").split("/")
        for start in range(len(parts)):
            found = self.places.get("/".join(parts[start:]))
            if found:
                return found
        return []


def _labelled(
    row: Sequence[str], form: Form, columns: Columns, index: _Index, table: Path
) -> LabelledFile:
    name, label = row[columns.file], _label(row, form, columns)
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
    if not label:
        raise DatasetError(
            f"{table} gives {name} no label. Add it, or take the row out."
        )
    split = split_in(row[columns.split]) if columns.split is not None else ""
    return LabelledFile(found[0], label, split or own or _folder_split(found[0]))


def _label(row: Sequence[str], form: Form, columns: Columns) -> str:
    if columns.label is not None:
        return composed(row[columns.label])
    chosen = [form.header[place] for place in columns.classes if row[place] in ONES]
    return chosen[0] if len(chosen) == 1 else ""


def _folder_split(file: PictureFile) -> str:
    return next((split for name in file.parts[:-1] if (split := split_in(name))), "")


def _no_columns(
    table: Path, form: Form | None, index: _Index, label_from: str | None
) -> ConfigError:
    if form is not None and file_column(form, index.has) is not None:
        return no_column(table, form.header, label_from)
    has = ", ".join(form.header) if form is not None else ""
    return ConfigError(
        f"{table} has no column of names of pictures that are there (it has {has}). "
        "Put them into its folder, or correct the names."
    )
