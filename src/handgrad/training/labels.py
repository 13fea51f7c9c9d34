"""The labels of the classes: from their texts in a configuration, and their dtype."""

from collections.abc import Sequence
from typing import Literal, cast, get_args

import numpy as np

from handgrad.arrays import NumpyArray
from handgrad.errors import ConfigError, DatasetError
from handgrad.ranges import shown

LabelType = (
    Literal["str", "object", "bool", "int", "int8", "int16", "int32", "int64"]
    | Literal["uint8", "uint16", "uint32", "uint64"]
    | Literal["float", "float16", "float32", "float64"]
)
LABEL_TYPES = [name for some in get_args(LabelType) for name in get_args(some)]
TRUTH = {"True": True, "False": False}


def label_type(classes: NumpyArray) -> LabelType:
    """The dtype of labels, as a configuration writes it."""
    name = classes.dtype.name
    return cast(LabelType, name) if name in LABEL_TYPES else "str"


def check_can_be_saved(classes: NumpyArray) -> None:
    """DatasetError unless a file can hold these labels: numbers, words, booleans."""
    is_text = all(isinstance(label, str) for label in classes.tolist())
    if label_type(classes) in ("str", "object") and not is_text:
        raise DatasetError(
            "A file holds labels that are numbers, words or booleans, got "
            f"{shown(classes)}. Fit on such labels, for example on str(label)."
        )


def labels_of(names: Sequence[str], kind: LabelType | None) -> NumpyArray:
    """The labels of the classes, (classes,), in the order of their numbers.

    Those of the arrays that a network was trained on have the dtype `kind`; those of
    data sets are the class numbers. ConfigError where a name is no such label.
    """
    if kind is None:
        return np.arange(len(names))
    if kind in ("str", "object"):
        labels = np.array(names, dtype=kind)
    else:
        dtype = np.dtype(kind)
        labels = np.array([_label(name, dtype) for name in names], dtype)
    if len(set(labels.tolist())) < len(names):
        raise ConfigError(
            f"the class names {shown(names)} stand for a label twice. Use a copy that "
            "was not changed."
        )
    return labels


def _label(name: str, dtype: "np.dtype[np.generic]") -> bool | int | float:
    """The number or the truth value that the text of a label says."""
    try:
        if dtype.kind == "b":
            return TRUTH[name]
        found = float(name) if dtype.kind == "f" else int(name)
        with np.errstate(over="ignore"):
            if str(dtype.type(found).item()) == name and np.isfinite(found):
                return found
    except (ValueError, KeyError, OverflowError):
        pass
    raise ConfigError(
        f"the class name {shown(name)} is no label of the type {dtype.name}. Use a "
        "copy that was not changed."
    )
