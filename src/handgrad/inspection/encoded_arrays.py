"""Arrays as compact JSON: little-endian bytes in base64, with shape and type."""

from base64 import b64encode
from typing import Any

import numpy as np

from handgrad.arrays import NumpyArray

MOST = 65_536  # entries of an array that are kept


def encoded(array: NumpyArray, most: int = MOST) -> dict[str, Any]:
    """An array as plain values; of a large one the first entries of its first axis.

    `most` is the number of entries that are kept; `of` is the whole shape. Arrays of
    uint8 are bytes, others float32: a tenth of the lists of `tolist`.

    Example
        trace(clf, image, label).as_dict(encoded)
    """
    whole = array.shape
    if array.size > most:
        inner = max(1, array.size // max(1, len(array)))
        array = array[: max(1, most // inner)]
        if array.size > most:
            array = array.reshape(-1)[:most]
    kind = "u1" if array.dtype == np.uint8 else "<f4"
    data = np.ascontiguousarray(array, dtype=kind)
    return {
        "shape": list(array.shape),
        "of": list(whole),
        "type": "uint8" if kind == "u1" else "float32",
        "data": b64encode(data.tobytes()).decode("ascii"),
    }


def encoded_samples(
    images: NumpyArray, targets: NumpyArray, classes: int, each: int, most: int = MOST
) -> list[list[dict[str, Any]]]:
    """The first images of each class, `each` at most, as `encoded` gives them."""
    rows = [np.flatnonzero(targets == k)[:each] for k in range(classes)]
    return [[encoded(images[row], most) for row in some] for some in rows]
