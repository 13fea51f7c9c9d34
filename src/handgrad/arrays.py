"""Array types, and conversions between array libraries.

Plain layers are written with the array API standard (2023.12), so the same code runs
on NumPy arrays and on torch tensors of any device.
"""

from typing import Any, TypeAlias

import array_api_compat
import numpy as np
from array_api_compat import device

from handgrad.errors import ConfigError

Array: TypeAlias = Any  # any array of a library that follows the array API standard
Shape: TypeAlias = tuple[int, ...]
Gradients: TypeAlias = dict[str, Array]
NumpyArray: TypeAlias = np.ndarray[Any, np.dtype[Any]]
Pair: TypeAlias = tuple[int, int]
# height, width; each one number, or that before and that after the image
Padding: TypeAlias = int | tuple[int | Pair, int | Pair]

__all__ = [
    "Array",
    "Gradients",
    "NumpyArray",
    "Padding",
    "Pair",
    "Shape",
    "array_like",
    "array_namespace",
    "as_pair",
    "check_floats",
    "to_numpy",
    "two_returned",
]


def array_namespace(*arrays: Array) -> Any:
    """The library of these arrays; ConfigError for lists and numbers."""
    try:
        return array_api_compat.array_namespace(*arrays)
    except TypeError as error:
        kinds = dict.fromkeys(type(array).__name__ for array in arrays)
        raise ConfigError(
            "Layers, losses and optimizers take arrays of one library, NumPy's or "
            f"torch's, got {' and '.join(kinds)}. Convert with numpy.asarray(...)."
        ) from error


def check_floats(owner: str, array: Array) -> None:
    """ConfigError unless the numbers of an array are real floats."""
    if not array_namespace(array).isdtype(array.dtype, "real floating"):
        raise ConfigError(
            f"{owner} computes in float32 or float64, got {array.dtype}. Convert the "
            "inputs, and scale pixels: images.astype('float32') / 255."
        )


def array_like(values: NumpyArray, reference: Array) -> Array:
    """Convert NumPy values to the library, device and dtype of `reference`."""
    xp = array_namespace(reference)
    return xp.asarray(values, dtype=reference.dtype, device=device(reference))


def to_numpy(array: Array) -> NumpyArray:
    """Copy an array of any library and device to NumPy."""
    if hasattr(array, "detach"):
        array = array.detach().cpu()
    return np.asarray(array)


def memory_address(array: NumpyArray) -> int:
    """Address of an array's first element.

    The same number as `array.ctypes.data`, without the objects that it creates: over
    the first few hundred steps these grow Python's memory pools by tens of kilobytes.
    """
    address: int = array.__array_interface__["data"][0]
    return address


def as_pair(value: int | Pair) -> Pair:
    """Expand `3` to `(3, 3)`: height first, then width."""
    return (value, value) if isinstance(value, int) else (value[0], value[1])


def two_returned(who: str, thing: object, what: str, values: Any) -> tuple[Any, Any]:
    """Unpack what a method of a layer or loss returned; ConfigError unless a pair.

    `who` is the name of the method, `what` the names of the two values.

    Example
        outputs, cache = two_returned("forward", layer, "outputs, cache", results)
    """
    if isinstance(values, tuple | list) and len(values) == 2:
        return values[0], values[1]
    count = f"{len(values)} values" if isinstance(values, tuple | list) else ""
    got = "None" if values is None else count or f"one {type(values).__name__}"
    raise ConfigError(
        f"{who} of {type(thing).__name__} returned {got}, expected a pair. End it with "
        f"'return {what}'."
    )
