"""File formats of images with labels, and their detection.

A format is detected by content, and by name only where contents are ambiguous. Images
in class folders are not listed: they are the default.
"""

import os
import tarfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from handgrad.datasets.formats import file_names, labels_csv
from handgrad.datasets.formats.cifar import cifar_place, read_cifar
from handgrad.datasets.formats.content import Arrays, EncodedImages
from handgrad.datasets.formats.csv_table import is_table
from handgrad.datasets.formats.idx_set import read_idx_set
from handgrad.datasets.formats.npz import is_npz, read_npz
from handgrad.datasets.formats.parquet import read_parquet
from handgrad.datasets.formats.pixel_csv import is_pixel_csv, read_pixel_csv
from handgrad.datasets.formats.pixel_strings import (
    is_pixel_strings,
    read_pixel_strings,
)
from handgrad.datasets.formats.svhn import HEADS, read_svhn
from handgrad.datasets.formats.tar_shards import read_tar_shards
from handgrad.datasets.formats.zipped import unpacked
from handgrad.datasets.gzip_files import head_of
from handgrad.datasets.idx import axes_of
from handgrad.datasets.image_files import is_image
from handgrad.datasets.layout_checks import ARCHIVES
from handgrad.datasets.zip_entries import (
    BROKEN_ZIP,
    check_no_password,
    name_of_entry,
)
from handgrad.errors import DatasetError
from handgrad.text import some

DEEPEST = 3  # levels of folders that are searched
MOST = 2_000  # files opened for detection, without images
MOST_TABLES = 20  # of a zip, which is opened for each
NO_DATA = {".json", ".xml", ".md", ".html", ".py", ".ipynb", ".pdf", ".log", ".yaml"}
FROM_NAME = "name"
SHOWN = 3  # names in an error

Read = Callable[[Sequence[Path], str | None], Arrays | EncodedImages]


@dataclass(frozen=True)
class Kind:
    """A format: its description, detection by path and first bytes, and reader.

    `has_choice` says whether there may be several labels to choose from.
    """

    about: str
    holds: Callable[[Path, bytes], bool]
    read: Read
    has_choice: bool = True


def _is_tar(path: Path, head: bytes) -> bool:
    return head[257:262] == b"ustar" or (
        path.suffix.lower() == ".tar" and tarfile.is_tarfile(path)
    )


KINDS = {
    "idx": Kind("IDX files", lambda _, head: bool(axes_of(head)), read_idx_set, False),
    "npz": Kind("NumPy archives", is_npz, read_npz),
    "svhn": Kind(
        "MATLAB files", lambda _, head: head.startswith(HEADS), read_svhn, False
    ),
    "parquet": Kind(
        "Parquet files", lambda _, head: head.startswith(b"PAR1"), read_parquet
    ),
    "tar": Kind("tar files", _is_tar, read_tar_shards),
    "strings": Kind(
        "CSV files with a string of pixels in each row",
        lambda path, _: is_pixel_strings(path),
        read_pixel_strings,
    ),
    "csv": Kind(
        "CSV files of pixels", lambda path, _: is_pixel_csv(path), read_pixel_csv
    ),
}
CIFAR = Kind("CIFAR's own files", lambda path, _: False, read_cifar)
LISTED = Kind(
    "images listed in a CSV file", lambda path, _: False, labels_csv.read_labels_csv
)
NAMED = Kind(
    "images with their class in the name",
    lambda path, _: False,
    file_names.read_file_names,
)


@dataclass(frozen=True)
class Found:
    """The format found at a path, and its files."""

    kind: Kind
    paths: tuple[Path, ...]
    label_from: str | None

    def read(self) -> Arrays | EncodedImages:
        """Read the files."""
        return self.kind.read(self.paths, self.label_from)


def find_kind(path: Path, label_from: str | None = None) -> Found | None:
    """Detect the format at a path; None for images in class folders.

    DatasetError for a file of unknown format, and for a folder of several formats.
    """
    if label_from == FROM_NAME:
        return Found(NAMED, (path,), None)
    place = cifar_place(path)
    if place is not None:
        return Found(CIFAR, (place,), label_from)
    return _file(path, label_from) if path.is_file() else _folder(path, label_from)


def _file(path: Path, label_from: str | None) -> Found | None:
    name = _kind_name(path)
    if name is not None:
        return Found(KINDS[name], (path,), label_from)
    if is_table(path):
        return Found(LISTED, (path.parent, path), label_from)
    if head_of(path).startswith(b"PK"):
        return _zip(path, label_from)
    if path.suffix.lower() == ".zip":
        return None  # the reader of zips raises the error
    if path.suffix.lower() == ".npy":
        raise _single_arrays(path)
    if path.name.lower().endswith(ARCHIVES):
        raise DatasetError(
            f"{path} is an archive that is not read. Unpack it, and give its folder."
        )
    raise DatasetError(
        f"{path} is not in a supported format of images with labels. Give a folder or "
        f"a zip of images, or {', '.join(kind.about for kind in KINDS.values())}."
    )


def _kind_name(path: Path) -> str | None:
    head = head_of(path)
    return next((name for name, kind in KINDS.items() if kind.holds(path, head)), None)


def _zip(path: Path, label_from: str | None) -> Found | None:
    """Detect the format in a zip; None for images in class folders."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            names = [name_of_entry(entry) for entry in entries]
            tables = [name for name in archive.namelist() if _is_listing(name)]
    except BROKEN_ZIP:
        return None
    check_no_password(path, entries)
    images = [name for name in names if is_image(name)]
    are_loose = not any("/" in name for name in images)
    listed = _listed_in(path, tables, label_from) if images else None
    if listed is not None:
        return listed
    data = _data_in(path, label_from) if names and are_loose else None
    if data is not None:
        return data
    if images or not names:
        if are_loose:
            file_names.check_loose(path, images)
        return None
    raise DatasetError(
        f"{path} holds no images, but {some(names, SHOWN)}. Unpack it, and give its "
        "folder or one of its files."
    )


def _listed_in(path: Path, names: list[str], label_from: str | None) -> Found | None:
    """Detect tables in a zip that name its images."""
    members = [zipfile.Path(path, name) for name in names[:MOST_TABLES]]
    files = cast("list[Path]", members)  # they support what is used of Path
    return _listed(path, [file for file in files if is_table(file)], label_from)


def _data_in(path: Path, label_from: str | None) -> Found | None:
    """Read the data files of a zip; None if there are none."""
    with unpacked(path) as folder:
        found = None if folder is None else find_kind(folder, label_from)
        content = None if found is None else found.read()
    if found is None or not isinstance(content, Arrays):
        return None
    about = f"{found.kind.about} in a zip"
    kind = replace(found.kind, about=about, read=lambda *_: content)
    return Found(kind, (path,), label_from)


def _is_listing(name: str) -> bool:
    return name.lower().endswith((".csv", ".tsv"))


def _folder(path: Path, label_from: str | None) -> Found | None:
    by_kind: dict[str, list[Path]] = {}
    tables: list[Path] = []
    has_folders, has_npy, loose = False, False, _loose(path)
    for file, depth in _files(path):
        if is_image(file.name):
            has_folders = has_folders or depth > 0
            continue
        name = _kind_name(file)
        if name is not None:
            by_kind.setdefault(name, []).append(file)
        elif is_table(file):
            tables.append(file)
        has_npy = has_npy or file.suffix.lower() == ".npy"
    listed = _listed(path, tables, label_from)
    if listed is not None:
        return listed
    if not by_kind and not has_folders:
        file_names.check_loose(path, loose)
        if has_npy and not loose:
            raise _single_arrays(path)
    if not by_kind or has_folders:
        return None
    if len(by_kind) > 1:
        kinds = " and ".join(KINDS[name].about for name in by_kind)
        some = ", ".join(files[0].name for files in by_kind.values())
        raise DatasetError(
            f"{path} holds {kinds}. Give one of the files: {some}; or keep only one "
            "format."
        )
    ((name, files),) = by_kind.items()
    return Found(KINDS[name], tuple(files), label_from)


def _listed(path: Path, tables: Sequence[Path], label_from: str | None) -> Found | None:
    listed = labels_csv.tables_for(path, tables, label_from)
    return Found(LISTED, (path, *listed), label_from) if listed else None


def _single_arrays(path: Path) -> DatasetError:
    return DatasetError(
        f"{path} holds NumPy files of one array (.npy), which do not tell images from "
        "labels. Save them in one file: numpy.savez('data.npz', x_train=images, "
        "y_train=labels)."
    )


def _loose(path: Path) -> list[str]:
    """Names of the images directly in a folder."""
    return sorted(file.name for file in path.iterdir() if is_image(file.name))


def _files(root: Path) -> Iterator[tuple[Path, int]]:
    """Iterate over the files of a folder and their depths, one image per folder."""
    seen = 0
    for folder, below, names in os.walk(root):
        depth = len(Path(folder).relative_to(root).parts)
        below[:] = sorted(n for n in below if not n.startswith(".") and depth < DEEPEST)
        images = [name for name in names if is_image(name)]
        for name in sorted({*names} - {*images}) + images[:1]:
            path = Path(folder, name)
            is_data = not name.startswith(".") and path.suffix.lower() not in NO_DATA
            if is_data and path.is_file() and seen < MOST:
                seen += not is_image(name)
                yield path, depth
