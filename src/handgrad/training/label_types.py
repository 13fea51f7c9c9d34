"""The labels of the classes, restored from their text and dtype in a configuration."""

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
    """Return the dtype of labels, as a configuration stores it."""
    name = classes.dtype.name
    return cast(LabelType, name) if name in LABEL_TYPES else "str"


def check_can_be_saved(classes: NumpyArray) -> None:
    """Raise DatasetError unless the labels are numbers, strings or booleans."""
    is_text = all(isinstance(label, str) for label in classes.tolist())
    if label_type(classes) in ("str", "object") and not is_text:
        raise DatasetError(
            "A classifier takes labels that a file can store, numbers, strings or "
            f"booleans, got {classes.dtype}, such as {shown(classes[0])}. Fit on such "
            "labels, for example on str(label)."
        )


def labels_of(names: Sequence[str], kind: LabelType | None) -> NumpyArray:
    """The labels of the classes, (classes,), in the order of their numbers.

    The labels of arrays that a network was trained on have the dtype `kind`; those of
    data sets are the class numbers. ConfigError for a name that is no such label.
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
            f"the class names {shown(names)} contain a label twice. Use an "
            "unmodified copy."
        )
    return labels


def _label(name: str, dtype: "np.dtype[np.generic]") -> bool | int | float:
    """Parse the text of a label as a number or a boolean."""
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
        f"the class name {shown(name)} is not a label of the type {dtype.name}. Use "
        "an unmodified copy."
    )
