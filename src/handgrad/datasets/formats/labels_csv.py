"""A folder of pictures with a CSV file of their names and classes.

    id,label            the columns are found by their names
    00001,cat           the ending of a file may be left out, and so may its folder

A column named split, set, subset, usage or "data set" says which split a picture is of;
else the name of the CSV file or of the picture's folder does. Pictures that no CSV file
names, such as those of a competition's test set, are passed over.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from handgrad.datasets.formats.content import LabelledFile, Pictures
from handgrad.datasets.formats.roles import split_in
from handgrad.datasets.formats.table import Form, form_of, rows_of
from handgrad.datasets.image_folder import open_pictures
from handgrad.datasets.picture_files import PictureFile
from handgrad.errors import ConfigError, DatasetError
from handgrad.text import decoded

FILES = (
    "filename", "file_name", "file name", "filepath", "filepaths", "file_path", "file",
    "files", "image_path", "imagepath", "img_path", "image_name", "image_file",
    "imagename", "img_name", "image_id", "imageid", "image", "images", "img", "path",
    "paths", "picture", "photo", "fname", "name", "id", "id_code", "uuid", "key",
)  # fmt: skip
LABELS = (
    "label", "labels", "class", "class_name", "classname", "class_id", "classid",
    "category", "target", "y", "diagnosis", "dx", "breed", "species", "genus",
    "finding", "level", "tag", "tags", "emotion", "type", "has_cactus",
)  # fmt: skip
SPLITS = ("split", "set", "subset", "usage", "data set", "dataset", "data_set", "phase")


@dataclass(frozen=True)
class Columns:
    """The columns of a file: the picture's name, its label, its split if any."""

    file: int
    label: int
    split: int | None


def columns_of(form: Form, label_from: str | None = None) -> Columns | None:
    """Which column is what; None for a table that names no pictures with classes.

    A table of two columns without a header is a name and a label.
    """
    if not form.header:
        is_pair = len(form.first) == 2 and label_from is None
        return Columns(0, 1, None) if is_pair else None
    wanted = LABELS if label_from is None else (label_from.strip().lower(),)
    label = _place(form.header, wanted)
    file = _place(form.header, [name for name in FILES if name not in wanted])
    if file is None or label is None or file == label:
        return None
    return Columns(file, label, _place(form.header, SPLITS))


def read_labels_csv(paths: Sequence[Path], label_from: str | None) -> Pictures:
    """The pictures that these CSV files name; `paths` begins with their folder."""
    root, *tables = paths
    files = open_pictures(root)
    index = _Index(files.sorted_files())
    rows: dict[str, LabelledFile] = {}
    for table in tables:
        form = form_of(table)
        columns = columns_of(form, label_from) if form is not None else None
        if form is None or columns is None:
            raise ConfigError(_no_columns(table, form, label_from))
        for row in rows_of(table, form):
            found = _labelled(row, columns, index, table)
            known = rows.setdefault(found.file.name, found)
            if known.class_name != found.class_name:
                raise DatasetError(
                    f"{table} gives {found.file.name} two classes, {known.class_name} "
                    f"and {found.class_name}. Leave one of the rows out."
                )
    left = len(index.files) - len(rows)
    names = ", ".join(table.name for table in tables)
    notes = [f"labels are those of {names}"]
    if left:
        notes.append(f"{left:,} pictures that it does not name were passed over")
    return Pictures(
        files,
        tuple(rows[file.name] for file in index.files if file.name in rows),
        tuple(notes),
    )


def tables_for(
    root: Path, tables: Sequence[Path], label_from: str | None
) -> list[Path]:
    """Those tables whose first row names a picture of the folder, with its class."""
    index = None
    found = []
    for table in tables:
        form = form_of(table)
        columns = columns_of(form, label_from) if form is not None else None
        if form is None or columns is None or not form.first:
            continue
        index = index or _Index(open_pictures(root).sorted_files())
        if index.find(form.first[columns.file]):
            found.append(table)
    return found


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

    def find(self, name: str) -> list[PictureFile]:
        """The pictures of a name; folders of another machine before it may be left."""
        parts = name.replace("\\", "/").removeprefix("./").split("/")
        for start in range(len(parts)):
            found = self.places.get("/".join(parts[start:]))
            if found:
                return found
        return []


def _labelled(
    row: Sequence[str], columns: Columns, index: _Index, table: Path
) -> LabelledFile:
    name, label = row[columns.file], row[columns.label]
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


def _folder_split(file: PictureFile) -> str:
    return next((split for name in file.parts[:-1] if (split := split_in(name))), "")


def _place(header: Sequence[str], names: Sequence[str]) -> int | None:
    return next((header.index(name) for name in names if name in header), None)


def _no_columns(table: Path, form: Form | None, label_from: str | None) -> str:
    has = ", ".join(form.header) if form is not None else ""
    wanted = (
        f"named {label_from}" if label_from else "of labels, such as label or class"
    )
    return (
        f"{table} has no column {wanted}, beside one of file names (it has {has}). "
        "Give the column of labels as --label-from NAME."
    )
