"""NumPy archives of images and labels, such as Keras's mnist.npz and MedMNIST's.

Nothing is ever unpickled: object arrays are refused.
"""

import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from handgrad.arrays import NumpyArray
from handgrad.datasets.formats.array_sets import (
    kind_of,
    pairs_of,
    part_of,
    unclear,
    with_labels,
    without_spare,
)
from handgrad.datasets.formats.content import Arrays, Part
from handgrad.datasets.formats.name_roles import role_of
from handgrad.errors import DatasetError, HandgradError
from handgrad.free_memory import check_memory

LONGEST = 200  # characters of an error's reason
ADVICE = "Save it again with numpy.savez, as arrays of numbers"


def is_npz(path: Path, head: bytes) -> bool:
    """Whether a file is a NumPy archive."""
    if not head.startswith(b"PK\x03\x04"):
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except Exception:  # a damaged file may raise anything
        return path.suffix.lower() == ".npz"
    return bool(names) and all(name.endswith(".npy") for name in names)


def read_npz(paths: Sequence[Path], label_from: str | None) -> Arrays:
    """Read the images and labels of these archives.

    If an archive holds a single array, the name of the archive says what it is, as in
    `kmnist-train-imgs.npz`. An array of strings such as `class_names` gives the names
    of numbered classes; other arrays besides images and labels are not used.
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
    shapes = {name: array.shape for name, array in arrays.items()}
    if label_from is None:
        places = without_spare(shapes)
    else:
        places = with_labels(shapes, label_from, source)
    spare = [name for name in arrays if name not in places.values()]
    kinds = {kind_of(name, arrays[place].ndim) for name, place in places.items()}
    if kinds == {"images"} and (labels := [n for n in spare if arrays[n].ndim == 1]):
        raise unclear(source, labels)
    pairs = pairs_of({name: arrays[at].ndim for name, at in places.items()}, source)
    if not pairs:
        raise DatasetError(
            f"{source} holds no images with labels, but "
            f"{', '.join(arrays) or 'nothing'}."
            " Name the arrays x_train, y_train, x_test and y_test."
        )
    parts = tuple(
        part_of(p, arrays[places[p.images]], arrays[places[p.labels]], source)
        for p in pairs
    )
    names = _class_names({name: arrays[name] for name in spare}, parts)
    notes = tuple(name for name in spare if name not in names)
    return Arrays(parts, next(iter(names.values()), {}), notes)


def _class_names(
    spare: Mapping[str, NumpyArray], parts: Sequence[Part]
) -> dict[str, dict[int, str]]:
    """Return the class names of the labels, by the name of their array."""
    if any(part.labels.dtype.kind != "i" for part in parts):
        return {}
    labels = np.unique(np.concatenate([part.labels for part in parts]))
    for name, array in spare.items():
        role = role_of(name)
        is_called_so = role.kind == "labels" or role.rest == ("names",)
        if not is_called_so or array.ndim != 1 or array.dtype.kind not in "US":
            continue
        words = [_text(word).strip() for word in array.tolist()]
        is_named = labels.size and labels[0] >= 0 and labels[-1] < len(words)
        if is_named and all(words) and len(set(words)) == len(words):
            return {name: dict(enumerate(words))}
    return {}


def _text(word: str | bytes) -> str:
    return word.decode("utf-8", "replace") if isinstance(word, bytes) else word


def _named(arrays: dict[str, Any]) -> dict[str, Any]:
    """Name two arrays that were saved without names: images and labels."""
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
    except Exception as error:  # a damaged file may raise anything
        reason = str(error).partition("\n")[0][:LONGEST].rstrip(".")
        raise DatasetError(
            f"{path} cannot be read as arrays of numbers ({reason}). {ADVICE}."
        ) from error
