"""NumPy archives of images and labels, such as Keras's mnist.npz and MedMNIST's.

Nothing is ever unpickled: an archive of objects is refused.
"""

import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from handgrad.datasets.formats.array_sets import pairs_of, part_of
from handgrad.datasets.formats.content import Arrays
from handgrad.errors import DatasetError, HandgradError
from handgrad.memory import check_memory

LONGEST = 200  # characters of a reason
ADVICE = "Save it again with numpy.savez, as arrays of numbers"


def is_npz(path: Path, head: bytes) -> bool:
    """Whether a file is an archive of arrays."""
    if not head.startswith(b"PK\x03\x04"):
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except Exception:  # whatever a damaged file brings about
        return path.suffix.lower() == ".npz"
    return bool(names) and all(name.endswith(".npy") for name in names)


def read_npz(paths: Sequence[Path], label_from: str | None) -> Arrays:
    """The images and labels of these archives.

    Where an archive holds a single array, its own name says what that is, as in
    `kmnist-train-imgs.npz`.
    """
    arrays: dict[str, Any] = {}
    for path in paths:
        found = _arrays(path)
        if len(found) == 1 and len(paths) > 1:
            found = {path.stem: next(iter(found.values()))}
        elif len(paths) > 1:
            found = {f"{path.stem} {name}": array for name, array in found.items()}
        arrays.update(found)
    arrays = _named(arrays)
    source = str(paths[0] if len(paths) == 1 else paths[0].parent)
    axes = {name: array.ndim for name, array in arrays.items()}
    pairs = pairs_of(axes, source)
    if not pairs:
        raise DatasetError(
            f"{source} holds no images with labels, but {', '.join(axes) or 'nothing'}."
            " Name the arrays x_train, y_train, x_test and y_test."
        )
    return Arrays(
        tuple(part_of(p, arrays[p.images], arrays[p.labels], source) for p in pairs)
    )


def _named(arrays: dict[str, Any]) -> dict[str, Any]:
    """Two arrays that were saved without names are images and labels."""
    if set(arrays) != {"arr_0", "arr_1"}:
        return arrays
    labels, images = sorted(arrays.values(), key=lambda array: array.ndim)
    return {"x": images, "y": labels}


def _arrays(path: Path) -> dict[str, Any]:
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
        check_memory(2 * size, str(path))
        with np.load(path, allow_pickle=False) as archive:
            found = {name: archive[name] for name in archive.files}
        return {n: array for n, array in found.items() if isinstance(array, np.ndarray)}
    except HandgradError:
        raise
    except Exception as error:  # whatever a damaged file brings about
        reason = str(error).partition("\n")[0][:LONGEST].rstrip(".")
        raise DatasetError(
            f"{path} cannot be read as arrays of numbers ({reason}). {ADVICE}."
        ) from error
