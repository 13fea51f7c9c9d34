"""Which folder of this machine holds a data set, and where a download goes."""

from pathlib import Path

from handgrad.datasets.formats.heads import head_of
from handgrad.datasets.idx import axes_of
from handgrad.datasets.locate import (
    cache_folder,
    entries,
    existing,
    folders,
    named_root,
)
from handgrad.datasets.sources import Source
from handgrad.errors import DatasetError


def find(source: Source, data_dir: str | Path | None = None) -> Path | None:
    """The first folder that holds all files of a data set, or its archive."""
    names = (*source.folders, source.name)
    for folder in folders(data_dir, names):
        if not _missing(source, folder):
            return folder
        if source.archive is not None and (folder / source.archive.name).is_file():
            return folder / source.archive.name
    return None if source.other is None else find(source.other, data_dir)


def _missing(source: Source, folder: Path) -> list[str]:
    """The files of a data set that a folder does not hold."""
    return [file.name for file in source.files if not existing(folder, file.name)]


def target_of(name: str, data_dir: str | Path | None) -> Path:
    """Where a download goes."""
    return (named_root(data_dir) or cache_folder()) / name


def check_partial(source: Source, data_dir: str | Path | None) -> None:
    """DatasetError if a named folder holds a part of a data set, or another one.

    The rest is not downloaded into it: parts of two copies would be mixed. A download
    that was interrupted goes on.
    """
    if named_root(data_dir) is None:
        return
    for folder in folders(data_dir, (*source.folders, source.name)):
        missing = _missing(source, folder)
        if folder == target_of(source.name, data_dir):
            continue
        if len(missing) < len(source.files):
            raise DatasetError(
                f"{folder} holds a part of {source.name}, but no {missing[0]}. Put the "
                "file there, or name another folder as data_dir (--data-dir)."
            )
        other = None if source.archive is not None else _idx_file(folder)
        if other is not None:
            raise DatasetError(
                f"{folder} holds {other.name}, but no {missing[0]} of {source.name}. "
                f"Give it as a data set of its own (--dataset {folder}), or name "
                "another folder as data_dir (--data-dir)."
            )


def _idx_file(folder: Path) -> Path | None:
    """An IDX file of any name."""
    files = (path for path in entries(folder) if path.is_file())
    return next((path for path in files if axes_of(head_of(path))), None)
