"""Local folders that hold a data set, and the target of a download."""

from pathlib import Path

from handgrad.datasets.gzip_files import head_of
from handgrad.datasets.idx import axes_of
from handgrad.datasets.search_path import (
    cache_folder,
    entries,
    existing,
    folders,
    named_root,
)
from handgrad.datasets.source import Source
from handgrad.errors import DatasetError


def find(source: Source, data_dir: str | Path | None = None) -> Path | None:
    """Return the first folder that holds all files of a data set, or its archive."""
    names = (*source.folders, source.name)
    for folder in folders(data_dir, names):
        if not _missing(source, folder):
            return folder
        if source.archive is not None and (folder / source.archive.name).is_file():
            return folder / source.archive.name
    return None if source.other is None else find(source.other, data_dir)


def is_here(source: Source, data_dir: str | Path | None = None) -> bool:
    """Whether a data set is on this machine; one without files always is."""
    return not source.files or find(source, data_dir) is not None


def _missing(source: Source, folder: Path) -> list[str]:
    """Names of a data set's files that are missing from a folder."""
    return [file.name for file in source.files if not existing(folder, file.name)]


def target_of(name: str, data_dir: str | Path | None) -> Path:
    """Return the folder that receives a download."""
    return (named_root(data_dir) or cache_folder()) / name


def check_partial(source: Source, data_dir: str | Path | None) -> None:
    """Raise DatasetError if a named folder holds an incomplete or another data set.

    The missing files are not downloaded into it: that could mix two copies. An
    interrupted download is resumed.
    """
    if named_root(data_dir) is None:
        return
    for folder in folders(data_dir, (*source.folders, source.name)):
        missing = _missing(source, folder)
        if folder == target_of(source.name, data_dir):
            continue
        if len(missing) < len(source.files):
            raise DatasetError(
                f"{folder} holds a part of {source.name}, but no {missing[0]}. Add the "
                "file, or give another folder as data_dir (--data-dir)."
            )
        other = None if source.archive is not None else _idx_file(folder)
        if other is not None:
            raise DatasetError(
                f"{folder} holds {other.name}, but no {missing[0]} of {source.name}. "
                f"Load it as a data set of its own (--dataset {folder}), or give "
                "another folder as data_dir (--data-dir)."
            )


def _idx_file(folder: Path) -> Path | None:
    """Return an IDX file in the folder, whatever its name; None if there is none."""
    files = (path for path in entries(folder) if path.is_file())
    return next((path for path in files if axes_of(head_of(path))), None)
