"""Images in memory as Pillow or a list has them, brought to one size and form."""

import re
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from handgrad.errors import DatasetError, ShapeError

if TYPE_CHECKING:
    from PIL import Image

DEEP = ("I", "F")  # first letters of the modes with more than 8 bits per channel


def alike(values: Any) -> Any:
    """Images of Pillow as arrays, read as files are; everything else as it is.

    One image, or a list or tuple of them: rotated by the EXIF orientation, palettes
    replaced by their colours, transparency composited over white, CMYK converted to
    RGB, and all in colour unless all are grey. Images of more than 8 bits per channel
    keep their numbers. ShapeError for a list of images or arrays of different sizes,
    DatasetError for one of different types, such as bytes and fractions.

    Shapes
        value  (height, width) or (height, width, 3), uint8; of a list (count, ...)
    """
    if _is_image(values):
        return _arrays([values])[0]
    if not isinstance(values, list | tuple) or not len(values):
        return values
    images = [value for value in values if _is_image(value)]
    if not images:
        if all(hasattr(value, "shape") for value in values):
            _check_alike(values)
        return values
    arrays = iter(_arrays(images))
    found = [next(arrays) if _is_image(v) else np.asarray(v) for v in values]
    _check_alike(found)
    return np.stack(found)


def _is_image(value: Any) -> bool:
    """Whether it is an image of Pillow, which is imported if there is one."""
    module = sys.modules.get("PIL.Image")
    return module is not None and isinstance(value, module.Image)


def _arrays(images: "Sequence[Image.Image]") -> list[Any]:
    from PIL import ImageOps

    from handgrad.datasets.image_decoding import is_grey, plain

    if any(image.mode.startswith(DEEP) for image in images):
        return [np.asarray(image) for image in images]
    upright = [ImageOps.exif_transpose(image) for image in images]
    mode = "L" if all(map(is_grey, upright)) else "RGB"
    return [np.asarray(plain(image, mode)) for image in upright]


def _check_alike(values: Sequence[Any]) -> None:
    """Raise an error for the first array unlike the first of all.

    ShapeError for another shape, DatasetError for another type of numbers.
    """
    first, dtype = tuple(values[0].shape), getattr(values[0], "dtype", None)
    for place, value in enumerate(values):
        if tuple(value.shape) != first:
            raise ShapeError(
                f"Example {place}, counted from 0, has shape {tuple(value.shape)}, but "
                f"example 0 has {first}. Bring all to one size, or load image files by "
                "datasets.load(FOLDER, image_size=(height, width))."
            )
        is_other = first and getattr(value, "dtype", None) != dtype
        if is_other and _kind(value) != _kind(values[0]):
            raise DatasetError(
                f"Example {place}, counted from 0, is {_name(value)}, but example 0 is "
                f"{_name(values[0])}. Bring all to one type and one scale, such as "
                "fractions from 0 to 1."
            )


def _name(value: Any) -> str:
    """The name of the type of numbers of NumPy or torch."""
    dtype = getattr(value, "dtype", "")
    return str(getattr(dtype, "name", dtype)).removeprefix("torch.")


def _kind(value: Any) -> str:
    """What types of one scale have in common: float for all floats of images.

    Integers and floats may be the rows of one table.
    """
    kind = re.sub(r"^b?(float|int)\d+$", r"\1", _name(value).lower())
    is_of_table = kind in ("int", "float") and len(value.shape) == 1
    return "number" if is_of_table else kind
