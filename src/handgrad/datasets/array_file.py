"""Data sets given as arrays, saved as `data.safetensors` in the run folder."""

import json
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from handgrad.arrays import NumpyArray
from handgrad.datasets.dataset import Dataset, Split, check_targets, checksum_of
from handgrad.errors import DatasetError, HandgradError
from handgrad.parsing import parse_json

ARRAY_FILE = "data.safetensors"
PARTS = ("images", "targets", "weights")


def save_arrays(path: Path, dataset: Dataset) -> None:
    """Write images, targets and weights of every split, and the class names."""
    arrays: dict[str, NumpyArray] = {}
    for name, split in (("train", dataset.train), ("test", dataset.test)):
        for part in PARTS if split is not None else ():
            array = getattr(split, part, None)
            if array is not None:
                arrays[f"{name}/{part}"] = np.ascontiguousarray(array)
    names = json.dumps(list(dataset.class_names))
    save_file(arrays, path, {"class_names": names})


def load_arrays(path: Path) -> Dataset:
    """Read what `save_arrays` wrote; DatasetError for anything else."""
    try:
        with safe_open(path, "np") as file:
            names = tuple(map(str, parse_json((file.metadata() or {})["class_names"])))
            names_of = file.keys()  # safe_open gives no mapping
            arrays = {name: file.get_tensor(name) for name in names_of}
        splits = {name: _split(arrays, name) for name in _names(arrays)}
        train, test = splits["train"], splits.get("test")
        for split in splits.values():
            if len(split.images) != len(split.targets):
                raise ValueError("images and targets differ in length")
            check_targets(split.targets, len(names), str(path))
    except (SafetensorError, OSError, ValueError, KeyError, TypeError) as error:
        if isinstance(error, HandgradError):
            raise
        raise DatasetError(
            f"{path} is not a data set saved by Handgrad: {error}. Pass the arrays "
            "to Classifier.fit again."
        ) from error
    checksum = checksum_of(*splits.values())
    return Dataset(path.stem, train, test, names, checksum)


def _names(arrays: dict[str, NumpyArray]) -> list[str]:
    return [name for name in ("train", "test") if f"{name}/images" in arrays]


def _split(arrays: dict[str, NumpyArray], name: str) -> Split:
    images, targets = arrays[f"{name}/images"], arrays[f"{name}/targets"]
    return Split(images, targets, arrays.get(f"{name}/weights"))
