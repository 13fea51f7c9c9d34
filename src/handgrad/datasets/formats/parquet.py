"""Parquet files of images as written by Hugging Face; needs the package pyarrow.

    image   {"bytes": the file's content, "path": its name}, or the bytes alone
    label   a number, whose name is in the file's metadata, or a name

The split is given by a column, see `split_column`, or else by the file's name:
`train-00000-of-00001.parquet`.
"""

from collections.abc import Mapping, Sequence
from itertools import repeat
from pathlib import Path
from threading import Lock
from typing import Any

from handgrad.datasets.formats.content import EncodedImages, LabelledFile
from handgrad.datasets.formats.name_roles import split_in
from handgrad.datasets.formats.split_column import NAMES, splits_of
from handgrad.datasets.image_decoding import FILE_LIMIT
from handgrad.datasets.image_files import ImageFile, ImageFiles
from handgrad.errors import ConfigError, DatasetError
from handgrad.free_memory import check_memory
from handgrad.parsing import parse_json
from handgrad.ranges import shown

BROKEN = (OSError, ValueError, KeyError, NotImplementedError, MemoryError)
IMAGES = ("image", "img", "images", "picture", "pixel_values", "jpg", "png")
LABELS = ("label", "labels", "fine_label", "class", "target", "y", "category", "cls")


class ParquetImages(ImageFiles):
    """The images of several files, read by row group."""

    def __init__(self) -> None:
        super().__init__()
        self.columns: dict[str, tuple[Any, str]] = {}
        self.files: list[ImageFile] = []
        self.places: dict[str, tuple[str, int, int]] = {}
        self.group: tuple[str, int] | None = None
        self.values: list[Any] = []
        self.lock = Lock()

    def add(self, path: Path, file: Any, column: str, count: int) -> list[ImageFile]:
        """Add the images of a file; ValueError unless there are `count`."""
        groups = [
            file.metadata.row_group(group).num_rows
            for group in range(file.metadata.num_row_groups)
        ]
        if sum(groups) != count or min(groups, default=0) < 0:
            raise ValueError("the number of rows in its row groups is wrong")
        about, start = path.stat(), len(self.files)
        self.columns[str(path)] = (file, column)
        for group, length in enumerate(groups):
            for row in range(length):
                name = f"{path}/{len(self.files) - start}"
                stamp = (about.st_mtime_ns, about.st_ctime_ns, about.st_ino)
                self.files.append(ImageFile(name, about.st_size, stamp))
                self.places[name] = (str(path), group, row)
        return self.files[start:]

    def sorted_files(self) -> list[ImageFile]:
        """Return every image, file by file and row by row."""
        return list(self.files)

    def read(self, name: str) -> bytes:
        """Return the content of an image."""
        path, group, row = self.places[name]
        with self.lock:
            if self.group != (path, group):
                self.values = self._values(path, group)
                self.group = (path, group)
            value = self.values[row] if row < len(self.values) else None
        content = value.get("bytes") if isinstance(value, dict) else value
        if not isinstance(content, bytes):
            raise DatasetError(
                f"{name} holds no image data, perhaps only a path. Write the file "
                "again with the images embedded."
            )
        return content[: FILE_LIMIT + 1]

    def _values(self, path: str, group: int) -> list[Any]:
        file, column = self.columns[path]
        size = file.metadata.row_group(group).total_byte_size
        check_memory(2 * size, path)
        try:
            found: list[Any] = file.read_row_group(group, [column])[column].to_pylist()
        except BROKEN as error:
            raise _damaged(path, error) from error
        return found

    def close(self) -> None:
        """Close the files."""
        for file, _ in self.columns.values():
            file.close()


def read_parquet(paths: Sequence[Path], label_from: str | None) -> EncodedImages:
    """Read the images of these files; `label_from` names the column of labels."""
    try:
        from pyarrow import parquet
    except ImportError as error:
        raise DatasetError(
            f"{paths[0]} is a Parquet file, and reading it needs the package pyarrow. "
            "Install it with: pip install pyarrow"
        ) from error
    images, rows = ParquetImages(), []
    for path in paths:
        try:
            file = parquet.ParquetFile(path)
            names = file.schema_arrow.names
            column = _column(names, IMAGES, path, "images")
            chosen = (label_from,) if label_from else LABELS
            label = _column(names, chosen, path, "labels")
            labels = file.read([label])[label].to_pylist()
            split = next((name for name in names if name.lower() in NAMES), "")
            values = file.read([split])[split].to_pylist() if split else ()
            added = images.add(path, file, column, len(labels))
        except BROKEN as error:
            if isinstance(error, DatasetError | ConfigError):
                raise
            raise _damaged(str(path), error) from error
        words = _class_names(file.schema_arrow.metadata or {}, label)
        own = split_in(path.name) or split_in(path.parent.name)
        of_rows = ["" if value is None else str(value).strip() for value in values]
        splits = splits_of(of_rows, split.lower(), str(path)) if split else {}
        places = (splits.get(value, own) for value in of_rows or repeat(""))
        for image, value, place in zip(added, labels, places, strict=False):
            rows.append(LabelledFile(image, _named(value, words, image.name), place))
    return EncodedImages(images, tuple(rows))


def _column(names: Sequence[str], wanted: Sequence[str], path: Path, what: str) -> str:
    found = next((name for name in wanted if name in names), None)
    if found is None:
        raise ConfigError(
            f"{path} has no column of {what} ({', '.join(wanted)}), but "
            f"{', '.join(names)}. Choose the column of labels with --label-from NAME, "
            "and call the column of images image."
        )
    return found


def _class_names(metadata: Mapping[bytes, bytes], column: str) -> list[str]:
    """Return the names of label numbers, from the metadata of Hugging Face."""
    try:
        features = parse_json(metadata[b"huggingface"])["info"]["features"]
        names = features[column]["names"]
    except (KeyError, ValueError, TypeError):
        return []
    return [str(name) for name in names] if isinstance(names, list) else []


def _named(value: Any, names: Sequence[str], where: str) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # pandas writes integers beside missing ones as floats
    if isinstance(value, int) and 0 <= value < len(names):
        return names[value]
    is_missing = value is None or value != value or value in (-1, [])
    if is_missing or not str(value).strip():
        raise DatasetError(
            f"{where} has no label. Train on files that have labels, or remove it."
        )
    if not isinstance(value, int | str):
        raise DatasetError(
            f"{where} has the label {shown(value)}, expected an integer or a string. "
            "Give each image the number or the name of its class."
        )
    return str(value).strip()


def _damaged(path: str, error: Exception) -> DatasetError:
    reason = str(error).partition("\n")[0].rstrip(".")
    return DatasetError(
        f"{path} cannot be read as Parquet ({reason}). Replace the file."
    )
