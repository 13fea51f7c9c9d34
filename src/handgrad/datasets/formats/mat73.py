"""Numeric arrays of MATLAB files of version 7.3, which are HDF5 files.

They are read with h5py, if it is installed. Axes are stored in reverse order. Only data
in the file itself is read: links to other files and external data are ignored, as a
file from an untrusted source could name any file on this machine.
"""

from pathlib import Path
from typing import Any

import numpy as np

from handgrad.arrays import NumpyArray
from handgrad.errors import DatasetError, HandgradError
from handgrad.free_memory import check_memory

MOST_AXES = 8
BROKEN = (OSError, RuntimeError, ValueError, KeyError, TypeError, OverflowError)


def read_mat73(path: Path) -> dict[str, NumpyArray]:
    """Read the numeric arrays of a file by name; DatasetError if damaged."""
    try:
        import h5py
    except ImportError as error:
        raise DatasetError(
            f"{path} is a MATLAB file of version 7.3, and reading it needs h5py. "
            "Install it with pip install h5py, or save the file with -v7."
        ) from error
    try:
        with h5py.File(path, "r") as file:
            links = {name: file.get(name, getlink=True) for name in file}
            own = [n for n, link in links.items() if isinstance(link, h5py.HardLink)]
            found = {name: file[name] for name in own}
            return {
                name: _read(array, path)
                for name, array in found.items()
                if isinstance(array, h5py.Dataset) and _is_numbers(array)
            }
    except BROKEN as error:
        if isinstance(error, HandgradError):
            raise
        raise DatasetError(
            f"{path} is a damaged MATLAB file. Replace the file."
        ) from error


def _is_numbers(array: Any) -> bool:
    is_inside = array.external is None and not array.is_virtual
    is_array = array.shape is not None and 0 < array.ndim <= MOST_AXES
    return is_inside and is_array and array.dtype.kind in "biuf"


def _read(array: Any, path: Path) -> NumpyArray:
    check_memory(2 * array.size * array.dtype.itemsize, str(path))
    return np.asarray(array[()]).T
